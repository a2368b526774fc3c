"""Adding a device, the computer's side: a one-time link, six digits typed here, then the keys (SPEC 4.2)."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Collection, Sequence
from typing import Any, Literal

from agent.link.devices import Devices
from agent.link.http import RelayHttp, RelayUnreachable
from agent.link.keys import Identity, KeyStore
from agent.thread.mirror import Device
from relay.protocol import jose, pairing
from relay.protocol.errors import Malformed, Refused
from relay.protocol.ids import b64, key_id
from relay.protocol.transcript import Known

FULL_SCOPES = frozenset({"write", "approve"})

_RETRY_S = 1.0

State = Literal["new", "waiting", "offered", "adding", "paired", "refused", "expired", "cancelled"]


class PairingOver(RuntimeError):
    """The pairing has ended without a new device. The text says why and what to do."""


class Pairing:
    """One pairing, good for one device and ten minutes.

    `start` → show `link` → `wait_for_device` → `confirm` what the person typed. With ``digits=False`` (the page on
    this very computer) the first valid offer is let in by `wait_for_device` itself. Every method raises
    `PairingOver` where it is over, and what `RelayHttp` raises.
    """

    def __init__(
        self,
        identity: Identity,
        keys: KeyStore,
        http: RelayHttp,
        devices: Devices,
        *,
        scopes: Collection[str] = FULL_SCOPES,
        digits: bool = True,
        lifetime_s: float = pairing.LIFETIME_S,
    ) -> None:
        self._identity = identity
        self._keys = keys
        self._http = http
        self._devices = devices
        self._scopes = frozenset(scopes)
        self._needs_digits = digits
        self._lifetime_s = lifetime_s
        self._link = pairing.Link.fresh(identity.root.jwk)
        self._ephemeral = jose.PrivateKey.generate()
        self._host_slot = ""
        self._offer: pairing.Offer | None = None
        self._bound = b""
        self._deadline = 0.0
        self._waiting: asyncio.Task[Any] | None = None
        self.state: State = "new"

    @property
    def link(self) -> str:
        """What the person opens or scans. It is a secret until it is used."""
        return f"{self._identity.relay_url}/#{self._link.fragment()}"

    async def start(self) -> str:
        """Open the pairing at the relay; returns `link`."""
        self._deadline = asyncio.get_running_loop().time() + self._lifetime_s
        self._host_slot = pairing.host_slot(self._link.pairing, self._ephemeral.jwk, self._identity.root)
        await self._http.put_slot(self._link.pairing, "host", self._host_slot)
        self.state = "waiting"
        return self.link

    async def wait_for_device(self) -> str:
        """Wait for the first offer and accept it; returns the device's name for itself."""
        self._must_be("waiting")
        text = await self._in_time(self._http.wait_for_slot(self._link.pairing, "offer"))
        try:
            offer = pairing.read_offer_slot(text, self._link, self._ephemeral)
        except Malformed as error:
            self.state = "refused"
            raise PairingOver("Something without the link's secret answered. Make a new code and try again.") from error
        accept = pairing.accept_slot(self._link.pairing, text, self._identity.root)
        await self._http.put_slot(self._link.pairing, "accept", accept)
        self._offer, self._bound = offer, pairing.transcript(self._host_slot, text, accept)
        self.state = "offered"
        if not self._needs_digits:
            await self._let_in(offer)
        return offer.name

    async def confirm(self, typed: str) -> bool:
        """Whether the digits are those the device shows. If so the device is in; if not, the pairing is over."""
        offer = self._must_be("offered")
        right = pairing.digits(offer.shared, self._link.secret, self._bound)
        entered = "".join(char for char in typed if char.isascii() and char.isdigit())
        if not hmac.compare_digest(entered, right):
            self.state = "refused"
            await self._refuse(offer, "digits")
            return False
        await self._let_in(offer)
        return True

    async def cancel(self) -> None:
        """End it, whatever it waits for; the waiting device is told. Too late once the device is being added."""
        if self.state not in {"new", "waiting", "offered"}:
            return
        self.state = "cancelled"
        if self._waiting is not None:
            self._waiting.cancel()
        if self._offer is not None:
            await self._refuse(self._offer, "cancelled")

    async def _let_in(self, offer: pairing.Offer) -> None:
        self.state = "adding"
        wrap_key = secrets.token_bytes(jose.KEY_BYTES)
        received = await self._in_time(self._devices.add(offer.device, offer.name, self._scopes, wrap_key))
        try:
            await self._in_time(self._put_grant(offer, self._grant(received.after, wrap_key)))
        except (Refused, PairingOver) as error:
            await self._devices.remove(key_id(offer.device))
            self.state = "refused"
            raise PairingOver("The device did not get its keys, so it was removed again. Make a new code.") from error
        self.state = "paired"

    def _grant(self, known: Known, wrap_key: bytes) -> dict[str, Any]:
        """All a new device needs, as of right after the entry that let it in."""
        names = _names(self._devices.all())
        return {
            "thread": known.thread,
            "relay": self._identity.relay_url,
            "root": known.root,
            "wrap_key": b64(wrap_key),
            "keys": {str(epoch): b64(key) for epoch, key in self._keys.thread_keys.items() if epoch <= known.epoch},
            "devices": [
                {
                    "id": member.id,
                    "jwk": member.jwk,
                    "role": member.role,
                    "scopes": sorted(member.scopes),
                    "name": names.get(member.id, ""),
                    "from_seq": member.from_seq,
                    "to_seq": member.to_seq,
                    "n": member.n,
                }
                for member in known.members.values()
            ],
            "gen": known.gen,
            "epoch": known.epoch,
            "host_epoch": known.host_epoch,
            "seq": known.seq,
            "head": known.head,
            "host_name": self._identity.name,
        }

    async def _refuse(self, offer: pairing.Offer, reason: str) -> None:
        await self._in_time(self._put_grant(offer, {"refused": reason}))

    async def _put_grant(self, offer: pairing.Offer, grant: dict[str, Any]) -> None:
        slot = pairing.grant_slot(offer.shared, self._link, self._bound, grant)
        while True:
            try:
                return await self._http.put_slot(self._link.pairing, "grant", slot)
            except RelayUnreachable:
                await asyncio.sleep(_RETRY_S)

    def _must_be(self, state: State) -> Any:
        if self.state != state:
            raise PairingOver(f"This pairing is {self.state}. Make a new code with `deskhand pair`.")
        return self._offer

    async def _in_time(self, work: Any) -> Any:
        """Do it before the pairing expires, unless it is cancelled."""
        self._waiting = asyncio.ensure_future(work)
        try:
            async with asyncio.timeout_at(self._deadline):
                return await self._waiting
        except TimeoutError:
            self.state = "expired"
            raise PairingOver("The code has expired. Make a new one with `deskhand pair`.") from None
        except asyncio.CancelledError:
            if self.state == "cancelled":
                raise PairingOver("The pairing was cancelled.") from None
            raise
        finally:
            self._waiting = None


def _names(devices: Sequence[Device]) -> dict[str, str]:
    return {device.member.id: device.name for device in devices}

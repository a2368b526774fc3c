"""Who is there: hello over a nonce, and bearer tokens."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from relay.core.log import Device, Thread
from relay.core.ports import Peer
from relay.edge.tokens import Tokens
from relay.protocol import jose
from relay.protocol.errors import ErrorCode, Malformed, Refused
from relay.protocol.ids import b64, canonical_json, is_key_id, strict_json
from relay.store.threads import Threads

HELLO_TYP = "deskhand-hello+jws"
THREAD_TYP = "deskhand-thread+jws"
NONCE_BYTES = 24
NONCE_LIFETIME_S = 60
MAX_NONCES = 10_000


@dataclass(frozen=True, slots=True)
class Claim:
    """What a hello or a thread's proof says, signature not yet checked."""

    signed: jose.SignedText
    nonce: str
    aud: str
    thread: str
    device: str


def read_claim(jws: str, typ: str) -> Claim:
    """Read {nonce, aud, thread, device} in canonical JSON. Raises `Refused`."""
    try:
        signed = jose.parse_signed(jws, typ=typ)
        value = strict_json(signed.payload)
    except Malformed as error:
        raise Refused(ErrorCode.UNAUTHORIZED, f"Not accepted: {error}.") from error
    match value:
        case {"nonce": str(nonce), "aud": str(aud), "thread": str(thread), "device": str(device)} if (
            len(value) == 4 and canonical_json(value) == signed.payload and is_key_id(thread) and is_key_id(device)  # noqa: PLR2004
        ):
            return Claim(signed, nonce, aud, thread, device)
    raise Refused(ErrorCode.UNAUTHORIZED, "Not a hello of this protocol.")


def new_nonce() -> str:
    """Random text to be signed once."""
    return b64(secrets.token_bytes(NONCE_BYTES))


class Nonces:
    """Nonces given out over HTTP, each good for one answer within a minute."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._open: OrderedDict[str, float] = OrderedDict()

    def issue(self) -> str:
        """A new one; the oldest gives way when too many are open."""
        nonce = new_nonce()
        self._open[nonce] = self._clock() + NONCE_LIFETIME_S
        if len(self._open) > MAX_NONCES:
            self._open.popitem(last=False)
        return nonce

    def spend(self, nonce: str) -> None:
        """Use one up. Raises `Refused`."""
        if self._open.pop(nonce, 0.0) <= self._clock():
            raise Refused(ErrorCode.UNAUTHORIZED, "The challenge is used or too old; ask for a new one.")


class Doorkeeper:
    """Decides who a peer is. ``origins``: the audiences a claim may name."""

    def __init__(self, threads: Threads, tokens: Tokens, origins: Sequence[str]) -> None:
        self._threads = threads
        self._tokens = tokens
        self._origins = frozenset(origins)

    def check_audience(self, aud: str) -> None:
        """Raise `Refused` for a claim made for another relay."""
        if aud not in self._origins:
            here = ", ".join(sorted(self._origins))
            raise Refused(ErrorCode.UNAUTHORIZED, f"Signed for another address; this relay is {here}.")

    async def hello(self, jws: str, spend: Callable[[str], None]) -> Peer:
        """Check a hello whose nonce ``spend`` accepts. Raises `Refused`, or `DeviceRemoved`."""
        claim = read_claim(jws, HELLO_TYP)
        self.check_audience(claim.aud)
        spend(claim.nonce)
        found = await self._threads.member(claim.thread, claim.device)
        if found is None or claim.signed.kid != claim.device or not jose.verify(claim.signed, found[1].jwk):
            raise Refused(ErrorCode.UNAUTHORIZED, "This relay does not know this device.")
        found[1].must_be_member()
        return Peer(found[1], found[0].root)

    async def member(self, thread: str, device: str) -> tuple[Thread, Device]:
        """A thread and a device that is in it now. Raises `Refused`, or `DeviceRemoved`."""
        found = await self._threads.member(thread, device)
        if found is None:
            raise Refused(ErrorCode.UNAUTHORIZED, "This relay does not know this device.")
        found[1].must_be_member()
        return found

    def token(self, peer: Peer) -> str:
        """A bearer token for a device that said hello."""
        return self._tokens.make(peer.thread, peer.device.id)

    async def bearer(self, header: str | None) -> Peer:
        """The device behind an Authorization header, checked against the roster now. Raises `Refused`."""
        scheme, _, token = (header or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Refused(ErrorCode.UNAUTHORIZED, "A bearer token is needed.")
        thread, device = await self.member(*self._tokens.read(token))
        return Peer(device, thread.root)

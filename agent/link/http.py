"""The relay's HTTP twins: opening a thread, tokens, the slots of a pairing."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Any, Self, TypeVar

import httpx2
from pydantic import ValidationError
from sqlalchemy import Engine

from agent.link.address import RelayAddress, sign_hello, sign_thread_proof
from agent.link.keys import Identity
from agent.thread.entries import Host
from agent.thread.mirror import Mirror
from agent.thread.outbox import Outbox
from relay.protocol import frames, transcript
from relay.protocol.envelope import new_hex_id
from relay.protocol.errors import ErrorCode, Refused

TOKEN_GOOD_S = 8 * 60.0
"""Tokens last ten minutes; renewed earlier, so that one in use does not run out."""
REQUEST_TIMEOUT_S = 30.0


_F = TypeVar("_F", bound=frames.Frame)


class RelayUnreachable(ConnectionError):
    """No relay answers. The text says where and what to check."""


class NotARelay(ConnectionError):
    """Something answers, but it is no Deskhand relay."""


class RelayHttp:
    """Requests of one device. Use as an async context manager, or call `aclose`.

    All methods raise `RelayUnreachable`, `NotARelay`, or `Refused` with the relay's code and advice.
    """

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._address = RelayAddress.parse(identity.relay_url)
        self._client = httpx2.AsyncClient(
            base_url=self._address.base,
            timeout=REQUEST_TIMEOUT_S,
            trust_env=not self._address.loopback,
            headers={"User-Agent": "deskhand"},
        )
        self._token = ""
        self._token_until = 0.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close its connections."""
        await self._client.aclose()

    def use_token(self, token: str) -> None:
        """Use a token that was given just now."""
        self._token, self._token_until = token, asyncio.get_running_loop().time() + TOKEN_GOOD_S

    async def token(self) -> str:
        """A token good for at least a minute more."""
        if asyncio.get_running_loop().time() >= self._token_until:
            jws = sign_hello(self._identity, await self.challenge())
            answer = await self.post("/v1/token", frames.TokenRequest(jws=jws))
            self.use_token(_parsed(frames.Token, answer).token)
        return self._token

    async def authorization(self) -> dict[str, str]:
        """Headers of a request in this device's name."""
        return {"Authorization": f"Bearer {await self.token()}"}

    async def request(
        self, method: str, path: str, *, content: Any = None, headers: dict[str, str] | None = None, **more: Any
    ) -> httpx2.Response:
        """One request. Answers of 4xx and 5xx become `Refused`."""
        try:
            answer = await self._client.request(method, path, content=content, headers=headers, **more)
        except httpx2.HTTPError as error:
            raise self.unreachable(error) from error
        self.check(answer)
        return answer

    async def send(
        self, method: str, path: str, *, content: Any = None, headers: dict[str, str] | None = None
    ) -> httpx2.Response:
        """One request in this device's name, unchecked. Raises `httpx2.HTTPError` where no answer came."""
        authorized = {**await self.authorization(), **(headers or {})}
        return await self._client.request(method, path, content=content, headers=authorized)

    async def post(self, path: str, frame: frames.Frame) -> httpx2.Response:
        """Post a body of the protocol."""
        return await self.request(
            "POST", path, content=frames.dump(frame), headers={"Content-Type": "application/json"}
        )

    def stream(self, method: str, path: str, **more: Any) -> AbstractAsyncContextManager[httpx2.Response]:
        """A request whose answer is read piece by piece; check it with `check`."""
        return self._client.stream(method, path, **more)

    def unreachable(self, error: httpx2.HTTPError) -> RelayUnreachable:
        """What to tell people when no answer came."""
        return RelayUnreachable(
            f"The relay at {self._address.origin} does not answer ({str(error) or type(error).__name__}). "
            "Check the address, the network, and that the relay is running."
        )

    def check(self, answer: httpx2.Response) -> None:
        """Raise `Refused` for an error of a relay, `NotARelay` for anyone else's."""
        if answer.is_error:
            error = _parsed(frames.Error, answer)
            refused = Refused(error.code, n=error.n, next_n=error.next_n, retry_after=error.retry_after)
            refused.args = (error.message,)
            refused.message = error.message
            if error.code is ErrorCode.UNAUTHORIZED:
                self._token_until = 0.0  # a computer that slept holds a token older than it looks
            raise refused

    async def put_slot(self, pairing: str, slot: str, text: str) -> None:
        """Fill a slot of a pairing in this device's name; the same text again changes nothing."""
        path, kind = f"/v1/pairings/{pairing}/{slot}", {"Content-Type": "text/plain"}
        try:
            await self.request("PUT", path, content=text, headers={**kind, **await self.authorization()})
        except Refused as refused:
            if refused.code is not ErrorCode.UNAUTHORIZED:
                raise
            await self.request("PUT", path, content=text, headers={**kind, **await self.authorization()})

    async def wait_for_slot(self, pairing: str, slot: str) -> str:
        """Wait, without end, until a slot of a pairing is filled. `Refused` (not_found) once the pairing is gone."""
        while True:
            answer = await self.request("GET", f"/v1/pairings/{pairing}/{slot}", params={"wait": "true"})
            if answer.status_code == httpx2.codes.OK:
                return answer.text

    async def open_thread(self, proof: str, cert: str, sealed: str, invite: str | None) -> None:
        """``POST /v1/threads``."""
        wanted = frames.ThreadRequest(
            root=self._identity.root.jwk, proof=proof, cert=cert, sealed=sealed, invite=invite
        )
        await self.post("/v1/threads", wanted)

    async def challenge(self) -> str:
        """A nonce to be signed once."""
        answer = await self.request("GET", "/v1/challenge")
        return _parsed(frames.Challenge, answer).nonce


def _parsed(kind: type[_F], answer: httpx2.Response) -> _F:
    try:
        return kind.model_validate_json(answer.content)
    except ValidationError:
        raise NotARelay(
            f"What answers at {answer.url.host} is not a Deskhand relay (HTTP {answer.status_code}). Check the address."
        ) from None


async def create_thread(
    identity: Identity, mirror: Mirror, outbox: Outbox, engine: Engine, http: RelayHttp, *, invite: str | None = None
) -> None:
    """Open this computer's thread at the relay with its first entry, the host's.

    The entry goes through the outbox, so a second call after a crash sends the same bytes; the link then receives
    it like any other. Raises what `RelayHttp` raises; `Refused` with the code ``closed`` asks for an invitation.
    """
    certificate = transcript.HostCertificate(identity.thread, 1, identity.device_id, identity.device.jwk)
    with engine.begin() as tx:
        if mirror.known.seq > 0:
            return
        if not outbox.waiting(tx):
            cert = transcript.sign_host(certificate, identity.root)
            outbox.put(tx, Host(id=new_hex_id(), type="host", host_epoch=1, cert=cert, name=identity.name))
        first = outbox.next_to_send(tx, limit=1)[0]
    cert = transcript.sign_host(certificate, identity.root)
    await http.open_thread(sign_thread_proof(identity, await http.challenge()), cert, first.sealed, invite)

"""A phone in Python, for tests: the device side of pairing, hello, append and receiving, straight from the protocol.

It keeps everything in memory and does one thing at a time; it is no client anybody should use.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
from websockets.asyncio.client import ClientConnection, connect

from agent.thread.entries import ThreadBodies
from relay.protocol import envelope, frames, jose, pairing, transcript
from relay.protocol.envelope import new_hex_id
from relay.protocol.ids import EntryKid, LiveKid, canonical_json, key_id, unb64

AT = "2026-01-02T03:04:05Z"


class PairingRefused(Exception):
    """The computer did not let this phone in; the argument is its reason."""


class RelaySays(Exception):
    """The relay sent an error frame."""

    def __init__(self, error: frames.Error) -> None:
        super().__init__(f"{error.code}: {error.message}")
        self.error = error


@dataclass
class PairingAttempt:
    """Between offer and grant: ``digits`` is what the phone shows."""

    link: pairing.Link
    root: dict[str, str]
    shared: bytes
    bound: bytes
    digits: str


@dataclass
class Phone:
    """``base``: the relay's address as the phone opens it. After `finish_pairing` it is a device of the thread."""

    base: str
    name: str = "Phone"
    key: jose.PrivateKey = field(default_factory=jose.PrivateKey.generate)
    known: transcript.Known | None = None
    heads: dict[int, str] = field(default_factory=dict)
    verdicts: list[transcript.Verdict] = field(default_factory=list)
    live: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    grant: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return key_id(self.key.jwk)

    @property
    def thread(self) -> transcript.Known:
        assert self.known is not None, "not paired yet"
        return self.known

    def genuine(self, kind: str) -> list[Mapping[str, Any]]:
        """Bodies of one type, in order."""
        return [
            verdict.plain.body
            for verdict in self.verdicts
            if isinstance(verdict, transcript.Genuine) and verdict.plain.body["type"] == kind
        ]

    # pairing

    async def offer(self, link_url: str) -> PairingAttempt:
        """Open a pairing link and offer this phone; returns once the computer has taken the offer."""
        link = pairing.Link.parse(link_url.split("#", 1)[1])
        host = await self._slot(link, "host")
        root, agent = pairing.read_host_slot(host, link)
        ephemeral = jose.PrivateKey.generate()
        offer = pairing.offer_slot(link, agent, ephemeral, self.key.jwk, self.name)
        async with httpx2.AsyncClient(base_url=self.base) as http:
            answer = await http.put(f"/v1/pairings/{link.pairing}/offer", content=offer)
            answer.raise_for_status()
        accept = await self._slot(link, "accept")
        pairing.read_accept_slot(accept, link.pairing, offer, root)
        shared = ephemeral.exchange(agent)
        bound = pairing.transcript(host, offer, accept)
        return PairingAttempt(link, root, shared, bound, pairing.digits(shared, link.secret, bound))

    async def finish_pairing(self, attempt: PairingAttempt) -> None:
        """Wait for the grant and take it. Raises `PairingRefused`."""
        slot = await self._slot(attempt.link, "grant")
        grant = pairing.read_grant_slot(slot, attempt.shared, attempt.link, attempt.bound)
        if "refused" in grant:
            raise PairingRefused(grant["refused"])
        assert grant["root"] == attempt.root
        members = [
            transcript.Member(
                id=device["id"],
                jwk=device["jwk"],
                role=device["role"],
                scopes=frozenset(device["scopes"]),
                from_seq=device["from_seq"],
                to_seq=device["to_seq"],
                n=device["n"],
            )
            for device in grant["devices"]
        ]
        self.grant = grant
        self.known = transcript.Known(
            thread=grant["thread"],
            root=grant["root"],
            me=self.id,
            seq=grant["seq"],
            head=grant["head"],
            epoch=grant["epoch"],
            host_epoch=grant["host_epoch"],
            members={member.id: member for member in members},
            keys={int(epoch): unb64(key) for epoch, key in grant["keys"].items()},
            wrap_key=unb64(grant["wrap_key"]),
            gen=grant["gen"],
        )
        self.heads = {self.known.seq: self.known.head}

    async def _slot(self, link: pairing.Link, slot: str) -> str:
        async with httpx2.AsyncClient(base_url=self.base, timeout=40) as http:
            while True:
                answer = await http.get(f"/v1/pairings/{link.pairing}/{slot}", params={"wait": "true"})
                answer.raise_for_status()
                if answer.status_code == httpx2.codes.OK:
                    return answer.text

    # the socket

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[PhoneSocket]:
        """Say hello and resume. Raises `RelaySays`."""
        async with connect(f"ws{self.base.removeprefix('http')}/v1/thread", proxy=None, compression=None) as socket:
            challenge = await receive(socket, frames.Challenge)
            await socket.send(frames.dump(frames.Hello(v=1, jws=self.hello(challenge.nonce))))
            welcome = await receive(socket, frames.Welcome)
            await socket.send(frames.dump(frames.Resume(after=self.thread.seq)))
            yield PhoneSocket(self, socket, welcome)

    def hello(self, nonce: str) -> str:
        payload = {"nonce": nonce, "aud": self.base, "thread": self.thread.thread, "device": self.id}
        return jose.sign(canonical_json(payload), self.key, kid=self.id, typ="deskhand-hello+jws")

    def seal(self, body: Mapping[str, Any], *, n: int | None = None, at: str = AT) -> tuple[int, str]:
        """Seal a body under this phone's next number."""
        known = self.thread
        number = known.members[self.id].n + 1 if n is None else n
        plain = envelope.Plaintext(number, at, known.seq, known.head, body)
        kid = EntryKid(known.thread, known.epoch, self.id, number)
        return number, envelope.seal_entry(plain, kid, known.keys[known.epoch], self.key)

    def receive(self, entries: frames.Entries) -> None:
        """Judge entries as a device does. Raises `AssertionError` for a fault of the relay."""
        for seq, item in enumerate(entries.items, entries.first):
            self.known, verdict = transcript.judge(self.thread, seq, item.sealed, ThreadBodies(), self.heads.get)
            assert not isinstance(verdict, transcript.Fault), verdict.reason
            self.heads[seq] = self.thread.head
            self.verdicts.append(verdict)


@dataclass
class PhoneSocket:
    """A connected phone."""

    phone: Phone
    socket: ClientConnection
    welcome: frames.Welcome
    _live_count: int = 0

    async def step(self) -> frames.Frame:
        """Receive one frame and act on it. Raises `RelaySays` for an error."""
        frame = frames.from_relay.validate_json(await self.socket.recv())
        match frame:
            case frames.Entries():
                self.phone.receive(frame)
            case frames.Live(sender=str(sender)):
                known = self.phone.thread
                _, body = envelope.open_live(frame.sealed, known.keys[known.epoch], known.members[sender].jwk)
                self.phone.live.append((sender, body))
            case frames.Error():
                raise RelaySays(frame)
            case _:
                pass
        return frame

    async def say(self, body: Mapping[str, Any]) -> int:
        """Append a body and wait until this phone has verified it; returns its seq."""
        n, sealed = self.phone.seal(body)
        await self.socket.send(frames.dump(frames.Append(n=n, sealed=sealed)))
        async with asyncio.timeout(10):
            while self.phone.thread.members[self.phone.id].n < n:
                await self.step()
        return self.phone.thread.seq

    async def until(self, kind: str, count: int = 1) -> list[Mapping[str, Any]]:
        """Receive until there are so many genuine entries of a type."""
        async with asyncio.timeout(10):
            while len(self.phone.genuine(kind)) < count:
                await self.step()
        return self.phone.genuine(kind)

    async def send_live(self, body: Mapping[str, Any], stream: str) -> None:
        """Send one live frame on a stream."""
        known = self.phone.thread
        self._live_count += 1
        kid = LiveKid(known.thread, known.epoch, self.phone.id, stream, self._live_count)
        sealed = envelope.seal_live(body, AT, kid, known.keys[known.epoch], self.phone.key)
        await self.socket.send(frames.dump(frames.Live(stream=stream, sealed=sealed)))

    async def until_live(self, kind: str) -> Mapping[str, Any]:
        """Receive until a live frame of a type came; returns its body."""
        async with asyncio.timeout(10):
            while True:
                for _, body in self.phone.live:
                    if body["type"] == kind:
                        return body
                await self.step()


def message(text: str) -> dict[str, Any]:
    """A message's body."""
    return {"id": new_hex_id(), "type": "message", "text": text, "files": [], "expires_in_s": 3600}


async def receive(socket: ClientConnection, kind: type[Any]) -> Any:
    """The next frame of this kind; presence may come at any time. Raises `RelaySays`."""
    while True:
        frame = frames.from_relay.validate_json(await socket.recv())
        if isinstance(frame, frames.Error):
            raise RelaySays(frame)
        if isinstance(frame, kind):
            return frame
        assert isinstance(frame, frames.Presence), frame


async def pair(phone: Phone, pairing_: Any) -> None:
    """Pair a phone with a computer's `Pairing`, digits typed rightly."""
    link = await pairing_.start()
    waiting = asyncio.create_task(pairing_.wait_for_device())
    attempt = await phone.offer(link)
    await waiting
    confirmed, _ = await asyncio.gather(pairing_.confirm(attempt.digits), phone.finish_pairing(attempt))
    assert confirmed

"""A scripted device: real keys, real sealing, a real socket; verifies what it receives with the protocol's judge."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import httpx2
import websockets

from agent.thread.entries import ThreadBodies
from relay.protocol import envelope, frames, jose, transcript
from relay.protocol.ids import EntryKid, LiveKid, canonical_json, key_id

PATIENCE_S = 10
HELLO_TYP = "deskhand-hello+jws"
THREAD_TYP = "deskhand-thread+jws"


class Closed(Exception):
    """The relay closed the socket with this code."""

    def __init__(self, code: int, last: Mapping[str, Any] | None = None) -> None:
        super().__init__(code, last)
        self.code = code
        self.last = last


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def message(text: str) -> dict[str, Any]:
    return {"id": envelope.new_hex_id(), "type": "message", "text": text, "files": [], "expires_in_s": 3600}


def sign_claim(typ: str, key: jose.PrivateKey, nonce: str, aud: str, thread: str, device: str) -> str:
    payload = {"nonce": nonce, "aud": aud, "thread": thread, "device": device}
    return jose.sign(canonical_json(payload), key, kid=key_id(key.jwk), typ=typ)


@dataclass
class Device:
    """One device of a thread, and what it knows. ``url`` is the relay's origin."""

    url: str
    key: jose.PrivateKey
    known: transcript.Known
    root: jose.PrivateKey | None = None
    heads: dict[int, str] = field(default_factory=dict)
    verdicts: list[transcript.Verdict] = field(default_factory=list)
    n: int = 0

    @property
    def id(self) -> str:
        return key_id(self.key.jwk)

    @property
    def thread(self) -> str:
        return self.known.thread

    # --- sealing ---

    def seal(self, body: Mapping[str, Any], *, n: int | None = None, epoch: int | None = None) -> str:
        """Seal ``body`` as entry ``n`` (default: the next one) with what this device has seen."""
        n = self.n + 1 if n is None else n
        epoch = self.known.epoch if epoch is None else epoch
        plain = envelope.Plaintext(n, now(), self.known.seq, self.known.head, body)
        return envelope.seal_entry(plain, EntryKid(self.thread, epoch, self.id, n), self.known.keys[epoch], self.key)

    def next(self, body: Mapping[str, Any], **more: Any) -> frames.Append:
        """The next append of this device; its number is used up."""
        sealed = self.seal(body)
        self.n += 1
        return frames.Append(n=self.n, sealed=sealed, **more)

    def seal_live(self, body: Mapping[str, Any], stream: str, i: int) -> str:
        kid = LiveKid(self.thread, self.known.epoch, self.id, stream, i)
        return envelope.seal_live(body, now(), kid, self.known.keys[self.known.epoch], self.key)

    def added(self, joining: jose.PrivateKey) -> frames.Append:
        """The host's append that lets a device in."""
        roster = self._roster("added", joining.jwk)
        body = {"id": envelope.new_hex_id(), "type": "device.added", "roster": roster, "name": "Phone"}
        return self.next(body, roster=roster)

    def removed(self, leaving: Device) -> frames.Append:
        """The host's append that shuts a device out, with a new key for the others."""
        roster = self._roster("removed", leaving.key.jwk)
        epoch = self.known.epoch + 1
        self.known = replace(self.known, keys={**self.known.keys, epoch: secrets.token_bytes(32)})
        body = {"id": envelope.new_hex_id(), "type": "device.removed", "roster": roster, "wraps": {}}
        return self.next(body, roster=roster)

    def _roster(self, op: str, jwk: dict[str, str]) -> str:
        assert self.root is not None
        scopes = frozenset({"write", "approve"})
        change = transcript.RosterChange(self.thread, self.known.epoch, op, key_id(jwk), jwk, "client", scopes)
        return transcript.sign_roster(change, self.root)

    def judge(self, frame: Mapping[str, Any]) -> None:
        """Take an ``entries`` frame: every entry must follow what this device holds."""
        assert frame["first"] <= self.known.seq + 1
        for seq, item in enumerate(frame["items"], frame["first"]):
            if seq <= self.known.seq:
                continue
            self.known, verdict = transcript.judge(self.known, seq, item["sealed"], ThreadBodies(), self.heads.get)
            assert not isinstance(verdict, transcript.Fault), verdict
            self.heads[seq] = self.known.head
            self.verdicts.append(verdict)

    def texts(self) -> list[str]:
        """Texts of the genuine messages, in the thread's order."""
        genuine = [verdict for verdict in self.verdicts if isinstance(verdict, transcript.Genuine)]
        return [one.plain.body["text"] for one in genuine if one.plain.body["type"] == "message"]

    # --- HTTP ---

    async def token(self, http: httpx2.AsyncClient) -> dict[str, str]:
        """Headers with a fresh bearer token."""
        nonce = (await http.get("/v1/challenge")).json()["nonce"]
        jws = sign_claim(HELLO_TYP, self.key, nonce, self.url, self.thread, self.id)
        answer = await http.post("/v1/token", json={"jws": jws})
        assert answer.status_code == 200, answer.text
        return {"Authorization": f"Bearer {answer.json()['token']}"}

    # --- socket ---

    @asynccontextmanager
    async def connect(self, *, resume: bool = True) -> AsyncIterator[Line]:
        """Say hello, and follow the thread from where this device stands."""
        async with open_line(self.url) as line:
            nonce = (await line.expect("challenge"))["nonce"]
            jws = sign_claim(HELLO_TYP, self.key, nonce, self.url, self.thread, self.id)
            await line.send(frames.Hello(v=1, jws=jws))
            line.welcome = await line.expect("welcome")
            assert line.others == []  # nothing comes before the welcome
            if resume:
                await line.send(frames.Resume(after=self.known.seq))
            yield line

    async def catch_up(self, line: Line, seq: int) -> None:
        """Take entries until this device holds ``seq`` of them."""
        while self.known.seq < seq:
            self.judge(await line.expect("entries"))


class Line:
    """An open socket. Frames of other types than the expected one are kept in ``others``."""

    def __init__(self, socket: websockets.ClientConnection) -> None:
        self.socket = socket
        self.welcome: dict[str, Any] = {}
        self.others: list[dict[str, Any]] = []

    async def send(self, frame: frames.Frame) -> None:
        await self.socket.send(frames.dump(frame))

    async def receive(self) -> dict[str, Any]:
        """The next frame. Raises `Closed`."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                return json.loads(await self.socket.recv())
        except websockets.ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 1006
            raise Closed(code, self.others[-1] if self.others else None) from None

    async def expect(self, kind: str) -> dict[str, Any]:
        """The next frame of a type, passing over others. Raises `Closed`."""
        for index, frame in enumerate(self.others):
            if frame["type"] == kind:
                return self.others.pop(index)
        while (frame := await self.receive())["type"] != kind:
            self.others.append(frame)
        return frame

    async def append(self, append: frames.Append) -> int:
        """Send an append and wait for its ack; the seq."""
        await self.send(append)
        while (ack := await self.expect("ack"))["n"] != append.n:
            pass
        return ack["seq"]

    async def refusal(self, frame: frames.Frame) -> dict[str, Any]:
        """Send a frame and return the error that comes of it."""
        await self.send(frame)
        return await self.expect("error")

    async def closed(self) -> int:
        """Read until the relay closes; the code."""
        try:
            while True:
                self.others.append(await self.receive())
        except Closed as closed:
            return closed.code


@asynccontextmanager
async def open_line(url: str, **headers: str) -> AsyncIterator[Line]:
    """A socket before its hello."""
    address = f"ws{url.removeprefix('http')}/v1/thread"
    connection = websockets.connect(
        address,
        compression=None,
        max_size=2**20,
        max_queue=None,  # a test that reads no more still sees the socket close
        close_timeout=1,
        additional_headers=headers,
        proxy=None,
    )
    async with connection as socket:
        yield Line(socket)


async def new_thread(url: str, http: httpx2.AsyncClient, **more: Any) -> Device:
    """A computer that has just opened its thread; it has judged its own first entry."""
    root, key = jose.PrivateKey.generate(), jose.PrivateKey.generate()
    thread, device = key_id(root.jwk), key_id(key.jwk)
    cert = transcript.sign_host(transcript.HostCertificate(thread, 1, device, key.jwk), root)
    host = Device(url, key, transcript.begin(cert, root.jwk, {1: secrets.token_bytes(32)}), root)
    body = {"id": envelope.new_hex_id(), "type": "host", "host_epoch": 1, "cert": cert, "name": "Computer"}
    first = host.next(body)
    nonce = (await http.get("/v1/challenge")).json()["nonce"]
    proof = sign_claim(THREAD_TYP, root, nonce, url, thread, device)
    wanted = {"root": root.jwk, "proof": proof, "cert": cert, "sealed": first.sealed, **more}
    answer = await http.post("/v1/threads", json=wanted)
    assert answer.status_code == 201, answer.text
    assert answer.json() == {"thread": thread, "seq": 1}
    host.judge({"first": 1, "items": [{"sealed": first.sealed}]})
    return host


async def join(host: Device, line: Line) -> Device:
    """A phone that the host lets in over its open line; it knows what a grant tells."""
    key = jose.PrivateKey.generate()
    seq = await line.append(host.added(key))
    await host.catch_up(line, seq)
    known = replace(host.known, me=key_id(key.jwk))
    return Device(host.url, key, known, heads=dict(host.heads))

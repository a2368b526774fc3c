"""Somebody who has only read SPEC.md, connected to a relay."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import websockets

from tests.protocol import stranger

PATIENCE_S = 20


@dataclass
class Socket:
    """A connection that said hello."""

    wire: websockets.ClientConnection
    welcome: dict[str, Any] = field(default_factory=dict)

    async def send(self, kind: str, **members: Any) -> None:
        await self.wire.send(json.dumps({"type": kind, **members}))

    async def get(self, *kinds: str) -> dict[str, Any]:
        """The next frame of one of these types; presence comes when it likes."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                frame = json.loads(await self.wire.recv())
                if frame["type"] in kinds:
                    return frame
                assert frame["type"] == "presence", frame

    async def ended(self) -> int:
        async with asyncio.timeout(PATIENCE_S):
            with contextlib.suppress(websockets.ConnectionClosed):
                while True:
                    await self.wire.recv()
        return self.wire.close_code or 0


class World:
    """A thread at a relay, seen through the text of the protocol."""

    def __init__(self, origin: str, http: httpx2.AsyncClient) -> None:
        self.thread = stranger.Thread(origin)
        self.host = stranger.Key()
        self.http = http
        self.n = {self.host.id: 0}

    async def nonce(self) -> str:
        return (await self.http.get("/v1/challenge")).json()["nonce"]

    async def begin(self) -> None:
        cert = self.thread.certificate(self.host)
        self.first = self.thread.seal(self.host, 1, "host", host_epoch=1, cert=cert)
        answer = await self.open(cert)
        assert answer.status_code == 201, answer.text
        self.thread.follow(self.first)
        self.n[self.host.id] = 1

    async def open(self, cert: str) -> httpx2.Response:
        proof = self.thread.root.sign(self.thread.claim(await self.nonce(), self.host), "deskhand-thread+jws")
        wanted = {"root": self.thread.root.jwk, "proof": proof, "cert": cert, "sealed": self.first}
        return await self.http.post("/v1/threads", json=wanted)

    async def token(self, device: stranger.Key) -> dict[str, str]:
        jws = device.sign(self.thread.claim(await self.nonce(), device), "deskhand-hello+jws")
        answer = (await self.http.post("/v1/token", json={"jws": jws})).json()
        assert answer["expires_in"] == 600
        return {"Authorization": f"Bearer {answer['token']}"}

    @contextlib.asynccontextmanager
    async def socket(self, device: stranger.Key) -> AsyncIterator[Socket]:
        url = f"{self.thread.origin.replace('http', 'ws')}/v1/thread"
        async with websockets.connect(url, proxy=None, close_timeout=1) as wire:
            challenge = json.loads(await wire.recv())
            jws = device.sign(self.thread.claim(challenge["nonce"], device), "deskhand-hello+jws")
            await wire.send(json.dumps({"type": "hello", "v": 1, "jws": jws}))
            socket = Socket(wire)
            socket.welcome = await socket.get("welcome")
            yield socket

    async def append(self, author: stranger.Key, kind: str, **more: Any) -> httpx2.Response:
        """The next entry of a device, over HTTP; members of the append begin with an underscore."""
        outside = {name[1:]: value for name, value in more.items() if name.startswith("_")}
        n = self.n.setdefault(author.id, 0) + 1
        sealed = self.thread.seal(author, n, kind, **{k: v for k, v in more.items() if not k.startswith("_")})
        answer = await self.http.post(
            "/v1/entries", json={"n": n, "sealed": sealed, **outside}, headers=await self.token(author)
        )
        if answer.is_success:
            assert answer.json() == {"seq": self.thread.seq + 1}
            self.thread.follow(sealed)
            self.n[author.id] = n
        return answer

    async def add(self) -> stranger.Key:
        phone = stranger.Key()
        roster = self.thread.roster("added", phone)
        assert (await self.append(self.host, "device.added", roster=roster, name="Phone", _roster=roster)).is_success
        return phone

    async def remove(self, phone: stranger.Key) -> None:
        roster = self.thread.roster("removed", phone)
        gone = await self.append(self.host, "device.removed", roster=roster, wraps={}, _roster=roster)
        assert gone.is_success
        self.thread.epoch, self.thread.key = self.thread.epoch + 1, os.urandom(32)

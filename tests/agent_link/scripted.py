"""A relay in a few lines that tests can make misbehave. It keeps entries in memory and checks no keys."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from relay.protocol import envelope, frames
from relay.protocol.errors import ErrorCode
from relay.protocol.transcript import first_head, next_head

AT = "2026-01-02T03:04:05Z"


@dataclass
class ScriptedRelay:
    """``refuse(append)`` may return an error instead of storing; ``show(seq, sealed)`` may alter what is sent."""

    thread: str = ""
    items: list[str] = field(default_factory=list)
    refuse: Callable[[frames.Append], frames.Error | None] = lambda _append: None
    show: Callable[[int, str], str] = lambda _seq, sealed: sealed
    welcome_error: frames.Error | None = None
    close_with: int | None = None
    seen: list[frames.Append] = field(default_factory=list)
    connections: list[ServerConnection] = field(default_factory=list)
    forget_to: int | None = None
    url: str = ""

    def head(self, seq: int) -> str:
        head = first_head(self.thread)
        for sealed in self.items[:seq]:
            head = next_head(head, envelope.parse_entry(sealed).signed.signing_input)
        return head

    def entries(self, after: int) -> str:
        shown = [
            frames.Item(sealed=self.show(seq, sealed), at=AT)
            for seq, sealed in enumerate(self.items[after:], after + 1)
        ]
        return frames.dump(frames.Entries(first=after + 1, prev=self.head(after), items=shown))

    async def serve(self, socket: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            self.connections.append(socket)
            await socket.send(frames.dump(frames.Challenge(nonce="nonce")))
            frames.Hello.model_validate_json(await socket.recv())
            if self.welcome_error is not None:
                await socket.send(frames.dump(self.welcome_error))
            if self.close_with is not None:
                await socket.close(self.close_with)
                return
            welcome = frames.Welcome(
                seq=len(self.items), gen=0, epoch=1, n=0, token="t", limits=frames.Limits(), push_key="", time=AT
            )
            await socket.send(frames.dump(welcome))
            resume = frames.Resume.model_validate_json(await socket.recv())
            if resume.after > len(self.items):
                await socket.send(frames.dump(frames.Error(code=ErrorCode.BEHIND, message="behind")))
            elif resume.after < len(self.items):
                await socket.send(self.entries(resume.after))
            async for text in socket:
                frame = frames.from_device.validate_json(text)
                if isinstance(frame, frames.Append):
                    await self.append(socket, frame)

    async def append(self, socket: ServerConnection, append: frames.Append) -> None:
        self.seen.append(append)
        error = self.refuse(append)
        if error is not None:
            await socket.send(frames.dump(error))
            return
        self.items.append(append.sealed)
        seq = len(self.items)
        await socket.send(frames.dump(frames.Ack(n=append.n, seq=seq)))
        await socket.send(self.entries(seq - 1))


@asynccontextmanager
async def scripted_relay() -> AsyncIterator[ScriptedRelay]:
    relay = ScriptedRelay()
    async with serve(relay.serve, "127.0.0.1", 0, close_timeout=0.1) as server:
        port = server.sockets[0].getsockname()[1]
        relay.url = f"http://127.0.0.1:{port}"
        yield relay

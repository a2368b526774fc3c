"""A TCP proxy for tests: it delays, cuts, and counts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

PIECE_BYTES = 16 * 1024


@dataclass
class Proxy:
    """``cut_after``: bytes (both ways, from now) until every connection is cut, taken one by one; None: never.

    ``target`` may be set later and changed; without one, connections are refused.
    """

    target: tuple[str, int] | None = None
    cut_after: Iterator[int] | None = None
    delay_s: float = 0.0
    passed_bytes: int = 0
    connections: int = 0
    cuts: int = 0
    refusing: bool = False
    port: int = 0
    _left: int | None = None
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Cut every connection, without a goodbye."""
        if self._open:
            self.cuts += 1
        for writer in tuple(self._open):
            writer.transport.abort()
        self._open.clear()

    def cut_at(self, byte_counts: Iterator[int]) -> None:
        """Cut all connections after each of these byte counts."""
        self.cut_after = byte_counts
        self._left = next(byte_counts, None)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.target is None or self.refusing:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(*self.target)
        except OSError:
            writer.transport.abort()
            return
        self.connections += 1
        self._open |= {writer, far_writer}
        await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
        for end in (writer, far_writer):
            self._open.discard(end)
            end.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while piece := await reader.read(PIECE_BYTES):
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                due = self._left is not None and len(piece) >= self._left
                part = piece[: self._left] if due else piece
                writer.write(part)
                await writer.drain()
                self.passed_bytes += len(part)
                if due:
                    self._left = next(self.cut_after or iter(()), None)
                    self.cut()
                    return
                if self._left is not None:
                    self._left -= len(piece)
            writer.write_eof()


@asynccontextmanager
async def tcp_proxy(target: tuple[str, int] | None = None) -> AsyncIterator[Proxy]:
    """Run a proxy on a free port of this machine."""
    proxy = Proxy(target)
    server = await asyncio.start_server(proxy._serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        proxy.cut()

"""The sending side of one connection: the outbox in order, several appends in flight, live frames in between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError
from websockets.exceptions import ConnectionClosed

from agent.link.live import LiveSender
from agent.link.state import Behind
from agent.link.window import Window
from agent.thread.mirror import Mirror
from agent.thread.outbox import Outbox, SealedItem, SetAside
from relay.protocol import frames
from relay.protocol.errors import ErrorCode

_WAIT = frozenset({ErrorCode.RATE_LIMITED, ErrorCode.STORAGE_FULL, ErrorCode.UNAVAILABLE})
"""What passes with time: the same bytes go again later."""


class Socket(Protocol):
    """What the sender needs of a connection."""

    async def send(self, message: str) -> None:
        """Send one text frame; raises `ConnectionClosed`."""

    async def close(self) -> None:
        """Close the connection."""


class Sender:
    """Sends while its connection lasts. ``on_set_aside(tx, item)``: an item the relay refused for good."""

    def __init__(
        self,
        socket: Socket,
        engine: Engine,
        mirror: Mirror,
        outbox: Outbox,
        live: LiveSender,
        on_set_aside: Callable[[Connection, SetAside], None],
    ) -> None:
        self._socket = socket
        self._engine = engine
        self._mirror = mirror
        self._outbox = outbox
        self._live = live
        self._on_set_aside = on_set_aside
        self._window: Window | None = None
        self._wake = asyncio.Event()
        self.failure: SQLAlchemyError | None = None
        """Why it closed the connection by itself, if so."""

    @property
    def begun(self) -> bool:
        """Whether entries and live frames are being sent."""
        return self._window is not None

    def begin(self) -> None:
        """The thread is received up to the welcome: only now are the next number and the epoch sure."""
        self._window = Window(self._own_n() + 1)
        self.wake()

    def wake(self) -> None:
        """There may be something to send."""
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled or the connection closes."""
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while await self._send_some():
                    pass
        except ConnectionClosed:
            return  # the receiver reads the reason
        except SQLAlchemyError as error:
            self.failure = error
            await self._socket.close()

    def acked(self, n: int) -> None:
        """The relay has stored append ``n``."""
        if self._window is not None:
            self._window.acked(n)
            self.wake()

    def received(self, tx: Connection) -> None:
        """The thread has moved on (inside its transaction): see what was waited for."""
        window = self._window
        if window is not None:
            if window.stale is not None and window.stale[1] < self._mirror.known.epoch:
                self._outbox.reseal(tx, window.stale[0])
                window.stale = None
            if window.adopt_n is not None and window.adopt_n <= self._own_n():
                window.adopt_n = None

    def refused(self, error: frames.Error) -> None:
        """The relay did not take an append. Raises `Behind` where it asks for entries the thread already showed."""
        window, n = self._window, error.n
        if window is None or n is None:
            return  # about a live frame, which is not sent again
        going_back = window.going_back
        epoch = window.refused(n, back_to=error.next_n or n)
        if epoch is None:
            return
        match error.code:
            case ErrorCode.GAP:
                if (error.next_n or n) <= self._own_n():
                    raise Behind
                if not going_back:
                    self._pause(window, error.retry_after)
            case ErrorCode.STALE_EPOCH:
                window.stale = min(window.stale or (n, epoch), (n, epoch))
            case ErrorCode.CONFLICT:
                window.adopt_n = max(n, window.adopt_n or n)
            case code if code in _WAIT:
                self._pause(window, error.retry_after)
            case _:
                self._seal_anew(n, error.message)
        with self._engine.begin() as tx:
            self.received(tx)
        self.wake()

    async def _send_some(self) -> bool:
        """Send what may be sent now; False where no append was."""
        items = self._due()
        for item in items:
            await self._socket.send(frames.dump(_append(item)))
        while (live := self._live.take()) is not None:
            await self._socket.send(live)
        return bool(items)

    def _due(self) -> list[SealedItem]:
        if self._window is None:
            return []
        first, room = self._window.room(asyncio.get_running_loop().time())
        if room == 0:
            return []
        with self._engine.begin() as tx:
            items = self._outbox.next_to_send(tx, limit=room, from_n=first)
        for item in items:
            self._window.sent(item.n, item.epoch)
        return items

    def _pause(self, window: Window, seconds: float | None) -> None:
        loop = asyncio.get_running_loop()
        loop.call_at(window.pause(loop.time(), seconds), self.wake)

    def _seal_anew(self, n: int, reason: str) -> None:
        with self._engine.begin() as tx:
            aside = self._outbox.refused(tx, n, reason)
            if aside is not None:
                self._on_set_aside(tx, aside)

    def _own_n(self) -> int:
        known = self._mirror.known
        return known.members[known.me].n


def _append(item: SealedItem) -> frames.Append:
    return frames.Append(
        n=item.n, sealed=item.sealed, hint=item.hint, push=item.push, blobs=list(item.blobs), roster=item.roster
    )

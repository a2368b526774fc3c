"""The socket ``/v1/thread``: the shell around `relay.core.session`.

A connection is a cursor. One task reads frames, one sends: answers first, then entries from the tail or the store,
then live frames. Nothing is queued without a bound; a device that does not read is cut off and resumes later.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, assert_never

import structlog
from pydantic import ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect

from relay.core.fanout import FIRST_PAGE_CHARS, PAGE_CHARS, LiveQueue, StoredEntry, check_live, page_of
from relay.core.limits import Limiter
from relay.core.log import Device, DeviceRemoved
from relay.core.ports import Peer
from relay.core.session import (
    Admitted,
    AwaitingHello,
    CheckHello,
    Closed,
    Denied,
    Effect,
    Event,
    Follow,
    Following,
    Garbled,
    Greet,
    HelloOverdue,
    Look,
    Pass,
    PeerGone,
    Received,
    Replaced,
    Say,
    State,
    Store,
    Stuck,
    step,
)
from relay.edge import problems
from relay.edge.auth import Doorkeeper, new_nonce
from relay.edge.hub import Hub, Room
from relay.intake import Intake
from relay.protocol.errors import ErrorCode, Refused
from relay.protocol.frames import (
    MAX_FRAME_BYTES,
    Ack,
    Append,
    Challenge,
    Entries,
    Item,
    Limits,
    Live,
    Welcome,
    dump,
    from_device,
)
from relay.store.threads import Threads

MAX_IN_FLIGHT = 64
"""Appends of one connection that wait for their commit, and answers that wait to be sent."""
LAST_WORDS_S = 1
CLOSE_INTERNAL = 1011
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Desk:
    """What every connection works with."""

    threads: Threads
    intake: Intake
    hub: Hub
    doorkeeper: Doorkeeper
    hellos: Limiter
    lives: Limiter
    limits: Limits
    push_key: str
    hello_within_s: float
    slow_reader_s: float
    now: Callable[[], str]


class Connection:
    """One device's socket, from challenge to close. Run it once."""

    def __init__(self, socket: WebSocket, desk: Desk) -> None:
        self._socket = socket
        self._desk = desk
        self._state: State = AwaitingHello()
        self._nonce = new_nonce()
        self._peer: Peer | None = None
        self._room: Room | None = None
        self._cursor = 0
        self._page_chars = FIRST_PAGE_CHARS
        self._following = False
        self._looking = False
        self._answers: asyncio.Queue[str] = asyncio.Queue(MAX_IN_FLIGHT)
        self._live = LiveQueue()
        self._presence_due = False
        self._wake = asyncio.Event()
        self._in_flight = asyncio.Semaphore(MAX_IN_FLIGHT)
        self._stores: set[asyncio.Task[None]] = set()
        self._last_words: list[str] = []
        self._ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    # --- as the hub sees it ---

    @property
    def device(self) -> Device:
        """Whose connection it is, once it said hello."""
        if self._peer is None:
            raise RuntimeError("no hello yet")
        return self._peer.device

    @property
    def looking(self) -> bool:
        """Whether a person has the thread visible there."""
        return self._looking

    def interrupt(self, event: Replaced | Denied | Stuck | HelloOverdue | PeerGone) -> None:
        """Something happened that can only end the connection, or nothing."""
        self._react(event)

    def call(self) -> None:
        """The room has news."""
        self._wake.set()

    def offer(self, live: str) -> None:
        """A live frame, for those who follow the thread."""
        if self._following:
            self._live.push(live)
            self._wake.set()

    def presence_changed(self) -> None:
        """Send who is here; several changes make one frame."""
        self._presence_due = True
        self._wake.set()

    # --- life ---

    async def run(self) -> None:
        """Serve the accepted socket until it ends."""
        await self._answers.put(dump(Challenge(nonce=self._nonce)))
        self._wake.set()
        loop = asyncio.get_running_loop()
        overdue = loop.call_later(self._desk.hello_within_s, self.interrupt, HelloOverdue())
        tasks = [asyncio.create_task(self._guard(work)) for work in (self._read, self._send)]
        try:
            code = await self._ended
        finally:
            overdue.cancel()
            if self._peer is not None:
                self._desk.hub.leave(self)
            for task in (*tasks, *self._stores):
                task.cancel()
            await asyncio.gather(*tasks, *self._stores, return_exceptions=True)
        with contextlib.suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
            async with asyncio.timeout(LAST_WORDS_S):
                for text in self._last_words:
                    await self._socket.send_text(text)
                await self._socket.close(code)

    async def _guard(self, work: Callable[[], Any]) -> None:
        try:
            await work()
        except WebSocketDisconnect:
            self.interrupt(PeerGone())
        except Exception as error:  # noqa: BLE001 - a fault here ends this connection and no other
            _log.error("a connection failed", error=type(error).__name__, reason=str(error))
            self._end(CLOSE_INTERNAL)

    def _end(self, code: int) -> None:
        if not self._ended.done():
            self._ended.set_result(code)

    def _react(self, event: Event) -> tuple[Effect, ...]:
        """Step the machine; what is left to do, if the connection goes on."""
        before = self._state
        self._state, effects = step(before, event)
        if not isinstance(self._state, Closed):
            return effects
        if not isinstance(before, Closed):
            self._last_words = [dump(problems.frame(effect.refused)) for effect in effects if isinstance(effect, Say)]
            self._end(self._state.code)
        return ()

    # --- reading ---

    async def _read(self) -> None:
        while not isinstance(self._state, Closed):
            message = await self._socket.receive()
            event = PeerGone() if message["type"] == "websocket.disconnect" else read_frame(message.get("text"))
            await self._do(event)

    async def _do(self, event: Event) -> None:
        for effect in self._react(event):
            await self._perform(effect)

    async def _perform(self, effect: Effect) -> None:
        match effect:
            case CheckHello(hello):
                await self._check_hello(hello.jws)
            case Greet():
                await self._greet()
            case Follow(after):
                await self._follow(after)
            case Store(append):
                await self._in_flight.acquire()
                task = asyncio.create_task(self._store(append))
                self._stores.add(task)
                task.add_done_callback(self._stores.discard)
            case Pass(live):
                await self._pass(live)
            case Look(looking):
                self._looking = looking
                self._here.tell_presence()
            case Say(refused):
                await self._answer(dump(problems.frame(refused)))
            case _:
                assert_never(effect)

    @property
    def _here(self) -> Room:
        if self._room is None:
            raise RuntimeError("not in a room yet")
        return self._room

    async def _answer(self, text: str) -> None:
        await self._answers.put(text)
        self._wake.set()

    async def _check_hello(self, jws: str) -> None:
        def spend(nonce: str) -> None:
            if nonce != self._nonce:
                raise Refused(ErrorCode.UNAUTHORIZED, "Signed for another connection.")

        client = self._socket.client
        try:
            self._desk.hellos.admit(client.host if client else "", "connections")
            self._peer = await self._desk.doorkeeper.hello(jws, spend)
        except Refused as refused:
            await self._do(Denied(refused))
        else:
            await self._do(Admitted())

    async def _greet(self) -> None:
        desk, device = self._desk, self.device
        if self._peer is None:
            raise RuntimeError("no hello yet")
        # Joined first, asked afterwards: whatever is committed in between is heard of one way or the other.
        room = desk.hub.join(self)
        try:
            thread, device = await desk.doorkeeper.member(device.thread, device.id)
        except Refused as refused:
            await self._do(Denied(refused))
            return
        room.reached(thread.seq)
        await self._answer(
            dump(
                Welcome(
                    seq=thread.seq,
                    gen=thread.gen,
                    epoch=thread.epoch,
                    n=device.n,
                    token=desk.doorkeeper.token(self._peer),
                    limits=desk.limits,
                    push_key=desk.push_key,
                    time=desk.now(),
                )
            )
        )
        self._room = room  # from here on who is present may be told: the welcome comes first

    async def _follow(self, after: int) -> None:
        thread = await self._desk.threads.thread(self.device.thread)
        if after > thread.seq:
            said = f"The relay has entries up to {thread.seq}, this device asked after {after}."
            await self._answer(dump(problems.frame(Refused(ErrorCode.BEHIND, said))))
            return
        self._here.reached(thread.seq)
        self._cursor = after
        for text in self._here.kept.for_latecomer(self.device.id):
            self._live.push(text)
        self._following = True
        await self._do(Following())
        self._wake.set()

    async def _store(self, append: Append) -> None:
        try:
            if self._peer is None:
                raise RuntimeError("no hello yet")
            seq = await self._desk.intake.append(self._peer, append)
        except DeviceRemoved as removed:
            self.interrupt(Denied(removed))
        except Refused as refused:
            await self._answer(dump(problems.frame(refused)))
        else:
            await self._answer(dump(Ack(n=append.n, seq=seq)))
        finally:
            self._in_flight.release()

    async def _pass(self, live: Live) -> None:
        device = self.device
        try:
            self._desk.lives.admit((device.thread, device.id, live.stream), "live frames")
            check_live(live, device.thread, device.id)
        except Refused as refused:
            await self._answer(dump(problems.frame(refused)))
        else:
            self._desk.hub.pass_on(self, self._here, live)

    # --- sending ---

    async def _send(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while (text := await self._next()) is not None:
                try:
                    async with asyncio.timeout(self._desk.slow_reader_s):
                        await self._socket.send_text(text)
                except TimeoutError:
                    self.interrupt(Stuck())
                    return

    async def _next(self) -> str | None:
        if not self._answers.empty():
            return self._answers.get_nowait()
        if self._presence_due and self._room is not None:
            self._presence_due = False
            return self._room.presence()
        if self._following and self._cursor < self._here.seq:
            return await self._next_page()
        return self._live.pop()

    async def _next_page(self) -> str:
        page = self._here.tail.after(self._cursor)
        if not page:
            _, page = await self._desk.threads.after(self.device.thread, self._cursor)
        page = page_of(page, self._page_chars)
        self._page_chars = min(2 * self._page_chars, PAGE_CHARS)
        self._cursor = page[-1].seq
        return dump(entries_frame(page[0].seq, page[0].prev, page))


def entries_frame(first: int, prev: str, entries: list[StoredEntry]) -> Entries:
    """Consecutive entries as they are sent."""
    return Entries(first=first, prev=prev, items=[Item(sealed=entry.sealed, at=entry.at) for entry in entries])


def read_frame(text: str | None) -> Received | Garbled:
    """Read what a device sent."""
    if text is None:
        return Garbled(Refused(ErrorCode.BAD_FRAME, "Frames are JSON text."), hopeless=True)
    if len(text.encode()) > MAX_FRAME_BYTES:
        refused = Refused(ErrorCode.TOO_LARGE, f"A frame has at most {MAX_FRAME_BYTES} bytes.", n=_number(text))
        return Garbled(refused, hopeless=False)
    try:
        return Received(from_device.validate_json(text))
    except ValidationError as error:
        hopeless = error.errors()[0]["type"] == "json_invalid"
        return Garbled(problems.from_validation(error, None if hopeless else _number(text)), hopeless)


def _number(text: str) -> int | None:
    """The ``n`` of a frame that is otherwise wrong, so that its sender knows which one it was."""
    try:
        frame: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    n = frame.get("n") if isinstance(frame, dict) else None
    return n if isinstance(n, int) and not isinstance(n, bool) and n > 0 else None


async def serve(socket: WebSocket, desk: Desk, origins: frozenset[str]) -> None:
    """Accept a socket from this relay's own page, or from no browser at all, and serve it."""
    origin = socket.headers.get("origin")
    if origin is not None and origin not in origins:
        await socket.close()
        return
    await socket.accept()
    await Connection(socket, desk).run()

"""The link: one socket to the relay, kept for ever. Receives the thread into the mirror, sends the outbox.

Everything of one ``entries`` frame, its cursor and what it causes is one transaction. All methods belong to the
event loop that runs `Link.run`.
"""

from __future__ import annotations

import asyncio
import logging
import random as random_module
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn, TypeVar

from pydantic import ValidationError
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from agent.link.address import RelayAddress, sign_hello
from agent.link.http import RelayHttp
from agent.link.keys import Identity
from agent.link.live import LiveReceiver, LiveSender
from agent.link.sending import Sender
from agent.link.state import Behind, Denied, FrozenThread, LinkKind, LinkState, Lost, Over, TakenOver
from agent.link.window import Backoff
from agent.thread.entries import Body
from agent.thread.live import LiveBody, Tail, TailAsk
from agent.thread.mirror import Mirror, Received, StoredEntry
from agent.thread.outbox import Outbox, SetAside
from relay.protocol import frames
from relay.protocol.errors import REMEDY, ErrorCode, Malformed
from relay.protocol.frames import Hint

log = logging.getLogger(__name__)

GOOD_AFTER_S = 10.0
OPEN_WITHIN_S = 15.0
PING_EVERY_S = 20.0
MAX_MESSAGE_BYTES = 4 * frames.MAX_FRAME_BYTES
_TAIL_STREAM = "tail"
_F = TypeVar("_F", bound=frames.Frame)


class NotTaken(RuntimeError):
    """The thread does not take an entry this computer wants to write. The text says why."""


@dataclass(slots=True)
class _Session:
    """One connection: the thread stood at ``target_seq`` when it began."""

    socket: ClientConnection
    sender: Sender
    target_seq: int


class Link:
    """Keeps this computer in its thread.

    ``on_entries(tx, entries)`` gets genuine entries in order, own ones included, inside the transaction that stores
    them; if it raises, only its own effect on that entry is undone. ``on_committed()`` follows each such
    transaction. ``on_live(device, body)``, ``on_presence(devices)`` and ``on_state(state)`` are told at once; none of
    these may raise.
    ``on_set_aside(tx, item)``: the thread does not take an item of the outbox. ``clock`` gives the time in UTC.
    """

    def __init__(  # noqa: PLR0913 - the composition root names each callback once
        self,
        identity: Identity,
        keys: Mapping[int, bytes],
        mirror: Mirror,
        outbox: Outbox,
        engine: Engine,
        http: RelayHttp,
        *,
        on_entries: Callable[[Connection, Sequence[StoredEntry]], None],
        on_committed: Callable[[], None],
        on_live: Callable[[str, LiveBody], None],
        on_presence: Callable[[Sequence[frames.Present]], None],
        on_state: Callable[[LinkState], None],
        on_set_aside: Callable[[Connection, SetAside], None],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        random: random_module.Random | None = None,
        backoff: Backoff = Backoff(),  # noqa: B008 - immutable
    ) -> None:
        self._identity = identity
        self._mirror = mirror
        self._outbox = outbox
        self._engine = engine
        self._http = http
        self._on_entries = on_entries
        self._on_committed = on_committed
        self._on_live = on_live
        self._on_presence = on_presence
        self._on_state = on_state
        self._on_set_aside = on_set_aside
        self._clock = clock
        self._random = random or random_module.Random()  # noqa: S311 - jitter is no secret
        self._backoff = backoff
        self._address = RelayAddress.parse(identity.relay_url)
        self._live_out = LiveSender(identity, keys, clock)
        self._live_in = LiveReceiver()
        self._session: _Session | None = None
        self._progressed = False
        self._waiters: dict[str, asyncio.Future[Received]] = {}
        self._changed = asyncio.Event()
        self.state = LinkState("disconnected", clock())

    async def run(self) -> None:
        """Stay connected until cancelled. Returns only when `state` is final: frozen, or replaced by another process."""
        failures = 0
        while True:
            started, self._progressed = asyncio.get_running_loop().time(), False
            over = await self._one_connection()
            self._say(over.kind, over.reason, over.next)
            if over.final:
                return
            good = self._progressed or asyncio.get_running_loop().time() - started >= GOOD_AFTER_S
            failures = 1 if good else failures + 1
            patient = not isinstance(over, Lost)
            await asyncio.sleep(self._backoff.most if patient else self._backoff.delay(failures, self._random))

    def notify(self) -> None:
        """There is something new in the outbox (committed): send it."""
        if self._session is not None:
            self._session.sender.wake()

    async def append(self, body: Body, *, hint: Hint = "none", roster: str | None = None) -> Received:
        """Say a new ``body`` and wait, as long as it takes, until it is verified in the thread. Raises `NotTaken`."""
        waiter = self._waiters.setdefault(body.id, asyncio.get_running_loop().create_future())
        with self._engine.begin() as tx:
            self._outbox.put(tx, body, hint=hint, roster=roster)
        self.notify()
        try:
            return await waiter
        finally:
            self._waiters.pop(body.id, None)

    async def changed(self) -> None:
        """Wait until the mirror or the outbox has changed."""
        await self._changed.wait()

    def send_live(self, body: LiveBody, stream: str, *, keep: bool = False) -> bool:
        """Show something now; False (and forgotten) when not connected. ``stream``: any name that lasts, a task's id.

        ``keep``: a snapshot that replaces the stream's last one and is shown to latecomers.
        """
        if self._session is None or not self._session.sender.begun:
            return False
        self._live_out.put(body, stream, keep=keep, epoch=self._mirror.known.epoch)
        self._session.sender.wake()
        return True

    async def token(self) -> str:
        """A token for the relay's HTTP twins, good for at least a minute."""
        return await self._http.token()

    async def _one_connection(self) -> Over:
        """Connect and stay so as long as it lasts; returns why it is over."""
        if self._mirror.frozen is not None:
            return FrozenThread(str(self._mirror.frozen))
        self._say("connecting")
        try:
            await self._converse()
        except Over as over:
            return over
        except ConnectionClosed as closed:
            return _closed(closed)
        except (OSError, TimeoutError, WebSocketException) as error:
            return Lost(f"The relay at {self._address.origin} cannot be reached ({_short(error)}).")
        except SQLAlchemyError as error:
            log.exception("The database of the thread cannot be written")
            return Lost(f"This computer cannot store the thread ({type(error).__name__}).", "Free some disk space.")
        finally:
            self._session = None
            self._live_out.drop()
        return Lost("The connection to the relay ended.")

    async def _converse(self) -> None:
        async with connect(
            self._address.socket,
            compression=None,
            proxy=None if self._address.loopback else True,
            user_agent_header="deskhand",
            open_timeout=OPEN_WITHIN_S,
            ping_interval=PING_EVERY_S,
            ping_timeout=PING_EVERY_S,
            close_timeout=1,
            max_size=MAX_MESSAGE_BYTES,
        ) as socket:
            async with asyncio.timeout(OPEN_WITHIN_S):
                session = await self._enter(socket)
            self._session = session
            sender = asyncio.create_task(session.sender.run())
            try:
                await self._receive(session)
            except ConnectionClosed:
                if session.sender.failure is not None:
                    raise session.sender.failure from None
                raise
            finally:
                sender.cancel()
                await asyncio.gather(sender, return_exceptions=True)

    async def _enter(self, socket: ClientConnection) -> _Session:
        challenge = await self._expect(socket, frames.Challenge)
        hello = frames.Hello(v=frames.PROTOCOL_VERSION, jws=sign_hello(self._identity, challenge.nonce))
        await socket.send(frames.dump(hello))
        welcome = await self._expect(socket, frames.Welcome)
        self._http.use_token(welcome.token)
        await socket.send(frames.dump(frames.Resume(after=self._mirror.known.seq)))
        sender = Sender(socket, self._engine, self._mirror, self._outbox, self._live_out, self._set_aside)
        return _Session(socket, sender, welcome.seq)

    async def _expect(self, socket: ClientConnection, kind: type[_F]) -> _F:
        while True:
            frame = _parse(await socket.recv())
            match frame:
                case frames.Error() as error:
                    _raise_fatal(error)
                    raise Lost(error.message)
                case frames.Presence(devices=devices):
                    self._on_presence(devices)
                case _ if isinstance(frame, kind):
                    return frame
                case _:
                    pass

    async def _receive(self, session: _Session) -> NoReturn:
        self._catch_up(session)
        while True:
            match _parse(await session.socket.recv()):
                case frames.Entries() as entries:
                    self._store(session, entries)
                    self._catch_up(session)
                case frames.Ack(n=n):
                    session.sender.acked(n)
                    if self.state.reason:
                        self._say("connected")
                case frames.Live() as live:
                    self._take_live(live)
                case frames.Presence(devices=devices):
                    self._on_presence(devices)
                case frames.Error() as error:
                    _raise_fatal(error)
                    session.sender.refused(error)
                    if error.code == ErrorCode.STORAGE_FULL:
                        self._say("connected", "The relay has no room left.", REMEDY[error.code])
                case _:
                    pass

    def _catch_up(self, session: _Session) -> None:
        if not session.sender.begun and self._mirror.known.seq >= session.target_seq:
            session.sender.begin()
            self._say("connected")

    def _store(self, session: _Session, entries: frames.Entries) -> None:
        try:
            with self._engine.begin() as tx:
                received = self._mirror.receive(tx, entries.first, entries.items, prev=entries.prev)
                for item in received:
                    aside = self._outbox.settle(tx, item.entry)
                    if aside is not None:
                        self._set_aside(tx, aside)
                    if item.entry.verdict == "genuine":
                        self._apply(tx, item.entry)
                session.sender.received(tx)
        except BaseException:
            self._mirror.reload()
            raise
        self._progressed = self._progressed or bool(received)
        self._announce(received)
        self._on_committed()
        session.sender.wake()
        if self._mirror.frozen is not None:
            raise FrozenThread(str(self._mirror.frozen))

    def _set_aside(self, tx: Connection, aside: SetAside) -> None:
        self._on_set_aside(tx, aside)
        waiter = self._waiters.get(aside.body_id)
        if waiter is not None and not waiter.done():
            waiter.set_exception(NotTaken(aside.reason))

    def _apply(self, tx: Connection, entry: StoredEntry) -> None:
        """An error voids the effect of its entry alone; a full or locked disk is no fault of the entry."""
        try:
            with tx.begin_nested():
                self._on_entries(tx, [entry])
        except (OperationalError, OSError):
            raise
        except Exception:
            log.exception("Entry %d could not be applied", entry.seq)

    def _announce(self, received: Sequence[Received]) -> None:
        for item in received:
            waiter = self._waiters.get(item.entry.body_raw.get("id", ""))
            if waiter is not None and item.entry.device == self._identity.device_id and not waiter.done():
                waiter.set_result(item)
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def _take_live(self, frame: frames.Live) -> None:
        known = self._mirror.known
        try:
            device, body = self._live_in.open(frame, known)
        except Malformed as error:
            log.debug("A live frame was not shown: %s", error)
            return
        if isinstance(body, TailAsk):
            tail = Tail(type="tail", nonce=body.nonce, asker=device, gen=known.gen, seq=known.seq, head=known.head)
            self.send_live(tail, _TAIL_STREAM)
        else:
            self._on_live(device, body)

    def _say(self, kind: LinkKind, reason: str = "", next_step: str = "") -> None:
        away = {"connecting", "disconnected"}
        since = self.state.since if {kind, self.state.kind} <= away else self._clock()
        self.state = LinkState(kind, since, reason, next_step)
        self._on_state(self.state)


def _parse(text: str | bytes) -> frames.Frame | None:
    """A frame of the relay; None for one of a type that only newer versions know."""
    try:
        return frames.from_relay.validate_json(text)
    except ValidationError as error:
        if error.errors()[0]["type"] == "union_tag_invalid":
            return None
        raise Lost("The relay sent what this version does not understand.", REMEDY[ErrorCode.BAD_FRAME]) from None


def _raise_fatal(error: frames.Error) -> None:
    match error.code:
        case ErrorCode.REMOVED | ErrorCode.UNAUTHORIZED | ErrorCode.NOT_FOUND if error.n is None:
            raise Denied(error.message, REMEDY[error.code])
        case ErrorCode.BEHIND:
            raise Behind
        case _:
            pass


def _closed(closed: ConnectionClosed) -> Over:
    code = None if closed.rcvd is None else closed.rcvd.code
    match code:
        case frames.CLOSE_REPLACED:
            return TakenOver()
        case frames.CLOSE_UNAUTHORIZED:
            return Denied("The relay does not know this computer.", REMEDY[ErrorCode.UNAUTHORIZED])
        case frames.CLOSE_REMOVED:
            return Denied("The relay says that this computer was removed.", REMEDY[ErrorCode.REMOVED])
        case _:
            return Lost("The connection to the relay was lost.")


def _short(error: Exception) -> str:
    return str(error) or type(error).__name__

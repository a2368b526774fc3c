"""Threads, their devices and their entries."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Literal, cast

from sqlalchemy import Connection, Row, Select, and_, bindparam, insert, select, update

from relay.core.fanout import PAGE_ITEMS, StoredEntry, page_of
from relay.core.log import Accepted, Again, Candidate, Device, Found, Thread, decide
from relay.core.ports import Stored, Wake
from relay.protocol.errors import ErrorCode, Refused
from relay.protocol.frames import Hint
from relay.protocol.ids import canonical_json
from relay.protocol.transcript import first_head
from relay.store.push import delete_subscription, insert_due
from relay.store.tables import BlobRow, DeviceRow, EntryRow, RelayTable, ThreadRow
from relay.store.writer import Reader, Writer

_tables = RelayTable.metadata.tables
THREAD, DEVICE, ENTRY, BLOB = (_tables[str(row.__tablename__)] for row in (ThreadRow, DeviceRow, EntryRow, BlobRow))
_ENTRIES = select(ENTRY.c.seq, ENTRY.c.sealed, ENTRY.c.head, ENTRY.c.at)
_FIND_THREAD = select(THREAD).where(THREAD.c.id == bindparam("thread"))
_FIND_DEVICE = select(DEVICE).where(DEVICE.c.thread == bindparam("thread"), DEVICE.c.id == bindparam("device"))
_FIND_N = select(ENTRY.c.seq, ENTRY.c.digest).where(
    ENTRY.c.thread == bindparam("thread"), ENTRY.c.device == bindparam("device"), ENTRY.c.n == bindparam("n")
)
_FIND_HEAD = select(ENTRY.c.head).where(ENTRY.c.thread == bindparam("thread"), ENTRY.c.seq == bindparam("seq"))
_SET_THREAD = (
    update(THREAD)
    .where(THREAD.c.id == bindparam("thread"))
    .values({name: bindparam(f"new_{name}") for name in ("seq", "head", "epoch", "stored_bytes")})
)
_SET_N = (
    update(DEVICE)
    .where(and_(DEVICE.c.thread == bindparam("of_thread"), DEVICE.c.id == bindparam("of_device")))
    .values(n=bindparam("new_n"))
)


class Threads:
    """The log. ``storage_bytes``: what one thread may take; ``now`` gives RFC 3339 UTC."""

    def __init__(self, writer: Writer, reader: Reader, storage_bytes: int, now: Callable[[], str]) -> None:
        self._writer = writer
        self._reader = reader
        self._storage_bytes = storage_bytes
        self._now = now

    async def append(self, thread: str, device: str, entry: Candidate, hint: Hint, push: str | None) -> Stored:
        """Decide and commit; see `relay.core.ports.Log`."""

        def work(tx: Connection) -> Stored:
            outcome = decide(entry, _find(tx, thread, device, entry), self._storage_bytes)
            if isinstance(outcome, Again):
                return Stored(outcome.seq, None)
            return self._store(tx, outcome, entry, hint, push)

        return await self._writer.submit(work)

    async def create(self, thread: Thread, host: Device, entry: Candidate) -> Stored:
        """Make a thread with its first entry; see `relay.core.ports.Log`."""

        def work(tx: Connection) -> Stored:
            if tx.execute(_FIND_THREAD, {"thread": thread.id}).first() is not None:
                same = tx.execute(_FIND_N, {"thread": thread.id, "device": host.id, "n": 1}).first()
                if same is not None and same.digest == entry.digest:
                    return Stored(same.seq, None)
                raise Refused(ErrorCode.CONFLICT, "This thread exists already.")
            outcome = decide(entry, Found(thread, host, None, (), None), self._storage_bytes)
            if isinstance(outcome, Again):
                raise TypeError("a new thread has no entries")
            columns = {"id": thread.id, "root": canonical_json(thread.root).decode(), "created_at": self._now()}
            standing = {name: getattr(thread, name) for name in ("seq", "head", "epoch", "gen", "stored_bytes")}
            tx.execute(insert(THREAD), {**columns, **standing})
            tx.execute(insert(DEVICE), _device_columns(host))
            return self._store(tx, outcome, entry, "none", None)

        return await self._writer.submit(work)

    def _store(self, tx: Connection, done: Accepted, entry: Candidate, hint: Hint, push: str | None) -> Stored:
        thread, at = done.thread, self._now()
        author = done.device
        prev = _head_before(tx, thread.id, thread.seq)
        tx.execute(
            insert(ENTRY),
            {
                "thread": thread.id,
                "seq": thread.seq,
                "device": author.id,
                "n": author.n,
                "digest": entry.digest,
                "sealed": entry.sealed,
                "head": thread.head,
                "at": at,
            },
        )
        tx.execute(
            _SET_THREAD,
            {
                "thread": thread.id,
                "new_seq": thread.seq,
                "new_head": thread.head,
                "new_epoch": thread.epoch,
                "new_stored_bytes": thread.stored_bytes,
            },
        )
        tx.execute(_SET_N, {"of_thread": thread.id, "of_device": author.id, "new_n": author.n})
        if done.joined is not None:
            tx.execute(insert(DEVICE), _device_columns(done.joined))
        if done.left is not None:
            gone = and_(DEVICE.c.thread == thread.id, DEVICE.c.id == done.left.id)
            tx.execute(update(DEVICE).where(gone).values(to_seq=done.left.to_seq, removed=done.left.removed))
            delete_subscription(tx, thread.id, done.left.id)
        wake = None if hint == "none" else Wake(thread.id, thread.seq, author.id, hint, push)
        if wake is not None:
            insert_due(tx, wake)
        stored = StoredEntry(thread.seq, prev, entry.sealed, at)
        return Stored(thread.seq, stored, wake, done.joined, done.left)

    async def probe(self) -> None:
        """Read something. Raises `Refused` (unavailable)."""
        await self._reader.run(lambda tx: tx.execute(select(THREAD.c.id).limit(1)).first())

    async def thread(self, thread: str) -> Thread:
        """Where a thread stands. Raises `Refused` (not_found)."""
        return await self._reader.run(lambda tx: _thread(tx, thread))

    async def member(self, thread: str, device: str) -> tuple[Thread, Device] | None:
        """A thread and one of its devices, removed or not; None where there is no such pair."""

        def work(tx: Connection) -> tuple[Thread, Device] | None:
            found = _device(tx, thread, device)
            return None if found is None else (_thread(tx, thread), found)

        return await self._reader.run(work)

    async def after(self, thread: str, seq: int, limit: int = PAGE_ITEMS) -> tuple[str, list[StoredEntry]]:
        """The head at ``seq`` and the page that follows it. Raises `Refused` (behind) above the thread's end."""

        def work(tx: Connection) -> tuple[str, list[StoredEntry]]:
            last = _thread(tx, thread).seq
            if seq > last:
                raise Refused(ErrorCode.BEHIND, f"The relay has entries up to {last}, this device asked after {seq}.")
            rows = _page(tx, _ENTRIES.where(ENTRY.c.thread == thread, ENTRY.c.seq > seq).order_by(ENTRY.c.seq), limit)
            prev = _head_before(tx, thread, seq + 1)
            return prev, _linked(rows, prev)

        return await self._reader.run(work)

    async def before(self, thread: str, seq: int, limit: int = PAGE_ITEMS) -> tuple[int, str, list[StoredEntry]]:
        """The page that ends just before ``seq``: its first seq, the head before it, and the entries."""

        def work(tx: Connection) -> tuple[int, str, list[StoredEntry]]:
            older = _ENTRIES.where(ENTRY.c.thread == thread, ENTRY.c.seq < seq).order_by(ENTRY.c.seq.desc())
            rows = _page(tx, older, limit)[::-1]
            first = rows[0].seq if rows else 1
            prev = _head_before(tx, thread, first)
            return first, prev, _linked(rows, prev)

        return await self._reader.run(work)


def _find(tx: Connection, thread: str, device: str, entry: Candidate) -> Found:
    author = _device(tx, thread, device)
    if author is None:
        raise Refused(ErrorCode.UNAUTHORIZED)
    same = tx.execute(_FIND_N, {"thread": thread, "device": device, "n": entry.n}).first()
    missing: tuple[str, ...] = ()
    if entry.blobs:
        held = set(tx.scalars(select(BLOB.c.id).where(BLOB.c.thread == thread, BLOB.c.id.in_(entry.blobs))))
        missing = tuple(name for name in entry.blobs if name not in held)
    named = None if entry.roster is None else _device(tx, thread, entry.roster.change.device)
    return Found(_thread(tx, thread), author, None if same is None else (same.seq, same.digest), missing, named)


def _thread(tx: Connection, thread: str) -> Thread:
    row = tx.execute(_FIND_THREAD, {"thread": thread}).first()
    if row is None:
        raise Refused(ErrorCode.NOT_FOUND, "There is no such thread here.")
    return Thread(row.id, json.loads(row.root), row.seq, row.head, row.epoch, row.gen, row.stored_bytes)


def _device(tx: Connection, thread: str, device: str) -> Device | None:
    row = tx.execute(_FIND_DEVICE, {"thread": thread, "device": device}).first()
    if row is None:
        return None
    role = cast("Literal['host', 'client']", row.role)
    return Device(row.thread, row.id, json.loads(row.jwk), role, row.n, row.from_seq, row.to_seq, row.removed)


def _device_columns(device: Device) -> dict[str, Any]:
    names = ("thread", "id", "role", "n", "from_seq", "to_seq", "removed")
    return {"jwk": canonical_json(device.jwk).decode(), **{name: getattr(device, name) for name in names}}


def _head_before(tx: Connection, thread: str, seq: int) -> str:
    if seq == 1:
        return first_head(thread)
    return str(tx.execute(_FIND_HEAD, {"thread": thread, "seq": seq - 1}).scalar_one())


def _page(tx: Connection, query: Select[Any], limit: int) -> list[Row[Any]]:
    with tx.execute(query.limit(limit)) as rows:
        return page_of(rows)


def _linked(rows: list[Row[Any]], prev: str) -> list[StoredEntry]:
    """Consecutive rows, each with the head before it."""
    heads = [prev, *(row.head for row in rows)]
    return [StoredEntry(row.seq, before, row.sealed, row.at) for row, before in zip(rows, heads, strict=False)]

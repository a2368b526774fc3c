"""The agent's side of a thread for tests: real keys, database, mirror, outbox and link, and notes of what was told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from sqlalchemy import Connection

from agent.database import open_database
from agent.link.client import Link
from agent.link.devices import Devices
from agent.link.http import RelayHttp, create_thread
from agent.link.keys import KeyStore
from agent.link.state import LinkState
from agent.link.window import Backoff
from agent.thread.entries import Body, Reply
from agent.thread.live import LiveBody
from agent.thread.mirror import Mirror, StoredEntry
from agent.thread.outbox import Outbox, SetAside
from relay.protocol.envelope import new_hex_id
from relay.protocol.frames import Present


def reply(text: str) -> Reply:
    return Reply(id=new_hex_id(), type="reply", in_reply_to=new_hex_id(), text=text)


def now() -> datetime:
    return datetime.now(UTC)


class Computer:
    """One agent process on one folder. Make a second one on the same folder to see what a restart finds."""

    def __init__(self, folder: Path, relay_url: str) -> None:
        self.keys = KeyStore(folder, keyring="file")
        self.identity = self.keys.load() or self.keys.create(relay_url, "Desk")
        self.engine = open_database(folder / "deskhand.db")
        self.mirror = Mirror(self.engine, self.identity, self.keys.thread_keys)
        self.outbox = Outbox(self.identity, self.keys.thread_keys, self.mirror, now)
        self.http = RelayHttp(self.identity)
        self.entries: list[StoredEntry] = []
        self.live: list[tuple[str, LiveBody]] = []
        self.states: list[LinkState] = []
        self.present: Sequence[Present] = ()
        self.aside: list[SetAside] = []
        self.commits = 0
        self.before_entry: Callable[[Connection, StoredEntry], None] = lambda _tx, _entry: None
        self.link = Link(
            self.identity,
            self.keys.thread_keys,
            self.mirror,
            self.outbox,
            self.engine,
            self.http,
            on_entries=self._on_entries,
            on_committed=self._on_committed,
            on_live=lambda device, body: self.live.append((device, body)),
            on_presence=self._on_presence,
            on_state=self.states.append,
            on_set_aside=lambda _tx, item: self.aside.append(item),
            clock=now,
            random=Random(1),
            backoff=Backoff(first=0.02, most=0.2),
        )
        self.devices = Devices(self.identity, self.keys, self.mirror, self.outbox, self.engine, self.link)

    def _on_entries(self, tx: Connection, entries: Sequence[StoredEntry]) -> None:
        for entry in entries:
            self.before_entry(tx, entry)
            self.entries.append(entry)

    def _on_committed(self) -> None:
        self.commits += 1

    def _on_presence(self, devices: Sequence[Present]) -> None:
        self.present = devices

    def say(self, *bodies: Body) -> None:
        with self.engine.begin() as tx:
            for body in bodies:
                self.outbox.put(tx, body)
        self.link.notify()

    def waiting(self) -> list[str]:
        with self.engine.begin() as tx:
            return self.outbox.waiting(tx)

    def said(self) -> list[str]:
        """Texts of its own verified replies, in the order of the thread."""
        stored = self.mirror.entries(0, 10_000, types={"reply"})
        return [entry.body.text for entry in stored if isinstance(entry.body, Reply)]

    async def create_thread(self) -> None:
        await create_thread(self.identity, self.mirror, self.outbox, self.engine, self.http)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.link.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def close(self) -> None:
        await self.http.aclose()
        self.engine.dispose()


async def until(condition: Callable[[], object], *, within: float = 10.0) -> None:
    """Wait for a condition; the test fails where it does not come true in time."""
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110 - any condition, not one event
            await asyncio.sleep(0.005)

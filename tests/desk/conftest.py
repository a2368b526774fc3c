"""A desk's parts with memory instead of a relay: a real database, a thread that keeps what is put, a clock to turn."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from agent.database import open_database
from agent.desk.intake import Intake
from agent.desk.ports import Received
from agent.desk.post import Post
from agent.journal.store import Journal
from agent.thread.entries import Body, parse_body


@dataclass
class FakeThread:
    """Keeps what the desk puts."""

    put_bodies: list[Body] = field(default_factory=list)
    pushes: list[Mapping[str, Any] | None] = field(default_factory=list)

    def put(
        self, tx: Connection, body: Body, *, hint: str = "none", push: Mapping[str, Any] | None = None, blobs: Any = ()
    ) -> None:
        self.put_bodies.append(body)
        self.pushes.append(push)

    def of(self, kind: str) -> list[Any]:
        return [body for body in self.put_bodies if body.type == kind]


@dataclass
class FakeComputer:
    """A clock that stands still, and ids in order."""

    time: float = 1_800_000_000.0
    name: str = "Desk"
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def now(self) -> float:
        return self.time

    def new_id(self) -> str:
        return f"{next(self.ids):032x}"


@dataclass
class Table:
    """Everything a test of the desk's parts sits at."""

    engine: Engine
    journal: Journal
    thread: FakeThread
    computer: FakeComputer
    post: Post
    intake: Intake
    seqs: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def receive(self, kind: str, at: float | None = None, /, **members: Any) -> Received:
        """An entry as the thread gives it, taken in; returns it."""
        number = next(self.seqs)
        members = {"id": f"{number:030x}ee", "type": kind, **members}
        when = datetime.fromtimestamp(self.computer.time if at is None else at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        item = Received(number, when, "phone", parse_body(members), f"{number:064x}")
        with self.engine.begin() as tx:
            self.intake.take(tx, item)
        return item

    def receipts(self, target: str) -> list[str]:
        return [body.kind for body in self.thread.of("receipt") if body.target == target]


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Table]:
    engine = open_database(tmp_path / "agent.sqlite")
    thread, computer, journal = FakeThread(), FakeComputer(), Journal()
    post = Post(thread, computer)  # type: ignore[arg-type]
    yield Table(engine, journal, thread, computer, post, Intake(journal, post, computer))
    engine.dispose()

"""What a genuine entry may cause at the host: the rules about time, answers and repetition (SPEC 3)."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.database import open_database
from agent.desk.front_desk import FrontDesk
from agent.desk.intake import Intake
from agent.desk.ports import Received
from agent.desk.post import Post
from agent.desk.room import Room
from agent.journal.records import AskRecord
from agent.journal.store import Journal
from agent.thread import entries

HOUR = 3600
ASK_HASH = "a" * 64


@dataclass
class Desk:
    """The host's desk over a real database; entries it writes are kept in ``said``."""

    folder: Path
    clock: float = 1_800_000_000.0
    name: str = "Desk"
    seq: int = 10
    said: list[entries.Body] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.engine = open_database(self.folder / "agent.sqlite")
        self.journal = Journal()
        self.post = Post(self, self)  # type: ignore[arg-type] # what a post needs of thread and computer is below
        self.intake = Intake(self.journal, self.post, self)

    def now(self) -> float:
        return self.clock

    def new_id(self) -> str:
        return secrets.token_hex(16)

    def put(self, tx: object, body: entries.Body, **_: Any) -> None:
        self.said.append(body)

    def receive(self, kind: str, *, ago: float = 0, **members: Any) -> str:
        """Take a genuine entry in; its body's id."""
        body = entries.parse_body({"id": self.new_id(), "type": kind, **members} | members)
        at = datetime.fromtimestamp(self.clock - ago, UTC).isoformat().replace("+00:00", "Z")
        self.seq += 1
        with self.engine.begin() as tx:
            self.intake.take(tx, Received(self.seq, at, "b" * 32, body, secrets.token_hex(32)))
        return body.id

    def ask(self, kind: str = "approval") -> str:
        """An ask that stands in the thread as entry 5."""
        record = AskRecord(
            self.new_id(), self.new_id(), self.new_id(), kind, 2, "d" * 64, {"title": "Move 8 files", "tool": "move"},
            5, ASK_HASH, "open", None, None, None,
        )  # fmt: skip
        with self.engine.begin() as tx:
            self.journal.asks.add(tx, record)
            self.journal.asks.change(tx, record.id, seq=5, hash=ASK_HASH)
        return record.id

    def answer(self, verdict: str = "approve", *, ago: float = 0, seq: int = 5, hashed: str = ASK_HASH) -> None:
        self.receive("answer", ago=ago, ask_seq=seq, ask_hash=hashed, verdict=verdict)

    def state_of(self, ask: str) -> tuple[str, str | None]:
        with self.engine.begin() as tx:
            record = self.journal.asks.get(tx, ask)
        assert record is not None
        return record.state, record.verdict

    def receipts(self, target: str | None = None) -> list[str]:
        found = [body for body in self.said if isinstance(body, entries.Receipt)]
        return [body.kind for body in found if target in {None, body.target}]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.engine.dispose()


def test_a_message_is_acted_on_once_however_often_it_comes(desk: Desk):
    """SPEC 3.17"""
    message = desk.receive("message", text="Book the train")
    desk.receive("message", text="Book the train", id=message)

    with desk.engine.begin() as tx:
        assert [waiting.id for waiting in desk.journal.inbox.in_state(tx, "received")] == [message]
    assert desk.receipts(message) == ["received"]


def test_the_first_answer_wins(desk: Desk):
    """SPEC 3.19"""
    ask = desk.ask()
    desk.answer("deny")
    desk.answer("approve")

    assert desk.state_of(ask) == ("answered", "deny")
    assert desk.receipts() == ["refused"]


@pytest.mark.parametrize("wrong", [{"hashed": "b" * 64}, {"seq": 6}], ids=("another ask", "another place"))
def test_an_answer_to_another_ask_is_none(desk: Desk, wrong: dict[str, Any]):
    """SPEC 3.19"""
    ask = desk.ask()
    desk.answer(**wrong)

    assert desk.state_of(ask) == ("open", None)
    assert desk.receipts() == ["refused"]


def test_an_approval_that_is_an_hour_old_is_not_acted_on(desk: Desk):
    """SPEC 3.20: the ask stays open and is decided anew."""
    ask = desk.ask()
    desk.answer("approve", ago=HOUR + 1)

    assert desk.state_of(ask) == ("open", None)
    assert desk.receipts() == ["refused"]
    desk.answer("approve", ago=HOUR - 1)
    assert desk.state_of(ask) == ("answered", "approve")


def test_a_denial_never_expires(desk: Desk):
    """SPEC 3.20"""
    ask = desk.ask()
    desk.answer("deny", ago=300 * HOUR)

    assert desk.state_of(ask) == ("answered", "deny")


@pytest.mark.parametrize(
    ("ago", "members", "begun"),
    [(71 * HOUR, {}, True), (73 * HOUR, {}, False), (2 * HOUR, {"expires_in_s": HOUR}, False)],
    ids=["in time", "after three days", "after its own time"],
)
def test_a_message_that_waited_too_long_expires(desk: Desk, ago: float, members: dict[str, int], begun: bool):
    """SPEC 3.20"""
    message = desk.receive("message", text="Call the bakery", ago=ago, **members)
    front_desk = FrontDesk.__new__(FrontDesk)
    front_desk._room = Room(desk.engine, desk.journal, desk.post, desk, desk, None, {}, str)  # type: ignore[arg-type]

    assert (front_desk._next() is not None) == begun
    assert desk.receipts(message) == ["received", "started" if begun else "expired"]

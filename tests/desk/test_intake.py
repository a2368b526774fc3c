"""What each entry of a phone causes at the desk."""

from __future__ import annotations

from typing import Any

import pytest

from agent.core.ports import Usage
from agent.core.task_state import Task
from agent.desk.intake import APPROVE_WITHIN_S
from agent.journal.records import AskRecord, TaskRecord
from tests.desk.conftest import Table

TASK = "7" * 32
HASH = "f" * 64


def given_task(table: Table, state: Task = Task.RUNNING, name: str = TASK) -> None:
    with table.engine.begin() as tx:
        table.journal.tasks.add(tx, TaskRecord(name, "0" * 32, "T", "b", [], state, "", 0.0, 0.0, Usage()))


def task_state(table: Table, name: str = TASK) -> Task:
    with table.engine.begin() as tx:
        found = table.journal.tasks.get(tx, name)
    assert found is not None
    return found.state


def given_ask(table: Table, kind: str = "approval", seq: int | None = 50) -> AskRecord:
    ask = AskRecord("a" * 32, TASK, "c" * 32, kind, 2, "d" * 64, {}, None, None, "open", None, None, None)
    with table.engine.begin() as tx:
        table.journal.asks.add(tx, ask)
        if seq is not None:
            table.journal.asks.change(tx, ask.id, seq=seq, hash=HASH)
    return ask


def ask_state(table: Table) -> tuple[str, str | None, str | None]:
    with table.engine.begin() as tx:
        ask = table.journal.asks.get(tx, "a" * 32)
    assert ask is not None
    return ask.state, ask.verdict, ask.text


def inbox(table: Table, name: str) -> Any:
    with table.engine.begin() as tx:
        return table.journal.inbox.get(tx, name)


def answer(table: Table, verdict: str, **members: Any) -> Any:
    members = {"ask_seq": 50, "ask_hash": HASH, "verdict": verdict, **members}
    at = members.pop("at", None)
    return table.receive("answer", at, **members).body


def test_a_message_is_received_once(table: Table) -> None:
    first = table.receive("message", text="hello", files=[], expires_in_s=60)
    table.receive("message", text="hello again", files=[], id=first.body.id)
    waiting = inbox(table, first.body.id)
    assert (waiting.text, waiting.state, waiting.expires_at) == ("hello", "received", table.computer.time + 60)
    assert table.receipts(first.body.id) == ["received"]


def test_a_message_for_a_task_under_way_steers_it_and_for_an_ended_one_goes_to_the_front_desk(table: Table) -> None:
    given_task(table)
    steer = table.receive("message", text="in blue", files=[], task=TASK).body
    assert table.receipts(steer.id) == ["received", "started"]
    with table.engine.begin() as tx:
        assert table.journal.tasks.take_steers(tx, TASK) == ["in blue"]
        assert table.journal.tasks.take_steers(tx, TASK) == []
        table.journal.tasks.change(tx, TASK, state=Task.DONE)
    late = table.receive("message", text="in red", files=[], task=TASK).body
    assert inbox(table, late.id).state == "received"
    assert inbox(table, late.id).task is None


def test_what_has_not_started_can_be_edited_and_cancelled(table: Table) -> None:
    message = table.receive("message", text="helo", files=[]).body
    edit = table.receive("edit", target=message.id, text="hello", files=[]).body
    assert inbox(table, message.id).text == "hello"
    assert table.receipts(edit.id) == ["answered"]
    table.receive("cancel", target=message.id)
    assert inbox(table, message.id).state == "cancelled"
    assert table.receipts(message.id) == ["received", "cancelled"]
    for kind, more in (("edit", {"text": "x", "files": []}), ("cancel", {})):
        refused = table.receive(kind, target=message.id, **more).body
        assert table.receipts(refused.id) == ["refused"]


@pytest.mark.parametrize("state", list(Task))
def test_stop_ends_what_has_not_ended(table: Table, state: Task) -> None:
    given_task(table, state)
    table.receive("stop", task=TASK)
    assert task_state(table) is (state if state.ended else Task.STOPPED)
    assert table.intake.stopped == (set() if state.ended else {TASK})


def test_stop_everything_ends_messages_and_tasks_and_withdraws_asks(table: Table) -> None:
    given_task(table, Task.WAITING)
    given_task(table, Task.QUEUED, "8" * 32)
    given_ask(table)
    waiting = table.receive("message", text="x", files=[]).body
    started = table.receive("message", text="y", files=[]).body
    with table.engine.begin() as tx:
        table.journal.inbox.change(tx, started.id, state="started")
    table.receive("stop", all=True)
    assert [task_state(table, name) for name in (TASK, "8" * 32)] == [Task.STOPPED, Task.STOPPED]
    assert ask_state(table)[0] == "withdrawn"
    assert [body.reason for body in table.thread.of("ask.closed")] == ["withdrawn"]
    assert table.receipts(waiting.id) == ["received", "stopped"]
    assert table.intake.stopped == {TASK, "8" * 32, started.id}


def test_an_ask_withdrawn_on_its_way_is_closed_when_it_arrives(table: Table) -> None:
    given_task(table)
    given_ask(table, seq=None)
    table.receive("stop", task=TASK)
    assert table.thread.of("ask.closed") == []
    action = {"title": "x", "tool": "t"}
    arrived = table.receive(
        "ask", id="a" * 32, task=TASK, kind="approval", level=2, action=action, digest="d" * 64, reversible=True
    )
    assert [body.ask_seq for body in table.thread.of("ask.closed")] == [arrived.seq]


@pytest.mark.parametrize(
    ("kind", "verdict", "text", "taken"),
    [
        ("approval", "approve", None, True),
        ("approval", "deny", None, True),
        ("approval", "text", "yes", False),
        ("approval", "again", None, False),
        ("question", "text", "blue", True),
        ("question", "text", "  ", False),
        ("question", "approve", None, False),
        ("in_doubt", "check", None, True),
        ("in_doubt", "again", None, True),
        ("in_doubt", "skip", None, True),
        ("in_doubt", "approve", None, False),
        ("in_doubt", "text", "again", False),
    ],
)
def test_an_ask_takes_only_its_own_kind_of_answer(
    table: Table, kind: str, verdict: str, text: str | None, taken: bool
) -> None:
    given_task(table, Task.WAITING)
    given_ask(table, kind)
    body = answer(table, verdict, text=text)
    assert ask_state(table)[0] == ("answered" if taken else "open")
    assert task_state(table) is (Task.RUNNING if taken else Task.WAITING)
    assert table.receipts(body.id) == ([] if taken else ["refused"])


def test_an_answer_counts_once_and_only_for_the_very_ask(table: Table) -> None:
    given_task(table, Task.WAITING)
    given_ask(table)
    for wrong in ({"ask_hash": "0" * 64}, {"ask_seq": 51}):
        assert table.receipts(answer(table, "approve", **wrong).id) == ["refused"]
    answer(table, "deny", reason="not today")
    assert ask_state(table) == ("answered", "deny", "not today")
    assert table.receipts(answer(table, "approve").id) == ["refused"]
    assert ask_state(table) == ("answered", "deny", "not today")
    assert len(table.thread.of("ask.closed")) == 1


@pytest.mark.parametrize(("verdict", "taken"), [("approve", False), ("deny", True)])
def test_an_old_approval_is_not_acted_on_and_an_old_denial_is(table: Table, verdict: str, taken: bool) -> None:
    given_task(table, Task.WAITING)
    given_ask(table)
    body = answer(table, verdict, at=table.computer.time - APPROVE_WITHIN_S - 1)
    assert ask_state(table)[0] == ("answered" if taken else "open")
    assert table.receipts(body.id) == ([] if taken else ["refused"])


def test_a_permission_is_taken_back_once(table: Table) -> None:
    with table.engine.begin() as tx:
        table.journal.grants.add(tx, "9" * 32, "folder", "/x", None, "")
    assert table.receipts(table.receive("request.grant_revoke", grant="9" * 32).body.id) == ["answered"]
    assert table.receipts(table.receive("request.grant_revoke", grant="9" * 32).body.id) == ["refused"]


def test_requests_wait_in_order_and_what_cannot_be_done_is_refused(table: Table) -> None:
    undo = table.receive("request.undo", task=TASK).body
    memory = table.receive("request.memory", base_sha256="0" * 64, text="x").body
    with table.engine.begin() as tx:
        waiting = [name for name, _ in table.journal.facts.starting_with(tx, "request:")]
    assert waiting == [f"request:{undo.id}", f"request:{memory.id}"]
    assert table.receipts(undo.id) == ["received"]
    schedule = table.receive("request.schedule", op="add", text="x").body
    assert table.receipts(schedule.id) == ["refused"]


def test_pause_is_remembered(table: Table) -> None:
    table.receive("pause", on=True)
    with table.engine.begin() as tx:
        assert table.journal.facts.get(tx, "paused") == "1"
    table.receive("pause", on=False)
    with table.engine.begin() as tx:
        assert not table.journal.facts.get(tx, "paused")

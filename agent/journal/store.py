"""The journal in the agent's database. Every method takes the caller's transaction, so that what belongs together is
committed (and fsynced) together.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, delete, func, insert, select, text, update

from agent.core.ports import Usage
from agent.core.task_state import Task
from agent.journal.records import AskRecord, Call, TaskRecord, Waiting
from agent.journal.tables import (
    AskRow,
    CallRow,
    FactRow,
    GrantRow,
    InboxRow,
    SteerRow,
    TaskRow,
    TurnRow,
    table_of,
)

ASKS = table_of(AskRow)
CALLS = table_of(CallRow)
FACTS = table_of(FactRow)
GRANTS = table_of(GrantRow)
INBOX = table_of(InboxRow)
STEERS = table_of(SteerRow)
TASKS = table_of(TaskRow)
TURNS = table_of(TurnRow)


def _rows(tx: Connection, query: Select[Any]) -> list[RowMapping]:
    return list(tx.execute(query).mappings())


def _columns(table: Any) -> Any:
    return select(*table.c)


def _waiting(row: RowMapping) -> Waiting:
    return Waiting(
        row["id"], row["seq"], row["at"], row["text"], json.loads(row["files"]), row["task"], row["expires_at"],
        row["state"],
    )  # fmt: skip


def _task(row: RowMapping) -> TaskRecord:
    return TaskRecord(
        row["id"], row["in_reply_to"], row["title"], row["brief"], json.loads(row["plan"]), Task(row["state"]),
        row["reason"], row["created"], row["seconds"],
        Usage(row["input_tokens"], row["output_tokens"], row["usd"]), row["result_posted"],
    )  # fmt: skip


def _call(row: RowMapping) -> Call:
    return Call(
        row["id"], row["run"], row["tool_use"], row["tool"], json.loads(row["input"]), row["title"], row["state"],
        row["approved"], row["output"], row["failed"], json.loads(row["files"]), json.loads(row["not_done"]),
        row["at"],
    )  # fmt: skip


def _ask(row: RowMapping) -> AskRecord:
    return AskRecord(
        row["id"], row["task"], row["call"], row["kind"], row["level"], row["digest"], json.loads(row["action"]),
        row["seq"], row["hash"], row["state"], row["verdict"], row["scope"], row["text"],
    )  # fmt: skip


class Inbox:
    """Messages from receipt to answer."""

    def add(self, tx: Connection, item: Waiting) -> bool:
        """Take a message once; False where its id is known already."""
        if self.get(tx, item.id) is not None:
            return False
        values = {
            "id": item.id, "seq": item.seq, "at": item.at, "text": item.text, "files": json.dumps(item.files),
            "task": item.task, "expires_at": item.expires_at, "state": item.state,
        }  # fmt: skip
        tx.execute(insert(INBOX).values(**values))
        return True

    def get(self, tx: Connection, message: str) -> Waiting | None:
        """One message."""
        rows = _rows(tx, _columns(INBOX).where(INBOX.c.id == message))
        return _waiting(rows[0]) if rows else None

    def in_state(self, tx: Connection, *states: str) -> list[Waiting]:
        """Messages in these states, oldest first."""
        query = _columns(INBOX).where(INBOX.c.state.in_(states)).order_by(INBOX.c.seq)
        return [_waiting(row) for row in _rows(tx, query)]

    def change(self, tx: Connection, message: str, **values: Any) -> None:
        """Set columns of a message."""
        tx.execute(update(INBOX).where(INBOX.c.id == message).values(**values))


class Tasks:
    """Tasks and their conversations."""

    def add(self, tx: Connection, task: TaskRecord) -> None:
        """Take a new task."""
        number = tx.execute(select(func.coalesce(func.max(TASKS.c.number), 0))).scalar_one() + 1
        values = {
            "id": task.id, "number": number, "in_reply_to": task.in_reply_to, "title": task.title,
            "brief": task.brief, "plan": json.dumps(task.plan), "state": task.state, "reason": task.reason,
            "created": task.created,
        }  # fmt: skip
        tx.execute(insert(TASKS).values(**values))

    def get(self, tx: Connection, task: str) -> TaskRecord | None:
        """One task."""
        rows = _rows(tx, _columns(TASKS).where(TASKS.c.id == task))
        return _task(rows[0]) if rows else None

    def all(self, tx: Connection, *states: Task, of: str | None = None, limit: int = 200) -> list[TaskRecord]:
        """Tasks, oldest first: in some states, or of one message; the newest ``limit``."""
        query = _columns(TASKS).order_by(TASKS.c.number.desc()).limit(limit)
        if states:
            query = query.where(TASKS.c.state.in_(states))
        if of is not None:
            query = query.where(TASKS.c.in_reply_to == of)
        return [_task(row) for row in reversed(_rows(tx, query))]

    def change(self, tx: Connection, task: str, **values: Any) -> None:
        """Set columns of a task."""
        if "plan" in values:
            values["plan"] = json.dumps(values["plan"])
        tx.execute(update(TASKS).where(TASKS.c.id == task).values(**values))

    def spend(self, tx: Connection, task: TaskRecord, usage: Usage, seconds: float) -> None:
        """Add what a call of the brain took."""
        total = task.usage.plus(usage)
        self.change(
            tx, task.id, input_tokens=total.input_tokens, output_tokens=total.output_tokens, usd=total.usd,
            seconds=task.seconds + seconds,
        )  # fmt: skip

    def steer(self, tx: Connection, task: str, text: str) -> None:
        """Leave words for a task under way."""
        tx.execute(insert(STEERS).values(task=task, text=text))

    def steered(self, tx: Connection, task: str) -> bool:
        """Whether words for a task wait."""
        return tx.execute(select(STEERS.c.number).where(STEERS.c.task == task).limit(1)).first() is not None

    def take_steers(self, tx: Connection, task: str) -> list[str]:
        """Words left for a task, oldest first; they are taken away."""
        query = select(STEERS.c.text).where(STEERS.c.task == task).order_by(STEERS.c.number)
        texts = list(tx.execute(query).scalars())
        tx.execute(delete(STEERS).where(STEERS.c.task == task))
        return texts


class Turns:
    """Conversations with the brain, a row a message."""

    def add(self, tx: Connection, run: str, role: str, content: list[dict[str, Any]]) -> None:
        """Append a message."""
        tx.execute(insert(TURNS).values(run=run, role=role, content=json.dumps(content)))

    def all(self, tx: Connection, run: str) -> list[dict[str, Any]]:
        """The conversation in the form of the Messages API."""
        query = _columns(TURNS).where(TURNS.c.run == run).order_by(TURNS.c.number)
        return [{"role": row["role"], "content": json.loads(row["content"])} for row in _rows(tx, query)]


class Calls:
    """Tool calls: intent, start, result."""

    def intend(self, tx: Connection, call: Call) -> None:
        """Write the intent; nothing has happened yet."""
        values = {
            "id": call.id, "run": call.run, "tool_use": call.tool_use, "tool": call.tool,
            "input": json.dumps(call.input), "title": call.title, "state": "intent",
            "at": call.at,
        }  # fmt: skip
        tx.execute(insert(CALLS).values(**values))

    def find(self, tx: Connection, run: str, tool_use: str) -> Call | None:
        """The call made for a tool_use block, if any."""
        query = _columns(CALLS).where(CALLS.c.run == run, CALLS.c.tool_use == tool_use)
        rows = _rows(tx, query)
        return _call(rows[0]) if rows else None

    def get(self, tx: Connection, call: str) -> Call | None:
        """One call."""
        rows = _rows(tx, _columns(CALLS).where(CALLS.c.id == call))
        return _call(rows[0]) if rows else None

    def of(self, tx: Connection, run: str) -> list[Call]:
        """All calls of a conversation, oldest first."""
        query = _columns(CALLS).where(CALLS.c.run == run).order_by(CALLS.c.number)
        return [_call(row) for row in _rows(tx, query)]

    def foreign(self, tx: Connection, run: str) -> set[str]:
        """Files of others that the calls of a conversation were let change."""
        query = select(CALLS.c.foreign).where(CALLS.c.run == run, CALLS.c.state != "intent")
        return {path for paths in tx.execute(query).scalars() for path in json.loads(paths)}

    def started(self, tx: Connection) -> list[Call]:
        """Calls that began and have no result."""
        return [
            _call(row) for row in _rows(tx, _columns(CALLS).where(CALLS.c.state == "start").order_by(CALLS.c.number))
        ]

    def change(self, tx: Connection, call: str, **values: Any) -> None:
        """Set columns of a call."""
        for name in ("files", "not_done", "foreign"):
            if name in values:
                values[name] = json.dumps(values[name])
        tx.execute(update(CALLS).where(CALLS.c.id == call).values(**values))


class Asks:
    """Asks and their answers."""

    def add(self, tx: Connection, ask: AskRecord) -> None:
        """Open an ask."""
        values = {
            "id": ask.id, "task": ask.task, "call": ask.call, "kind": ask.kind, "level": ask.level,
            "digest": ask.digest, "action": json.dumps(ask.action), "state": ask.state,
        }  # fmt: skip
        tx.execute(insert(ASKS).values(**values))

    def get(self, tx: Connection, ask: str) -> AskRecord | None:
        """One ask by its body id."""
        rows = _rows(tx, _columns(ASKS).where(ASKS.c.id == ask))
        return _ask(rows[0]) if rows else None

    def at_seq(self, tx: Connection, seq: int) -> AskRecord | None:
        """One ask by its place in the thread."""
        rows = _rows(tx, _columns(ASKS).where(ASKS.c.seq == seq))
        return _ask(rows[0]) if rows else None

    def open(self, tx: Connection, task: str | None = None) -> list[AskRecord]:
        """Open asks, of one task or of all."""
        query = _columns(ASKS).where(ASKS.c.state == "open")
        if task is not None:
            query = query.where(ASKS.c.task == task)
        return [_ask(row) for row in _rows(tx, query)]

    def latest_for(self, tx: Connection, call: str) -> AskRecord | None:
        """The last ask made for a call."""
        rows = _rows(tx, _columns(ASKS).where(ASKS.c.call == call))
        return _ask(rows[-1]) if rows else None

    def change(self, tx: Connection, ask: str, **values: Any) -> None:
        """Set columns of an ask."""
        tx.execute(update(ASKS).where(ASKS.c.id == ask).values(**values))


class Grants:
    """Folders and kinds of change the person allowed."""

    def add(self, tx: Connection, grant: str, kind: str, folder: str, task: str | None, at: str) -> None:
        """Give a permission."""
        tx.execute(insert(GRANTS).values(id=grant, kind=kind, folder=folder, task=task, at=at))

    def of(self, tx: Connection, task: str | None) -> list[dict[str, Any]]:
        """Permissions of a task, the standing ones included."""
        rows = _rows(tx, _columns(GRANTS))
        return [dict(row) for row in rows if row["task"] is None or row["task"] == task]

    def remove(self, tx: Connection, grant: str) -> bool:
        """Take one back; False where there is none."""
        return bool(tx.execute(delete(GRANTS).where(GRANTS.c.id == grant)).rowcount)


class Facts:
    """Small facts by name."""

    def get(self, tx: Connection, name: str) -> str | None:
        """A fact, or None."""
        value: str | None = tx.execute(select(FACTS.c.value).where(FACTS.c.name == name)).scalar_one_or_none()
        return value

    def starting_with(self, tx: Connection, prefix: str) -> list[tuple[str, str]]:
        """(name, value) of facts whose name begins so, in the order they were set."""
        query = select(FACTS.c.name, FACTS.c.value).where(FACTS.c.name.startswith(prefix, autoescape=True))
        return [(row.name, row.value) for row in tx.execute(query.order_by(text("rowid")))]

    def remove(self, tx: Connection, name: str) -> None:
        """Forget a fact."""
        tx.execute(delete(FACTS).where(FACTS.c.name == name))

    def set(self, tx: Connection, name: str, value: str) -> None:
        """Remember a fact."""
        self.remove(tx, name)
        tx.execute(insert(FACTS).values(name=name, value=value))


class Journal:
    """All of it, as the desk uses it."""

    def __init__(self) -> None:
        self.inbox = Inbox()
        self.tasks = Tasks()
        self.turns = Turns()
        self.calls = Calls()
        self.asks = Asks()
        self.grants = Grants()
        self.facts = Facts()

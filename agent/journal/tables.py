"""Tables of the desk: inbox, tasks, conversations, calls, asks, grants."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel


class InboxRow(SQLModel, table=True):
    """A message of the person, from its receipt to its answer. ``state`` as in receipts."""

    __tablename__ = "inbox"
    id: str = Field(primary_key=True)
    seq: int = Field(index=True)
    at: str
    text: str
    files: str = "[]"
    task: str | None = None
    expires_at: float
    state: str = Field(index=True)
    reason: str = ""


class TaskRow(SQLModel, table=True):
    """A task. Times are Unix seconds; ``seconds`` is the running time of earlier stretches."""

    __tablename__ = "tasks"
    id: str = Field(primary_key=True)
    number: int = Field(index=True)
    in_reply_to: str = Field(index=True)
    title: str
    brief: str
    plan: str = "[]"
    state: str = Field(index=True)
    reason: str = ""
    created: float
    seconds: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    usd: float | None = 0.0
    result_posted: bool = False


class TurnRow(SQLModel, table=True):
    """One message of a conversation with the brain; ``run`` is a task id, or a message id at the front desk."""

    __tablename__ = "turns"
    number: int | None = Field(default=None, primary_key=True)
    run: str = Field(index=True)
    role: str
    content: str


class CallRow(SQLModel, table=True):
    """One tool call: intent → start → result. ``foreign``: files it may change that the task did not make."""

    __tablename__ = "calls"
    number: int | None = Field(default=None, primary_key=True)
    id: str = Field(unique=True)
    run: str = Field(index=True)
    tool_use: str
    tool: str
    input: str
    title: str = ""
    state: str
    approved: str = ""
    output: str = ""
    failed: bool = False
    files: str = "[]"
    not_done: str = "[]"
    foreign: str = "[]"
    at: str = ""


class AskRow(SQLModel, table=True):
    """An ask; ``seq`` and ``hash`` are known once it stands in the thread. ``state``: open, answered, withdrawn."""

    __tablename__ = "asks"
    id: str = Field(primary_key=True)
    task: str = Field(index=True)
    call: str = Field(index=True)
    kind: str
    level: int
    digest: str
    action: str
    seq: int | None = Field(default=None, index=True)
    hash: str | None = None
    state: str = Field(index=True)
    verdict: str | None = None
    scope: str | None = None
    text: str | None = None


class GrantRow(SQLModel, table=True):
    """A permission the person gave: a folder, or "changes" for a task. ``task`` None: always."""

    __tablename__ = "grants"
    id: str = Field(primary_key=True)
    kind: str
    folder: str = ""
    task: str | None = None
    at: str = ""


class SteerRow(SQLModel, table=True):
    """Words for a task under way, not yet seen by its brain."""

    __tablename__ = "steers"
    number: int | None = Field(default=None, primary_key=True)
    task: str = Field(index=True)
    text: str


class FactRow(SQLModel, table=True):
    """Small facts of the desk, by name."""

    __tablename__ = "facts"
    name: str = Field(primary_key=True)
    value: str


def table_of(model: type[SQLModel]) -> Any:
    """The SQLAlchemy table behind a model; Core statements over its columns need no type ignores."""
    return vars(model)["__table__"]


Index("turns_in_order", table_of(TurnRow).c.run, table_of(TurnRow).c.number)

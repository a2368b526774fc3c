"""Records of the journal as the desk sees them. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from agent.core.ports import Usage
from agent.core.task_state import Task


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message in the inbox. ``expires_at`` in Unix seconds."""

    id: str
    seq: int
    at: str
    text: str
    files: list[dict[str, Any]]
    task: str | None
    expires_at: float
    state: str


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """A task. ``seconds``: running time so far, without the stretch under way."""

    id: str
    in_reply_to: str
    title: str
    brief: str
    plan: list[dict[str, str]]
    state: Task
    reason: str
    created: float
    seconds: float
    usage: Usage
    result_posted: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call. ``state``: intent, start or result; ``approved``: digest the person agreed to."""

    id: str
    run: str
    tool_use: str
    tool: str
    input: dict[str, Any]
    title: str
    state: str
    approved: str = ""
    output: str = ""
    failed: bool = False
    files: list[str] = field(default_factory=list)
    not_done: list[str] = field(default_factory=list)
    at: str = ""


@dataclass(frozen=True, slots=True)
class AskRecord:
    """An ask and its answer."""

    id: str
    task: str
    call: str
    kind: str
    level: int
    digest: str
    action: dict[str, Any]
    seq: int | None
    hash: str | None
    state: str
    verdict: str | None
    scope: str | None
    text: str | None

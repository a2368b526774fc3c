"""What the desk says in the thread, each as one entry: made here so that ids, times and push texts have one home."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from agent.core.task_state import Task
from agent.desk.ports import Computer, ThreadPort
from agent.thread.entries import Ask, AskClosed, Notice, Receipt, Reply, Result, TaskChanged, TaskCreated, TaskPlan
from agent.thread.parts import PlanStep

PUSH_TEXT_CHARS = 180
MAX_TEXT_BYTES = 24 * 1024
MAX_LINES_BYTES = 28 * 1024


def rfc3339(seconds: float) -> str:
    """A time of the protocol: UTC, whole seconds."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def unix(at: str) -> float:
    """Unix seconds of a time of the protocol."""
    return datetime.fromisoformat(at).timestamp()


def shorten(text: str, limit: int) -> str:
    """The beginning of a text, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def fitting(lines: Sequence[str]) -> list[str]:
    """As many lines as fit into half an entry; the last one then says how many are left out."""
    kept: list[str] = []
    left = MAX_LINES_BYTES
    for line in lines:
        left -= len(line.encode(errors="replace")) + 4
        if left < 0:
            return [*kept, f"… and {len(lines) - len(kept)} more"]
        kept.append(line)
    return kept


def bounded(text: str) -> str:
    """A text that fits into an entry; the end of a longer one is left out."""
    if len(text.encode(errors="replace")) <= MAX_TEXT_BYTES:
        return text
    return text.encode(errors="replace")[:MAX_TEXT_BYTES].decode(errors="ignore") + "…"


class Post:
    """Appends entries to the thread inside the caller's transaction."""

    def __init__(self, thread: ThreadPort, computer: Computer) -> None:
        self._thread = thread
        self._computer = computer

    def receipt(self, tx: Connection, target: str, kind: str, reason: str | None = None) -> None:
        """Say what happened to a message or request."""
        self._thread.put(
            tx,
            Receipt.model_validate(
                {"id": self._computer.new_id(), "type": "receipt", "target": target, "kind": kind, "reason": reason}
            ),
        )

    def reply(self, tx: Connection, in_reply_to: str, text: str, usage: Any, *, quiet: bool) -> None:
        """The front desk's words; pushed, because a person waits for them, unless (``quiet``) a task follows."""
        text = bounded(text)
        body = Reply(id=self._computer.new_id(), type="reply", in_reply_to=in_reply_to, text=text, usage=usage)
        if quiet:
            self._thread.put(tx, body)
        else:
            self._thread.put(tx, body, hint="result", push=self._push("reply", self._computer.name, text, body.id))

    def created(
        self, tx: Connection, task: str, title: str, brief: str, plan: Iterable[PlanStep], in_reply_to: str
    ) -> None:
        """A task is accepted."""
        body = TaskCreated(
            id=self._computer.new_id(),
            type="task.created",
            task=task,
            kind="work",
            title=title,
            brief=brief,
            plan=list(plan),
            in_reply_to=in_reply_to,
        )
        self._thread.put(tx, body)

    def state(self, tx: Connection, task: str, state: Task, reason: str | None = None) -> None:
        """A task changes state."""
        self._thread.put(
            tx,
            TaskChanged.model_validate(
                {
                    "id": self._computer.new_id(),
                    "type": "task.state",
                    "task": task,
                    "state": str(state),
                    "reason": reason,
                }
            ),
        )

    def plan(self, tx: Connection, task: str, plan: Iterable[PlanStep]) -> None:
        """A task's plan, whole."""
        self._thread.put(tx, TaskPlan(id=self._computer.new_id(), type="task.plan", task=task, plan=list(plan)))

    def ask(self, tx: Connection, ask: Ask) -> None:
        """The agent needs a person."""
        self._thread.put(tx, ask, hint="ask", push=self._push("ask", "Asks you", ask.action.title, ask.id))

    def ask_closed(self, tx: Connection, ask_seq: int, reason: str, by_seq: int | None = None) -> None:
        """An ask needs no answer any more."""
        self._thread.put(
            tx,
            AskClosed.model_validate(
                {
                    "id": self._computer.new_id(),
                    "type": "ask.closed",
                    "ask_seq": ask_seq,
                    "reason": reason,
                    "by_seq": by_seq,
                }
            ),
        )

    def result(self, tx: Connection, result: Result, title: str, *, failed: bool) -> None:
        """A task ends with something to show, or with the reason why not."""
        blobs = [file.blob.id for file in (*result.files, result.steps_blob) if file is not None and file.blob]
        kind = "failed" if failed else "result"
        push = self._push(kind, title, result.text, result.id)
        self._thread.put(tx, result, hint=kind, push=push, blobs=blobs)

    def notice(self, tx: Connection, code: str, text: str, next_step: str, target: str | None = None) -> None:
        """Something the person should know, and what to do."""
        body = Notice(id=self._computer.new_id(), type="notice", code=code, text=text, next=next_step, target=target)
        self._thread.put(tx, body, hint="failed", push=self._push("notice", self._computer.name, text, body.id))

    def _push(self, kind: str, title: str, text: str, target: str) -> dict[str, Any]:
        return {
            "kind": kind,
            "title": shorten(title, 60),
            "text": shorten(text, PUSH_TEXT_CHARS),
            "target": target,
        }

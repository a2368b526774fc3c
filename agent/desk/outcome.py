"""What became of a message, read from the thread: the object that `deskhand send --json` prints. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from agent.core.task_state import Task, overall
from agent.desk.ports import Received
from agent.thread.entries import Ask, AskClosed, Message, Receipt, Reply, Result, TaskChanged, TaskCreated

_FINAL = {
    "answered": "done",
    "failed": "failed",
    "stopped": "stopped",
    "expired": "expired",
    "cancelled": "cancelled",
    "refused": "failed",
}
FINISHED = frozenset({"done", "failed", "stopped", "expired", "cancelled", "in_doubt", "waiting"})
"""States in which waiting longer is of no use, or a person is needed first."""


@dataclass(slots=True)
class Outcome:
    """The object. ``state``: see the end of SPEC 4; ``usage.usd`` is None where a price is unknown."""

    id: str
    seq: int | None = None
    state: str = "queued"
    receipts: list[dict[str, str]] = field(default_factory=list)
    tasks: list[dict[str, str]] = field(default_factory=list)
    text: str = ""
    files: list[dict[str, Any]] = field(default_factory=list)
    not_done: list[str] = field(default_factory=list)
    asks: list[dict[str, Any]] = field(default_factory=list)
    usage: dict[str, Any] = field(
        default_factory=lambda: {"input_tokens": 0, "output_tokens": 0, "usd": 0.0, "seconds": 0.0}
    )

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)


def of_message(message: str, entries: Sequence[Received]) -> Outcome:
    """The outcome of a message (by body id) from the thread's entries since it, in order."""
    made = Outcome(message)
    texts: list[str] = []
    asks: dict[int, dict[str, Any]] = {}
    for item in entries:
        match item.body:
            case Message(id=name) if name == message:
                made.seq = item.seq
            case Receipt(target=target, kind=kind) if target == message:
                made.receipts.append({"kind": kind, "at": item.at})
            case Reply(in_reply_to=target) as reply if target == message:
                texts.append(reply.text)
                if reply.usage is not None:
                    _spend(made, reply.usage.model_dump())
            case TaskCreated(in_reply_to=target) as created if target == message:
                made.tasks.append({"id": created.task, "title": created.title, "state": "queued"})
            case TaskChanged() as changed:
                _change(made, changed)
            case Result() as result if result.in_reply_to == message:
                _add_result(made, result, texts)
            case Ask() as ask if any(task["id"] == ask.task for task in made.tasks):
                asks[item.seq] = {
                    "id": ask.id,
                    "task": ask.task,
                    "kind": ask.kind,
                    "level": ask.level,
                    "action": ask.action.model_dump(mode="json", exclude_none=True),
                    "digest": ask.digest,
                    "choices": ask.choices,
                }
            case AskClosed(ask_seq=seq):
                asks.pop(seq, None)
            case _:
                pass
    made.text = "\n\n".join(texts)
    made.asks = list(asks.values())
    made.state = _state(made)
    return made


def _change(made: Outcome, changed: TaskChanged) -> None:
    for task in made.tasks:
        if task["id"] == changed.task:
            task["state"] = changed.state


def _add_result(made: Outcome, result: Result, texts: list[str]) -> None:
    texts.append(result.text)
    made.not_done += result.not_done
    made.files += [
        {"name": file.name, "path": file.path, "bytes": file.bytes, "sha256": file.sha256} for file in result.files
    ]
    _spend(made, result.usage.model_dump())


def _spend(made: Outcome, usage: dict[str, Any]) -> None:
    total = made.usage
    for name in ("input_tokens", "output_tokens", "seconds"):
        total[name] += usage[name]
    total["usd"] = None if total["usd"] is None or usage["usd"] is None else total["usd"] + usage["usd"]


def _state(made: Outcome) -> str:
    if made.seq is None:
        return "queued"
    kinds = [receipt["kind"] for receipt in made.receipts]
    if made.asks:
        return "waiting"
    final = next((_FINAL[kind] for kind in reversed(kinds) if kind in _FINAL), None)
    if made.tasks:
        states = [Task(task["state"]) for task in made.tasks]
        if final is None and all(state.ended for state in states):
            return "working"
        whole = overall(states)
        return "working" if whole in {Task.QUEUED, Task.RUNNING, Task.WAITING} else str(whole)
    if final is not None:
        return final
    return "working" if "started" in kinds else "received" if "received" in kinds else "stored"

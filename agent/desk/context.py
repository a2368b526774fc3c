"""What the brain sees: a stable prefix first, then the recent thread by a token budget (agent.md §3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from agent.desk.ports import Received
from agent.journal.records import TaskRecord
from agent.model.prompts import prompt
from agent.thread.entries import Message, Notice, Reply, Result

HISTORY_CHARS = 24_000
"""About 6,000 tokens of earlier thread; older parts are reached with `recall`."""

HISTORY_ENTRIES = 200


def system_text(kind: str, computer: str, folders: Sequence[Path], memory: str) -> str:
    """The stable part: prompt, computer, folders, memory. ``kind``: front_desk or task."""
    parts = [
        prompt(kind).rstrip(),
        f"Computer: {computer}",
        "Folders: " + ", ".join(map(str, folders)) + " (the first is where names without a folder belong)",
    ]
    if memory.strip():
        parts.append("What you remember of this person:\n" + memory.strip())
    return "\n\n".join(parts)


def now_text(now: datetime, active: Sequence[TaskRecord]) -> str:
    """The part that changes: the time and the tasks under way."""
    lines = [now.strftime("Now: %A, %Y-%m-%d %H:%M %Z").rstrip()]
    if active:
        lines.append("Running tasks:")
        lines += [f"- {task.id} {task.title} ({task.state})" for task in active]
    return "\n".join(lines)


def history(received: Sequence[Received], upto_seq: int) -> list[dict[str, Any]]:
    """The thread before an entry as a conversation, newest kept where it does not all fit."""
    turns: list[tuple[str, str]] = []
    size = 0
    for item in reversed(received):
        line = entry_line(item) if item.seq < upto_seq else None
        if line is None:
            continue
        size += len(line[1])
        if size > HISTORY_CHARS:
            break
        turns.append(line)
    messages: list[dict[str, Any]] = []
    for role, text in reversed(turns):
        block = {"type": "text", "text": text}
        if messages and messages[-1]["role"] == role:
            messages[-1]["content"].append(block)
        elif messages or role == "user":
            messages.append({"role": role, "content": [block]})
    return messages


def message_text(text: str, attached: Sequence[str], failed: Sequence[str]) -> str:
    """The person's words with what came along."""
    lines = [text] if text else []
    if attached:
        lines.append("Attached: " + ", ".join(attached))
    lines += [f"An attachment did not arrive: {line}" for line in failed]
    return "\n".join(lines)


def entry_line(item: Received) -> tuple[str, str] | None:
    """(role, text) of an entry that belongs to the conversation, else None."""
    match item.body:
        case Message() as message:
            return "user", message_text(message.text, [file.name for file in message.files], [])
        case Reply() as reply:
            return "assistant", reply.text
        case Result() as result:
            text = f"Result: {result.text}"
            if result.files:
                text += "\nFiles: " + ", ".join(file.name for file in result.files)
            return "assistant", text
        case Notice() as notice:
            return "assistant", f"{notice.text} {notice.next}"
        case _:
            return None


def append_user(messages: list[dict[str, Any]], text: str) -> list[dict[str, Any]]:
    """The conversation with the person's next message; roles stay alternating."""
    block = {"type": "text", "text": text}
    if messages and messages[-1]["role"] == "user":
        return [*messages[:-1], {"role": "user", "content": [*messages[-1]["content"], block]}]
    return [*messages, {"role": "user", "content": [block]}]

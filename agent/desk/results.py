"""The end of a task: collect files, check, upload, and post the result as one entry (agent.md §1)."""

from __future__ import annotations

import asyncio
import hashlib
import json
import mimetypes
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from agent.core.task_state import Task
from agent.desk.post import Post, bounded, rfc3339, shorten
from agent.desk.room import Room
from agent.journal.records import TaskRecord
from agent.journal.store import Journal
from agent.thread.entries import Result, dump_body
from agent.thread.outbox import MAX_BODY_BYTES
from agent.thread.parts import File, Preview, UndoOffer, Usage

MAX_FILES = 40
MAX_LEDGER_LINES = 60
MAX_LEDGER_CHARS = 300


class UndoRecords(Protocol):
    """What results need of the file journal."""

    def created_by(self, task: str) -> set[Path]:
        """Files the task made, under the names they have now."""

    def offer(self, task: str) -> tuple[int, datetime] | None:
        """(changes that can be undone, until), or None."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a task ends."""

    state: Task
    text: str
    reason: str | None = None


class Results:
    """Posts results; the harness answers, not the model."""

    def __init__(
        self,
        room: Room,
        undo: UndoRecords,
        preview: Callable[[Path], Mapping[str, Any] | None],
        scratch: Path,
        roots: Callable[[], list[Path]],
    ) -> None:
        self._room = room
        self._undo = undo
        self._preview = preview
        self._scratch = scratch
        self._roots = roots

    async def finish(self, task: TaskRecord, ending: Ending) -> bool:
        """Upload what the task made and post result, state and receipts in one transaction.

        False where the person has added something to a task that was about to be done: it must be heard first.
        """
        with self._room.engine.begin() as tx:
            calls = self._room.journal.calls.of(tx, task.id)
        made = sorted(self._undo.created_by(task.id))
        paths = list(dict.fromkeys([*(Path(name) for call in calls for name in call.files), *made]))
        not_done = list(dict.fromkeys(line for call in calls for line in call.not_done))
        if bounded(ending.text) != ending.text:
            not_done.append("The text was longer than fits into one answer; its end is left out.")
        present = [path for path in paths if path.is_file()]
        if len(present) > MAX_FILES:
            not_done.append(f"{len(present) - MAX_FILES} more files are on the computer but not attached here.")
        files = [await self._file(path, not_done) for path in present[:MAX_FILES]]
        steps = [
            {
                "tool": call.tool,
                "title": call.title,
                "input": call.input,
                "output": call.output,
                "failed": call.failed,
                "at": call.at,
            }
            for call in calls
        ]
        steps_file = await self._steps(task.id, steps) if steps else None
        offer = self._undo.offer(task.id)
        result = _fitting(Result(
            id=self._room.computer.new_id(),
            type="result",
            task=task.id,
            in_reply_to=task.in_reply_to,
            text=bounded(ending.text),
            files=files,
            not_done=[shorten(line, MAX_LEDGER_CHARS) for line in not_done[:MAX_LEDGER_LINES]],
            undo=UndoOffer(changes=offer[0], until=rfc3339(offer[1].timestamp())) if offer else None,
            steps_blob=steps_file,
            seconds=round(task.seconds, 1),
            usage=Usage(
                input_tokens=task.usage.input_tokens,
                output_tokens=task.usage.output_tokens,
                usd=task.usage.usd,
                seconds=round(task.seconds, 1),
            ),
        ))  # fmt: skip
        with self._room.engine.begin() as tx:
            current = self._room.journal.tasks.get(tx, task.id)
            if current is None or current.result_posted:
                return True
            if ending.state is Task.DONE and self._room.journal.tasks.steered(tx, task.id):
                return False
            self._room.post.result(tx, result, task.title, failed=ending.state is Task.FAILED)
            self._room.journal.tasks.change(
                tx, task.id, state=ending.state, result_posted=True, reason=ending.reason or ""
            )
            if current.state is not ending.state:
                self._room.post.state(tx, task.id, ending.state, ending.reason)
            settle_message(self._room.journal, self._room.post, tx, task.in_reply_to)
        self._room.thread.committed()
        return True

    def changed_files(self, task: str) -> bool:
        """Whether there is something of the task to undo."""
        return self._undo.offer(task) is not None

    def exists(self, name: str, task: str) -> bool:
        """Whether a file a result names is there: among what the task touched, or beneath the granted folders."""
        wanted = Path(name).name.casefold()
        if any(_is_there(root / name) for root in self._roots()):
            return True
        with self._room.engine.begin() as tx:
            calls = self._room.journal.calls.of(tx, task)
        if any(Path(path).name.casefold() == wanted and Path(path).exists() for call in calls for path in call.files):
            return True
        # A name that a tool reported (a file read, moved or found) is not a claim of the brain's own.
        return any(wanted in call.output.casefold() for call in calls if not call.failed)

    async def _file(self, path: Path, not_done: list[str]) -> File:
        size, digest = await asyncio.to_thread(_measure, path)
        blob = await self._room.thread.upload(path, size, digest)
        if blob is None:
            not_done.append(f"{path.name} is on the computer but could not be sent here.")
        shown = await asyncio.to_thread(self._preview, path)
        return File(
            name=path.name,
            bytes=size,
            sha256=digest,
            mime=mimetypes.guess_type(path.name)[0] or "application/octet-stream",
            blob=blob,
            path=str(path),
            previews=[Preview.model_validate(dict(shown))] if shown else [],
        )

    async def _steps(self, task: str, steps: list[dict[str, Any]]) -> File | None:
        self._scratch.mkdir(parents=True, exist_ok=True)
        path = self._scratch / f"steps-{task}.json"
        path.write_text(json.dumps(steps, ensure_ascii=False))
        size, digest = _measure(path)
        blob = await self._room.thread.upload(path, size, digest)
        path.unlink()
        return File(name="steps.json", bytes=size, sha256=digest, mime="application/json", blob=blob) if blob else None


def settle_message(journal: Journal, post: Post, tx: Any, message: str) -> None:
    """Give a message its last receipt once every task it caused has ended."""
    waiting = journal.inbox.get(tx, message)
    if waiting is None or waiting.state != "started":
        return
    tasks = journal.tasks.all(tx, of=message)
    if not tasks or not all(task.state.ended for task in tasks):
        return
    states = {task.state for task in tasks}
    kind = "failed" if Task.FAILED in states else "stopped" if Task.STOPPED in states else "answered"
    steered = [item.id for item in journal.inbox.in_state(tx, "started") if item.task in {task.id for task in tasks}]
    for name in (message, *steered):
        journal.inbox.change(tx, name, state=kind)
        post.receipt(tx, name, kind)


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # no disk can hold such a name
        return False


def _measure(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return file.tell(), digest


def _fitting(result: Result) -> Result:
    """The result with as many previews, and if need be files and ledger lines, as fit into one entry."""
    files, not_done = list(result.files), list(result.not_done)
    while len(json.dumps(dump_body(result), ensure_ascii=False).encode(errors="replace")) > MAX_BODY_BYTES:
        shown = [number for number, file in enumerate(files) if file.previews]
        if shown:
            files[shown[-1]] = files[shown[-1]].model_copy(update={"previews": []})
        else:
            (files or not_done).pop()
        result = result.model_copy(update={"files": files, "not_done": not_done})
    return result

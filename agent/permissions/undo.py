"""Undo: every change of a file is written down before it happens and can be taken back byte for byte.

A change goes INTENT (fsynced) → pre-image kept → done by one atomic rename → DONE. Undo takes a change back only where
the file is still exactly as the task left it; what it does is a task of its own, so that it can be undone as well.
After a crash `FileJournal.recover` compares the files with both images and rolls a half-done call back.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from sqlalchemy import Engine

from agent.core.ports import Op, ToolError
from agent.permissions import undo_files as files
from agent.permissions.undo_changes import Changes
from agent.permissions.undo_judge import Imagined, Name, objection, says
from agent.permissions.undo_records import ChangeRecords, State
from agent.permissions.undo_store import UndoStore

KEEP_DAYS = 30
KEEP_BYTES = 10 << 30
Recovery = Literal["done", "nothing", "rolled_back", "in_doubt"]


@dataclass(frozen=True, slots=True)
class Undone:
    """What an undo did. ``task`` names it: undoing that task brings everything back again."""

    task: str
    restored: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def _silent(_point: str) -> None:
    """Nobody watches."""


class FileJournal:
    """File changes of all tasks, with what is needed to take them back, in ``store_dir`` (private, Deskhand's own).

    Paths are absolute and real. Changes raise `ToolError` with a text for people, after which nothing is half done.
    ``watch`` is told each point a change passes ("intent", "written", "placed"); ``now`` gives Unix seconds.
    """

    def __init__(
        self,
        engine: Engine,
        store_dir: Path,
        *,
        now: Callable[[], float] = time.time,
        watch: Callable[[str], None] = _silent,
    ) -> None:
        self._records = ChangeRecords(engine)
        self._store = UndoStore(store_dir)
        self._changes = Changes(self._records, self._store, now, watch)
        self._now = now

    # --- changes ------------------------------------------------------------------------------------------------------

    def put(self, task: str, call: str, source: Path, target: Path, *, only_new: bool = False) -> None:
        """Place a copy of ``source`` at ``target``; a file there is kept for undo, or refused (``only_new``)."""
        self._changes.put(task, call, source, target, only_new=only_new)

    def move(self, task: str, call: str, source: Path, target: Path) -> None:
        """Move a file or folder to ``target``, where nothing may be."""
        self._changes.move(task, call, source, target)

    def trash(self, task: str, call: str, path: Path) -> None:
        """Move a file or folder into the undo store."""
        self._changes.trash(task, call, path)

    def created_by(self, task: str) -> set[Path]:
        """Files the task made, under the names they have now."""
        made: set[Path] = set()
        for change in self._records.of_task(task, State.DONE):
            match change.op:
                case Op.CREATE:
                    made.add(change.path)
                case Op.OVERWRITE:
                    pass
                case Op.TRASH:
                    made = {path for path in made if not path.is_relative_to(change.path)}
                case Op.MOVE:
                    made = {_moved(path, change.path, change.destination) for path in made}
        return made

    # --- undo ---------------------------------------------------------------------------------------------------------

    def offer(self, task: str) -> tuple[int, datetime] | None:
        """How many changes undo would take back, and until when; None where there is nothing to undo."""
        changes = self._records.of_task(task, State.DONE)
        if not changes:
            return None
        until = datetime.fromtimestamp(min(change.at for change in changes), UTC) + timedelta(days=KEEP_DAYS)
        return len(changes), until

    def preview(self, task: str, name: Name = str) -> list[str]:
        """What `undo` would do now, one line per change; ``name`` shows paths."""
        after = Imagined()
        lines = []
        for change in reversed(self._records.of_task(task, State.DONE)):
            reason = objection(change, after, name)
            if reason is None:
                after.take_back(change)
            lines.append(f"stays: {reason}" if reason else says(change, name))
        return lines

    def undo(self, task: str, name: Name = str) -> Undone:
        """Take back the task's changes, latest first, each only where its file is still as the task left it."""
        result = Undone(uuid.uuid4().hex)
        changes = self._records.of_task(task, State.DONE)
        for change in reversed(changes):
            reason = objection(change, Imagined(), name)
            if reason is None:
                try:
                    self._changes.take_back(change, result.task, result.task)
                except ToolError as error:
                    reason = str(error)
            if reason is None:
                result.restored.append(says(change, name))
            elif reason not in result.refused:
                result.refused.append(reason)
        for change in reversed(changes):
            files.remove_empty(change.made)
        return result

    # --- after a crash ------------------------------------------------------------------------------------------------

    def unfinished(self) -> list[tuple[str, str]]:
        """(task, call) of every change that was under way when the agent ended."""
        return list(dict.fromkeys((change.task, change.call) for change in self._records.all(State.INTENT)))

    def recover(self, call: str, planned: int | None = None) -> Recovery:
        """Bring the files of an interrupted call into one clear state.

        ``done``: all its ``planned`` changes (if known) are made. ``rolled_back``: none is, run it again. ``nothing``:
        it had not begun. ``in_doubt``: somebody else changed a file meanwhile (`doubts` says which); none was touched.
        """
        for change in reversed(self._records.of_call(call, State.INTENT)):
            self._changes.settle(change)
        if self._records.of_call(call, State.INTENT):
            return "in_doubt"
        done = self._records.of_call(call, State.DONE)
        if not done:
            return "rolled_back" if self._records.of_call(call, State.ROLLED_BACK, State.UNDONE) else "nothing"
        if planned is not None and len(done) >= planned:
            return "done"
        if self.doubts(call):
            return "in_doubt"
        for change in reversed(done):
            self._changes.take_back(change, change.task, call)
            files.remove_empty(change.made)
        return "rolled_back"

    def doubts(self, call: str, name: Name = str) -> list[str]:
        """Why a call cannot be rolled back: the files that are neither as before nor as it leaves them."""
        reasons = [
            f"{name(change.path)} is neither as it was before nor as the task leaves it"
            for change in self._records.of_call(call, State.INTENT)
        ]
        after = Imagined()
        for change in reversed(self._records.of_call(call, State.DONE)):
            reason = objection(change, after, name)
            if reason:
                reasons.append(reason)
            else:
                after.take_back(change)
        return reasons

    # --- bounds -------------------------------------------------------------------------------------------------------

    def used(self) -> int:
        """Bytes kept for undo."""
        return self._store.used()

    def prune(self, keep_bytes: int = KEEP_BYTES) -> int:
        """Forget changes older than 30 days, then the oldest until ``keep_bytes`` are kept; returns bytes freed."""
        before = self._store.used()
        changes = [change for change in self._records.all(*State) if change.state is not State.INTENT]
        kept = sum(change.bytes_kept for change in changes)
        oldest = self._now() - timedelta(days=KEEP_DAYS).total_seconds()
        gone = []
        for change in changes:
            if change.at >= oldest and kept <= keep_bytes:
                break
            kept -= change.bytes_kept
            gone.append(change)
        self._records.forget(gone)
        self._store.sweep(self._records.all(*State))
        return before - self._store.used()


def _moved(path: Path, source: Path, target: Path) -> Path:
    return target / path.relative_to(source) if path.is_relative_to(source) else path

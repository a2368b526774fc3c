"""Making one change of a file so that it is wholly done or not at all, and can be taken back."""

from __future__ import annotations

import os
import stat
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from agent import beneath
from agent.core.ports import Op, ToolError
from agent.permissions import undo_files as files
from agent.permissions.undo_records import Change, ChangeRecords, State
from agent.permissions.undo_store import UndoStore

TEMP_PREFIX = ".deskhand-"
"""Files under way are called like this; what a crash leaves of them, `Changes.settle` removes."""


class Changes:
    """INTENT (fsynced) → the change, by one atomic rename → DONE.

    Errors are `ToolError` with a text for people, after which nothing is half done. ``watch`` is told each point a
    change passes: "intent", "written", "placed".
    """

    def __init__(
        self, records: ChangeRecords, store: UndoStore, now: Callable[[], float], watch: Callable[[str], None]
    ) -> None:
        self._records = records
        self._store = store
        self._now = now
        self._watch = watch

    def put(
        self,
        task: str,
        call: str,
        source: Path,
        target: Path,
        *,
        only_new: bool = False,
        restores: Change | None = None,
    ) -> None:
        """Place a copy of ``source``; ``only_new`` refuses to overwrite. ``restores``: with the times and mode that
        change found.
        """
        with _for_people(target):
            found = beneath.status(target)
            if found is not None and not stat.S_ISREG(found.st_mode):
                raise ToolError(f"{target.name} is a folder, not a file. Choose another name.")
            if found is not None and only_new:
                raise ToolError(f"{target.name} is there already, which nobody expected. Look again, then repeat.")
            change = self._records.intend(
                task=task,
                call=call,
                op=Op.OVERWRITE if found else Op.CREATE,
                path=target,
                to=None,
                before=self._store.keep(target) if found else None,
                after=files.sha256(source),
                mode=stat.S_IMODE(found.st_mode) if found else None,
                mtime_ns=found.st_mtime_ns if found else None,
                temp=TEMP_PREFIX + uuid.uuid4().hex,
                made=beneath.missing_folders(target.parent),
                bytes_kept=found.st_size if found else 0,
                at=self._now(),
                undoes=restores.number if restores else None,
            )
        mode = restores.mode if restores else change.mode
        with self._settling(change):
            beneath.make_folders(change.made)
            with beneath.folder(target.parent) as folder:
                mtime_ns = restores.mtime_ns if restores else None
                written = files.write(source, folder, change.temp, mode=mode, mtime_ns=mtime_ns)
                self._watch("written")
                if written != change.after or not files.unchanged(target, found):
                    raise ToolError(f"{target.name} was changed by somebody else just now. Look again, then repeat.")
                if found is None:
                    files.rename_new(folder, change.temp, folder, target.name)
                else:
                    os.rename(change.temp, target.name, src_dir_fd=folder, dst_dir_fd=folder)
                os.fsync(folder)
            self._watch("placed")
            self._records.finish(change, change.after)

    def move(self, task: str, call: str, source: Path, target: Path, *, undoes: Change | None = None) -> None:
        """Move a file or folder to where nothing is."""
        self._relocate(Op.MOVE, task, call, source, target, undoes)

    def trash(self, task: str, call: str, path: Path, *, undoes: Change | None = None) -> None:
        """Move a file or folder into the trash."""
        self._relocate(Op.TRASH, task, call, path, self._store.trash_place(path.name), undoes)

    def take_back(self, change: Change, task: str, call: str) -> None:
        """Do the opposite of a change, as a change of ``task``."""
        match change.op:
            case Op.CREATE:
                self.trash(task, call, change.path, undoes=change)
            case Op.OVERWRITE:
                self.put(task, call, self._store.kept(change.before), change.path, restores=change)
            case Op.MOVE | Op.TRASH:
                self.move(task, call, change.destination, change.path, undoes=change)

    def settle(self, change: Change) -> None:
        """Find out whether an intended change happened and clean up after it. Where neither is sure it stays an intent."""
        happened = _happened(change)
        if happened is None:
            return
        if happened:
            _clean(change.path.parent, change.temp)
            self._records.finish(change, change.after if change.to is None else files.mark(change.to))
            return
        if change.to is None:
            _clean(change.path.parent, change.temp)
        else:
            _clean(change.to.parent, change.temp, change.to.name)
        files.remove_empty(change.made)
        self._records.set_state(change, State.ROLLED_BACK)

    def _relocate(self, op: Op, task: str, call: str, source: Path, target: Path, undoes: Change | None) -> None:
        with _for_people(source):
            found = files.mark(source)
            if found is None:
                raise ToolError(f"{source.name} is not there any more. Look again.")
            if beneath.status(target) is not None:
                raise ToolError(f"There is already something called {target.name}; nothing was overwritten.")
            change = self._records.intend(
                task=task,
                call=call,
                op=op,
                path=source,
                to=target,
                before=found,
                after=found,
                mode=None,
                mtime_ns=None,
                temp=TEMP_PREFIX + uuid.uuid4().hex,
                made=() if self._store.holds(target) else beneath.missing_folders(target.parent),
                bytes_kept=files.tree_bytes(source) if op is Op.TRASH else 0,
                at=self._now(),
                undoes=undoes.number if undoes else None,
            )
        with self._settling(change):
            beneath.make_folders(beneath.missing_folders(target.parent))
            files.relocate(source, target, change.temp)
            self._watch("placed")
            self._records.finish(change, files.mark(target) if found.startswith("folder:") else found)

    @contextmanager
    def _settling(self, change: Change) -> Iterator[None]:
        self._watch("intent")
        try:
            with _for_people(change.path):
                yield
        except ToolError:
            with _for_people(change.path):
                self.settle(change)
            raise


@contextmanager
def _for_people(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ToolError(beneath.explain(error, path.name)) from error


def _happened(change: Change) -> bool | None:
    if change.to is None:
        if files.matches(change.path, change.after):
            return True
        return False if files.matches(change.path, change.before) else None
    here, there = files.mark(change.path), files.mark(change.to)
    if here is None or there is None:
        return None if here == there else here is None
    return False if here == there == change.before else None  # copied to another disk, not yet removed here


def _clean(folder: Path, *names: str) -> None:
    """Remove what an unfinished change left in ``folder``, if it was made at all."""
    if beneath.status(folder) is None:
        return
    with beneath.folder(folder) as here:
        for name in names:
            files.remove(here, name)

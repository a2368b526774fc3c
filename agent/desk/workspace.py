"""The granted folders as one task sees them: `Roots` says what may be touched, `FileJournal` does it undoably."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from agent.core.ports import Op, OutsideGrant, Planned, Stopped, ToolError, Touch
from agent.permissions.undo import FileJournal
from agent.tools.roots import Roots


class TaskWorkspace:
    """`agent.core.ports.Workspace` of one call of one task.

    ``stopped`` is asked often and from a worker thread. `bound` makes the workspace a call is executed in: what its
    plan did not announce, and so nobody judged, is refused there.
    """

    def __init__(
        self,
        roots: Sequence[Path],
        hidden: Sequence[Path],
        journal: FileJournal,
        task: str,
        call: str,
        scratch: Path,
        stopped: Callable[[], bool],
    ) -> None:
        self._paths = Roots(roots, hidden)
        self._journal = journal
        self._task = task
        self._call = call
        self._scratch = scratch
        self._stopped = stopped
        self._planned: frozenset[Touch] | None = None

    def bound(self, planned: Planned) -> TaskWorkspace:
        """The same workspace, in which only the changes of ``planned`` may be made."""
        bound = TaskWorkspace(
            self._paths.roots,
            self._paths.hidden,
            self._journal,
            self._task,
            self._call,
            self._scratch,
            self._stopped,
        )
        bound._planned = frozenset(planned.touches)
        return bound

    @property
    def roots(self) -> tuple[Path, ...]:
        """The granted folders."""
        return self._paths.roots

    @property
    def scratch(self) -> Path:
        """A private folder of this task, made when first used."""
        self._scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self._scratch

    def find(self, name: str) -> Path:
        """An existing file or folder. Raises `ToolError` or `OutsideGrant`."""
        with self._not_asking_for_hidden():
            return self._paths.find(name)

    def target(self, name: str) -> Path:
        """Where a file may be written. Raises `ToolError` or `OutsideGrant`."""
        with self._not_asking_for_hidden():
            return self._paths.target(name)

    def display(self, path: Path) -> str:
        """The name people know ``path`` by."""
        return self._paths.display(path)

    def open(self, path: Path) -> BinaryIO:
        """Open for reading. Raises `ToolError`."""
        return self._paths.open(path)

    def put(self, source: Path, target: Path) -> None:
        """Place a scratch file; what is there is overwritten only if that was planned. Raises `ToolError`."""
        self.checkpoint()
        self._paths.check_change(target)
        only_new = self._planned is not None and Touch(Op.OVERWRITE, target) not in self._planned
        if only_new:
            self._announced(Touch(Op.CREATE, target))
        self._journal.put(self._task, self._call, source, target, only_new=only_new)

    def move(self, source: Path, target: Path) -> None:
        """Move, never overwriting. Raises `ToolError`."""
        self.checkpoint()
        self._paths.check_change(source)
        self._paths.check_change(target)
        self._announced(Touch(Op.MOVE, source, target))
        self._journal.move(self._task, self._call, source, target)

    def trash(self, path: Path) -> None:
        """Move out of sight. Raises `ToolError`."""
        self.checkpoint()
        self._paths.check_change(path)
        self._announced(Touch(Op.TRASH, path))
        self._journal.trash(self._task, self._call, path)

    def checkpoint(self) -> None:
        """Raise `Stopped` where the person has stopped the task."""
        if self._stopped():
            raise Stopped

    @contextmanager
    def _not_asking_for_hidden(self) -> Iterator[None]:
        try:
            yield
        except OutsideGrant as outside:
            if any(outside.folder.is_relative_to(path) for path in self._paths.hidden):
                raise ToolError("That belongs to Deskhand itself; no tool may use it.") from None
            raise

    def _announced(self, touch: Touch) -> None:
        if self._planned is not None and touch not in self._planned:
            raise ToolError(f"{self.display(touch.path)} was not part of what was announced; it is left as it is.")


class Workspaces:
    """Makes the workspace of each call. ``stopped(task)`` is asked from worker threads."""

    def __init__(
        self,
        folders: Sequence[Path],
        hidden: Sequence[Path],
        journal: FileJournal,
        scratch: Path,
        stopped: Callable[[str], bool],
    ) -> None:
        self._folders = list(folders)
        self._hidden = list(hidden)
        self._journal = journal
        self._scratch = scratch
        self._stopped = stopped

    def open(self, task: str, call: str, more: Sequence[Path]) -> TaskWorkspace:
        """The granted folders, and ``more`` that this task may use."""
        return TaskWorkspace(
            [*self._folders, *more], self._hidden, self._journal, task, call, self._scratch / task,
            lambda: self._stopped(task),
        )  # fmt: skip

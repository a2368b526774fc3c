"""Whether a change can be taken back, and how that is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from agent.core.ports import Op
from agent.permissions import undo_files as files
from agent.permissions.undo_records import Change

Name = Callable[[Path], str]


class Imagined:
    """The disk as it would be after some changes were taken back; at first, as it is."""

    def __init__(self) -> None:
        self._events: list[tuple[Path, str | None] | tuple[Path, Path]] = []

    def matches(self, path: Path, mark: str | None) -> bool:
        """Whether ``path`` would be what ``mark`` says."""
        for place, what in reversed(self._events):
            if not isinstance(what, Path):
                if path == place:
                    return mark == what
            elif path.is_relative_to(what):
                path = place / path.relative_to(what)
            elif path.is_relative_to(place):
                return mark is None
        return files.matches(path, mark)

    def take_back(self, change: Change) -> None:
        """Imagine that ``change`` is taken back."""
        match change.op:
            case Op.CREATE | Op.OVERWRITE:
                self._events.append((change.path, change.before))
            case Op.MOVE | Op.TRASH:
                self._events.append((change.destination, change.path))


def objection(change: Change, disk: Imagined, name: Name) -> str | None:
    """Why a change cannot be taken back, or None."""
    place = change.path if change.to is None else change.to
    if not disk.matches(place, change.after):
        if change.op is Op.TRASH:
            return f"{name(change.path)}: the trash does not hold it any more"
        missing = disk.matches(place, None)
        return f"{name(place)}: {'it is not there any more' if missing else 'it was changed since'}"
    if change.to is not None and not disk.matches(change.path, None):
        return f"{name(change.path)}: something else has that name now"
    return None


def says(change: Change, name: Name) -> str:
    """What taking a change back means for a person."""
    match change.op:
        case Op.CREATE:
            return f"{name(change.path)}: removed again"
        case Op.OVERWRITE:
            return f"{name(change.path)}: as it was before"
        case Op.MOVE if change.undoes is not None:
            return f"{name(change.destination)}: put back where it was"
        case Op.MOVE:
            return f"{name(change.destination)}: back to {name(change.path)}"
        case Op.TRASH:
            return f"{name(change.path)}: back from the trash"

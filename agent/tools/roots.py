"""The granted folders: which file a name means, and that it lies beneath a grant, now and when it is used."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from agent import beneath
from agent.core.ports import OutsideGrant, ToolError
from agent.tools import names

MAX_SEARCHED = 5_000
"""Entries looked at for a near name."""


class Roots:
    """Paths beneath the granted ``roots``, the first being the home of relative names.

    Every path handed out is real (no component is a symlink), beneath a root, and not ``hidden``; `agent.beneath`
    reaches it without following links, so that one planted later is refused. ``hidden`` (Deskhand's own state) is never
    visible, even beneath a grant.
    """

    def __init__(self, roots: Sequence[Path], hidden: Sequence[Path] = ()) -> None:
        self.roots = tuple(dict.fromkeys(_real(root) for root in roots))
        self.hidden = tuple(_real(path) for path in hidden)

    def find(self, name: str) -> Path:
        """An existing file or folder. Raises `OutsideGrant`, or `ToolError` with near names."""
        inside = self._inside(name, write=False)
        for path in inside:
            if (found := self._existing(path)) is not None:
                return self._usable(name, found)
        raise ToolError(self._missing(name))

    def target(self, name: str) -> Path:
        """Where a file may be written; what is there already must be a file or folder. Raises as `find` does."""
        inside = self._inside(name, write=True)
        for path in inside:
            if (found := self._existing(path)) is not None:
                return self._usable(name, found)
        path = next((path for path in inside if beneath.status(path.parent)), inside[0])
        names.check_new(path.name)
        return self._usable(name, path)

    def display(self, path: Path) -> str:
        """Relative to the first root, else absolute; a root is called by its own name."""
        if self.roots and path.is_relative_to(self.roots[0]):
            inner = path.relative_to(self.roots[0])
            return names.shown(str(inner) if inner.parts else path.name)
        return names.shown(str(path))

    def open(self, path: Path) -> BinaryIO:
        """Open a regular file for reading. Raises `ToolError` where it is no file (any more) or beneath no root."""
        self._usable(str(path), path)
        try:
            file = beneath.open_file(path)
        except FileNotFoundError:
            raise ToolError(f"{self.display(path)} is not there any more.") from None
        except PermissionError:
            raise ToolError(f"Deskhand may not read {self.display(path)}: change its permissions first.") from None
        except OSError:
            raise ToolError(f"{self.display(path)} was replaced by a link or folder meanwhile. Look again.") from None
        if not stat.S_ISREG(os.fstat(file).st_mode):
            os.close(file)
            raise ToolError(f"{self.display(path)} is not a file.")
        return os.fdopen(file, "rb")

    def check_change(self, path: Path) -> None:
        """Raise `ToolError` where changing ``path`` would take a granted folder or Deskhand's own files along."""
        self._usable(str(path), path)
        if any(other.is_relative_to(path) for other in (*self.roots, *self.hidden)):
            raise ToolError(f"{self.display(path)} is or holds a folder Deskhand needs; it stays where it is.")

    def _inside(self, name: str, *, write: bool) -> list[Path]:
        candidates = self._candidates(name)
        inside = [real for path in candidates if self._contains(real := _real(path))]
        if inside:
            return list(dict.fromkeys(inside))
        path = candidates[0]
        real = _real(path)
        text = names.shown(name)
        if any(path.is_relative_to(root) for root in self.roots):
            text = f"{text} is a link to {names.shown(str(real))}, which"
        raise OutsideGrant(text, real if real.is_dir() else real.parent, write=write)

    def _candidates(self, name: str) -> list[Path]:
        names.check(name)
        if not self.roots:
            raise ToolError("No folder is granted to Deskhand. Ask for one first.")
        wanted = Path(name).expanduser() if name.startswith("~/") else Path(name)
        if wanted.is_absolute():
            return [Path(os.path.normpath(wanted))]
        relative = os.path.normpath(wanted)
        first = Path(relative).parts[:1]
        return [Path(os.path.normpath(root / relative)) for root in self.roots] + [
            Path(os.path.normpath(root.parent / relative)) for root in self.roots if first == (root.name,)
        ]

    def _contains(self, real: Path) -> bool:
        return any(real.is_relative_to(root) for root in self.roots)

    def _existing(self, path: Path) -> Path | None:
        """``path`` as the disk spells it, or None."""
        if beneath.status(path) is not None:
            return path
        if path in self.roots or not self._contains(path.parent):
            return None
        parent = self._existing(path.parent)
        if parent is None:
            return None
        alike = [entry for entry in _listed(parent) if names.same(entry, path.name)]
        real = _real(parent / alike[0]) if len(alike) == 1 else None
        return real if real is not None and self._contains(real) and beneath.status(real) else None

    def _usable(self, name: str, path: Path) -> Path:
        root = next((root for root in self.roots if path.is_relative_to(root)), None)
        if root is None:
            raise OutsideGrant(names.shown(name), path.parent, write=False)
        if self._is_hidden(path, root):
            raise ToolError(f"{names.shown(name)} belongs to Deskhand itself; no tool may use it.")
        found = beneath.status(path)
        if found is not None and not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
            raise ToolError(f"{names.shown(name)} is a link that leads nowhere, a device, a pipe or a socket: no file.")
        return path

    def _is_hidden(self, path: Path, root: Path) -> bool:
        if any(part.startswith(names.RESERVED) for part in path.relative_to(root).parts):
            return True
        if any(path.is_relative_to(item) for item in self.hidden):
            return True
        # by identity too: on a disk that ignores case one folder has many spellings
        hidden = {identity for item in self.hidden if (identity := _identity(item))}
        return any(_identity(step) in hidden for step in (path, *path.parents))

    def _missing(self, name: str) -> str:
        near = names.near(name, map(self.display, self._searched()))
        meant = f" Did you mean {' or '.join(near)}?" if near else " Use list_files to see what is there."
        return f"There is no {names.shown(name)} in {', '.join(map(self.display, self.roots))}.{meant}"

    def _searched(self) -> Iterator[Path]:
        left = MAX_SEARCHED
        for root in self.roots:
            for folder, folders, files in os.walk(root):
                here = Path(folder)
                visible = [name for name in folders if not name.startswith(".")]
                folders[:] = [name for name in visible if not self._is_hidden(here / name, root)]
                for name in (*folders, *files):
                    if left == 0:
                        return
                    left -= 1
                    if not name.startswith("."):
                        yield here / name


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _listed(folder: Path) -> list[str]:
    try:
        with beneath.folder(folder) as here:
            return [entry.name for entry in os.scandir(here)]
    except OSError:
        return []


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_dev, found.st_ino

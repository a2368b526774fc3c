"""Folders as tools see them: only what may be used, in a stable order, without following links out."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from agent import beneath
from agent.core.ports import ToolError, Workspace

MAX_WALKED = 20_000
"""Entries looked at in one call."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a folder; of a link inside the grants, what it leads to. ``away``: a link that leads out."""

    path: Path
    kind: Literal["file", "folder", "away"]
    bytes: int
    modified: float

    @property
    def date(self) -> str:
        """When it was last changed: local date and time."""
        return datetime.fromtimestamp(self.modified, UTC).astimezone().strftime("%Y-%m-%d %H:%M")


def entries(workspace: Workspace, folder: Path) -> list[Entry]:
    """Entries of ``folder`` by name; Deskhand's own files and special files are left out."""
    with beneath.folder(folder) as here:
        found = sorted((item.name, item.stat(follow_symlinks=False)) for item in os.scandir(here))
    result = []
    for name, status in found:
        path = folder / name
        if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode) or stat.S_ISLNK(status.st_mode)):
            continue
        try:
            real = workspace.find(str(path))
        except ToolError:
            if stat.S_ISLNK(status.st_mode):
                result.append(Entry(path, "away", 0, status.st_mtime))
            continue
        final = beneath.status(real) or status
        kind: Literal["file", "folder"] = "folder" if stat.S_ISDIR(final.st_mode) else "file"
        result.append(Entry(path, kind, final.st_size, final.st_mtime))
    return result


def walk(workspace: Workspace, folder: Path) -> Iterator[Entry]:
    """Everything beneath ``folder``, each folder before its content; linked folders are not entered.

    Folders that cannot be read are passed over. Raises `Stopped`, and `ToolError` beyond 20,000 entries.
    """
    count = 0
    waiting = [folder]
    while waiting:
        workspace.checkpoint()
        here = waiting.pop()
        try:
            found = entries(workspace, here)
        except PermissionError:
            continue
        for entry in found:
            count += 1
            if count > MAX_WALKED:
                raise ToolError(
                    f"{workspace.display(folder)} holds more than {MAX_WALKED:,} entries. Name a subfolder."
                )
            yield entry
        waiting.extend(
            entry.path for entry in reversed(found) if entry.kind == "folder" and not entry.path.is_symlink()
        )

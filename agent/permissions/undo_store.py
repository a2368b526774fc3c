"""Where undo keeps things: pre-images by their content, and the trash."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable
from pathlib import Path

from agent import beneath
from agent.core.ports import ToolError
from agent.permissions import undo_files as files
from agent.permissions.undo_records import Change


class UndoStore:
    """A private folder: ``images/ab/<sha256>`` (copies, never links, so that nothing changes them) and
    ``trash/<id>/<name>``.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = Path(os.path.realpath(folder))
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def trash_place(self, name: str) -> Path:
        """A new place in the trash."""
        return self._folder / "trash" / uuid.uuid4().hex / name

    def holds(self, path: Path) -> bool:
        """Whether ``path`` lies in the trash."""
        return path.is_relative_to(self._folder)

    def keep(self, path: Path) -> str:
        """Copy the file into the store, fsynced; returns its mark."""
        under_way = self._folder / "images" / "new"
        beneath.make_folders(beneath.missing_folders(under_way))
        name = uuid.uuid4().hex
        with beneath.folder(under_way) as new:
            mark = files.write(path, new, name, mode=0o600, mtime_ns=None)
            image = self._image(mark)
            beneath.make_folders(beneath.missing_folders(image.parent))
            with beneath.folder(image.parent) as shelf:
                os.rename(name, image.name, src_dir_fd=new, dst_dir_fd=shelf)
                os.fsync(shelf)
        return mark

    def kept(self, mark: str | None) -> Path:
        """The pre-image with ``mark``. Raises `ToolError` where it is gone."""
        image = self._image(mark or "")
        if not image.is_file():
            raise ToolError("What the file was before is not kept any more.")
        return image

    def used(self) -> int:
        """Bytes in the store."""
        return files.tree_bytes(self._folder)

    def sweep(self, changes: Iterable[Change]) -> None:
        """Remove everything that none of ``changes`` needs; a copy under way is left alone."""
        needed: set[Path] = set()
        for change in changes:
            needed.update({self._image(change.before)} if change.before else ())
            needed.update(path.parent for path in (change.path, change.to) if path is not None)
        shelves = [shelf for shelf in self._listed(self._folder / "images") if shelf.name != "new"]
        kept = [*(image for shelf in shelves for image in self._listed(shelf)), *self._listed(self._folder / "trash")]
        for item in kept:
            if item not in needed:
                with beneath.folder(item.parent) as parent:
                    files.remove(parent, item.name)

    def _image(self, mark: str) -> Path:
        digest = mark.partition(":")[2]
        return self._folder / "images" / digest[:2] / digest

    def _listed(self, folder: Path) -> list[Path]:
        return sorted(folder.iterdir()) if folder.is_dir() else []

"""Where a file that comes in is put: under its own name where that is free, never over anything."""

from __future__ import annotations

from pathlib import Path

MAX_NAME_BYTES = 200
"""Disks take 255; room is left for " (2)" and the name of a download under way."""


def free_place(folder: Path, name: str) -> Path:
    """A path in ``folder`` that nothing has yet, named as like ``name`` as a file can be; folders in it are dropped."""
    bare = Path(name.replace("\0", "").encode(errors="replace").decode()).name.strip(". ")
    wanted = Path(bare or "file")
    stem, ending = _cut(wanted.stem, MAX_NAME_BYTES - len(wanted.suffix.encode())), wanted.suffix
    if not stem:
        stem, ending = _cut(wanted.name, MAX_NAME_BYTES), ""
    place = folder / f"{stem}{ending}"
    number = 2
    while place.is_symlink() or place.exists():
        place = folder / f"{stem} ({number}){ending}"
        number += 1
    return place


def _cut(text: str, limit: int) -> str:
    return text.encode()[: max(0, limit)].decode(errors="ignore")

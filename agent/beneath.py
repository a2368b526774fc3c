"""Reach a file without following a symlink on the way: what `RESOLVE_NO_SYMLINKS` of openat2(2) does, on Linux and
macOS alike. A path that was resolved once is walked again at every use, so whoever puts a link in its place between the
check and the use gains nothing.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

_FOLDER = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_STEP = _FOLDER | getattr(os, "O_PATH", os.O_RDONLY)  # an ancestor may forbid listing and still be passed


@contextmanager
def folder(path: Path) -> Iterator[int]:
    """A descriptor of the folder at the absolute ``path``. Raises `OSError` where a component is a symlink."""
    if not path.is_absolute() or ".." in path.parts:
        raise ValueError(path)
    here = os.open("/", _STEP if path.parts[1:] else _FOLDER)
    try:
        for number, name in enumerate(path.parts[1:], start=2):
            last = number == len(path.parts)
            there = os.open(name, _FOLDER if last else _STEP, dir_fd=here)
            os.close(here)
            here = there
        yield here
    finally:
        os.close(here)


def status(path: Path) -> os.stat_result | None:
    """What lies at ``path`` itself (links are not followed), None where nothing does."""
    try:
        with folder(path.parent) as parent:
            return os.stat(path.name, dir_fd=parent, follow_symlinks=False)
    except (FileNotFoundError, NotADirectoryError):
        return None


def open_file(path: Path) -> int:
    """A descriptor for reading ``path``; a fifo does not block. The caller checks what it is and closes it."""
    with folder(path.parent) as parent:
        return os.open(path.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=parent)


def missing_folders(path: Path) -> tuple[Path, ...]:
    """``path`` and those of its parents that are not there, outermost first."""
    missing: list[Path] = []
    while path.parent != path and status(path) is None:
        missing.append(path)
        path = path.parent
    return tuple(reversed(missing))


def make_folders(paths: Iterable[Path]) -> None:
    """Make ``paths`` in order where missing, each fsynced into its parent."""
    for path in paths:
        with folder(path.parent) as parent:
            try:
                os.mkdir(path.name, dir_fd=parent)
            except FileExistsError:
                continue
            os.fsync(parent)


def explain(error: OSError, name: str) -> str:
    """What ``error`` means for the person who wanted something done with ``name``, and what to do."""
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return f"The disk is full: {name} was not written. Free some space and try again."
        case errno.EACCES | errno.EPERM:
            return f"Deskhand may not use {name}: its permissions, or those of its folder, forbid it."
        case errno.EROFS:
            return f"{name} lies on a disk that cannot be written. Choose another folder."
        case errno.EEXIST | errno.ENOTEMPTY:
            return f"{name} appeared meanwhile; nothing was overwritten. Look again and choose another name."
        case errno.ENOENT:
            return f"{name} is not there any more. Look again."
        case errno.ENOTDIR | errno.ELOOP:
            return f"The way to {name} leads through a file or a link that was not there before. Look again."
        case errno.ENAMETOOLONG:
            return f"The name {name} is too long for this disk. Choose a shorter one."
        case _:
            return f"{name} could not be used: {os.strerror(error.errno or errno.EIO)}. Check the disk and try again."

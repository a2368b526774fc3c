"""Files under the undo journal: what a file is (its mark), keeping a copy of it, and moving it without overwriting.

Nothing here follows a symlink. Marks: ``sha256:…`` of a file's content, ``stat:…`` of one too large to read again and
again, ``folder:…`` the identity of a folder; None means that nothing is there.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import shutil
import stat
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from agent import beneath

CHUNK_BYTES = 1 << 20
MAX_HASHED_BYTES = 256 << 20
"""A larger file that is only moved is told by size and time, so that tidying films takes no minutes."""

_UNSUPPORTED = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP}


def sha256(path: Path) -> str:
    """Mark of the file's content."""
    digest = hashlib.sha256()
    with os.fdopen(beneath.open_file(path), "rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return f"sha256:{digest.hexdigest()}"


def mark(path: Path) -> str | None:
    """What lies at ``path`` now."""
    found = beneath.status(path)
    if found is None:
        return None
    if stat.S_ISDIR(found.st_mode):
        return f"folder:{found.st_dev}:{found.st_ino}"
    if stat.S_ISREG(found.st_mode) and found.st_size <= MAX_HASHED_BYTES:
        return sha256(path)
    return f"stat:{found.st_size}:{found.st_mtime_ns}"


def matches(path: Path, recorded: str | None) -> bool:
    """Whether ``path`` is still what ``recorded`` says."""
    found = beneath.status(path)
    if recorded is None or found is None:
        return recorded is None and found is None
    if recorded.startswith("sha256:"):
        return stat.S_ISREG(found.st_mode) and sha256(path) == recorded
    return mark(path) == recorded


def unchanged(path: Path, found: os.stat_result | None) -> bool:
    """Whether ``path`` is still the very file ``found``, untouched; None: still nothing."""
    now = beneath.status(path)
    if now is None or found is None:
        return now is None and found is None
    return (now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns) == (
        found.st_dev,
        found.st_ino,
        found.st_size,
        found.st_mtime_ns,
    )


def tree_bytes(path: Path) -> int:
    """Size of a file, or of all files in a folder."""
    found = beneath.status(path)
    if found is None or not stat.S_ISDIR(found.st_mode):
        return found.st_size if found else 0
    with beneath.folder(path) as top:
        walk = os.fwalk(dir_fd=top)
        return sum(
            os.stat(name, dir_fd=here, follow_symlinks=False).st_size for *_, files, here in walk for name in files
        )


def write(source: Path, folder: int, name: str, *, mode: int | None, mtime_ns: int | None) -> str:
    """Copy ``source`` to the new file ``name`` in ``folder``, fsynced; returns the mark of what was written.

    ``mode`` None: as a new file of this person. ``mtime_ns`` None: now.
    """
    digest = hashlib.sha256()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with (
        os.fdopen(beneath.open_file(source), "rb") as reader,
        os.fdopen(os.open(name, flags, 0o666, dir_fd=folder), "wb") as writer,
    ):
        while chunk := reader.read(CHUNK_BYTES):
            digest.update(chunk)
            writer.write(chunk)
        writer.flush()
        if mode is not None:
            os.fchmod(writer.fileno(), mode)
        if mtime_ns is not None:
            os.utime(writer.fileno(), ns=(mtime_ns, mtime_ns))
        os.fsync(writer.fileno())
    return f"sha256:{digest.hexdigest()}"


@cache
def _exclusive_rename() -> tuple[Callable[..., int], int] | None:
    library = ctypes.CDLL(None, use_errno=True)
    name, flag = ("renameatx_np", 4) if sys.platform == "darwin" else ("renameat2", 1)
    function: Any = getattr(library, name, None)
    if function is None:
        return None
    function.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
    return function, flag


def rename_new(source_folder: int, source: str, target_folder: int, target: str) -> None:
    """Rename, never overwriting. Raises `FileExistsError`, and `OSError` (EXDEV) across disks.

    Where the disk has no such call (some network disks), it looks first and renames then.
    """
    call = _exclusive_rename()
    if call is not None:
        rename, flag = call
        if rename(source_folder, os.fsencode(source), target_folder, os.fsencode(target), flag) == 0:
            return
        code = ctypes.get_errno()
        if code not in _UNSUPPORTED:
            raise OSError(code, os.strerror(code), target)
    try:
        os.stat(target, dir_fd=target_folder, follow_symlinks=False)
    except FileNotFoundError:
        os.rename(source, target, src_dir_fd=source_folder, dst_dir_fd=target_folder)
    else:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target)


def relocate(source: Path, target: Path, temp: str) -> None:
    """Move a file or folder, never overwriting, durable when it returns.

    Across disks: copied whole to ``temp`` beside the target, placed, then the source is hidden as ``temp`` and removed;
    so at every moment one of the two is whole under its own name.
    """
    with beneath.folder(source.parent) as here, beneath.folder(target.parent) as there:
        try:
            rename_new(here, source.name, there, target.name)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            _copy_tree(here, source.name, there, temp)
            rename_new(there, temp, there, target.name)
            os.fsync(there)
            rename_new(here, source.name, here, temp)
            remove(here, temp)
        os.fsync(there)
        os.fsync(here)


def remove(folder: int, name: str) -> None:
    """Remove Deskhand's own file or folder ``name``, if it is there."""
    try:
        os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        return
    except (IsADirectoryError, PermissionError):
        shutil.rmtree(name, dir_fd=folder)


def remove_empty(paths: tuple[Path, ...]) -> None:
    """Remove those of the folders (outermost first) that are empty."""
    for path in reversed(paths):
        try:
            with beneath.folder(path.parent) as parent:
                os.rmdir(path.name, dir_fd=parent)
        except OSError:
            continue


def _copy_tree(source_folder: int, source: str, target_folder: int, target: str) -> None:
    found = os.stat(source, dir_fd=source_folder, follow_symlinks=False)
    if stat.S_ISLNK(found.st_mode):
        os.symlink(os.readlink(source, dir_fd=source_folder), target, dir_fd=target_folder)
        return
    if stat.S_ISREG(found.st_mode):
        _copy_file(source_folder, source, target_folder, target, found)
        return
    if not stat.S_ISDIR(found.st_mode):
        raise OSError(errno.EINVAL, "not a file", source)
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    os.mkdir(target, mode=0o700, dir_fd=target_folder)
    here, there = os.open(source, flags, dir_fd=source_folder), os.open(target, flags, dir_fd=target_folder)
    try:
        for entry in os.scandir(here):
            _copy_tree(here, entry.name, there, entry.name)
        os.fchmod(there, stat.S_IMODE(found.st_mode))
        os.utime(there, ns=(found.st_atime_ns, found.st_mtime_ns))
        os.fsync(there)
    finally:
        os.close(here)
        os.close(there)


def _copy_file(source_folder: int, source: str, target_folder: int, target: str, found: os.stat_result) -> None:
    reading = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    writing = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with (
        os.fdopen(os.open(source, reading, dir_fd=source_folder), "rb") as reader,
        os.fdopen(os.open(target, writing, 0o600, dir_fd=target_folder), "wb") as writer,
    ):
        shutil.copyfileobj(reader, writer, CHUNK_BYTES)
        writer.flush()
        os.fchmod(writer.fileno(), stat.S_IMODE(found.st_mode))
        os.utime(writer.fileno(), ns=(found.st_atime_ns, found.st_mtime_ns))
        os.fsync(writer.fileno())

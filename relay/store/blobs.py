"""Sealed files beside the database: ``blobs/<thread>/<id>``, in the table once they are complete on disk."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Connection, insert, select, update

from relay.core.log import HOST_RESERVE_BYTES
from relay.protocol.errors import ErrorCode, Refused
from relay.store.tables import BlobRow, RelayTable, ThreadRow
from relay.store.writer import Reader, Writer

_tables = RelayTable.metadata.tables
BLOB, THREAD = (_tables[str(row.__tablename__)] for row in (BlobRow, ThreadRow))
READ_BYTES = 256 * 1024
WRITE_BYTES = 1024 * 1024
STALE_PART_S = 24 * 3600
"""How long an upload that stopped may be taken up again."""


class Blobs:
    """Files of all threads. ``storage_bytes``: what one thread may take; ``now`` gives RFC 3339 UTC."""

    def __init__(
        self, folder: Path, writer: Writer, reader: Reader, blob_bytes: int, storage_bytes: int, now: Callable[[], str]
    ) -> None:
        self._folder = folder
        self._writer = writer
        self._reader = reader
        self._blob_bytes = blob_bytes
        self._storage_bytes = storage_bytes
        self._now = now
        self._uploading: set[Path] = set()

    def sweep(self) -> None:
        """Delete uploads that nobody took up again."""
        for part in self._folder.glob("*/*.part"):
            if part.stat().st_mtime < time.time() - STALE_PART_S:
                part.unlink()

    async def size(self, thread: str, blob: str) -> int | None:
        """Bytes of a complete blob, None for any other."""

        def work(tx: Connection) -> int | None:
            return tx.scalar(select(BLOB.c.size).where(BLOB.c.thread == thread, BLOB.c.id == blob))

        return await self._reader.run(work)

    def uploaded(self, thread: str, blob: str) -> int:
        """Bytes that arrived of an incomplete blob: an upload may go on from there."""
        part = self._part(thread, blob)
        return part.stat().st_size if part.exists() else 0

    async def write(self, thread: str, blob: str, offset: int, total: int, chunks: AsyncIterable[bytes]) -> bool:
        """Take ``chunks`` as the bytes from ``offset`` on of a blob of ``total`` bytes; True when it is complete.

        What arrived before an interruption stays. Raises `Refused`.
        """
        held = await self.size(thread, blob)
        if held is not None:
            if held == total:
                return True
            raise Refused(ErrorCode.CONFLICT, "Another file is stored under this id.")
        if total > self._blob_bytes:
            raise Refused(ErrorCode.TOO_LARGE, f"A file has at most {self._blob_bytes} sealed bytes here.")
        await self._room_for(thread, total)
        part = self._part(thread, blob)
        if part in self._uploading:
            raise Refused(ErrorCode.UNAVAILABLE, "This file is being uploaded right now.")
        self._uploading.add(part)
        try:
            arrived = await _receive(part, offset, total, chunks)
            if arrived < total:
                return False
            await asyncio.to_thread(_finish, part, self._path(thread, blob))
            await self._add(thread, blob, total)
            return True
        finally:
            self._uploading.discard(part)

    async def read(self, thread: str, blob: str, start: int, length: int) -> AsyncIterator[bytes]:
        """``length`` bytes of a complete blob from ``start`` on."""
        with await asyncio.to_thread(self._path(thread, blob).open, "rb") as file:
            file.seek(start)
            while length and (chunk := await asyncio.to_thread(file.read, min(READ_BYTES, length))):
                length -= len(chunk)
                yield chunk

    async def _room_for(self, thread: str, size: int) -> None:
        stored = await self._reader.run(lambda tx: _stored_bytes(tx, thread))
        _check_room(stored + size, self._storage_bytes)

    async def _add(self, thread: str, blob: str, size: int) -> None:
        def work(tx: Connection) -> None:
            stored = _stored_bytes(tx, thread)
            _check_room(stored + size, self._storage_bytes)
            tx.execute(insert(BLOB), {"thread": thread, "id": blob, "size": size, "at": self._now()})
            tx.execute(update(THREAD).where(THREAD.c.id == thread).values(stored_bytes=stored + size))

        try:
            await self._writer.submit(work)
        except Refused:
            await asyncio.to_thread(self._path(thread, blob).unlink)
            raise

    def _path(self, thread: str, blob: str) -> Path:
        return self._folder / thread / blob

    def _part(self, thread: str, blob: str) -> Path:
        return self._folder / thread / f"{blob}.part"


def _stored_bytes(tx: Connection, thread: str) -> int:
    return int(tx.execute(select(THREAD.c.stored_bytes).where(THREAD.c.id == thread)).scalar_one())


def _check_room(bytes_after: int, storage_bytes: int) -> None:
    if bytes_after > storage_bytes - HOST_RESERVE_BYTES:
        raise Refused(ErrorCode.STORAGE_FULL, "The storage of this thread is full.")


async def _receive(part: Path, offset: int, total: int, chunks: AsyncIterable[bytes]) -> int:
    """Append chunks to the part file; bytes there afterwards."""
    file = await asyncio.to_thread(_open_part, part, offset)
    arrived, buffer = offset, bytearray()
    try:
        async for chunk in chunks:
            arrived += len(chunk)
            if arrived > total:
                raise Refused(ErrorCode.TOO_LARGE, f"More than the {total} bytes that were announced.")
            buffer += chunk
            if len(buffer) >= WRITE_BYTES:
                await asyncio.to_thread(file.write, bytes(buffer))
                buffer.clear()
        return arrived
    finally:
        await asyncio.to_thread(_close, file, bytes(buffer))


def _open_part(part: Path, offset: int) -> BinaryIO:
    part.parent.mkdir(parents=True, exist_ok=True)
    held = part.stat().st_size if part.exists() else 0
    if offset > held:
        raise Refused(ErrorCode.CONFLICT, f"{held} bytes have arrived; go on from there.")
    file = part.open("r+b" if held else "wb")
    file.seek(offset)
    file.truncate()
    return file


def _close(file: BinaryIO, rest: bytes) -> None:
    with file:
        file.write(rest)
        file.flush()
        os.fsync(file.fileno())


def _finish(part: Path, path: Path) -> None:
    part.replace(path)
    with contextlib.suppress(OSError, AttributeError):  # a folder cannot be opened, and needs no fsync, on Windows
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

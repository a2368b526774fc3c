"""Sealed files: up to the relay and down from it, both taken up again where they broke off (SPEC 6)."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import IO, BinaryIO

import httpx2

from agent.link.http import RelayHttp
from relay.protocol.blobs import CHUNK_BYTES, TAG_BYTES, BlobKey, open_chunks, seal_chunks, sealed_size
from relay.protocol.envelope import new_hex_id
from relay.protocol.errors import ErrorCode, Malformed, Refused

ATTEMPTS = 6
FIRST_PAUSE_S = 0.5
_PASSING = frozenset({ErrorCode.UNAVAILABLE, ErrorCode.RATE_LIMITED, ErrorCode.UNAUTHORIZED, ErrorCode.CONFLICT})
"""What another attempt may mend: a busy relay, an old token, an upload that goes on from elsewhere."""
_OFFSET = "Upload-Offset"


class FileChanged(RuntimeError):
    """A file is not the one it was said to be: it changed while it was read, or arrived damaged."""


class BlobTransfer:
    """Uploads and downloads of one thread's files. All methods raise what `RelayHttp` raises."""

    def __init__(self, http: RelayHttp, thread: str, scratch: Path, *, first_pause_s: float = FIRST_PAUSE_S) -> None:
        self._http = http
        self._thread = thread
        self._scratch = scratch
        self._first_pause_s = first_pause_s

    async def upload(self, source: BinaryIO, *, size: int, sha256: str) -> BlobKey:
        """Seal an open file under a fresh key and upload it; returns what opens it.

        It is sealed from a private copy, because sealing two contents under one key would give both away.
        Raises `FileChanged` where the copy is not ``size`` bytes with this SHA-256 (hex), and `Refused`
        (too_large, storage_full).
        """
        with tempfile.TemporaryFile(dir=self._scratch) as copy:
            await asyncio.to_thread(_copy_checked, source, copy, size, sha256)
            blob = BlobKey.fresh(self._thread, new_hex_id(), size)
            offset = 0
            for attempt in range(ATTEMPTS):
                try:
                    offset = await self._put(blob, copy, offset)
                except (httpx2.HTTPError, Refused) as error:
                    await self._pause(error, attempt)
                    offset = await self._arrived(blob, offset)
                if offset == sealed_size(size):
                    return blob
        raise Refused(ErrorCode.UNAVAILABLE, "The file did not get through.")

    async def download(self, blob: BlobKey, *, sha256: str, target: Path) -> None:
        """Fetch, open and check a file, then place it at ``target``.

        Raises `FileChanged` where it is damaged, and `Refused` (not_found) where the relay does not have it.
        """
        with tempfile.TemporaryFile(dir=self._scratch) as sealed:
            for attempt in range(ATTEMPTS):
                try:
                    await self._get(blob, sealed)
                    break
                except (httpx2.HTTPError, Refused) as error:
                    await self._pause(error, attempt)
            await asyncio.to_thread(_open_checked, blob, sealed, sha256, target)

    async def _put(self, blob: BlobKey, copy: IO[bytes], offset: int) -> int:
        total = sealed_size(blob.size)
        answer = await self._http.send(
            "PUT",
            f"/v1/blobs/{blob.id}",
            content=_sealed_from(blob, copy, offset),
            headers={"Content-Range": f"bytes {offset}-{total - 1}/{total}", "Content-Length": str(total - offset)},
        )
        self._http.check(answer)
        return int(answer.headers.get(_OFFSET, total))

    async def _arrived(self, blob: BlobKey, before: int) -> int:
        try:
            answer = await self._http.send("HEAD", f"/v1/blobs/{blob.id}")
        except httpx2.HTTPError:
            return before
        if answer.status_code == httpx2.codes.OK:
            return sealed_size(blob.size)
        return int(answer.headers.get(_OFFSET, 0))

    async def _get(self, blob: BlobKey, sealed: IO[bytes]) -> None:
        have, total = sealed.seek(0, 2), sealed_size(blob.size)
        if have == total:
            return
        headers = {**await self._http.authorization(), "Range": f"bytes={have}-"}
        async with self._http.stream("GET", f"/v1/blobs/{blob.id}", headers=headers) as answer:
            if answer.is_error:
                await answer.aread()
                self._http.check(answer)
            async for piece in answer.aiter_bytes():
                have += len(piece)
                if have > total:
                    raise FileChanged("The relay sent more than the file has. Ask for it to be sent again.")
                sealed.write(piece)

    async def _pause(self, error: httpx2.HTTPError | Refused, attempt: int) -> None:
        if isinstance(error, Refused) and error.code not in _PASSING:
            raise error
        if attempt == ATTEMPTS - 1:
            raise error if isinstance(error, Refused) else self._http.unreachable(error) from error
        asked = error.retry_after if isinstance(error, Refused) else None
        await asyncio.sleep(asked if asked is not None else self._first_pause_s * 2.0**attempt)


def _pieces(file: IO[bytes], length: int) -> Iterator[bytes]:
    """All of a file in pieces of one length; one empty piece for an empty file."""
    file.seek(0)
    yield file.read(length)
    while piece := file.read(length):
        yield piece


async def _sealed_from(blob: BlobKey, copy: IO[bytes], offset: int) -> AsyncIterator[bytes]:
    for sealed in seal_chunks(blob, _pieces(copy, CHUNK_BYTES)):
        if offset < len(sealed):
            yield sealed[offset:]
        offset = max(0, offset - len(sealed))
        await asyncio.sleep(0)


def _copy_checked(source: BinaryIO, copy: IO[bytes], size: int, sha256: str) -> None:
    digest = hashlib.sha256()
    while piece := source.read(CHUNK_BYTES):
        digest.update(piece)
        copy.write(piece)
    if (copy.tell(), digest.hexdigest()) != (size, sha256):
        raise FileChanged("The file changed while it was being sent. Send it again.")


def _open_checked(blob: BlobKey, sealed: IO[bytes], sha256: str, target: Path) -> None:
    digest = hashlib.sha256()
    fresh = target.with_name(f".{blob.id}.part")
    try:
        with fresh.open("wb") as file:
            for plain in open_chunks(blob, _pieces(sealed, CHUNK_BYTES + TAG_BYTES)):
                digest.update(plain)
                file.write(plain)
        if digest.hexdigest() != sha256:
            raise FileChanged("The file that arrived is not the one that was sent. Ask for it to be sent again.")
        fresh.replace(target)
    except Malformed as error:
        raise FileChanged(f"The file arrived damaged: {error}. Ask for it to be sent again.") from error
    finally:
        fresh.unlink(missing_ok=True)

"""Sealed files: ``PUT`` (in one go, or resumed with Content-Range), ``GET`` (also a range), ``HEAD``."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from relay.edge.auth import Doorkeeper
from relay.protocol.errors import ErrorCode, Refused
from relay.store.blobs import Blobs

BlobId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
_CONTENT_RANGE = re.compile(r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15})")
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
OFFSET = "Upload-Offset"
"""How much of an incomplete file has arrived."""


def upload_range(content_range: str | None, content_length: str | None) -> tuple[int, int]:
    """(offset, total) of an upload. Raises `Refused`."""
    if content_range is None:
        if content_length is None or not content_length.isdigit():
            raise Refused(ErrorCode.BAD_FRAME, "An upload needs Content-Length.")
        return 0, int(content_length)
    found = _CONTENT_RANGE.fullmatch(content_range)
    if found is None:
        raise Refused(ErrorCode.BAD_FRAME, "Content-Range reads `bytes first-last/total`.")
    first, last, total = map(int, found.groups())
    if not first <= last < total:
        raise Refused(ErrorCode.BAD_FRAME, "Content-Range makes no sense.")
    return first, total


def download_range(header: str | None, size: int) -> tuple[int, int] | None:
    """(start, length) of a single byte range (RFC 9110 §14.1.2), None for the whole.

    Raises `ValueError` for one that cannot be satisfied.
    """
    found = _RANGE.fullmatch(header or "")
    if found is None or found.group(0) == "bytes=-":
        return None
    first, last = found.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
    if start >= end:
        raise ValueError("range outside the file")
    return start, end - start


def router(doorkeeper: Doorkeeper, blobs: Blobs) -> APIRouter:
    """``/v1/blobs/{id}``."""
    routes = APIRouter(prefix="/v1/blobs")

    @routes.put("/{blob}")
    async def put(request: Request, blob: BlobId) -> JSONResponse:
        peer = await doorkeeper.bearer(request.headers.get("authorization"))
        headers = request.headers
        offset, total = upload_range(headers.get("content-range"), headers.get("content-length"))
        if await blobs.write(peer.thread, blob, offset, total, request.stream()):
            return JSONResponse({"size": total}, 201)
        arrived = blobs.uploaded(peer.thread, blob)
        return JSONResponse({"offset": arrived}, 202, {OFFSET: str(arrived)})

    @routes.head("/{blob}")
    async def head(request: Request, blob: BlobId) -> Response:
        peer = await doorkeeper.bearer(request.headers.get("authorization"))
        size = await blobs.size(peer.thread, blob)
        if size is None:
            return Response(status_code=404, headers={OFFSET: str(blobs.uploaded(peer.thread, blob))})
        return Response(headers=_headers(blob, size))

    @routes.get("/{blob}")
    async def get(request: Request, blob: BlobId) -> Response:
        peer = await doorkeeper.bearer(request.headers.get("authorization"))
        size = await blobs.size(peer.thread, blob)
        if size is None:
            raise Refused(ErrorCode.NOT_FOUND, "This file is not, or not completely, at the relay.")
        try:
            wanted = download_range(request.headers.get("range"), size)
        except ValueError:
            return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
        start, length = wanted or (0, size)
        headers = _headers(blob, length)
        if wanted is not None:
            headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{size}"
        return StreamingResponse(
            blobs.read(peer.thread, blob, start, length), 206 if wanted else 200, headers, "application/octet-stream"
        )

    return routes


def _headers(blob: str, length: int) -> dict[str, str]:
    return {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, max-age=31536000, immutable",
        "Content-Length": str(length),
        "Content-Type": "application/octet-stream",
        "ETag": f'"{blob}"',
    }

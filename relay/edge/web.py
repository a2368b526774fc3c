"""The phone page, and the headers that every answer carries."""

from __future__ import annotations

import asyncio
import gzip
import mimetypes
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from fastapi import APIRouter, Request, Response
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from relay.protocol.errors import ErrorCode, Refused
from relay.protocol.frames import MAX_FRAME_BYTES

NOT_BUILT = "The phone page is not built yet. Run `make web` in Deskhand's folder, then load this again.\n"
_HASHED = re.compile(r"[-.][A-Za-z0-9_-]{8,}\.\w+$")
_COMPRESSIBLE = re.compile(r"text/|application/(javascript|json|manifest\+json|wasm)|image/svg")
_TYPES = {".js": "text/javascript", ".webmanifest": "application/manifest+json", ".wasm": "application/wasm"}
_HSTS = "max-age=63072000"
CACHED_FILES = 64


def content_security_policy(origins: Sequence[str]) -> str:
    """The page runs its own script and nothing else; it speaks to its own relay only."""
    sockets = " ".join(sorted(origin.replace("http", "ws", 1) for origin in origins))
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
        f"connect-src 'self' {sockets}; manifest-src 'self'; worker-src 'self'; frame-ancestors 'none'; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; "
        "trusted-types deskhand dompurify default"
    )


def security_headers(origins: Sequence[str]) -> dict[str, str]:
    """What every answer carries."""
    headers = {
        "Content-Security-Policy": content_security_policy(origins),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
    }
    if any(origin.startswith("https:") for origin in origins):
        headers["Strict-Transport-Security"] = _HSTS
    return headers


class Shield:
    """Adds the headers to every answer, and bounds every body that is not a file."""

    def __init__(self, app: ASGIApp, headers: dict[str, str], unbounded: str) -> None:
        self._app = app
        self._headers = headers
        self._unbounded = unbounded

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        arrived = 0

        async def bounded() -> Message:
            nonlocal arrived
            message = await receive()
            arrived += len(message.get("body", b""))
            if arrived > MAX_FRAME_BYTES:
                raise HTTPException(413)
            return message

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
            await send(message)

        is_file = scope["path"].startswith(self._unbounded)
        await self._app(scope, receive if is_file else bounded, with_headers)


def router(page_dir: Path) -> APIRouter:
    """The files of the built page; ``/`` is its index.html."""
    routes = APIRouter()
    folder = page_dir.resolve()

    @routes.api_route("/{path:path}", methods=["GET", "HEAD"], include_in_schema=False)
    async def page(request: Request, path: str) -> Response:
        return await asyncio.to_thread(_answer, folder, path or "index.html", request)

    return routes


def _answer(folder: Path, path: str, request: Request) -> Response:
    file = (folder / path).resolve() if "\0" not in path else folder
    if not file.is_relative_to(folder) or not file.is_file() or file.suffix in (".br", ".gz"):
        if path == "index.html":
            return Response(NOT_BUILT, 503, {"Cache-Control": "no-store"}, "text/plain; charset=utf-8")
        raise Refused(ErrorCode.NOT_FOUND)
    stat = file.stat()
    etag = f'"{stat.st_mtime_ns:x}-{stat.st_size:x}"'
    kind = _TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    hashed = path.startswith("assets/") and _HASHED.search(file.name)
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable" if hashed else "no-cache",
        "ETag": etag,
        "Vary": "Accept-Encoding",
    }
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    accepted = request.headers.get("accept-encoding", "") if _COMPRESSIBLE.match(kind) else ""
    encoding, body = _body(file, stat.st_mtime_ns, br="br" in accepted, gz="gzip" in accepted)
    if encoding:
        headers["Content-Encoding"] = encoding
    return Response(body, headers=headers, media_type=kind)


@lru_cache(CACHED_FILES)
def _body(file: Path, changed_ns: int, *, br: bool, gz: bool) -> tuple[str, bytes]:  # noqa: ARG001 - of the key
    """(content encoding, bytes) of a file as it was at ``changed_ns``."""
    for encoding, suffix, wanted in (("br", ".br", br), ("gzip", ".gz", gz)):
        packed = file.with_name(file.name + suffix)
        if wanted and packed.is_file():
            return encoding, packed.read_bytes()
    plain = file.read_bytes()
    return ("gzip", gzip.compress(plain, mtime=0)) if gz else ("", plain)

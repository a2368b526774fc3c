"""HTTP/1.1 on a loopback port: as much of it as the official SDK speaks, in front of the brain."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Self

from agent.model.rehearsal.brain import think
from agent.model.rehearsal.wire import BadRequest, Reply, Request, error_body, input_tokens, read_request

MAX_HEAD_BYTES = 64 * 1024
MAX_BODY_BYTES = 32 * 1024 * 1024  # the real API's limit
FIRST_LINE_PARTS = 3

_log = logging.getLogger(__name__)


class _Refusal(Exception):
    """A request that gets an API-shaped error."""

    def __init__(self, status: HTTPStatus, kind: str, message: str, *, close: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.body = error_body(kind, message)
        self.close = close


@dataclass(frozen=True, slots=True)
class _Head:
    method: str
    path: str
    headers: Mapping[str, str]


class RehearsalServer:
    """The rehearsal brain as a Messages API server at `url`, for as long as the context lasts.

    Only requests with ``token`` (as ``Authorization: Bearer`` or ``x-api-key``) are answered, so that no other
    program on this computer can use it. It keeps nothing between requests.
    """

    def __init__(self, token: str) -> None:
        self._token = token.encode()
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Base URL for the SDK. Raises `RuntimeError` outside the context."""
        if self._server is None:
            raise RuntimeError("The rehearsal brain is not running: use it as `async with RehearsalServer(...)`.")
        host, port = self._server.sockets[0].getsockname()
        return f"http://{host}:{port}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0, limit=MAX_HEAD_BYTES)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
            for connection in self._connections:
                connection.cancel()
            await asyncio.gather(*self._connections, return_exceptions=True)
            await self._server.wait_closed()
            self._server = None

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a stream callback always runs in one
        self._connections.add(task)
        try:
            while await self._serve_one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the caller went away, as it does when a person stops a task
        except asyncio.CancelledError:
            pass  # the server closes; a cancelled callback would be logged as an error
        finally:
            self._connections.discard(task)
            writer.close()

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; whether the connection stays open."""
        try:
            head = await _read_head(reader)
            if head is None:
                return False
            body = await _read_body(reader, head.headers)
            self._check_token(head.headers)
            await self._answer(head, body, writer)
        except _Refusal as refusal:
            await _send_json(writer, refusal.status, refusal.body)
            return not refusal.close
        return head.headers.get("connection", "").lower() != "close"

    def _check_token(self, headers: Mapping[str, str]) -> None:
        given = headers.get("authorization", "").removeprefix("Bearer ") or headers.get("x-api-key", "")
        if not hmac.compare_digest(given.encode(), self._token):
            raise _Refusal(HTTPStatus.UNAUTHORIZED, "authentication_error", "This brain answers only its own agent.")

    async def _answer(self, head: _Head, body: bytes, writer: asyncio.StreamWriter) -> None:
        match head.method, head.path.partition("?")[0]:
            case "POST", "/v1/messages":
                request = _checked(body)
                reply = _reply(request)
                if request.stream:
                    await _send_events(writer, reply.events())
                else:
                    await _send_json(writer, HTTPStatus.OK, reply.message())
            case "POST", "/v1/messages/count_tokens":
                count = input_tokens(_checked(body, counting=True))
                await _send_json(writer, HTTPStatus.OK, {"input_tokens": count})
            case _:
                raise _Refusal(HTTPStatus.NOT_FOUND, "not_found_error", "The rehearsal brain has POST /v1/messages.")


def _checked(body: bytes, *, counting: bool = False) -> Request:
    try:
        return read_request(body, counting=counting)
    except BadRequest as problem:
        raise _Refusal(HTTPStatus.BAD_REQUEST, "invalid_request_error", str(problem)) from None


def _reply(request: Request) -> Reply:
    try:
        turn = think(request)
    except Exception:  # noqa: BLE001 - whatever broke, the caller gets an answer in the API's shape
        _log.exception("The rehearsal brain failed")
        raise _Refusal(
            HTTPStatus.INTERNAL_SERVER_ERROR, "api_error", "The rehearsal brain failed; the agent's log says where."
        ) from None
    return Reply(request, turn, secrets.token_hex(12))


async def _read_head(reader: asyncio.StreamReader) -> _Head | None:
    """The next request's head; None where the connection ends before one."""
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    except asyncio.LimitOverrunError:
        raise _Refusal(
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "invalid_request_error", "The headers are too long.", close=True
        ) from None
    first, *lines = raw.decode("latin-1").split("\r\n")
    parts = first.split(" ")
    if len(parts) != FIRST_LINE_PARTS:
        raise _Refusal(HTTPStatus.BAD_REQUEST, "invalid_request_error", "This is not HTTP.", close=True)
    pairs = (line.partition(":") for line in lines if line)
    return _Head(parts[0], parts[1], {name.strip().lower(): value.strip() for name, _, value in pairs})


async def _read_body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if "transfer-encoding" in headers:
        raise _Refusal(
            HTTPStatus.LENGTH_REQUIRED, "invalid_request_error", "Send the body with Content-Length.", close=True
        )
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
        raise _Refusal(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "request_too_large",
            f"A request may have {MAX_BODY_BYTES} bytes.",
            close=True,
        )
    return await reader.readexactly(int(length))


async def _send_json(writer: asyncio.StreamWriter, status: HTTPStatus, body: dict[str, Any]) -> None:
    data = json.dumps(body).encode()
    # the same request gives the same answer, so no error goes away by trying again
    final = () if status is HTTPStatus.OK else ("x-should-retry: false",)
    writer.write(_head(status, "application/json", f"content-length: {len(data)}", *final) + data)
    await writer.drain()


async def _send_events(writer: asyncio.StreamWriter, events: Iterator[bytes]) -> None:
    """Each event is written as soon as there is one; others get their turn between two."""
    writer.write(_head(HTTPStatus.OK, "text/event-stream; charset=utf-8", "transfer-encoding: chunked"))
    for event in events:
        writer.write(b"%x\r\n%b\r\n" % (len(event), event))
        await writer.drain()
        await asyncio.sleep(0)
    writer.write(b"0\r\n\r\n")
    await writer.drain()


def _head(status: HTTPStatus, content_type: str, *more: str) -> bytes:
    lines = [
        f"HTTP/1.1 {status.value} {status.phrase}",
        f"content-type: {content_type}",
        *more,
        "cache-control: no-store",
        f"request-id: req_{secrets.token_hex(12)}",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()

"""Serves the control socket: what the command line may ask of the agent. Owner only (0600)."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from agent.control_wire import MAX_LINE_BYTES, check_private, socket_path

log = logging.getLogger(__name__)


class Problem(Exception):
    """A request cannot be done; told to the person as text and next step."""

    def __init__(self, text: str, next_step: str, code: str = "refused") -> None:
        super().__init__(text)
        self.next = next_step
        self.code = code


class Peer:
    """One connection of the command line."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def event(self, **event: Any) -> None:
        """Send one answer line; raises `ConnectionError` when nobody listens any more."""
        self._writer.write(json.dumps(event, ensure_ascii=False).encode() + b"\n")
        await self._writer.drain()

    async def receive(self) -> dict[str, Any]:
        """The next line of the command line. Raises `ConnectionError` when it has gone."""
        try:
            line = await self._reader.readline()
            value = json.loads(line) if line else None
        except (ValueError, RecursionError):
            value = "garbage"
        if value is None:
            raise ConnectionResetError
        if not isinstance(value, dict):
            raise Problem("That is not a request.", "Use the deskhand command.")
        return value


Handler = Callable[[Peer, dict[str, Any]], Awaitable[dict[str, Any]]]


@contextlib.asynccontextmanager
async def serve(state: Path, handlers: dict[str, Handler]) -> AsyncIterator[None]:
    """Listen while the context lasts. Only this user can connect."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(reader, writer)
        try:
            await _answer(peer, handlers)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    path = socket_path(state)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.parent != state:
        check_private(path.parent)
    path.unlink(missing_ok=True)
    server = await asyncio.start_unix_server(connected, path, limit=MAX_LINE_BYTES)
    path.chmod(0o600)
    try:
        yield
    finally:
        server.close()
        path.unlink(missing_ok=True)


async def _answer(peer: Peer, handlers: dict[str, Handler]) -> None:
    try:
        request = await peer.receive()
        handler = handlers.get(str(request.get("op")))
        if handler is None:
            raise Problem(
                "The running agent does not know this command.", "Restart it: `deskhand agent stop`, then start."
            )
        await peer.event(done=await handler(peer, request))
    except Problem as problem:
        await peer.event(error={"text": str(problem), "next": problem.next, "code": problem.code})
    except (ConnectionError, asyncio.CancelledError):
        raise
    except Exception:
        log.exception("a command failed")
        await peer.event(
            error={"text": "Deskhand itself made a mistake.", "next": "Its log has the details.", "code": "internal"}
        )

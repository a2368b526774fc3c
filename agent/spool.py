"""Messages left while the agent was not running: one file each, fsynced before the command says "queued"."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agent.thread.entries import Message

MAX_TEXT_BYTES = 60 * 1024
"""A longer text does not fit into an entry."""

log = logging.getLogger(__name__)


def leave(spool: Path, message: dict[str, Any], order: int) -> None:
    """Leave a message body; ``order`` (nanoseconds) keeps the order of commands."""
    spool.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = spool / f"{order:020d}-{message['id']}.json"
    part = path.with_suffix(".part")
    with part.open("x", encoding="utf-8") as file:
        json.dump(message, file)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
    folder = os.open(spool, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_spool(spool: Path) -> Iterator[tuple[Message, Callable[[], None]]]:
    """Messages in the order they were left, each with what to call once it is stored elsewhere.

    A file that is no message is set aside under another name, never deleted.
    """
    for path in sorted(spool.glob("*.json")):
        try:
            message = _read(path)
        except (OSError, TypeError, ValueError, RecursionError):
            log.exception("%s is not a message; it is set aside", path.name)
            path.rename(path.with_suffix(".broken"))
        else:
            yield message, path.unlink


def _read(path: Path) -> Message:
    from agent.thread.entries import Message, parse_body

    body = parse_body(json.loads(path.read_text(encoding="utf-8")))
    if not isinstance(body, Message) or len(body.text.encode(errors="replace")) > MAX_TEXT_BYTES:
        raise ValueError("only a message that fits into an entry may be left here")
    return body

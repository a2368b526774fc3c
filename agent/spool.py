"""Messages left while the agent was not running: one file each, fsynced before the command says "queued"."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)


def leave(spool: Path, message: dict[str, Any], order: int) -> None:
    """Leave a message body; ``order`` (nanoseconds) keeps the order of commands."""
    spool.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = spool / f"{order:020d}-{message['id']}.json"
    part = path.with_suffix(".part")
    with part.open("x", encoding="utf-8") as file:
        json.dump(message, file, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
    folder = os.open(spool, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_spool(spool: Path) -> Iterator[tuple[Any, Callable[[], None]]]:
    """Messages in the order they were left, each with what to call once it is stored elsewhere.

    A file that is no message is set aside under another name, never deleted.
    """
    from agent.thread.entries import parse_body

    for path in sorted(spool.glob("*.json")):
        try:
            yield parse_body(json.loads(path.read_text(encoding="utf-8"))), path.unlink
        except ValueError:
            log.exception("%s is not a message; it is set aside", path.name)
            path.rename(path.with_suffix(".broken"))

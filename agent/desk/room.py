"""What everybody at the desk uses: one value instead of seven parameters each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from agent.core.ports import Brain, Tool
from agent.desk.ports import Computer, ThreadPort
from agent.desk.post import Post
from agent.journal.store import Journal


@dataclass(frozen=True, slots=True)
class Room:
    """The shared parts.

    ``brain`` is asked anew at each turn, so that it can be changed while tasks run; ``display`` gives the name people
    and the brain know a path by.
    """

    engine: Engine
    journal: Journal
    post: Post
    thread: ThreadPort
    computer: Computer
    brain: Callable[[], Brain]
    tools: Mapping[str, Tool]
    display: Callable[[Path], str]

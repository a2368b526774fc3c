"""What the write path asks of the parts around it."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Protocol

from relay.core.fanout import StoredEntry
from relay.core.log import Candidate, Device, Thread
from relay.protocol.frames import Hint


@dataclass(frozen=True, slots=True)
class Peer:
    """An authenticated device and the root key of its thread."""

    device: Device
    root: dict[str, str]

    @property
    def thread(self) -> str:
        """The thread's id."""
        return self.device.thread


@dataclass(frozen=True, slots=True)
class Wake:
    """An entry with a hint, and the sealed notification text that goes with it."""

    thread: str
    seq: int
    author: str
    hint: Hint
    push: str | None


@dataclass(frozen=True, slots=True)
class Stored:
    """What a commit made true. ``entry`` is None where the entry had been stored before."""

    seq: int
    entry: StoredEntry | None
    wake: Wake | None = None
    joined: Device | None = None
    left: Device | None = None


class Log(Protocol):
    """The thread store, as far as writing goes."""

    def append(self, thread: str, device: str, entry: Candidate, hint: Hint, push: str | None) -> Awaitable[Stored]:
        """Decide and commit. The order of calls is the order of the log. Raises `Refused`."""

    def create(self, thread: Thread, host: Device, entry: Candidate) -> Awaitable[Stored]:
        """Make a thread with its first entry; the same again is no error. Raises `Refused`."""


class Audience(Protocol):
    """Everybody connected."""

    def announce(self, thread: str, entry: StoredEntry) -> None:
        """An entry was committed."""

    def dismiss(self, device: Device) -> None:
        """A device was removed: tell it so and close its connection."""


class Bell(Protocol):
    """Web push."""

    def ring(self, wake: Wake) -> None:
        """Wake the devices where nobody is looking. Returns at once."""

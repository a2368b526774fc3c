"""What a connection may be given: the last entries, live frames, and the snapshots kept for latecomers.

Every container here is bounded. Entries that are no longer here are in the store; live frames may be lost.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from relay.protocol import jose
from relay.protocol.envelope import LIVE_TYP
from relay.protocol.errors import ErrorCode, Malformed, Refused
from relay.protocol.frames import Live
from relay.protocol.ids import LiveKid, parse_kid

TAIL_CHARS = 512 * 1024
PAGE_CHARS = 480 * 1024
"""Sealed text in one page, so that the frame around it stays under `MAX_FRAME_BYTES`."""
PAGE_ITEMS = 400
FIRST_PAGE_CHARS = 8 * 1024
"""The first frame of a connection is small, each later one twice as large: however short a connection lives, it brings
the reader forward."""
LIVE_CHARS = 512 * 1024
KEPT_PER_DEVICE = 16
ITEM_OVERHEAD = 64
"""Characters an item has in a frame beside its sealed text, at most."""


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """One entry as it is stored; ``prev`` is the head before it."""

    seq: int
    prev: str
    sealed: str
    at: str


class _Sealed(Protocol):
    @property
    def sealed(self) -> str: ...


E = TypeVar("E", bound=_Sealed)


def page_of(entries: Iterable[E], room: int = PAGE_CHARS) -> list[E]:
    """As many of the first entries as ``room`` characters hold, and never none of some. Takes no more than it needs."""
    page: list[E] = []
    for entry in entries:
        room -= len(entry.sealed) + ITEM_OVERHEAD
        if page and (room < 0 or len(page) == PAGE_ITEMS):
            break
        page.append(entry)
    return page


class Tail:
    """The last entries of a thread, consecutive."""

    def __init__(self) -> None:
        self._entries: deque[StoredEntry] = deque()
        self._chars = 0

    def add(self, entry: StoredEntry) -> None:
        """Take the next entry; one that does not follow makes a new beginning."""
        if self._entries and entry.seq != self._entries[-1].seq + 1:
            self._entries.clear()
            self._chars = 0
        self._entries.append(entry)
        self._chars += len(entry.sealed)
        while self._chars > TAIL_CHARS:
            self._chars -= len(self._entries.popleft().sealed)

    def after(self, seq: int) -> list[StoredEntry]:
        """A page of what follows ``seq``; empty where the store has to be asked."""
        if not self._entries or seq + 1 < self._entries[0].seq:
            return []
        return page_of(entry for entry in self._entries if entry.seq > seq)


class LiveQueue:
    """Live frames on their way to one connection; the oldest are dropped when its reader is slow."""

    def __init__(self) -> None:
        self._frames: deque[str] = deque()
        self._chars = 0

    def push(self, text: str) -> None:
        """Add a frame."""
        self._frames.append(text)
        self._chars += len(text)
        while self._chars > LIVE_CHARS:
            self._chars -= len(self._frames.popleft())

    def pop(self) -> str | None:
        """The oldest frame, if there is one."""
        if not self._frames:
            return None
        text = self._frames.popleft()
        self._chars -= len(text)
        return text


class Kept:
    """The last ``keep`` frame of each stream of the connected devices."""

    def __init__(self) -> None:
        self._frames: dict[str, OrderedDict[str, str]] = {}

    def put(self, device: str, stream: str, text: str) -> None:
        """Replace the stream's frame; a device's stream that was quiet for longest gives way."""
        streams = self._frames.setdefault(device, OrderedDict())
        streams.pop(stream, None)
        streams[stream] = text
        if len(streams) > KEPT_PER_DEVICE:
            streams.popitem(last=False)

    def forget(self, device: str) -> None:
        """The device has gone: what it said about now is over."""
        self._frames.pop(device, None)

    def for_latecomer(self, device: str) -> list[str]:
        """What a device that resumes now is given."""
        return [text for sender, streams in self._frames.items() if sender != device for text in streams.values()]


def check_live(frame: Live, thread: str, device: str) -> None:
    """Check that the outside of a live frame names this device and stream. Raises `Refused`.

    The signature is the receivers' to verify: the frame changes nothing here.
    """
    try:
        signed = jose.parse_signed(frame.sealed, typ=LIVE_TYP)
        kid = parse_kid(jose.jwe_kid(signed.payload.decode("ascii")))
    except (Malformed, UnicodeDecodeError):
        raise Refused(ErrorCode.REFUSED, "This is not a live frame.") from None
    match kid:
        case LiveKid() if (kid.thread, kid.device, kid.stream) == (thread, device, frame.stream) and (
            signed.kid == device
        ):
            return
        case _:
            raise Refused(ErrorCode.REFUSED, "The live frame is of another device or stream.")

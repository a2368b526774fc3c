"""The one place that bounds what a tool says, always with a way to read on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

MAX_CHARS = 12_000
"""Longest output of one call: about 3,000 tokens."""
MAX_LISTED = 200
"""Lines of a listing."""
MAX_LINE_CHARS = 400
KILO = 1000


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a longer text: characters ``start`` to ``end``. ``more``: something follows."""

    text: str
    start: int
    end: int
    more: bool

    @property
    def note(self) -> str:
        """How to read on; empty where this is the end."""
        return f"[characters {self.start}–{self.end}; read on with offset={self.end}]" if self.more else ""


def window(pieces: Iterable[str], offset: int = 0, limit: int = MAX_CHARS) -> Window:
    """Characters ``offset`` to about ``offset + limit`` of ``pieces``, cut at a line end where one is near.

    No more pieces are taken than needed, so that a long text is never held whole.
    """
    parts: list[str] = []
    passed = held = 0
    for piece in pieces:
        part = piece[max(0, offset - passed) :]
        passed += len(piece)
        parts.append(part)
        held += len(part)
        if held > limit:
            break
    text = "".join(parts)
    if len(text) <= limit:
        return Window(text, offset, offset + len(text), more=False)
    cut = text.rfind("\n", limit // 2, limit) + 1 or limit
    return Window(text[:cut], offset, offset + cut, more=True)


def page(lines: Sequence[str], offset: int = 0) -> tuple[list[str], str]:
    """Lines from number ``offset`` on within the bounds, and how to read on (empty at the end)."""
    shown: list[str] = []
    room = MAX_CHARS
    for line in lines[offset : offset + MAX_LISTED]:
        short = clip(line)
        room -= len(short) + 1
        if room < 0:
            break
        shown.append(short)
    end = offset + len(shown)
    return shown, f"[{end} of {len(lines)}; read on with offset={end}]" if end < len(lines) else ""


def clip(text: str, limit: int = MAX_LINE_CHARS) -> str:
    """``text`` cut to ``limit`` characters."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def flat(text: str, limit: int = MAX_LINE_CHARS) -> str:
    """``text`` on one line, cut."""
    return clip(" ".join(text.split()), limit)


def joined(pieces: Iterable[str]) -> Iterator[str]:
    """``pieces`` with a blank line after each, for `window`."""
    for piece in pieces:
        yield piece
        yield "\n\n"


def counted(count: int, noun: str) -> str:
    """A number with its noun: "1 row", "2,300 rows"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def size(count: int) -> str:
    """Bytes for people: "2.3 KB"."""
    if count < KILO:
        return f"{count} B"
    value, units = count / KILO, ["KB", "MB", "GB"]
    while value >= KILO and len(units) > 1:
        value /= KILO
        units.pop(0)
    return f"{value:.1f} {units[0]}"

"""A call without tools: shorten what was said to what matters later, by rule."""

from __future__ import annotations

import re

from agent.model.rehearsal.wire import Request, joined

MAX_WORDS = 400
_LINE_WORDS = 40
_SENTENCE = re.compile(r"(?<=[.!?])\s")


def shorten(request: Request) -> str:
    """The last message line by line: first sentences, the newest lines kept where room is short."""
    text = joined(request.messages[-1].content)
    kept: list[str] = []
    room = MAX_WORDS
    for line in reversed([line.strip() for line in text.splitlines() if line.strip()]):
        first = line if line.lower().startswith("files:") else _SENTENCE.split(line, maxsplit=1)[0]
        words = first.split()[:_LINE_WORDS]
        if len(words) > room:
            break
        room -= len(words)
        kept.insert(0, " ".join(words))
    return "\n".join(dict.fromkeys(kept)) or "Nothing was said yet."

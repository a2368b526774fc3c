"""What the brain says in one turn, and how a job written as one story is told over many requests.

Nothing is kept between requests. A job is a generator that yields turns and is sent their results; for each request
it is told again from the start, answered from the results the request records, until it asks for something new.
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call. Equal names and inputs are the same call, whatever the order of the input's members."""

    name: str
    input: Mapping[str, Any]

    @property
    def key(self) -> str:
        return f"{self.name} {json.dumps(self.input, sort_keys=True)}"


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool answered."""

    text: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """One reply: text, and calls to be answered; without calls it is the end."""

    text: str = ""
    calls: tuple[Call, ...] = ()


Steps = Generator[Turn, list[Result], T]
"""A part of a job: yields turns with calls, is sent their results, returns what it found out."""


class Recorded:
    """Calls already answered. Each answer is used once, in the order in which it came."""

    def __init__(self, answered: Iterable[tuple[Call, Result]]) -> None:
        self._results: defaultdict[str, deque[Result]] = defaultdict(deque)
        for call, result in answered:
            self._results[call.key].append(result)

    def take(self, calls: Sequence[Call]) -> list[Result]:
        return [self._results[call.key].popleft() for call in calls]

    def missing(self, calls: Sequence[Call]) -> tuple[Call, ...]:
        """Calls without an answer; equal calls of one turn share none."""
        left = {key: len(results) for key, results in self._results.items()}
        missing = []
        for call in calls:
            if left.get(call.key, 0):
                left[call.key] -= 1
            else:
                missing.append(call)
        return tuple(missing)


def retell(story: Steps[str], recorded: Recorded) -> Turn:
    """Tell ``story`` as far as the answers reach: the next turn, or its end with the returned text."""
    try:
        turn = next(story)
        while not (missing := recorded.missing(turn.calls)):
            turn = story.send(recorded.take(turn.calls))
    except StopIteration as end:
        return Turn(text=end.value)
    return Turn(text=turn.text, calls=missing)

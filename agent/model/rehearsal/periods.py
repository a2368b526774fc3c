"""Columns of one measure at different times: ``x_85_99`` and ``x_00_14``, ``2013`` and ``2014``, before and after."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent.model.rehearsal.tables import Column
from agent.model.rehearsal.words import best_match, stems

_OPPOSITES = (
    "before after", "pre post", "old new", "previous current", "prev curr", "prior current", "last this", "then now",
    "early late", "earlier later", "initial final", "start end", "first last", "baseline followup", "first second",
    "begin end", "original revised", "h1 h2", "past present",
)  # fmt: skip
_ORDER = {word: place for pair in _OPPOSITES for place, word in enumerate(pair.split())}
_SERIES = r"(?:q|week|round|wave|phase|month|day|period|run|test|exam|version|v|t|quarter|semester|trial)_?\d{1,2}"
_YEARS = r"(?:(?:19|20)\d\d|\d\d)[\s_\-–/to]+(?:(?:19|20)\d\d|\d\d)(?!\d)"
_PERIOD = re.compile(
    rf"(?<![a-z\d])(?:(?P<years>{_YEARS})|(?P<year>(?:19|20)\d\d)|(?P<series>{_SERIES})|(?P<word>{'|'.join(_ORDER)}))(?![a-z\d])"
)
_CENTURY_TURN = 50
"""Two-digit years from here on belong to the last century."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure at two or more times, the earliest first. ``name`` is what the columns' names share."""

    name: str
    columns: tuple[tuple[str, Column], ...]

    def between(self, text: str) -> tuple[Column, Column]:
        """The two columns to compare: those whose periods the text names, else the first and the last."""
        said = [column for period, column in self.columns if period.replace("_", "-") in text.replace("_", "-")]
        first, last = (said[0], said[-1]) if len(said) > 1 else (self.columns[0][1], self.columns[-1][1])
        return first, last


def measures(columns: Sequence[Column]) -> list[Measure]:
    """Measures found at several times, in the order in which they stand in the table."""
    groups: defaultdict[str, list[tuple[tuple[float, ...], str, Column]]] = defaultdict(list)
    for column in columns:
        if column.numeric and (found := _period(column.name)):
            groups[found.base].append((found.order, found.text, column))
    return [
        Measure(base, tuple((text, column) for _, text, column in sorted(group, key=lambda member: member[0])))
        for base, group in groups.items()
        if len({order for order, _, _ in group}) == len(group) > 1
    ]


@dataclass(frozen=True, slots=True)
class _Found:
    base: str
    order: tuple[float, ...]
    text: str


def _period(name: str) -> _Found | None:
    low = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().replace(" ", "_")
    plain = low.replace("_", " ")
    candidates = list(_PERIOD.finditer(plain))
    if not candidates:
        return None
    found = candidates[-1] if candidates[-1]["word"] is None else candidates[0]
    base = " ".join(re.sub(r"[^a-z0-9%$€ ]+", " ", plain[: found.start()] + " " + plain[found.end() :]).split())
    return _Found(base, tuple(_order(found)), found[0].strip())


def _order(found: re.Match[str]) -> Iterator[float]:
    """Where a period stands in time."""
    if found["word"]:
        yield _ORDER[found["word"]]
        return
    for digits in re.findall(r"\d+", found[0]):
        value = int(digits)
        short_year = found["years"] and len(digits) == 2  # noqa: PLR2004 - as in 85
        yield value + (1900 if value >= _CENTURY_TURN else 2000) if short_year else value


@dataclass(frozen=True, slots=True)
class Chosen:
    """The measure to rank by, whether the words named it, and what else could be meant."""

    measure: Measure
    named: bool
    others: tuple[Measure, ...]


def choose(text: str, found: Sequence[Measure]) -> Chosen:
    """The measure the words name, the newest words first; else the first."""
    for line in text.splitlines():
        said = " ".join(stems(line))
        match = best_match(said, [(measure.name, measure) for measure in found])
        if match and len(match.equals) == 1:
            return Chosen(match.best, named=True, others=tuple(other for other in found if other is not match.best))
    return Chosen(found[0], named=False, others=tuple(found[1:]))

"""What a question's words say about a known table: the group, the measure, the entity, and what was left unused."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent.model.rehearsal.filters import Condition
from agent.model.rehearsal.tables import Column, Table, is_bad, labels, pick
from agent.model.rehearsal.understand import Wish
from agent.model.rehearsal.words import best_match, number, squashed, stems, vocabulary

_GROUP = re.compile(
    r"\b(?:by|per|for (?:each|every)|(?:in|within|of) each|each|every|grouped by|across|broken down by|split by|je|pro|nach)\s+"
    r"(?P<phrase>(?:[\w“”\"'-]+ ?){1,4})",
    re.IGNORECASE,
)
_SPAN = re.compile(r"\b(day|week|month|quarter|year)(?:ly|s)?\b", re.IGNORECASE)
_DISTINCT = re.compile(r"\b(?:different|distinct|unique)\b", re.IGNORECASE)
_TOTALS = re.compile(r"\b(?:most|least|fewest)\b", re.IGNORECASE)
_JUDGES = re.compile(r"\b(best|worst)\b", re.IGNORECASE)
_MEASURE = re.compile(
    r"\b(?:average|mean|avg|typical|median|sum|totals?|maximum|max|minimum|min|highest|lowest|largest|smallest|biggest|"
    r"greatest|most|least|fewest|best|worst|top|bottom|durchschnittliche[nrs]?|höchste[nrs]?|niedrigste[nrs]?|meisten|"
    r"wenigsten)\b(?: number)?(?: of)?(?P<phrase>[^?.,;:!]*?)"
    r"(?=$|[?.,;:!]|\b(?:by|per|for|in|from|of|where|with|each|as|put|only|among|across|grouped|is|are)\b)",
    re.IGNORECASE,
)
_BY_MEASURE = re.compile(
    r"\b(?:by|sorted by|ordered by|ranked by|in terms of|regarding|nach)\s+(?P<phrase>[^?.,;:!]+)", re.IGNORECASE
)
_WHO = re.compile(r"\b(?:which|what|top|bottom|best|worst)\s+(?P<phrase>(?:[\w-]+\s+){0,2}[\w-]+)", re.IGNORECASE)
_ADJECTIVES = {
    "cheapest": ("price cost", False), "expensive": ("price cost", True), "dearest": ("price cost", True),
    "oldest": ("age year", True), "youngest": ("age year", False), "longest": ("length duration time", True),
    "shortest": ("length duration time height", False), "tallest": ("height", True), "heaviest": ("weight", True),
    "lightest": ("weight", False), "hottest": ("temperature", True), "warmest": ("temperature", True),
    "coldest": ("temperature", False), "fastest": ("speed", True), "slowest": ("speed", False),
    "richest": ("income wealth", True), "poorest": ("income wealth", False), "safest": ("incidents accidents", False),
}  # fmt: skip
"""Adjectives, the words a column for them may have, and which end they mean."""
_SAYS_HOW = vocabulary(
    "all altogether but by or not no amount answer any as ascending at average avg bar bigger biggest both bottom can chart column "
    "combined compute count could csv data dataset descending different distinct document each entry every excel "
    "fewest file filter find first for get give graph greatest grouped have has high higher highest how in into "
    "it just large largest last least less line list low lower lowest make many max maximum mean median min "
    "minimum most much name number of only order over per pie place plot please put rank ranked record row rows "
    "same scatter sheet show smallest sort sorted spreadsheet sum table tell than that them then top total two "
    "typical under unique value want was were where with without workbook worst best write xlsx also and now "
    "instead average what who did do does our between above below more fewer greater one ones s t would like see "
    "need know overall"
)
"""Words of a request that say how, not what: they are never reported as unused."""


@dataclass(frozen=True, slots=True)
class Group:
    """What rows are put together by: SQL and a name."""

    sql: str
    name: str
    in_time: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """A question without the words of its conditions and of the file's name. ``flags``: yes/no columns it names."""

    table: Table
    wish: Wish
    conditions: tuple[Condition, ...]
    flags: tuple[Column, ...] = ()

    @property
    def adjective(self) -> tuple[str, bool] | None:
        low = self.wish.text.lower()
        return next((meaning for word, meaning in _ADJECTIVES.items() if re.search(rf"\b{word}\b", low)), None)

    @property
    def judges(self) -> bool:
        """Whether it asks for the best or worst."""
        return bool(_JUDGES.search(self.wish.text))

    @property
    def distinct(self) -> bool:
        return bool(_DISTINCT.search(self.wish.text))

    @property
    def totals(self) -> bool:
        """Whether several rows of one entry add up ("who bought most"), other than for "highest"."""
        return bool(_TOTALS.search(self.wish.text))

    def wants_most(self, value: Column) -> bool:
        """Whether the large end is wanted: "best" depends on whether more is better."""
        if self.adjective:
            return self.adjective[1] != bool(re.search(r"\bleast\b", self.wish.text, re.IGNORECASE))
        if judged := _JUDGES.search(self.wish.text):
            return (judged[1].lower() == "best") != is_bad(value.name)
        return self.wish.most is not False

    def group(self) -> Group | None:
        """What to group by. A number column is sorted by, not grouped by, unless it holds only yes and no."""
        times = self.table.where(lambda column: column.temporal)
        names = [*labels(self.table), *times, *self.flags]
        codes = self.table.where(lambda column: column.numeric and not column.measure)
        measures = self.table.where(lambda column: column.measure and column not in self.flags)
        for found in _GROUP.finditer(self.wish.text):
            phrase = found["phrase"]
            span = _SPAN.search(phrase)
            if span and times and not pick(phrase, labels(self.table)):
                unit = span[1].lower()
                return Group(f"CAST(date_trunc('{unit}', {times[0].sql}) AS DATE)", unit, in_time=True)
            picked, measured = pick(phrase, [*names, *codes]), pick(phrase, measures)
            if picked and (not measured or measured.cover <= picked.cover):
                return Group(picked.column.sql, picked.column.name, in_time=picked.column.temporal)
        return None

    def named_entity(self, columns: Sequence[Column]) -> Column | None:
        """The column that "which …" or "top 5 …" asks for."""
        found = (pick(match["phrase"], columns) for match in _WHO.finditer(self.wish.text))
        return next((named.column for named in found if named and not named.others), None)

    def measure_phrases(self, *, grouped: bool) -> Iterator[tuple[str, bool]]:
        """Phrases that may name the measure, likeliest first; whether nothing but a measure could stand there."""
        for line in self.wish.text.splitlines():
            plain = _GROUP.sub(" ", line) if grouped else line
            for pattern in (_BY_MEASURE, _MEASURE):
                yield from ((found["phrase"], True) for found in pattern.finditer(plain) if found["phrase"].strip())
            if self.adjective:
                yield from ((word, False) for word in self.adjective[0].split())
            yield plain, False

    def ignored(self, used: Sequence[str]) -> list[str]:
        """Words of the question that neither say how nor belong to anything that was used."""
        known = [(name, name) for name in (*used, self.table.path, *(condition.words for condition in self.conditions))]
        words = (word for word in re.findall(r"[^\W_][\w'’-]*", self.wish.text.splitlines()[0]) if number(word) is None)
        return [
            word
            for word in dict.fromkeys(words)
            if (meaning := [stem for stem in stems(word) if stem not in _SAYS_HOW and word.lower() not in _ADJECTIVES])
            and not best_match(" ".join(meaning), known)
            and not any(squashed(word) in squashed(name) for name, _ in known)
            and not _SPAN.fullmatch(word)
        ]

"""Questions to a table: top and bottom, averages and sums by group, counts, filters. SQL computes; nothing is guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from agent.model.rehearsal import grid
from agent.model.rehearsal.filters import Condition, find_conditions, where, without
from agent.model.rehearsal.grid import Grid, shown
from agent.model.rehearsal.output import chart_input, free_path, write_workbook
from agent.model.rehearsal.sources import find_table
from agent.model.rehearsal.tables import Column, Table, choose, entity, is_bad, labels, pick, pick_newest, query
from agent.model.rehearsal.turn import Steps
from agent.model.rehearsal.words import counted, listed, stems
from agent.model.rehearsal.work import GaveUp, Work

DEFAULT_TOP = 5
MAX_TOLD = 20
"""Rows told in the text; the spreadsheet has all."""
TIED_ROOM = 20
MAX_DETAILS = 3
"""Columns that tell a row where none names it."""

_VERBS = {"avg": "average", "median": "median", "sum": "total", "count": "number", "max": "highest", "min": "lowest"}
_GROUP = re.compile(
    r"\b(?:by|per|for (?:each|every)|(?:in|within|of) each|each|every|grouped by|across|broken down by|split by|je|pro|nach)\s+"
    r"(?P<phrase>(?:[\w“”\"'-]+ ?){1,4})",
    re.IGNORECASE,
)
_SPAN = re.compile(r"\b(day|week|month|quarter|year)(?:ly|s)?\b", re.IGNORECASE)
_DISTINCT = re.compile(r"\b(?:different|distinct|unique)\b", re.IGNORECASE)
_MEASURE = re.compile(
    r"\b(?:average|mean|avg|typical|median|sum of|sum|totals?|maximum|max|minimum|min|highest|lowest|largest|smallest|biggest|"
    r"greatest|most|least|fewest|best|worst|top|bottom|durchschnittliche[nrs]?|höchste[nrs]?|niedrigste[nrs]?|meisten|wenigsten)\b"
    r"(?: number)?(?: of)?(?P<phrase>[^?.,;:!]*?)(?=$|[?.,;:!]|\b(?:by|per|for|in|from|of|where|with|each|as|and put|only|among|across|grouped|is|are)\b)",
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
    "richest": ("income wealth gdp", True), "poorest": ("income wealth gdp", False),
    "safest": ("incidents accidents risk", False), "popular": ("popularity votes rating", True),
}  # fmt: skip
"""Adjectives, the words a column for them may have, and which end they mean."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A query and how its result reads. ``numbers``: its columns that hold numbers worth drawing."""

    sql: str
    head: str
    numbers: tuple[str, ...]
    label: str | None
    top: int | None = None
    single: bool = False


def question(work: Work) -> Steps[str]:
    """Answer a question to one table; as a spreadsheet and chart where wanted."""
    table = yield from find_table(work)
    if not table.columns:
        raise GaveUp(f"`{table.path}` has no columns I can read.", "no columns")
    work.next()
    conditions = yield from find_conditions(work, table)
    text = without(_without_name(work.wish.text, table), conditions)
    answer = yield from _plan(work, table, text, conditions)
    work.next()
    limit = MAX_TOLD + TIED_ROOM if answer.top is None else answer.top + TIED_ROOM
    found = yield from query(work, table, answer.sql, limit=limit)
    path = None
    if work.wish.sheet or work.wish.chart:
        path = yield from _write(work, table, answer)
    return _told(work, table, answer, found, conditions, path)


def _without_name(text: str, table: Table) -> str:
    name = table.path.rsplit("/", 1)[-1]
    return re.sub(rf"(?:\b(?:in|from|of)\s+)?(?<!\w){re.escape(name)}", " ", text, flags=re.IGNORECASE)


def _plan(work: Work, table: Table, text: str, conditions: list[Condition]) -> Steps[Answer]:
    group = _group(text, table)
    if work.wish.aggregate == "count":
        return (yield from _count(work, table, text, conditions, group))
    if (
        work.wish.aggregate in {"avg", "median", "sum"}
        or (work.wish.aggregate and not work.wish.top)
        or (group and work.wish.most is None)
    ):
        return (yield from _aggregate(work, table, text, conditions, group))
    if (
        work.wish.most is not None
        or work.wish.top
        or _adjective(text)
        or re.search(r"\b(?:best|worst)\b", text, re.IGNORECASE)
    ):
        return (yield from _rank(work, table, text, conditions))
    if not conditions:
        raise GaveUp(
            f"I found `{table.path}` but not what to compute from it. Its columns are {listed([column.name for column in table.columns])}. "
            "Ask for instance for the top 5 by one of them, an average by group, or only the rows with some value.",
            "the question was not understood",
        )
    columns = f"SELECT * FROM {table.relation}{where(conditions)}"
    return Answer(
        columns,
        "These rows fit",
        tuple(column.name for column in table.where(lambda column: column.measure)),
        _first_label(table),
    )


def _group(text: str, table: Table) -> tuple[str, str] | None:
    """What to group by: SQL and a name. A number column is a measure to sort by, not a group, unless it says "per"."""
    for found in _GROUP.finditer(text):
        phrase = found["phrase"]
        span = _SPAN.search(phrase)
        times = table.where(lambda column: column.temporal)
        if span and times and not pick(phrase, labels(table)):
            unit = span[1].lower()
            return f"CAST(date_trunc('{unit}', {times[0].sql}) AS DATE)", unit
        groups = [*labels(table), *times]
        whole = table.where(lambda column: column.numeric and not column.measure)
        if picked := pick(phrase, [*groups, *whole]):
            numeric = pick(phrase, table.where(lambda column: column.measure))
            if not numeric or numeric.cover <= picked.cover:
                return picked.column.sql, picked.column.name
    return None


def _count(
    work: Work, table: Table, text: str, conditions: list[Condition], group: tuple[str, str] | None
) -> Steps[Answer]:
    if group:
        top, limit = _limit(work)
        sql = f'SELECT {group[0]} AS {grid.name(group[1])}, count(*) AS "Number" FROM {table.relation}{where(conditions)} GROUP BY 1'
        return Answer(_sorted(work, sql, "Number", limit), f"Rows per {group[1]}", ("Number",), group[1], top)
    found = pick_newest(text, labels(table))
    if _DISTINCT.search(text) and found:
        sql = f'SELECT count(DISTINCT {found.column.sql}) AS "Number" FROM {table.relation}{where(conditions)}'
        return Answer(sql, f"Different values of {found.column.name}", ("Number",), None, single=True)
    yield from ()
    return Answer(
        f'SELECT count(*) AS "Number" FROM {table.relation}{where(conditions)}', "Rows", ("Number",), None, single=True
    )


def _aggregate(
    work: Work, table: Table, text: str, conditions: list[Condition], group: tuple[str, str] | None
) -> Steps[Answer]:
    function = work.wish.aggregate or "sum"
    if group is None and work.wish.most is not None and (who := _named_entity(text, labels(table))):
        group = who.sql, who.name
    plain = _GROUP.sub(" ", text) if group else text
    value = yield from _measure(work, table, plain, f"for the {_VERBS[function]}")
    name = f"{_VERBS[function]} {value.name}"
    if group is None:
        sql = f"SELECT {function}({value.sql}) AS {grid.name(name)} FROM {table.relation}{where(conditions)}"
        return Answer(sql, name, (name,), None, single=True)
    top, limit = _limit(work)
    sql = (
        f'SELECT {group[0]} AS {grid.name(group[1])}, {function}({value.sql}) AS {grid.name(name)}, count({value.sql}) AS "Values" '
        f"FROM {table.relation}{where(conditions)} GROUP BY 1 HAVING count({value.sql}) > 0"
    )
    in_time = "date_trunc" in group[0]
    ordered = f"{sql} ORDER BY 1" if in_time and work.wish.most is None else _sorted(work, sql, name, limit)
    return Answer(ordered, f"{name[0].upper()}{name[1:]} by {group[1]}", (name,), group[1], top)


def _rank(work: Work, table: Table, text: str, conditions: list[Condition]) -> Steps[Answer]:
    """The first places by a number; where an entry has several rows and "most" is asked for, by its total."""
    top = work.wish.top or DEFAULT_TOP
    value = yield from _measure(work, table, text, "to rank by")
    who = yield from _who(work, table, text, value)
    most = _direction(work, text, value)
    source = f"{table.relation}{where(conditions)}"
    name, inner = value.name, f"SELECT * FROM {source}"
    said = [who] if who else [column for column in table.columns if column is not value][:MAX_DETAILS]
    if who and re.search(r"\b(?:most|least|fewest)\b", text, re.IGNORECASE) and (yield from _repeats(work, table, who)):
        name = f"total {value.name}"
        inner = f"SELECT {who.sql}, sum({value.sql}) AS {grid.name(name)} FROM {source} GROUP BY 1"
    columns = "".join(f", {column.sql}" for column in said)
    ranked = f"SELECT *, rank() OVER (ORDER BY {grid.name(name)} {'DESC' if most else 'ASC'}) AS place FROM ({inner}) AS source"
    sql = (
        f'SELECT place AS "Place"{columns}, {grid.name(name)} FROM ({ranked} WHERE {grid.name(name)} IS NOT NULL) AS ranked '
        f"WHERE place <= {top} ORDER BY place, 2"
    )
    return Answer(sql, f"The {'highest' if most else 'lowest'} {name}", (name,), said[0].name if said else None, top)


def _repeats(work: Work, table: Table, who: Column) -> Steps[bool]:
    found = yield from query(
        work, table, f"SELECT count({who.sql}) > count(DISTINCT {who.sql}) AS repeats FROM {table.relation}"
    )
    return bool(found.rows) and found.rows[0][0].lower() in {"true", "1"}


def _measure(work: Work, table: Table, text: str, purpose: str) -> Steps[Column]:
    """The number column the words name; asked for where they do not."""
    numbers = table.where(lambda column: column.numeric)
    measures = table.where(lambda column: column.measure) or numbers
    if not numbers:
        raise GaveUp(f"`{table.path}` has no column with numbers, so there is nothing {purpose}.", "no numbers")
    for line in text.splitlines():
        phrases = [found["phrase"] for pattern in (_BY_MEASURE, _MEASURE) for found in pattern.finditer(line)]
        if words := _adjective(line):
            phrases += words[0].split()
        for phrase in [*phrases, line]:
            found = pick(phrase, numbers)
            if found and not found.others:
                return found.column
            if found and phrase is not line:
                return (yield from choose(work, phrase, [found.column, *found.others], purpose))
    if len(measures) == 1:
        return measures[0]
    said = next((" ".join(stems(found["phrase"])) for found in _MEASURE.finditer(text)), "")
    return (yield from choose(work, said, measures, purpose))


def _who(work: Work, table: Table, text: str, value: Column) -> Steps[Column | None]:
    named = _named_entity(text, [column for column in table.columns if column is not value and not column.measure])
    return named or (yield from entity(work, table, text))


def _named_entity(text: str, columns: list[Column]) -> Column | None:
    """The column that "which …" or "top 5 …" asks for."""
    found = (pick(match["phrase"], columns) for match in _WHO.finditer(text))
    return next((named.column for named in found if named and not named.others), None)


def _adjective(text: str) -> tuple[str, bool] | None:
    low = text.lower()
    return next((meaning for word, meaning in _ADJECTIVES.items() if re.search(rf"\b{word}\b", low)), None)


def _direction(work: Work, text: str, value: Column) -> bool:
    """Whether the large end is wanted: "best" depends on whether more is better."""
    if adjective := _adjective(text):
        return adjective[1] != bool(re.search(r"\bleast\b", text, re.IGNORECASE))
    if re.search(r"\b(?:best|worst)\b", text, re.IGNORECASE):
        return bool(re.search(r"\bbest\b", text, re.IGNORECASE)) != is_bad(value.name)
    return work.wish.most is not False


def _limit(work: Work) -> tuple[int | None, int | None]:
    wish = work.wish
    top = wish.top if wish.top and wish.most is not None else None
    return top, top


def _sorted(work: Work, sql: str, value: str, top: int | None) -> str:
    """Sorted by a value; only the first places where a number of them is wanted, ties included."""
    order = "ASC" if work.wish.most is False else "DESC"
    if top is None:
        return f"{sql} ORDER BY {grid.name(value)} {order} NULLS LAST, 1"
    return f"SELECT * FROM ({sql}) AS grouped QUALIFY rank() OVER (ORDER BY {grid.name(value)} {order} NULLS LAST) <= {top} ORDER BY {grid.name(value)} {order}, 1"


def _first_label(table: Table) -> str | None:
    return next((column.name for column in labels(table)), None)


def _write(work: Work, table: Table, answer: Answer) -> Steps[str]:
    sheet: dict[str, Any] = {"name": "Answer", "sql": answer.sql, "tables": table.source, "title": answer.head}
    if work.wish.chart and answer.label and answer.numbers:
        sheet["chart"] = chart_input(work.wish.chart, answer.label, answer.numbers[:1], answer.head)
    path = yield from free_path(work, table.path, "answer", "xlsx")
    yield from write_workbook(work, path, [sheet])
    return path


def _told(work: Work, table: Table, answer: Answer, found: Grid, conditions: list[Condition], path: str | None) -> str:
    scope = f", {listed([condition.words for condition in conditions])}" if conditions else ""
    if not found.rows:
        return f"Nothing in `{table.path}` fits{scope}."
    if answer.single:
        head = f"{answer.head} in `{table.path}`{scope}: **{shown(found.rows[0][0])}**."
        return head + (f" It is also in `{path}`." if path else "")
    told = [tuple(map(shown, row)) for row in found.rows[:MAX_TOLD]]
    lines = [f"{answer.head}, from `{table.path}`{scope}:", "", grid.markdown(found.columns, told)]
    if len(found.rows) > MAX_TOLD:
        lines += [
            "",
            "More rows follow; ask for it as a spreadsheet to have them all."
            if not path
            else "The rest is in the spreadsheet.",
        ]
    if answer.top and len(found.rows) > answer.top:
        lines += ["", f"These are {counted(len(found.rows), 'row')}, as the last place is shared."]
    if path:
        chart = (
            f" with a {work.wish.chart} chart ({answer.label} across, {answer.numbers[0]} up)"
            if work.wish.chart and answer.label and answer.numbers
            else ""
        )
        lines += ["", f"The spreadsheet{chart} is `{path}`."]
    return "\n".join(lines)

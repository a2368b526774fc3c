"""Tables as `describe_table` shows them, and which of their columns a person means."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agent.model.rehearsal import grid
from agent.model.rehearsal.grid import Grid, read_grid, read_grids
from agent.model.rehearsal.turn import Steps
from agent.model.rehearsal.words import best_match, parts, squashed
from agent.model.rehearsal.work import Work

_NUMERIC = re.compile(r"^(?:u?(?:tiny|small|big|huge)?int|integer|long|float|double|real|decimal|numeric|number|whole)", re.I)
_TEMPORAL = re.compile(r"^(?:date|time)", re.I)
_ROWS = re.compile(r"([\d,]+)\s+(?:data )?rows?\b")
_NO_MEASURE = frozenset("id ids code codes no nr key index rank zip postcode year phone respondentid".split())


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name as it stands in the file, DuckDB's type, and some of its values as text."""

    name: str
    type: str
    sample: str = ""

    @property
    def numeric(self) -> bool:
        return bool(_NUMERIC.match(self.type))

    @property
    def temporal(self) -> bool:
        return bool(_TEMPORAL.match(self.type))

    @property
    def measure(self) -> bool:
        """Whether its numbers measure something, as opposed to naming or numbering it."""
        return self.numeric and not _NO_MEASURE & set(parts(self.name))

    @property
    def sql(self) -> str:
        return grid.name(self.name)


@dataclass(frozen=True, slots=True)
class Table:
    """One sheet of a file. ``rows`` is None where the description does not say."""

    path: str
    sheet: str | None
    columns: tuple[Column, ...]
    rows: int | None
    sheets: tuple[str, ...] = ()

    @property
    def source(self) -> dict[str, str]:
        """The ``tables`` input of a query over it."""
        return {grid.ALIAS: f"{self.path}#{self.sheet}" if self.sheet else self.path}

    def where(self, wanted: Callable[[Column], bool]) -> list[Column]:
        return [column for column in self.columns if wanted(column)]


@dataclass(frozen=True, slots=True)
class Pick:
    """A column the words name, and those they name as well."""

    column: Column
    others: tuple[Column, ...]
    cover: float


def look(work: Work, path: str, sheet: str | None = None) -> Steps[Table]:
    """Describe one table. Raises `GaveUp` where it cannot be read."""
    text = yield from work.must("describe_table", path=path, sheet=sheet)
    return read_description(path, sheet, text)


def read_description(path: str, sheet: str | None, text: str) -> Table:
    """`describe_table`'s answer: a Markdown table with the columns column, type, missing and sample."""
    described = next((found for found in read_grids(text) if "column" in found.columns and "type" in found.columns), None)
    rows = _ROWS.search(text)
    lines = described.dicts() if described else []
    columns = tuple(Column(line["column"], line["type"], line.get("sample", "")) for line in lines)
    return Table(path, sheet, columns, int(rows[1].replace(",", "")) if rows else None)


def query(work: Work, table: Table, sql: str, limit: int | None = None) -> Steps[Grid]:
    """Run SQL over a table. Raises `GaveUp` where it fails."""
    text = yield from work.must("query_table", sql=sql, tables=table.source, limit=limit)
    return read_grid(text)


def pick(phrase: str, columns: Sequence[Column]) -> Pick | None:
    """The column a phrase speaks of; None where it names none."""
    match = best_match(phrase, [(column.name, column) for column in columns])
    if match is None:
        return None
    return Pick(match.best, tuple(column for column in match.equals if column is not match.best), match.cover)


def pick_newest(text: str, columns: Sequence[Column]) -> Pick | None:
    """As `pick`, line by line: what was said last counts first."""
    return next((found for line in text.splitlines() if (found := pick(line, columns))), None)


def choose(work: Work, phrase: str, columns: Sequence[Column], purpose: str) -> Steps[Column]:
    """The column a phrase speaks of; the person is asked where it names none or several alike."""
    found = pick(phrase, columns)
    if found and not found.others:
        return found.column
    offered = [found.column, *found.others] if found else list(columns)
    if len(offered) == 1:
        return offered[0]
    said = f"“{phrase.strip()}”" if phrase.strip() else purpose
    question = f"Which column do you mean by {said}?" if phrase.strip() else f"Which column shall I take {purpose}?"
    answer = yield from work.ask(question, [column.name for column in offered])
    chosen = next((column for column in columns if column.name == answer), None) or getattr(pick(answer, columns), "column", None)
    if chosen is None:
        from agent.model.rehearsal.work import GaveUp

        names = ", ".join(column.name for column in columns)
        raise GaveUp(f"There is no column “{answer}”; the table has {names}.", f"no column “{answer}”")
    return chosen


def labels(table: Table) -> list[Column]:
    """Columns that name things: neither numbers nor times."""
    return table.where(lambda column: not column.numeric and not column.temporal)


def entity(work: Work, table: Table, phrase: str) -> Steps[Column | None]:
    """The column that says what a row is about: the one the words name, else the one with the most different values."""
    candidates = labels(table)
    if len(candidates) <= 1:
        return candidates[0] if candidates else next(iter(table.where(lambda column: column.temporal)), None)
    found = pick_newest(phrase, candidates)
    if found and not found.others:
        return found.column
    counts = ", ".join(f"count(DISTINCT {column.sql}) AS c{number}" for number, column in enumerate(candidates))
    result = yield from query(work, table, f"SELECT {counts} FROM {grid.ALIAS}")
    different = [int(cell.replace(",", "") or 0) for cell in result.rows[0]] if result.rows else [0] * len(candidates)
    return candidates[different.index(max(different))]


def is_bad(text: str) -> bool:
    """Whether less of it is better."""
    return any(word.startswith(_BAD) for word in parts(text)) or squashed(text).startswith(_BAD)


_BAD = (
    "accident", "bug", "cancel", "complaint", "cost", "crash", "crime", "damage", "death", "debt", "defect", "delay",
    "downtime", "emission", "error", "expens", "fail", "fatal", "fault", "fine", "homicid", "illness", "incident", "infection",
    "injur", "late", "loss", "miss", "murder", "outage", "overdue", "pollut", "poverty", "price", "return", "risk", "sick",
    "spend", "theft", "turnaround", "unemploy", "violation", "wait", "waste",
)  # fmt: skip
"""Beginnings of words for what people want less of."""

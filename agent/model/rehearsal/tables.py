"""Tables as `describe_table` shows them, and which of their columns a person means."""
# ruff: noqa: S608 - names and texts are quoted by `grid`, and the database is closed off and only read

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from agent.model.rehearsal import grid
from agent.model.rehearsal.grid import Grid, read_answer, read_grids
from agent.model.rehearsal.turn import Steps
from agent.model.rehearsal.words import best_match, parts, stem, vocabulary
from agent.model.rehearsal.work import GaveUp, Work

_NUMERIC = re.compile(
    r"^(?:u?(?:tiny|small|big|huge)?int|integer|long|float|double|real|decimal|numeric|number|whole)", re.IGNORECASE
)
_TEMPORAL = re.compile(r"^(?:date|time)", re.IGNORECASE)
_ROWS = re.compile(r": ([\d,]+) rows × ")
_SHEET = re.compile(r"^.*, sheet “(.+?)”\)$", re.MULTILINE)
_OTHER_SHEETS = re.compile(r"^Note: other sheets: (.+)\.$", re.MULTILINE)
_CUT = re.compile(r"^\[\d+ of \d+ columns;", re.MULTILINE)
_PLAIN_NAME = re.compile(r"[\w()%$€£.,:/#&+*'?!-]+(?: [\w()%$€£.,:/#&+*'?!-]+)*", re.ASCII)
MAX_COLUMNS = 500
MAX_ROWS = 1_000
"""Rows that `query_table` shows at most."""
_NO_MEASURE = vocabulary("id ids code codes no nr key index rank zip postcode year phone respondentid")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name as the description shows it, and DuckDB's type."""

    name: str
    type: str

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
    other_sheets: tuple[str, ...] = ()

    @property
    def source(self) -> dict[str, str]:
        """The ``tables`` input of a query over it."""
        return {grid.ALIAS: f"{self.path}#{self.sheet}" if self.sheet else self.path}

    @property
    def relation(self) -> str:
        """How a query over `source` names it."""
        return self.named(grid.ALIAS)

    def named(self, alias: str) -> str:
        """How a query names it. Descriptions shorten names and spaces, so odd names are given anew, by place."""
        if all(_PLAIN_NAME.fullmatch(column.name) for column in self.columns):
            return alias
        return f"{alias} AS {alias}({', '.join(column.sql for column in self.columns)})"

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
    table = read_description(path, sheet, text)
    if _CUT.search(text):
        described = yield from query(work, table, f"DESCRIBE {grid.ALIAS}", limit=MAX_COLUMNS)
        columns = [Column(row[0], row[1].lower()) for row in described.rows]
        table = replace(table, columns=tuple(columns))
    return table


def read_description(path: str, sheet: str | None, text: str) -> Table:
    """`describe_table`'s answer: rows, sheets, and a Markdown table with the columns column and type."""
    described = next((found for found in read_grids(text) if {"column", "type"} <= set(found.columns)), None)
    rows, shown, others = _ROWS.search(text), _SHEET.search(text), _OTHER_SHEETS.search(text)
    columns = tuple(Column(line["column"], line["type"]) for line in described.dicts()) if described else ()
    return Table(
        path,
        sheet or (shown[1] if shown else None),
        columns,
        int(rows[1].replace(",", "")) if rows else None,
        tuple(others[1].split(", ")) if others else (),
    )


def query(work: Work, table: Table, sql: str, limit: int | None = None) -> Steps[Grid]:
    """Run SQL over a table. Raises `GaveUp` where it fails."""
    text = yield from work.must("query_table", sql=sql, tables=table.source, limit=limit)
    return read_answer(text)


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
    chosen = next((column for column in columns if column.name == answer), None) or getattr(
        pick(answer, columns), "column", None
    )
    if chosen is None:
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
    result = yield from query(work, table, f"SELECT {counts} FROM {table.relation}")
    different = [int(cell.replace(",", "") or 0) for cell in result.rows[0]] if result.rows else [0] * len(candidates)
    return candidates[different.index(max(different))]


def is_bad(text: str) -> bool:
    """Whether less of it is better."""
    return any(stem(word) in _BAD or word.startswith(_BAD_BEGINNINGS) for word in parts(text))


_BAD = vocabulary(
    "bug cost crash crime damage death debt defect delay error expense fault fine incident injury late loss "
    "lateness miss murder outage price risk theft victim violation wait waste"
)
_BAD_BEGINNINGS = (
    "accident", "cancel", "complain", "downtime", "emission", "fail", "fatal", "homicid", "illness", "infection", "overdue",
    "pollut", "poverty", "unemploy", "expens",
)  # fmt: skip
"""What people want less of."""

"""Compare two files: tables by key, cell by cell; texts by their lines."""
# ruff: noqa: S608 - names and texts are quoted by `grid`, and the database is closed off and only read

from __future__ import annotations

import difflib
import itertools
from dataclasses import dataclass

from agent.model.rehearsal import grid
from agent.model.rehearsal.grid import markdown, read_answer, shown
from agent.model.rehearsal.listing import DOCUMENTS, TABLES, TEXTS, Entry, Listing
from agent.model.rehearsal.output import free_path, write_workbook
from agent.model.rehearsal.sources import known, list_all, named, similar
from agent.model.rehearsal.tables import Column, look
from agent.model.rehearsal.turn import Steps
from agent.model.rehearsal.words import counted, listed
from agent.model.rehearsal.work import GaveUp, Work

MAX_TOLD = 10
MAX_LINES = 30
MAX_AVERAGES = 8


@dataclass(frozen=True, slots=True)
class Sides:
    """Two tables, ``a`` and ``b`` in SQL: the columns they share, their files, and how a query names them."""

    common: tuple[tuple[Column, Column], ...]
    sources: dict[str, str]
    a: str
    b: str


def compare(work: Work) -> Steps[str]:
    """Say what two files have in common and where they differ."""
    listing = yield from list_all(work)
    first, second = yield from _two(work, listing)
    work.next()
    if first.ending in TABLES and second.ending in TABLES:
        return (yield from _tables(work, first, second))
    return (yield from _texts(work, first, second))


def _two(work: Work, listing: Listing) -> Steps[tuple[Entry, Entry]]:
    readable = [entry for entry in listing.files if entry.ending in TABLES | DOCUMENTS]
    found: list[Entry] = []
    for line in work.wish.text.splitlines():
        found += [entry for entry in named(line, readable) if entry not in found]
    found += [entry for entry in known(work.files, readable) if entry not in found]
    if len(found) < 2:  # noqa: PLR2004 - a comparison has two sides
        found += [entry for entry in similar(work.wish.text, readable) if entry not in found]
    while len(found) < 2:  # noqa: PLR2004
        left = [entry for entry in readable if entry not in found]
        if not left:
            raise GaveUp("There are no two files I could compare.", "no two files")
        question = f"Compare {found[0].name} with which file?" if found else "Which file shall I compare first?"
        answer = yield from work.ask(question, [entry.path for entry in left])
        chosen = known([answer], left) or named(answer, left)
        if not chosen:
            raise GaveUp(f"I found no file “{answer}”, so nothing was compared.", f"no file “{answer}”")
        found += chosen[:1]
    return found[0], found[1]


def _tables(work: Work, one: Entry, two: Entry) -> Steps[str]:
    first = yield from look(work, one.path)
    second = yield from look(work, two.path)
    theirs = {column.name: column for column in second.columns}
    sides = Sides(
        tuple((column, theirs[column.name]) for column in first.columns if column.name in theirs),
        {"a": first.source[grid.ALIAS], "b": second.source[grid.ALIAS]},
        first.named("a"),
        second.named("b"),
    )
    sizes = [f"`{table.path}` has {counted(table.rows or 0, 'row')}" for table in (first, second)]
    lines = [f"{', '.join(sizes)}; they share {counted(len(sides.common), 'column')}."]
    for table, other in ((first, second), (second, first)):
        names = {column.name for column in other.columns}
        if only := [column.name for column in table.columns if column.name not in names]:
            lines.append(f"- only in `{table.path}`: {listed(only)}")
    if not sides.common:
        return "\n".join([*lines, "", "They have no column in common, so their rows cannot be compared."])
    key = yield from _key(work, sides)
    work.next()
    differences = _by_key(key, sides) if key else _whole_rows(sides)
    lines += ["", f"Matched by {key.name}:" if key else "No common column tells the rows apart, so whole rows count:"]
    for title, sql in differences:
        some = yield from _ask(work, sql, sides, MAX_TOLD)
        lines.append(f"- {title}: {some.total:,}")
        if some.rows:
            lines += ["", markdown(some.columns, list(some.rows)), ""]
            lines += [f"({MAX_TOLD} of {some.total:,})", ""] if some.total > MAX_TOLD else []
    if averages := (yield from _averages(work, sides)):
        lines += ["", "Averages:", "", averages]
    if work.wish.sheet or work.wish.chart:
        path = yield from free_path(work, one.path, f"compared with {two.stem}", "xlsx")
        sheets = [{"name": title, "sql": sql, "tables": sides.sources} for title, sql in differences]
        yield from write_workbook(work, path, sheets)
        lines += ["", f"All differences are in `{path}`."]
    return "\n".join(lines)


def _ask(work: Work, sql: str, sides: Sides, limit: int | None = None) -> Steps[grid.Grid]:
    text = yield from work.must("query_table", sql=sql, tables=sides.sources, limit=limit)
    return read_answer(text)


def _key(work: Work, sides: Sides) -> Steps[Column | None]:
    """The first common column whose values differ from row to row in both files; names before numbers."""
    ordered = sorted((mine for mine, _ in sides.common), key=lambda column: column.measure)
    tests = [
        f"(SELECT count(*) = count(DISTINCT {column.sql}) FROM {side}) AS c{number}"
        for number, (column, side) in enumerate(itertools.product(ordered, (sides.a, sides.b)))
    ]
    found = yield from _ask(work, f"SELECT {', '.join(tests)}", sides)
    unique = [cell == "true" for cell in found.rows[0]]
    pairs = zip(ordered, unique[::2], unique[1::2], strict=True)
    return next((column for column, in_first, in_second in pairs if in_first and in_second), None)


def _by_key(key: Column, sides: Sides) -> list[tuple[str, str]]:
    def text(side: str, column: Column) -> str:
        return f"CAST({side}.{column.sql} AS VARCHAR)"

    match = f"{text('a', key)} = {text('b', key)}"
    cells = " UNION ALL ".join(
        f'SELECT {number} AS n, {text("a", key)} AS "row", {grid.text(mine.name)} AS "column", '
        f'{text("a", mine)} AS "first", {text("b", theirs)} AS "second" '
        f"FROM {sides.a} JOIN {sides.b} ON {match} WHERE {_differ(mine, theirs)}"
        for number, (mine, theirs) in enumerate(sides.common)
        if mine.name != key.name
    )
    only = "SELECT {0}.* FROM {1} WHERE NOT EXISTS (SELECT 1 FROM {2} WHERE {3}) ORDER BY {4}"
    differences = [
        ("Only in the first", only.format("a", sides.a, sides.b, match, text("a", key))),
        ("Only in the second", only.format("b", sides.b, sides.a, match, text("b", key))),
    ]
    if cells:
        ordered = f'SELECT "row", "column", "first", "second" FROM ({cells}) AS cells ORDER BY "row", n'
        differences.append(("Cells that differ", ordered))
    return differences


def _differ(mine: Column, theirs: Column) -> str:
    if mine.numeric and theirs.numeric:
        return f"a.{mine.sql} IS DISTINCT FROM b.{theirs.sql}"
    return f"CAST(a.{mine.sql} AS VARCHAR) IS DISTINCT FROM CAST(b.{theirs.sql} AS VARCHAR)"


def _whole_rows(sides: Sides) -> list[tuple[str, str]]:
    columns = ", ".join(f"CAST({mine.sql} AS VARCHAR) AS {mine.sql}" for mine, _ in sides.common)
    only = f"SELECT {columns} FROM {{}} EXCEPT ALL SELECT {columns} FROM {{}} ORDER BY ALL"
    return [("Only in the first", only.format(sides.a, sides.b)), ("Only in the second", only.format(sides.b, sides.a))]


def _averages(work: Work, sides: Sides) -> Steps[str]:
    numbers = [mine for mine, theirs in sides.common if mine.measure and theirs.measure][:MAX_AVERAGES]
    if not numbers:
        return ""
    rows = " UNION ALL ".join(
        f'SELECT {place} AS n, {grid.text(column.name)} AS "Column", (SELECT avg({column.sql}) FROM {sides.a}) AS "First", '
        f'(SELECT avg({column.sql}) FROM {sides.b}) AS "Second"'
        for place, column in enumerate(numbers)
    )
    found = yield from _ask(work, f'SELECT "Column", "First", "Second" FROM ({rows}) AS averages ORDER BY n', sides)
    return markdown(found.columns, [tuple(map(shown, row)) for row in found.rows])


def _texts(work: Work, one: Entry, two: Entry) -> Steps[str]:
    sides = []
    for entry in (one, two):
        text = yield from work.must("read_file" if entry.ending in TEXTS else "read_document", path=entry.path)
        sides.append([line.strip() for line in text.splitlines()[1:] if line.strip()])
    work.next()
    changes = [line for line in difflib.ndiff(sides[0], sides[1]) if line[:2] in {"- ", "+ "}]
    gone = sum(line.startswith("-") for line in changes)
    if not changes:
        return f"`{one.path}` and `{two.path}` have the same lines."
    shown_lines = [f"{line[:200]}" for line in changes[:MAX_LINES]]
    more = [f"… and {len(changes) - MAX_LINES} more"] if len(changes) > MAX_LINES else []
    head = f"{counted(gone, 'line')} only in `{one.path}` (−), {counted(len(changes) - gone, 'line')} only in `{two.path}` (+):"
    return "\n".join([head, "", "```diff", *shown_lines, *more, "```"])

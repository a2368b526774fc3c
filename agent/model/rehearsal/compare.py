"""Compare two files: tables by key, cell by cell; texts by their lines."""
# ruff: noqa: S608 - names and texts are quoted by `grid`, and the database is closed off and only read

from __future__ import annotations

import difflib

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
    common = [(column, theirs[column.name]) for column in first.columns if column.name in theirs]
    only = [
        f"- only in `{table.path}`: {listed([column.name for column in table.columns if column.name not in {c.name for c in other.columns}])}"
        for table, other in ((first, second), (second, first))
        if any(column.name not in {c.name for c in other.columns} for column in table.columns)
    ]
    sources = {"a": next(iter(first.source.values())), "b": next(iter(second.source.values()))}
    sizes = yield from _ask(
        work, "SELECT (SELECT count(*) FROM a) AS rows_a, (SELECT count(*) FROM b) AS rows_b", sources
    )
    rows = sizes.rows[0]
    lines = [
        f"`{one.path}` has {shown(rows[0])} rows, `{two.path}` has {shown(rows[1])}; they share {counted(len(common), 'column')}.",
        *only,
    ]
    if not common:
        return "\n".join([*lines, "", "They have no column in common, so their rows cannot be compared."])
    key = yield from _key(work, common, sources)
    work.next()
    averages = yield from _averages(work, common, sources)
    if key is None:
        sql = _whole_rows(common)
        counts = yield from _ask(
            work, f"SELECT (SELECT count(*) FROM ({sql[0]})) AS a, (SELECT count(*) FROM ({sql[1]})) AS b", sources
        )
        only_a, only_b = counts.rows[0]
        lines += [
            "",
            f"No common column tells the rows apart, so I compared whole rows: {shown(only_a)} only in the first, {shown(only_b)} only in the second.",
        ]
        sheets = [("Only in first", sql[0]), ("Only in second", sql[1])]
    else:
        parts = _by_key(key, common)
        counts = yield from _ask(
            work,
            f"SELECT {', '.join(f'(SELECT count(*) FROM ({sql})) AS n{number}' for number, sql in enumerate(parts))}",
            sources,
        )
        only_a, only_b, cells = counts.rows[0]
        lines += [
            "",
            f"Matched by {key.name}: {shown(only_a)} only in the first, {shown(only_b)} only in the second, {shown(cells)} cells that differ.",
        ]
        sheets = list(zip(("Only in first", "Only in second", "Different cells"), parts, strict=True))
        for title, sql, count in zip(
            ("Only in the first", "Only in the second", "Cells that differ"), parts, counts.rows[0], strict=True
        ):
            if count not in {"0", ""}:
                some = yield from _ask(work, sql, sources, MAX_TOLD)
                lines += [
                    "",
                    f"{title}{' (the first of them)' if int(count.replace(',', '')) > MAX_TOLD else ''}:",
                    "",
                    markdown(some.columns, list(some.rows)),
                ]
    if averages:
        lines += ["", "Averages:", "", averages]
    if work.wish.sheet or work.wish.chart:
        path = yield from free_path(work, one.path, f"compared with {two.stem}", "xlsx")
        yield from write_workbook(work, path, [{"name": name, "sql": sql, "tables": sources} for name, sql in sheets])
        lines += ["", f"All differences are in `{path}`."]
    return "\n".join(lines)


def _ask(work: Work, sql: str, sources: dict[str, str], limit: int | None = None) -> Steps[grid.Grid]:
    text = yield from work.must("query_table", sql=sql, tables=sources, limit=limit)
    return read_answer(text)


def _key(work: Work, common: list[tuple[Column, Column]], sources: dict[str, str]) -> Steps[Column | None]:
    """The first common column whose values differ from row to row in both files; names before numbers."""
    ordered = sorted((mine for mine, _ in common), key=lambda column: column.measure)
    tests = [
        f"(SELECT count(*) = count(DISTINCT {column.sql}) FROM {side}) AS {side}{number}"
        for number, column in enumerate(ordered)
        for side in ("a", "b")
    ]
    found = yield from _ask(work, f"SELECT {', '.join(tests)}", sources)
    unique = [cell.lower() in {"true", "1"} for cell in found.rows[0]]
    return next(
        (column for number, column in enumerate(ordered) if unique[2 * number] and unique[2 * number + 1]), None
    )


def _by_key(key: Column, common: list[tuple[Column, Column]]) -> tuple[str, str, str]:
    def text(side: str, column: Column) -> str:
        return f"CAST({side}.{column.sql} AS VARCHAR)"

    match = f"{text('a', key)} = {text('b', key)}"
    cells = " UNION ALL ".join(
        f'SELECT {number} AS n, {text("a", key)} AS row, {grid.text(mine.name)} AS "column", {text("a", mine)} AS first, {text("b", theirs)} AS second '
        f"FROM a JOIN b ON {match} WHERE {_differ(mine, theirs)}"
        for number, (mine, theirs) in enumerate(common)
        if mine.name != key.name
    )
    different = (
        f'SELECT row, "column", first, second FROM ({cells}) AS cells ORDER BY row, n'
        if cells
        else "SELECT 1 AS row WHERE false"
    )
    return (
        f"SELECT a.* FROM a WHERE NOT EXISTS (SELECT 1 FROM b WHERE {match}) ORDER BY {text('a', key)}",
        f"SELECT b.* FROM b WHERE NOT EXISTS (SELECT 1 FROM a WHERE {match}) ORDER BY {text('b', key)}",
        different,
    )


def _differ(mine: Column, theirs: Column) -> str:
    if mine.numeric and theirs.numeric:
        return f"a.{mine.sql} IS DISTINCT FROM b.{theirs.sql}"
    return f"CAST(a.{mine.sql} AS VARCHAR) IS DISTINCT FROM CAST(b.{theirs.sql} AS VARCHAR)"


def _whole_rows(common: list[tuple[Column, Column]]) -> tuple[str, str]:
    columns = ", ".join(f"CAST({mine.sql} AS VARCHAR) AS {mine.sql}" for mine, _ in common)
    return (
        f"SELECT {columns} FROM a EXCEPT ALL SELECT {columns} FROM b ORDER BY ALL",
        f"SELECT {columns} FROM b EXCEPT ALL SELECT {columns} FROM a ORDER BY ALL",
    )


def _averages(work: Work, common: list[tuple[Column, Column]], sources: dict[str, str]) -> Steps[str]:
    numbers = [mine for mine, theirs in common if mine.measure and theirs.measure][:MAX_AVERAGES]
    if not numbers:
        return ""
    rows = " UNION ALL ".join(
        f'SELECT {place} AS n, {grid.text(column.name)} AS "Column", (SELECT avg({column.sql}) FROM a) AS "First", (SELECT avg({column.sql}) FROM b) AS "Second"'
        for place, column in enumerate(numbers)
    )
    found = yield from _ask(work, f'SELECT "Column", "First", "Second" FROM ({rows}) AS averages ORDER BY n', sources)
    return markdown(found.columns, [tuple(map(shown, row)) for row in found.rows])


def _texts(work: Work, one: Entry, two: Entry) -> Steps[str]:
    sides = []
    for entry in (one, two):
        text = yield from work.must("read_file" if entry.ending in TEXTS else "read_document", path=entry.path)
        sides.append([line.strip() for line in text.splitlines()[1:] if line.strip()])
    work.next()
    changes = [line for line in difflib.ndiff(*sides) if line[:2] in {"- ", "+ "}]
    gone = sum(line.startswith("-") for line in changes)
    if not changes:
        return f"`{one.path}` and `{two.path}` have the same lines."
    shown_lines = [f"{line[:200]}" for line in changes[:MAX_LINES]]
    more = [f"… and {len(changes) - MAX_LINES} more"] if len(changes) > MAX_LINES else []
    head = f"{counted(gone, 'line')} only in `{one.path}` (−), {counted(len(changes) - gone, 'line')} only in `{two.path}` (+):"
    return "\n".join([head, "", "```diff", *shown_lines, *more, "```"])

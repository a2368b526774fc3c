"""What jobs write: where, with which sheets and charts."""
# ruff: noqa: S608 - names and texts are quoted by `grid`, and the database is closed off and only read

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

from agent.model.rehearsal import grid
from agent.model.rehearsal.sources import list_all
from agent.model.rehearsal.tables import Table
from agent.model.rehearsal.turn import Steps
from agent.model.rehearsal.work import Work


def free_path(work: Work, source: str, purpose: str, ending: str) -> Steps[str]:
    """A name beside ``source`` that says what the file holds and that no file has yet."""
    origin = PurePosixPath(source)
    return (yield from free_name(work, str(origin.parent), f"{origin.stem} {purpose}".strip(), ending))


def free_name(work: Work, folder: str, stem: str, ending: str) -> Steps[str]:
    """``stem`` in a folder, with a number where a file has that name already."""
    listing = yield from list_all(work)
    taken = {entry.path.casefold() for entry in listing.entries}
    names = (f"{stem}{f' {number}' if number > 1 else ''}.{ending}" for number in itertools.count(1))
    return next(path for name in names if (path := str(PurePosixPath(folder) / name)).casefold() not in taken)


def write_workbook(work: Work, path: str, sheets: Sequence[dict[str, Any]], *, overwrite: bool = False) -> Steps[str]:
    """Write a spreadsheet; one this task wrote before the person's last word is replaced."""
    replace = True if overwrite or work.written_before(path) else None
    return (yield from work.must("write_workbook", path=path, sheets=list(sheets), overwrite=replace))


def write_note(work: Work, path: str, content: str) -> Steps[str]:
    """Write a Markdown file, as `write_workbook` does a spreadsheet."""
    replace = True if work.written_before(path) else None
    return (yield from work.must("write_file", path=path, content=content, overwrite=replace))


def chart_input(kind: str, x: str, y: Sequence[str], title: str) -> dict[str, Any]:
    """The ``chart`` of a sheet."""
    return {"kind": kind, "x": x, "y": list(y), "title": title}


def overview_sql(table: Table) -> str:
    """One row per column: how many values, how many different, and for numbers the range and average."""
    rows = []
    for number, column in enumerate(table.columns):
        span = f'CAST(min({column.sql}) AS VARCHAR) AS "Smallest", CAST(max({column.sql}) AS VARCHAR) AS "Largest"'
        numbers = f'avg({column.sql}) AS "Average", median({column.sql}) AS "Median"'
        if not column.numeric:
            numbers = 'CAST(NULL AS DOUBLE) AS "Average", CAST(NULL AS DOUBLE) AS "Median"'
        rows.append(
            f'SELECT {number} AS n, {grid.text(column.name)} AS "Column", {grid.text(column.type)} AS "Type", '
            f'count({column.sql}) AS "Values", count(*) - count({column.sql}) AS "Missing", '
            f'count(DISTINCT {column.sql}) AS "Different", {span}, {numbers} FROM {table.relation}'
        )
    return f"SELECT * EXCLUDE (n) FROM ({' UNION ALL '.join(rows)}) AS columns ORDER BY n"

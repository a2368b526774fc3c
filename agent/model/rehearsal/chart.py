"""Charts: into the spreadsheet made before, or from any table into a new one."""
# ruff: noqa: S608 - names and texts are quoted by `grid`, and the database is closed off and only read

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from agent.model.rehearsal.listing import TABLES, Entry
from agent.model.rehearsal.output import chart_input, free_path, write_workbook
from agent.model.rehearsal.sources import find_table, known, list_all, meant, named
from agent.model.rehearsal.tables import Column, Table, choose, labels, look, pick_newest
from agent.model.rehearsal.turn import Steps
from agent.model.rehearsal.words import counted, listed
from agent.model.rehearsal.work import GaveUp, Work

MAX_BARS = 30
"""Bars of a new chart; more cannot be read on a phone."""
MAX_SLICES = 12
_RESULT_WORDS = re.compile(
    r"\b(?:change|difference|improvement|total|average|number|median|increase|decrease|share)\b", re.IGNORECASE
)
_ORDINAL = re.compile(r"^(?:place|rank|n|nr|no|number|position|#)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Axes:
    """What a chart shows: ``y`` over ``x``."""

    x: Column
    y: Column


def chart(work: Work) -> Steps[str]:
    """Draw the spreadsheet of the last result, or the table the words name."""
    entry = yield from _source(work)
    work.next()
    if entry.ending == ".xlsx":
        return (yield from _into(work, entry))
    table = yield from look(work, entry.path)
    return (yield from _new(work, table))


def convert(work: Work) -> Steps[str]:
    """A table as a spreadsheet, all rows."""
    table = yield from find_table(work)
    work.next()
    work.next()
    path = yield from free_path(work, table.path, "", "xlsx")
    yield from write_workbook(
        work, path, [{"name": "Data", "sql": f"SELECT * FROM {table.relation}", "tables": table.source}]
    )
    rows = f" with {counted(table.rows, 'row')}" if table.rows is not None else ""
    return f"`{table.path}` is now the spreadsheet `{path}`{rows}."


def _source(work: Work) -> Steps[Entry]:
    listing = yield from list_all(work)
    said = [
        entry
        for line in work.wish.text.splitlines()[:1]
        for entry in named(line, listing.files)
        if entry.ending in TABLES
    ]
    given = known(work.files, [entry for entry in listing.files if entry.ending in TABLES])
    if not said and given:
        return next((entry for entry in given if entry.ending == ".xlsx"), given[0])
    return (yield from meant(work, TABLES, "shall I draw"))


def _into(work: Work, entry: Entry) -> Steps[str]:
    """Rewrite the workbook with a chart beside the sheet that has something to draw."""
    first = yield from look(work, entry.path)
    tables = [first]
    for name in first.other_sheets:
        table = yield from look(work, entry.path, name)
        tables.append(table)
    wanted = [table for table in tables if table.sheet and table.sheet.casefold() in work.wish.text.casefold()]
    drawn, axes = yield from _drawable(work, [*wanted, *tables])
    title = f"{axes.y.name} by {axes.x.name}"
    kind = work.wish.chart or "bar"
    sheets: list[dict[str, Any]] = []
    for table in tables:
        sheet: dict[str, Any] = {
            "name": table.sheet or "Data",
            "sql": f"SELECT * FROM {table.relation}",
            "tables": table.source,
        }
        if table is drawn:
            sheet.update(chart=chart_input(kind, axes.x.name, [axes.y.name], title), title=title)
        sheets.append(sheet)
    work.next()
    yield from write_workbook(work, entry.path, sheets, overwrite=True)
    where = f" on the sheet “{drawn.sheet}”" if drawn.sheet else ""
    return f"`{entry.path}` now has a {kind} chart{where}: {axes.x.name} (x) and {axes.y.name} (y), {counted(drawn.rows or 0, 'row')}. The other cells are as they were."


def _drawable(work: Work, tables: list[Table]) -> Steps[tuple[Table, Axes]]:
    for table in tables:
        if axes := _axes(work.wish.text, table):
            return table, axes
    table = tables[0]
    if not table.where(lambda column: column.numeric):
        raise GaveUp(
            f"`{table.path}` has no numbers to draw; its columns are {listed([column.name for column in table.columns])}.",
            "no numbers",
        )
    value = yield from choose(work, "", table.where(lambda column: column.numeric), "for the chart")
    x = next((column for column in table.columns if column is not value), value)
    return table, Axes(x, value)


def _axes(text: str, table: Table) -> Axes | None:
    """The columns the words name; else the first that names or dates the rows, and the value the table is about."""
    times = table.where(lambda column: column.temporal)
    across = [*labels(table), *times]
    values = [column for column in table.where(lambda column: column.measure) if not _ORDINAL.match(column.name)]
    if not across or not values:
        return None
    named_value = pick_newest(text, values)
    named_across = pick_newest(text, across)
    made = [column for column in values if _RESULT_WORDS.search(column.name)]
    y = (
        named_value.column
        if named_value and named_value.cover == 1
        else made[-1]
        if made
        else named_value.column
        if named_value
        else values[0]
    )
    x = named_across.column if named_across else times[0] if times and not labels(table) else across[0]
    return Axes(x, y)


def _new(work: Work, table: Table) -> Steps[str]:
    """A new workbook beside the table: the largest values where there are too many to read."""
    _, axes = yield from _drawable(work, [table])
    kind = work.wish.chart or "bar"
    most = work.wish.top or {"pie": MAX_SLICES, "line": None, "scatter": None}.get(kind, MAX_BARS)
    cut = most if not axes.x.temporal and most is not None and (table.rows is None or table.rows > most) else None
    order = f"{axes.x.sql}" if axes.x.temporal or kind in {"line", "scatter"} else f"{axes.y.sql} DESC, {axes.x.sql}"
    limit = f" LIMIT {cut}" if cut else ""
    title = f"{axes.y.name} by {axes.x.name}"
    sheet = {
        "name": "Chart",
        "sql": f"SELECT {axes.x.sql}, {axes.y.sql} FROM {table.relation} WHERE {axes.y.sql} IS NOT NULL ORDER BY {order}{limit}",
        "tables": table.source,
        "chart": chart_input(kind, axes.x.name, [axes.y.name], title),
        "title": title,
    }
    work.next()
    path = yield from free_path(work, table.path, f"{kind} chart", "xlsx")
    yield from write_workbook(
        work, path, [sheet, {"name": "Data", "sql": f"SELECT * FROM {table.relation}", "tables": table.source}]
    )
    shown = f"the {cut} largest of {counted(table.rows or 0, 'row')}" if cut else "all rows"
    return f"`{path}` has a {kind} chart of `{table.path}`: {axes.x.name} (x) and {axes.y.name} (y), {shown}."

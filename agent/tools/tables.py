"""Tables: describe a file, ask it with SQL, make a workbook."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from agent.core.ports import Planned, Progress, ToolError, ToolOutput, Workspace
from agent.tools import table_sources, table_text
from agent.tools.base import BaseTool, Input, workbench
from agent.tools.truncate import MAX_CHARS, counted, size

if TYPE_CHECKING:
    from agent.tools.database import Database

SAMPLE_ROWS = 5
MAX_ROWS = 1_000
MAX_TABLES = 20
EXACT_ROWS = 100_000
"""In larger tables, different values are estimated."""
_TABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")


def _table_names(tables: dict[str, str]) -> dict[str, str]:
    for name in tables:
        if not _TABLE_NAME.fullmatch(name) or name.startswith("_"):
            raise ValueError(f"“{name}” is no table name: use letters, digits and _, such as sales_2024")
    return tables


Tables = Annotated[dict[str, str], Field(min_length=1, max_length=MAX_TABLES), AfterValidator(_table_names)]
TABLES_TEXT = (
    'Which files the SQL sees, as {name: path}, e.g. {"sales": "sales.csv", "plan": "budget.xlsx#2024"}; '
    "#sheet chooses a sheet of a workbook. Forms: csv, tsv, txt, xlsx, json, jsonl, parquet."
)


class DescribeInput(Input):
    path: str = Field(description="The file: csv, tsv, txt, xlsx, json, jsonl or parquet.")
    sheet: str | None = Field(default=None, description="Sheet of a workbook; default: the first with content.")


class DescribeTable(BaseTool[DescribeInput]):
    """What is in a table."""

    name = "describe_table"
    description = (
        "Look at a table before working with it: rows, columns with types, missing values, range, the first rows, and "
        "how the file is written (encoding, delimiter, sheets)."
    )
    input = DescribeInput

    def plan(self, wanted: DescribeInput, workspace: Workspace) -> Planned:
        path, _ = table_sources.locate(workspace, _with_sheet(wanted))
        return Planned(f"Looking at the table {workspace.display(path)}", reads=(path,))

    def run(self, wanted: DescribeInput, workspace: Workspace, progress: Progress) -> ToolOutput:
        progress("Reading the table")
        with loaded(workspace, {"t": _with_sheet(wanted)}) as (database, (source,)):
            columns = [(name, kind) for name, kind, *_ in database.rows("DESCRIBE t")]
            ((count,),) = database.rows("SELECT count(*) FROM t")
            facts = [_facts(database, name, kind, count) for name, kind in columns]
            sample = list(database.rows(f"SELECT * FROM t LIMIT {SAMPLE_ROWS}"))  # noqa: S608 - a number
        with workspace.open(source.path) as file:
            total = file.seek(0, 2)
        head = f"{workspace.display(source.path)}: {counted(count, 'row')} × {counted(len(columns), 'column')} ({size(total)}, {source.form})"
        overview, told = table_text.table(
            ("column", "type", "missing", "different", "smallest", "largest"), facts, MAX_CHARS // 2
        )
        first, _ = table_text.table([name for name, _ in columns], sample, MAX_CHARS // 3)
        parts = [head, *(f"Note: {note}." for note in source.notes), "", overview]
        if told < len(columns):
            parts.append(f"[{told} of {len(columns)} columns; see the others with query_table: DESCRIBE t]")
        parts += [
            "",
            f"First rows ({len(sample)}):" if sample else "It has a header but no rows.",
            first if sample else "",
        ]
        return ToolOutput("\n".join(parts).rstrip())


class QueryInput(Input):
    sql: str = Field(description='One SELECT in DuckDB\'s SQL over the names in `tables`. Quote odd names: "Ø price".')
    tables: Tables = Field(description=TABLES_TEXT)
    limit: int = Field(default=50, ge=1, le=MAX_ROWS, description="Rows to show at most.")
    offset: int = Field(default=0, ge=0, description="Read on from this row, as a former output said.")


class QueryTable(BaseTool[QueryInput]):
    """SQL over files."""

    name = "query_table"
    description = (
        "Compute with tables: filter, join, group, pivot with one SELECT (DuckDB SQL; also DESCRIBE and SUMMARIZE). "
        "It sees only the named files and changes nothing. The result is a Markdown table with the true number of rows."
    )
    input = QueryInput

    def plan(self, wanted: QueryInput, workspace: Workspace) -> Planned:
        paths = sources_of(workspace, wanted.tables)
        return Planned(f"Computing with {', '.join(dict.fromkeys(map(workspace.display, paths)))}", reads=paths)

    def run(self, wanted: QueryInput, workspace: Workspace, progress: Progress) -> ToolOutput:
        progress("Reading the tables")
        with loaded(workspace, wanted.tables) as (database, sources):
            progress("Computing")
            result = database.query(wanted.sql)
            names = [column.name for column in result.columns]
            text, shown = table_text.table(names, result.rows(wanted.limit, wanted.offset))
            count = result.count
        notes = [f"Note: {workspace.display(source.path)}: {note}." for source in sources for note in source.notes]
        end = wanted.offset + shown
        rest = [f"[rows {wanted.offset + 1}–{end} of {count:,}; read on with offset={end}]"] if end < count else []
        return ToolOutput("\n".join([counted(count, "row"), "", text, *rest, *notes]))


@contextmanager
def loaded(
    workspace: Workspace, tables: Mapping[str, str]
) -> Iterator[tuple[Database, tuple[table_sources.Loaded, ...]]]:
    """A closed-off database that holds ``tables``. Raises `ToolError` where one cannot be read."""
    from agent.tools.database import Database

    with workbench(workspace) as bench, Database(bench, workspace) as database:
        sources = tuple(table_sources.load(database, workspace, bench, table, name) for table, name in tables.items())
        database.close_off()
        yield database, sources


def sources_of(workspace: Workspace, tables: Mapping[str, str]) -> tuple[Path, ...]:
    """The files that ``tables`` name."""
    return tuple(table_sources.locate(workspace, name)[0] for name in tables.values())


def _with_sheet(wanted: DescribeInput) -> str:
    if wanted.sheet is None:
        return wanted.path
    if not wanted.path.lower().endswith((".xlsx", ".xlsm")):
        raise ToolError(f"{wanted.path} has no sheets; leave out `sheet`.")
    return f"{wanted.path}#{wanted.sheet}"


def _facts(database: Database, name: str, kind: str, rows: int) -> tuple[str, str, int, int, object, object]:
    from agent.tools.database import quoted

    column = quoted(name)
    ordered = not kind.startswith(("STRUCT", "MAP", "UNION")) and not kind.endswith("]")
    least, most = (f"min({column})", f"max({column})") if ordered else ("NULL", "NULL")
    distinct_values = f"count(DISTINCT {column})" if rows <= EXACT_ROWS else f"approx_count_distinct({column})"
    query = f"SELECT count({column}), {distinct_values}, {least}, {most} FROM t"  # noqa: S608 - quoted
    ((present, distinct, low, high),) = database.rows(query)
    return name, kind.lower(), rows - present, min(distinct, present), low, high

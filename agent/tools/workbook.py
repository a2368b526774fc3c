"""Workbooks: the tool that writes them; `workbook_write` does the cells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from agent.core.ports import Planned, Progress, ToolError, ToolOutput, Workspace
from agent.tools import workbook_write
from agent.tools.base import BaseTool, Input, workbench
from agent.tools.file_changes import new_file, touch
from agent.tools.tables import TABLES_TEXT, Tables, loaded, sources_of
from agent.tools.truncate import counted, size

MAX_SHEETS = 50
MAX_GIVEN_ROWS = 5_000
_UNSAFE = re.compile(
    r"\b(WEBSERVICE|IMPORTXML|IMPORTHTML|IMPORTDATA|IMPORTFEED|IMAGE|RTD|CALL|REGISTER\.ID|EXEC|SQL\.REQUEST|FILTERXML)\s*\("
    r"|\[[^\]]*\][^!]*!|\|\s*'?[^!|]*!|^=\s*(DDE|cmd)\b",
    re.IGNORECASE,
)

Cell = str | bool | int | float | None


def _sheet_name(name: str) -> str:
    if not name.strip() or len(name) > 31 or re.search(r"[\[\]:*?/\\]", name) or name[0] == "'" or name[-1] == "'":  # noqa: PLR2004 - Excel's limit
        raise ValueError("must have 1 to 31 characters and none of [ ] : * ? / \\")
    return name


class Chart(Input):
    kind: Literal["bar", "column", "line", "pie", "scatter"]
    x: str = Field(description="Column with the categories (scatter: the horizontal values).")
    y: tuple[str, ...] = Field(min_length=1, max_length=10, description="Columns with the values, one series each.")
    title: str | None = None


class Sheet(Input):
    name: Annotated[str, AfterValidator(_sheet_name)]
    sql: str | None = Field(default=None, description="One SELECT whose result fills the sheet; needs `tables`.")
    tables: Tables | None = Field(default=None, description=TABLES_TEXT)
    columns: tuple[str, ...] | None = Field(
        default=None, description="Header, needed with `rows`; with `sql` it renames the result's columns."
    )
    rows: tuple[tuple[Cell, ...], ...] | None = Field(
        default=None,
        max_length=MAX_GIVEN_ROWS,
        description="Cells, in place of `sql`. Dates as YYYY-MM-DD. Text beginning with = is a formula; row 1 is the header.",
    )
    chart: Chart | None = Field(default=None, description="A native chart beside the table.")
    title: str | None = Field(default=None, description="A line above the table; the header is then in row 3.")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.sql is None) == (self.rows is None):
            raise ValueError(f"sheet “{self.name}” needs either `sql` with `tables`, or `columns` with `rows`")
        if self.sql is not None and not self.tables:
            raise ValueError(f"sheet “{self.name}” needs `tables` for its `sql`")
        if self.rows is not None:
            if not self.columns:
                raise ValueError(f"sheet “{self.name}” needs `columns`, the header of its `rows`")
            wrong = next((n for n, row in enumerate(self.rows) if len(row) != len(self.columns)), None)
            if wrong is not None:
                cells = len(self.rows[wrong])
                raise ValueError(f"sheet “{self.name}”: rows[{wrong}] has {cells} cells, `columns` {len(self.columns)}")
            for value in (value for row in self.rows for value in row if isinstance(value, str)):
                if value.startswith("=") and _UNSAFE.search(value):
                    raise ValueError(f"sheet “{self.name}”: the formula {value[:60]} reaches outside the workbook")
        return self


class WorkbookInput(Input):
    path: str = Field(description="Where to write, ending in .xlsx.")
    sheets: tuple[Sheet, ...] = Field(min_length=1, max_length=MAX_SHEETS)
    overwrite: bool = Field(default=False, description="Replace the file if it exists; it can be undone.")

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if not self.path.lower().endswith(".xlsx"):
            raise ValueError("`path` must end in .xlsx")
        names = [sheet.name.casefold() for sheet in self.sheets]
        if len(set(names)) < len(names):
            raise ValueError("two sheets have the same name")
        return self


class WriteWorkbook(BaseTool[WorkbookInput]):
    """Excel files."""

    name = "write_workbook"
    description = (
        "Make an Excel workbook. Each sheet is filled by `sql` over files (preferred: exact, any size) or by given "
        "`rows`. Cells keep real types; header, filter, widths and number formats are set; a chart can stand beside the "
        "table. The file is checked before it is placed. Refuses to replace a file unless overwrite is true."
    )
    input = WorkbookInput

    def plan(self, wanted: WorkbookInput, workspace: Workspace) -> Planned:
        target = new_file(workspace, wanted.path, overwrite=wanted.overwrite)
        reads = [path for sheet in wanted.sheets for path in sources_of(workspace, sheet.tables or {})]
        return Planned(
            f"Making the workbook {workspace.display(target)}", tuple(dict.fromkeys(reads)), (touch(target),)
        )

    def run(self, wanted: WorkbookInput, workspace: Workspace, progress: Progress) -> ToolOutput:
        (change,) = self.plan(wanted, workspace).touches
        with workbench(workspace) as bench:
            draft = bench / "draft.xlsx"
            with workbook_write.writer(draft) as book:
                lines = [line for sheet in wanted.sheets for line in _fill(book, sheet, workspace, progress)]
            progress("Checking the workbook")
            workbook_write.check(draft, book)
            workspace.put(draft, change.path)
            total = draft.stat().st_size
        head = f"Wrote {workspace.display(change.path)} ({size(total)}, {counted(len(wanted.sheets), 'sheet')}):"
        return ToolOutput("\n".join([head, *lines]), files=(change.path,))


def _fill(book: workbook_write.Writer, sheet: Sheet, workspace: Workspace, progress: Progress) -> Iterator[str]:
    progress(f"Filling the sheet {sheet.name}")
    chart = (
        workbook_write.ChartPlan(sheet.chart.kind, sheet.chart.x, sheet.chart.y, sheet.chart.title)
        if sheet.chart
        else None
    )
    if sheet.rows is not None:
        written = book.sheet(sheet.name, sheet.title, sheet.columns or (), iter(sheet.rows), chart, given=True)
    else:
        with loaded(workspace, sheet.tables or {}) as (database, sources):
            result = database.query(sheet.sql or "")
            names = sheet.columns or tuple(column.name for column in result.columns)
            if len(names) != len(result.columns):
                raise ToolError(
                    f"Sheet “{sheet.name}”: the result has {len(result.columns)} columns, `columns` {len(names)}."
                )
            if result.count > workbook_write.MAX_ROWS:
                raise ToolError(
                    f"Sheet “{sheet.name}”: {result.count:,} rows do not fit into Excel. Aggregate, or write csv."
                )
            written = book.sheet(
                sheet.name, sheet.title, names, _stopping(workspace, result.rows()), chart, given=False
            )
            if written.rows != result.count:
                raise ToolError(f"Sheet “{sheet.name}” lost rows on the way; the file was not placed. Try again.")
            written.notes.extend(f"{source.path.name}: {note}" for source in sources for note in source.notes)
    yield f"- {sheet.name}: {counted(written.rows, 'row')} × {counted(written.columns, 'column')}" + (
        f", {chart.kind} chart of {', '.join(chart.y)} by {chart.x}" if chart else ""
    )
    yield from (f"  Note: {note}." for note in dict.fromkeys(written.notes))


def _stopping(workspace: Workspace, rows: Iterator[tuple[object, ...]]) -> Iterator[tuple[object, ...]]:
    for number, row in enumerate(rows):
        if number % 1_000 == 0:
            workspace.checkpoint()
        yield row

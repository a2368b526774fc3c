"""Cells, formats and charts of a new workbook, with xlsxwriter; checked with openpyxl."""

from __future__ import annotations

import json
import math
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import Any, Literal

from agent.core.ports import ToolError

MAX_ROWS = 1_048_000
MAX_CELL_CHARS = 32_767
FIRST_YEAR = 1900
MAX_EXACT_INTEGER = 10**15
"""Excel keeps 15 digits; longer numbers become text."""
MEASURED_ROWS = 500
"""Rows whose content decides widths and number formats."""
MAX_CHARTED_ROWS = 2_000
_WIDEST = 60

_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_PLAIN_NUMBER = re.compile(r"(^|[^a-z])(year|jahr|id|nr|no|code|zip|plz|postcode|phone|年)([^a-z]|$)", re.IGNORECASE)
_YEARS = range(1000, 3000)

ChartKind = Literal["bar", "column", "line", "pie", "scatter"]


@dataclass(frozen=True, slots=True)
class ChartPlan:
    """A chart over columns of its sheet."""

    kind: ChartKind
    x: str
    y: tuple[str, ...]
    title: str | None


@dataclass(slots=True)
class Written:
    """What a sheet holds now."""

    name: str
    header: tuple[str, ...]
    header_row: int
    rows: int
    columns: int
    notes: list[str] = field(default_factory=list)


@contextmanager
def writer(path: Path) -> Iterator[Writer]:
    """A workbook that is complete at ``path`` when the block ends."""
    import xlsxwriter

    # rows go to disk as they come, so that a million of them need no memory
    book = xlsxwriter.Workbook(
        path, {"constant_memory": True, "tmpdir": str(path.parent), "default_date_format": "yyyy-mm-dd"}
    )
    open_writer = Writer(book)
    try:
        yield open_writer
    except BaseException:
        book.fileclosed = True  # half a workbook is not written
        raise
    book.close()


def check(path: Path, written: Writer) -> None:
    """Open the file again. Raises `ToolError` where it does not hold what was written."""
    import openpyxl

    book = openpyxl.load_workbook(path, read_only=True)
    try:
        for sheet in written.sheets:
            row = next(
                book[sheet.name].iter_rows(min_row=sheet.header_row + 1, max_row=sheet.header_row + 1, values_only=True)
            )
            last = book[sheet.name].max_row
            if tuple(map(str, row[: sheet.columns])) != sheet.header or last != sheet.header_row + 1 + sheet.rows:
                raise ToolError(f"The sheet “{sheet.name}” did not come out as planned; the file was not placed.")
    finally:
        book.close()
    with zipfile.ZipFile(path) as package:
        charts = sum(name.startswith("xl/charts/chart") for name in package.namelist())
    if charts != written.charts:
        raise ToolError("A chart is missing in the finished workbook; the file was not placed.")


class Writer:
    """Sheets of one workbook."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self.sheets: list[Written] = []
        self.charts = 0
        self._head = book.add_format(
            {"bold": True, "bg_color": "#1F3A5F", "font_color": "#FFFFFF", "text_wrap": True, "valign": "vcenter"}
        )
        self._title = book.add_format({"bold": True, "font_size": 14})
        self._formats: dict[str, Any] = {}

    def sheet(
        self,
        name: str,
        title: str | None,
        header: Sequence[str],
        rows: Iterator[Sequence[Any]],
        chart: ChartPlan | None,
        *,
        given: bool,
    ) -> Written:
        """Write one sheet. ``given``: cells come from the brain, so = makes a formula and ISO dates become dates."""
        top = 2 if title else 0
        header = tuple(text or f"column{number}" for number, text in enumerate(header))
        for wanted in (chart.x, *chart.y) if chart else ():
            if wanted not in header:
                raise ToolError(f"The chart of sheet “{name}” names “{wanted}”; its columns are {', '.join(header)}.")
        first = list(islice(rows, MEASURED_ROWS))
        sheet = self._book.add_worksheet(name)
        numbers = [_number_format(header[column], [row[column] for row in first]) for column in range(len(header))]
        for column, text in enumerate(header):
            shown = [_shown(row[column]) for row in first]
            width = min(_WIDEST, max([min(len(text), 30), 8, *map(len, shown)]) + 2)
            sheet.set_column(column, column, width)
        if title:
            sheet.write_string(0, 0, title, self._title)
        for column, text in enumerate(header):
            sheet.write_string(top, column, text, self._head)
        written = Written(name, header, top, 0, len(header))
        for row in chain(first, rows):
            written.rows += 1
            for column, value in enumerate(row):
                self._cell(sheet, top + written.rows, column, value, numbers[column], written, given=given)
        sheet.freeze_panes(top + 1, 0)
        if written.rows and header:
            sheet.autofilter(top, 0, top + written.rows, len(header) - 1)
        if chart is not None:
            self._chart(sheet, written, chart)
        self.sheets.append(written)
        return written

    def _cell(
        self, sheet: Any, row: int, column: int, value: Any, number: str, written: Written, *, given: bool
    ) -> None:
        match value:
            case None:
                if column == written.columns - 1:
                    sheet.write_blank(row, column, None, self._format("@"))  # the row exists, also when all is missing
            case bool():
                sheet.write_boolean(row, column, value)
            case int() if abs(value) >= MAX_EXACT_INTEGER:
                written.notes.append("numbers of more than 15 digits are written as text, which Excel would round")
                sheet.write_string(row, column, str(value))
            case int() | Decimal():
                sheet.write_number(row, column, value, self._format(number))
            case float():
                if math.isfinite(value):
                    sheet.write_number(row, column, value, self._format(number))
            case date() if value.year < FIRST_YEAR:
                sheet.write_string(row, column, str(value))
            case datetime():
                local = value.replace(tzinfo=None)
                midnight = local.time() == time(0)
                sheet.write_datetime(
                    row, column, local, self._format("yyyy-mm-dd" if midnight else "yyyy-mm-dd hh:mm:ss")
                )
            case date():
                sheet.write_datetime(row, column, value, self._format("yyyy-mm-dd"))
            case time() | timedelta():
                sheet.write_datetime(row, column, value, self._format("[hh]:mm:ss"))
            case str() if given and value.startswith("=") and len(value) > 1:
                # no value is stored: a program that does not compute shows nothing rather than a wrong 0
                sheet.write_formula(row, column, value, self._format(number if number != "General" else "#,##0.##"), "")
                written.notes.append("formulas show their values when the file is opened in Excel or LibreOffice")
            case str() if given and _ISO_DATE.fullmatch(value) and (parsed := _date(value)):
                sheet.write_datetime(row, column, parsed, self._format("yyyy-mm-dd"))
            case _:
                text = _shown(value)
                if len(text) > MAX_CELL_CHARS:
                    written.notes.append(f"texts were cut at {MAX_CELL_CHARS:,} characters, Excel's limit")
                sheet.write_string(row, column, text[:MAX_CELL_CHARS])

    def _chart(self, sheet: Any, written: Written, plan: ChartPlan) -> None:
        if written.rows == 0:
            written.notes.append("no chart, as there are no rows")
            return
        last = written.header_row + min(written.rows, MAX_CHARTED_ROWS)
        if written.rows > MAX_CHARTED_ROWS:
            written.notes.append(f"the chart shows the first {MAX_CHARTED_ROWS:,} rows")
        options: dict[str, str] = {"type": plan.kind}
        if plan.kind == "scatter":
            options["subtype"] = "marker_only"
        chart = self._book.add_chart(options)
        first = written.header_row + 1
        x = written.header.index(plan.x)
        for wanted in plan.y[:1] if plan.kind == "pie" else plan.y:
            y = written.header.index(wanted)
            chart.add_series(
                {
                    "name": [written.name, written.header_row, y],
                    "categories": [written.name, first, x, last, x],
                    "values": [written.name, first, y, last, y],
                }
            )
        chart.set_title({"name": plan.title or f"{', '.join(plan.y)} by {plan.x}"})
        if plan.kind != "pie":
            chart.set_x_axis({"name": plan.x})
            chart.set_y_axis({"name": plan.y[0] if len(plan.y) == 1 else ""})
            if len(plan.y) == 1:
                chart.set_legend({"none": True})
            if plan.kind == "bar":
                chart.set_y_axis({"name": plan.x, "reverse": True})
                chart.set_x_axis({"name": plan.y[0] if len(plan.y) == 1 else ""})
        height = max(320, min(900, 22 * written.rows)) if plan.kind == "bar" else 360
        chart.set_size({"width": 680, "height": height})
        sheet.insert_chart(written.header_row, written.columns + 1, chart)
        self.charts += 1

    def _format(self, number: str) -> Any:
        if number not in self._formats:
            self._formats[number] = self._book.add_format({"num_format": number})
        return self._formats[number]


def _number_format(name: str, values: Iterable[Any]) -> str:
    numbers = [float(v) for v in values if isinstance(v, int | float | Decimal) and not isinstance(v, bool)]
    numbers = [value for value in numbers if math.isfinite(value)]
    if not numbers:
        return "General"
    if all(value.is_integer() for value in numbers):
        plain = _PLAIN_NUMBER.search(name) or all(int(value) in _YEARS for value in numbers)
        return "0" if plain else "#,##0"
    return "#,##0.00" if max(map(abs, numbers)) >= 1 else "0.0000"


def _shown(value: Any) -> str:
    match value:
        case None:
            return ""
        case float():
            return f"{value:,.2f}"
        case dict() | list() | tuple():
            return json.dumps(value, ensure_ascii=False, default=str)
        case bytes():
            return value.hex()
        case _:
            return str(value)


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None

"""Excel workbooks read with openpyxl: one sheet becomes csv with exact column types, in bounded memory."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from xml.etree.ElementTree import ParseError

from agent.core.ports import ToolError

if TYPE_CHECKING:
    from openpyxl import Workbook

MAX_UNPACKED_BYTES = 1 << 30
HEADER_ROWS = 20
"""A header is looked for in the first rows: above it there may be a title."""
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_WIDE = 0.6


@dataclass(slots=True)
class Rows:
    """What a sheet held: header cells as written, column names, DuckDB types, remarks."""

    header: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@contextmanager
def opened(file: BinaryIO, *, formulas: bool = False) -> Iterator[Workbook]:
    """The workbook, read only; formulas show their stored values. Raises `ToolError` beginning with "is …"."""
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    check_package(file, "xlsx")
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=not formulas, keep_links=False)
    except (InvalidFileException, KeyError, ValueError, ParseError, zipfile.BadZipFile, OSError) as error:
        raise ToolError(
            "is damaged: it is no complete Excel workbook. Open and save it anew, then try again."
        ) from error
    try:
        yield book
    except (ParseError, zipfile.BadZipFile, KeyError) as error:
        raise ToolError("is damaged inside. Open and save it anew in Excel, then try again.") from error
    finally:
        book.close()


def check_package(file: BinaryIO, kind: str) -> None:
    """Raise `ToolError` (beginning with "is …") where an Office file is encrypted, old, no zip, or unpacks too large."""
    start = file.read(8)
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        rest = file.read(1 << 20)
        if _ENCRYPTED in rest:
            raise ToolError(f"is an encrypted {kind}: it needs its password. Save an unprotected copy and try again.")
        raise ToolError(f"is in Office's old format. Save it as {kind} and try again.")
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as package:
            unpacked = sum(item.file_size for item in package.infolist())
    except zipfile.BadZipFile as error:
        raise ToolError(f"is no {kind} file, whatever its name says, or it is damaged. Save it anew.") from error
    if unpacked > MAX_UNPACKED_BYTES:
        raise ToolError(f"would unpack to {unpacked >> 20} MB, which is too large. Save what is needed as csv.")
    file.seek(0)


def first_filled(book: Workbook) -> str:
    """The first sheet with a value in it, else the first."""
    for sheet in book.worksheets:
        for row in sheet.iter_rows(max_row=HEADER_ROWS, values_only=True):
            if any(value is not None for value in row):
                return sheet.title
    if not book.worksheets:
        raise ToolError("holds no sheet with cells, only charts.")
    return book.worksheets[0].title


def to_csv(sheet: Any, target: Path) -> Rows:
    """Write the rows below the header as csv; remember what every column holds."""
    sheet.reset_dimensions()  # some programs write wrong ones
    rows = (list(row) for row in sheet.iter_rows(values_only=True))
    head = list(islice(rows, HEADER_ROWS))
    start = _header_row(head)
    if start is None:
        return Rows()
    result = Rows()
    if start:
        result.notes.append(f"the header was found in row {start + 1}; what is above it was left out")
    width = max(filled(row) for row in head[start:])
    header = [_named(value) for value in head[start][:width]]
    kinds: list[set[str]] = [set() for _ in range(width)]
    errors = blank = 0
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        for row in chain(head[start + 1 :], rows):
            if (length := filled(row)) == 0:
                blank += 1
                continue
            if length > len(kinds):
                kinds.extend(set() for _ in range(length - len(kinds)))
            cells: list[str] = []
            for position, value in enumerate(row[:length]):
                kind, cell = _cell(value)
                errors += kind == "error"
                if kind not in {"none", "error"}:
                    kinds[position].add(kind)
                cells.append(cell)
            writer.writerow(cells)
    result.header = header + [""] * (len(kinds) - len(header))
    result.names = unique_names(result.header)
    result.types = [_type(kind) for kind in kinds]
    if errors:
        result.notes.append(f"{errors} cells hold an error such as #N/A and count as missing")
    return result


def unique_names(header: Sequence[str]) -> list[str]:
    """Column names as DuckDB makes them: blanks become column<number>, repeated ones get _1, _2, …"""
    names: list[str] = []
    taken: set[str] = set()
    for position, raw in enumerate(header):
        base = raw.strip() or f"column{position}"
        name, number = base, 0
        while name.casefold() in taken:
            number += 1
            name = f"{base}_{number}"
        taken.add(name.casefold())
        names.append(name)
    return names


def _header_row(head: list[list[Any]]) -> int | None:
    counts = [sum(value is not None for value in row) for row in head]
    if not any(counts):
        return None
    enough = max(1, int(max(counts) * _WIDE + 0.5))
    return next(number for number, count in enumerate(counts) if count >= enough)


def filled(row: Sequence[Any]) -> int:
    """How many cells there are up to the last one with a value."""
    return next((number for number in range(len(row), 0, -1) if row[number - 1] not in {None, ""}), 0)


def _named(value: Any) -> str:
    return "" if value is None else " ".join(str(value).split())


def _cell(value: Any) -> tuple[str, str]:
    match value:
        case None | "":
            return "none", ""
        case bool():
            return "bool", "true" if value else "false"
        case int():
            return ("int" if abs(value) < 1 << 63 else "float"), str(value)
        case float():
            return "float", repr(value)
        case datetime():
            midnight = value.time() == time(0)
            return ("date" if midnight else "datetime"), value.date().isoformat() if midnight else value.isoformat(" ")
        case date():
            return "date", value.isoformat()
        case time():
            return "time", value.isoformat()
        case timedelta():
            return "text", str(value)
        case str() if value.startswith("#") and value in _ERRORS:
            return "error", ""
        case _:
            return "text", str(value)


_ERRORS = frozenset({"#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!"})
_TYPES = (
    ({"bool"}, "BOOLEAN"),
    ({"int"}, "BIGINT"),
    ({"int", "float"}, "DOUBLE"),
    ({"date"}, "DATE"),
    ({"date", "datetime"}, "TIMESTAMP"),
    ({"time"}, "TIME"),
)


def _type(kinds: set[str]) -> str:
    return next((name for allowed, name in _TYPES if kinds and kinds <= allowed), "VARCHAR")

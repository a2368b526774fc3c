"""Small pictures of files for the phone, in the members of `agent.thread`'s ``Preview``."""

from __future__ import annotations

import csv
import os
import stat
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO

from agent import beneath
from agent.core.ports import ToolError
from agent.tools import table_text, text, workbook_read
from agent.tools.truncate import clip

GRID_ROWS = 20
GRID_COLUMNS = 8
CELL_CHARS = 80
TITLE_ROWS = 5
TEXT_CHARS = 4_000
MAX_IMAGE_BYTES = 1 << 20
MAX_COUNTED_BYTES = 256 << 20
"""Rows of larger files are not counted."""


def preview(path: Path) -> dict[str, Any] | None:
    """How the phone may show the file at the real path ``path``; None where there is nothing to show.

    ``total_rows`` counts the rows below the header. An image comes without its blob.
    """
    make = _MAKERS.get(path.suffix.lower())
    if make is None:
        return None
    try:
        descriptor = beneath.open_file(path)
        with os.fdopen(descriptor, "rb") as file:
            return make(file, path) if stat.S_ISREG(os.fstat(descriptor).st_mode) else None
    except (OSError, ToolError, csv.Error):
        return None


def _workbook(file: BinaryIO, _path: Path) -> dict[str, Any] | None:
    with workbook_read.opened(file) as book:
        name = workbook_read.first_filled(book)
        sheet = book[name]
        sheet.reset_dimensions()
        grid = _grid(sheet.iter_rows(values_only=True), count=True)
        others = len(book.sheetnames) - 1
    return {**grid, "note": name + (f" and {others} more sheets" if others else "")}


def _csv(file: BinaryIO, _path: Path) -> dict[str, Any] | None:
    size = file.seek(0, os.SEEK_END)
    codec = text.detect(file)
    if codec is None or size == 0:
        return None
    head = next(text.pieces(file, codec), "")
    first = head.split("\n", 1)[0]
    delimiter = max(",;\t|", key=first.count)
    lines = (line for piece in _lines(file, codec) for line in piece)
    return _grid(csv.reader(lines, delimiter=delimiter), count=size <= MAX_COUNTED_BYTES)


def _lines(file: BinaryIO, codec: str) -> Iterator[list[str]]:
    rest = ""
    for piece in text.pieces(file, codec):
        lines = (rest + piece).splitlines(keepends=True)
        rest = lines.pop() if lines and not lines[-1].endswith("\n") else ""
        yield lines
    yield [rest] if rest else []


def _grid(rows: Iterator[Sequence[Any]], *, count: bool) -> dict[str, Any]:
    rows = _from_header(rows)
    first = list(islice(rows, GRID_ROWS))
    grid = [[clip(table_text.cell(value), CELL_CHARS) for value in row[:GRID_COLUMNS]] for row in first]
    width = max(map(len, grid), default=0)
    result: dict[str, Any] = {"kind": "grid", "rows": [row + [""] * (width - len(row)) for row in grid]}
    if count:
        result["total_rows"] = max(0, len(first) - 1) + sum(1 for _ in rows)
    return result


def _from_header(rows: Iterator[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    """Leave out a title above the table: rows before the first with two filled cells, if there is one."""
    above = list(islice(rows, TITLE_ROWS))
    start = next((n for n, row in enumerate(above) if sum(cell not in {None, ""} for cell in row) > 1), 0)
    return chain(above[start:], rows)


def _text(file: BinaryIO, path: Path) -> dict[str, Any] | None:
    codec = text.detect(file)
    if codec is None:
        return None
    content = next(text.pieces(file, codec), "")
    kind = "markdown" if path.suffix.lower() in {".md", ".markdown"} else "text"
    return {"kind": kind, "text": clip(content, TEXT_CHARS)}


def _image(file: BinaryIO, _path: Path) -> dict[str, Any] | None:
    size = file.seek(0, os.SEEK_END)
    return {"kind": "image", "bytes": size} if size <= MAX_IMAGE_BYTES else None


_MAKERS = {
    ".xlsx": _workbook,
    ".csv": _csv,
    ".tsv": _csv,
    ".txt": _text,
    ".md": _text,
    ".markdown": _text,
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".gif", ".webp"), _image),
}

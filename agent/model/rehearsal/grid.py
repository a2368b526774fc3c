"""Markdown tables in tool results, and the little SQL that every job composes."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

_CELL = re.compile(r"((?:\\.|[^|\\])*)(?:\||$)")
_TOTAL = re.compile(r"([\d,]+) rows\b")
_RULE = re.compile(r"^\|?[\s:|-]*-{1,}[\s:|-]*\|?$")

SEPARATED_FROM = 10_000
ALIAS = "t"
"""What every query calls its table."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table as text: every row has as many cells as there are columns. ``total``: rows there are, shown or not."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    total: int = 0

    def dicts(self) -> list[dict[str, str]]:
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


EMPTY = Grid((), ())


def read_grids(text: str) -> list[Grid]:
    """All Markdown tables of a text, in order."""
    grids: list[Grid] = []
    lines = text.splitlines()
    number = 0
    while number + 1 < len(lines):
        if "|" in lines[number] and "|" in lines[number + 1] and _RULE.match(lines[number + 1].strip()):
            columns = _cells(lines[number])
            number += 2
            rows = []
            while number < len(lines) and lines[number].lstrip().startswith("|"):
                cells = _cells(lines[number])[: len(columns)]
                rows.append(cells + ("",) * (len(columns) - len(cells)))
                number += 1
            grids.append(Grid(columns, tuple(rows)))
        else:
            number += 1
    return grids


def read_answer(text: str) -> Grid:
    """A query's answer: the number of rows, then as many of them as fit, as a Markdown table."""
    found = next(iter(read_grids(text)), EMPTY)
    total = _TOTAL.match(text)
    return replace(found, total=int(total[1].replace(",", "")) if total else len(found.rows))


def _cells(line: str) -> tuple[str, ...]:
    inner = line.strip().removeprefix("|")
    cells = _CELL.findall(inner)
    return tuple(re.sub(r"\\(.)", r"\1", cell.strip()) for cell in cells[:-1] or cells)


def name(column: str) -> str:
    """A column's name as SQL."""
    return '"' + column.replace('"', '""') + '"'


def text(value: str) -> str:
    """A text as SQL."""
    return "'" + value.replace("'", "''") + "'"


def shown(cell: str) -> str:
    """A number as people read it: thousands separated from 10,000 on (below, it may be a year or a code), at most two
    decimals, three digits below 1. Other cells stay as they are.
    """
    try:
        value = float(cell.replace(",", ""))
    except ValueError:
        return cell
    if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124 - NaN is unlike itself
        return cell
    if value == int(value):
        return f"{int(value):,}" if abs(value) >= SEPARATED_FROM else str(int(value))
    return f"{value:,.2f}".rstrip("0").rstrip(".") if abs(value) >= 1 else f"{value:.3g}"


def escaped(cell: str) -> str:
    """A cell for a Markdown table."""
    return " ".join(cell.replace("|", "\\|").split())


def markdown(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table."""
    head = [f"| {' | '.join(map(escaped, columns))} |", "|" + "---|" * len(columns)]
    return "\n".join([*head, *(f"| {' | '.join(map(escaped, row))} |" for row in rows)])

"""Markdown tables in tool results, and the little SQL that every job composes."""

from __future__ import annotations

import re
from dataclasses import dataclass

_CELL = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r"^\|?[\s:|-]*-{1,}[\s:|-]*\|?$")

ALIAS = "t"
"""What every query calls its table."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table as text: every row has as many cells as there are columns."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

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


def read_grid(text: str) -> Grid:
    """The first Markdown table of a text; empty where there is none."""
    return next(iter(read_grids(text)), EMPTY)


def _cells(line: str) -> tuple[str, ...]:
    inner = line.strip().removeprefix("|")
    inner = inner[:-1] if inner.endswith("|") and not inner.endswith("\\|") else inner
    return tuple(cell.strip().replace("\\|", "|") for cell in _CELL.split(inner))


def name(column: str) -> str:
    """A column's name as SQL."""
    return '"' + column.replace('"', '""') + '"'


def text(value: str) -> str:
    """A text as SQL."""
    return "'" + value.replace("'", "''") + "'"


def shown(cell: str) -> str:
    """A number as people read it: thousands separated, at most two decimals (more below 1); other cells as they are."""
    try:
        value = float(cell.replace(",", ""))
    except ValueError:
        return cell
    if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124 - NaN is unlike itself
        return cell
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.2f}".rstrip("0").rstrip(".") if abs(value) >= 1 else f"{value:.3g}"


def escaped(cell: str) -> str:
    """A cell for a Markdown table."""
    return " ".join(cell.replace("|", "\\|").split())


def markdown(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table."""
    head = [f"| {' | '.join(map(escaped, columns))} |", "|" + "---|" * len(columns)]
    return "\n".join([*head, *(f"| {' | '.join(map(escaped, row))} |" for row in rows)])

"""Tables as text for the brain and for people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, time
from decimal import Decimal
from typing import Any

from agent.tools.truncate import MAX_CHARS, flat

MAX_CELL_CHARS = 200


def cell(value: Any) -> str:
    """A value on one line; missing is empty."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:.12g}"
        case Decimal():
            return f"{value.normalize():f}" if value.is_finite() else str(value)
        case datetime():
            return str(value.date()) if value.time() == time(0) and value.tzinfo is None else value.isoformat(" ")
        case dict() | list() | tuple():
            return flat(json.dumps(value, ensure_ascii=False, default=str), MAX_CELL_CHARS)
        case bytes():
            return f"({len(value)} bytes)"
        case _:
            return flat(str(value), MAX_CELL_CHARS)


def row(values: Iterable[Any]) -> str:
    """One line of a Markdown table."""
    cells = (cell(value).replace("\\", "\\\\").replace("|", "\\|") for value in values)
    return f"| {' | '.join(cells)} |"


def table(header: Sequence[str], rows: Iterable[Sequence[Any]], limit: int = MAX_CHARS) -> tuple[str, int]:
    """A Markdown table within ``limit`` characters, and how many rows it holds."""
    lines = [row(header), "|" + " --- |" * len(header)]
    room = limit - sum(map(len, lines))
    count = 0
    for values in rows:
        line = row(values)
        room -= len(line) + 1
        if room < 0:
            break
        lines.append(line)
        count += 1
    return "\n".join(lines), count

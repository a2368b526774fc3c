"""Conditions in words → SQL: numbers ("over 200"), values that stand in the table ("only Engineering"), yes/no columns."""
# ruff: noqa: S608 - names and texts are quoted by `grid`, and the database is closed off and only read

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agent.model.rehearsal import grid
from agent.model.rehearsal.tables import Column, Table, labels, pick, query
from agent.model.rehearsal.turn import Steps
from agent.model.rehearsal.words import parts
from agent.model.rehearsal.work import Work

_COMPARISONS = (
    (">=", r"at least|no less than|minimum of|from|>=|mindestens"),
    ("<=", r"at most|no more than|up to|maximum of|<=|höchstens"),
    (">", r"(?:more|greater|higher|larger|bigger|older|mehr|größer) (?:than|als)|over|above|exceed(?:s|ing)?|>|über"),
    ("<", r"(?:less|fewer|lower|smaller|younger|weniger|kleiner) (?:than|als)|under|below|<|unter"),
    ("=", r"equal(?:s| to)|exactly|is|=|of"),
)
_NUMBER = r"[$€£]?\s?(-?\d[\d,]*(?:\.\d+)?)\s*(?:%|percent)?"
_BETWEEN = re.compile(rf"\bbetween\s+{_NUMBER}\s+and\s+{_NUMBER}", re.IGNORECASE)
_SINGLE = re.compile(
    rf"(?<![\w<>=])(?:(?P<ge>{_COMPARISONS[0][1]})|(?P<le>{_COMPARISONS[1][1]})|(?P<gt>{_COMPARISONS[2][1]})|"
    rf"(?P<lt>{_COMPARISONS[3][1]})|(?P<eq>{_COMPARISONS[4][1]}))\s*{_NUMBER}(?![\w-])",
    re.IGNORECASE,
)
_SIGNS = {"ge": ">=", "le": "<=", "gt": ">", "lt": "<", "eq": "="}
_LEADS = re.compile(
    r"\b(?:only|where|with|in|for|from|of|is|are|=|called|named|just|among|within|nur|bei)\s+(?:the |a |an )?[“\"']?$",
    re.IGNORECASE,
)
_WITHOUT = re.compile(r"\b(?:without|no|not|non|aren['’]t|isn['’]t)[\s-]+(?:the |a |an |any )?$", re.IGNORECASE)
_COMPUTED = re.compile(
    r"\b(?:by|per|each|average|mean|median|sum|total|max|min|maximum|minimum|highest|lowest|number|count)(?: of)?(?: the)?\s+$",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?<![\d.,])(?:19|20)\d\d(?![\d.,]\d)(?!\s*%)$")
_NEAR_WORDS = 4
"""A comparison belongs to the column named at most this many words before or after it."""
_MIN_VALUE = 2


@dataclass(frozen=True, slots=True)
class Condition:
    """SQL, how it reads, and the words it was made from."""

    sql: str
    words: str
    said: str


def find_conditions(work: Work, table: Table, flags: Sequence[Column]) -> Steps[list[Condition]]:
    """All conditions of the wish; the newest line that has any counts. ``flags``: its yes/no columns."""
    for line in work.wish.text.splitlines():
        found = _comparisons(line, table)
        found += yield from _values(work, line, table)
        found += _yes_no(line, flags)
        if found:
            return found
    return []


def yes_no_columns(work: Work, table: Table) -> Steps[list[Column]]:
    """The columns whole names of which are said and that hold only 0 and 1, or true and false."""
    numbers = table.where(lambda column: column.numeric or column.type == "boolean")
    said = [column for column in numbers if any(_said(line, column) for line in work.wish.text.splitlines())]
    if not said:
        return []
    tests = ", ".join(
        f"bool_and(CAST({column.sql} AS VARCHAR) IN ('0', '1', '0.0', '1.0', 'true', 'false')) AS b{number}"
        for number, column in enumerate(said)
    )
    answer = yield from query(work, table, f"SELECT {tests} FROM {table.relation}")
    only = answer.rows[0] if answer.rows else ()
    return [column for column, cell in zip(said, only, strict=False) if cell == "true"]


def where(conditions: Sequence[Condition]) -> str:
    return f" WHERE {' AND '.join(condition.sql for condition in conditions)}" if conditions else ""


def without(text: str, conditions: Sequence[Condition]) -> str:
    """The text without the words conditions were made from."""
    for condition in conditions:
        text = text.replace(condition.said, " ")
    return text


def _comparisons(line: str, table: Table) -> list[Condition]:
    numbers = table.where(lambda column: column.numeric)
    found = []
    for match in _BETWEEN.finditer(line):
        if (column := _beside(line, match, numbers)) and not _is_time(match, column):
            low, high = (value.replace(",", "") for value in match.groups()[-2:])
            said = _with_column(line, match, column)
            found.append(
                Condition(f"{column.sql} BETWEEN {low} AND {high}", f"{column.name} between {low} and {high}", said)
            )
    for match in _SINGLE.finditer(line):
        sign = next(_SIGNS[name] for name, value in match.groupdict().items() if value)
        if (column := _beside(line, match, numbers)) and not _is_time(match, column):
            value = match.groups()[-1].replace(",", "")
            found.append(
                Condition(
                    f"{column.sql} {sign} {value}", f"{column.name} {sign} {value}", _with_column(line, match, column)
                )
            )
    return found


def _is_time(match: re.Match[str], column: Column) -> bool:
    """Whether the number is a year that the column does not hold."""
    return bool(_YEAR.search(match[0])) and "year" not in parts(column.name)


def _beside(line: str, match: re.Match[str], columns: Sequence[Column]) -> Column | None:
    """The column named right before a comparison, else right after it."""
    before = " ".join(line[: match.start()].split()[-_NEAR_WORDS:])
    after = " ".join(line[match.end() :].split()[:_NEAR_WORDS])
    for words in (before, after):
        if found := pick(words, columns):
            return found.column
    return None


def _with_column(line: str, match: re.Match[str], column: Column) -> str:
    """The comparison's words and those of its column's name that stand around it."""
    start, end = match.span()
    name = set(parts(column.name))
    while (word := re.search(r"(\w+)\s*$", line[:start])) and name & set(parts(word[1])):
        start = word.start()
    while (word := re.match(r"\s*(\w+)", line[end:])) and name & set(parts(word[1])):
        end += word.end()
    return line[start:end]


def _values(work: Work, line: str, table: Table) -> Steps[list[Condition]]:
    """Values of text columns that stand in the line after a word such as "only" or "in", or after their column's name."""
    columns = labels(table)
    if not columns:
        return []
    said = grid.text(" ".join(line.casefold().split()))
    queries = [
        f"SELECT DISTINCT {number} AS n, trim(CAST({column.sql} AS VARCHAR)) AS value FROM {table.relation} WHERE "
        f"length(trim(CAST({column.sql} AS VARCHAR))) >= {_MIN_VALUE} AND contains({said}, lower(trim(CAST({column.sql} AS VARCHAR))))"
        for number, column in enumerate(columns)
    ]
    found = yield from query(
        work,
        table,
        f"SELECT * FROM ({' UNION ALL '.join(queries)}) AS v ORDER BY length(value) DESC, n, value",
        limit=50,
    )
    conditions: list[Condition] = []
    taken = line
    for number, value in found.rows:
        column = columns[int(number)]
        place = re.search(rf"(?<!\w){re.escape(value)}(?!\w)", taken, re.IGNORECASE)
        if place and (
            _LEADS.search(taken[: place.start()]) or pick(" ".join(taken[: place.start()].split()[-2:]), [column])
        ):
            conditions.append(
                Condition(
                    f"lower(trim(CAST({column.sql} AS VARCHAR))) = {grid.text(value.casefold())}",
                    f"{column.name} = {value}",
                    place[0],
                )
            )
            taken = taken.replace(place[0], "\0")
    return _either(conditions)


def _either(conditions: list[Condition]) -> list[Condition]:
    """Several values of one column mean any of them."""
    by_column: dict[str, list[Condition]] = {}
    for condition in conditions:
        by_column.setdefault(condition.sql.split(" = ")[0], []).append(condition)
    return [
        same[0]
        if len(same) == 1
        else Condition(
            f"({' OR '.join(one.sql for one in same)})", " or ".join(one.words for one in same), same[0].said
        )
        for same in by_column.values()
    ]


def _yes_no(line: str, flags: Sequence[Column]) -> list[Condition]:
    """Yes/no columns that are wanted or not wanted, unless they are what is computed or grouped by."""
    found = []
    for column in flags:
        if (place := _said(line, column)) and not _COMPUTED.search(line[: place.start()]):
            no = _WITHOUT.search(line[: place.start()])
            words = f"{no[0] if no else ''}{place[0]}"
            found.append(
                Condition(
                    f"CAST({column.sql} AS INTEGER) = {int(not no)}", f"{column.name}: {'no' if no else 'yes'}", words
                )
            )
    return found


def _said(line: str, column: Column) -> re.Match[str] | None:
    """Where the whole name of a column stands in a line, words apart or together, also in the plural."""
    words = [re.escape(word) for word in parts(column.name)]
    return re.search(rf"(?<!\w){'[ _-]*'.join(words)}(?:s|es)?(?!\w)", line, re.IGNORECASE) if words else None

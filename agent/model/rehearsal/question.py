"""Questions to a table: top and bottom, averages and sums by group, counts, filters. SQL computes; nothing is guessed."""
# ruff: noqa: S608 - names and texts are quoted by `grid`, and the database is closed off and only read

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from agent.model.rehearsal import grid
from agent.model.rehearsal.asked import Asked, Group
from agent.model.rehearsal.filters import find_conditions, where, without, yes_no_columns
from agent.model.rehearsal.grid import Grid, shown
from agent.model.rehearsal.output import chart_input, free_path, write_workbook
from agent.model.rehearsal.sources import find_table
from agent.model.rehearsal.tables import MAX_ROWS, Column, Table, choose, entity, labels, pick, pick_newest, query
from agent.model.rehearsal.turn import Steps
from agent.model.rehearsal.understand import reread
from agent.model.rehearsal.words import counted, listed
from agent.model.rehearsal.work import GaveUp, Work

DEFAULT_TOP = 5
MAX_TOLD = 20
"""Rows told in the text; the spreadsheet has all."""
TIED_ROOM = 20
MAX_DETAILS = 3
"""Columns that tell a row where none names it."""
_VERBS = {"avg": "average", "median": "median", "sum": "total", "count": "number", "max": "highest", "min": "lowest"}


@dataclass(frozen=True, slots=True)
class Answer:
    """A query and how its result reads. ``value``: the column worth drawing over ``label``. ``used``: columns it is
    made from.
    """

    sql: str
    head: str
    value: str | None
    label: str | None
    used: tuple[str, ...]
    top: int | None = None
    single: bool = False


def question(work: Work) -> Steps[str]:
    """Answer a question to one table; as a spreadsheet and chart where wanted."""
    table = yield from find_table(work)
    if not table.columns:
        raise GaveUp(f"`{table.path}` has no columns I can read.", "no columns")
    work.next()
    flags = yield from yes_no_columns(work, table)
    conditions = yield from find_conditions(work, table, flags)
    text = without(_without_name(work.wish.text, table), conditions)
    asked = Asked(table, reread(text), tuple(conditions), tuple(flags))
    answer = yield from _plan(work, asked)
    work.next()
    limit = MAX_TOLD if answer.top is None else min(answer.top + TIED_ROOM, MAX_ROWS)
    found = yield from query(work, table, answer.sql, limit=limit)
    path = None
    if work.wish.sheet or work.wish.chart:
        path = yield from _write(work, table, answer)
    return _told(work, asked, answer, found, path)


def _without_name(text: str, table: Table) -> str:
    name = table.path.rsplit("/", 1)[-1]
    return re.sub(rf"(?:\b(?:in|from|of)\s+)?(?<!\w){re.escape(name)}", " ", text, flags=re.IGNORECASE)


def _plan(work: Work, asked: Asked) -> Steps[Answer]:
    wish, group = asked.wish, asked.group()
    if wish.aggregate == "count":
        return _count(asked, group)
    if wish.aggregate in {"avg", "median", "sum"} or (wish.aggregate and not wish.top) or (group and wish.most is None):
        return (yield from _aggregate(work, asked, group))
    if wish.most is not None or wish.top or asked.adjective or asked.judges:
        return (yield from _rank(work, asked))
    columns = asked.table.columns
    if not asked.conditions:
        raise GaveUp(
            f"I found `{asked.table.path}` but not what to compute from it. Its columns are "
            f"{listed([column.name for column in columns])}. Ask for instance for the top 5 by one of them, an average "
            "by group, or only the rows with some value.",
            "the question was not understood",
        )
    measure = next(iter(asked.table.where(lambda column: column.measure)), None)
    label = next(iter(labels(asked.table)), None)
    return Answer(
        f"SELECT * FROM {asked.table.relation}{where(asked.conditions)}",
        "These rows fit",
        measure.name if measure else None,
        label.name if label else None,
        used=tuple(column.name for column in columns),
    )


def _count(asked: Asked, group: Group | None) -> Answer:
    source = f"{asked.table.relation}{where(asked.conditions)}"
    if group:
        sql = f'SELECT {group.sql} AS {grid.name(group.name)}, count(*) AS "Number" FROM {source} GROUP BY 1'
        ordered, top = _sorted(asked, sql, "Number")
        return Answer(ordered, f"Rows per {group.name}", "Number", group.name, (group.name,), top)
    found = pick_newest(asked.wish.text, labels(asked.table))
    if asked.distinct and found:
        sql = f'SELECT count(DISTINCT {found.column.sql}) AS "Number" FROM {source}'
        name = found.column.name
        return Answer(sql, f"Different values of {name}", "Number", None, (name,), single=True)
    return Answer(f'SELECT count(*) AS "Number" FROM {source}', "Rows", "Number", None, (), single=True)


def _aggregate(work: Work, asked: Asked, group: Group | None) -> Steps[Answer]:
    function = asked.wish.aggregate or "sum"
    grouped = group is not None
    if group is None and asked.wish.most is not None and (who := asked.named_entity(labels(asked.table))):
        group = Group(who.sql, who.name)
    value = yield from _measure(work, asked, f"for the {_VERBS[function]}", grouped=grouped)
    name = f"{_VERBS[function]} {value.name}"
    head = f"{name[0].upper()}{name[1:]}"
    source = f"{asked.table.relation}{where(asked.conditions)}"
    if group is None:
        sql = f"SELECT {function}({value.sql}) AS {grid.name(name)} FROM {source}"
        return Answer(sql, head, name, None, (value.name,), single=True)
    sql = (
        f"SELECT {group.sql} AS {grid.name(group.name)}, {function}({value.sql}) AS {grid.name(name)}, "
        f'count({value.sql}) AS "Values" FROM {source} GROUP BY 1 HAVING count({value.sql}) > 0'
    )
    if group.in_time and asked.wish.most is None:
        ordered, top = f"{sql} ORDER BY 1", None
    else:
        ordered, top = _sorted(asked, sql, name)
    return Answer(ordered, f"{head} by {group.name}", name, group.name, (value.name, group.name), top)


def _rank(work: Work, asked: Asked) -> Steps[Answer]:
    """The first places by a number; where an entry has several rows and "most" is asked for, by its total."""
    table = asked.table
    top = work.wish.top or DEFAULT_TOP
    value = yield from _measure(work, asked, "to rank by")
    others = [column for column in table.columns if column is not value]
    who = asked.named_entity([column for column in others if not column.measure])
    if who is None:
        who = yield from entity(work, table, asked.wish.text)
    said = [who] if who else others[:MAX_DETAILS]
    source = f"{table.relation}{where(asked.conditions)}"
    name, inner = value.name, f"SELECT * FROM {source}"
    if who and asked.totals and (yield from _repeats(work, table, who)):
        name = f"total {value.name}"
        inner = f"SELECT {who.sql}, sum({value.sql}) AS {grid.name(name)} FROM {source} GROUP BY 1"
    most = asked.wants_most(value)
    columns = "".join(f", {column.sql}" for column in said)
    order = f"{grid.name(name)} {'DESC' if most else 'ASC'}"
    sql = (
        f'SELECT place AS "Place"{columns}, {grid.name(name)} FROM (SELECT *, rank() OVER (ORDER BY {order}) AS place '
        f"FROM ({inner}) AS source WHERE {grid.name(name)} IS NOT NULL) AS ranked WHERE place <= {top} ORDER BY place, 2"
    )
    used = (value.name, *(column.name for column in said))
    return Answer(sql, f"The {'highest' if most else 'lowest'} {name}", name, said[0].name if said else None, used, top)


def _repeats(work: Work, table: Table, who: Column) -> Steps[bool]:
    sql = f"SELECT count({who.sql}) > count(DISTINCT {who.sql}) AS repeats FROM {table.relation}"
    found = yield from query(work, table, sql)
    return bool(found.rows) and found.rows[0][0] == "true"


def _measure(work: Work, asked: Asked, purpose: str, *, grouped: bool = False) -> Steps[Column]:
    """The number column the words name; asked for where they name none, or several alike."""
    numbers = asked.table.where(lambda column: column.numeric)
    measures = asked.table.where(lambda column: column.measure) or numbers
    if not numbers:
        raise GaveUp(f"`{asked.table.path}` has no column with numbers, so there is nothing {purpose}.", "no numbers")
    unclear = ""
    for phrase, exact in asked.measure_phrases(grouped=grouped):
        found = pick(phrase, numbers)
        if found and not found.others:
            return found.column
        if found:
            return (yield from choose(work, phrase, [found.column, *found.others], purpose))
        unclear = unclear or (phrase if exact else "")
    if len(measures) == 1 and not unclear:
        return measures[0]
    return (yield from choose(work, unclear, measures, purpose))


def _sorted(asked: Asked, sql: str, value: str) -> tuple[str, int | None]:
    """Sorted by a value; only the first places where a number of them is wanted, ties included."""
    top = asked.wish.top if asked.wish.most is not None else None
    order = f"{grid.name(value)} {'ASC' if asked.wish.most is False else 'DESC'} NULLS LAST"
    if top is None:
        return f"{sql} ORDER BY {order}, 1", None
    places = f"SELECT * FROM ({sql}) AS grouped QUALIFY rank() OVER (ORDER BY {order}) <= {top}"
    return f"{places} ORDER BY {order}, 1", top


def _write(work: Work, table: Table, answer: Answer) -> Steps[str]:
    sheet: dict[str, Any] = {"name": "Answer", "sql": answer.sql, "tables": table.source, "title": answer.head}
    if work.wish.chart and answer.label and answer.value:
        sheet["chart"] = chart_input(work.wish.chart, answer.label, [answer.value], answer.head)
    path = yield from free_path(work, table.path, "answer", "xlsx")
    yield from write_workbook(work, path, [sheet])
    return path


def _told(work: Work, asked: Asked, answer: Answer, found: Grid, path: str | None) -> str:
    scope = f", {listed([condition.words for condition in asked.conditions])}" if asked.conditions else ""
    ignored = asked.ignored(answer.used)
    tail = [f"I did not take into account: {', '.join(ignored)}."] if ignored else []
    if not found.rows:
        return " ".join([f"Nothing in `{asked.table.path}` fits{scope}.", *tail])
    if path:
        drawn = work.wish.chart and answer.label and answer.value
        chart = f" with a {work.wish.chart} chart ({answer.label} across, {answer.value} up)" if drawn else ""
        tail.append(f"The spreadsheet{chart} is `{path}`.")
    if answer.single:
        value = shown(found.rows[0][0]) or "no value"
        return " ".join([f"{answer.head} in `{asked.table.path}`{scope}: **{value}**.", *tail])
    if found.total > MAX_TOLD:
        rest = "the spreadsheet has all" if path else "ask for a spreadsheet to have them all"
        tail.insert(0, f"These are {MAX_TOLD} of {found.total:,} rows; {rest}.")
    elif answer.top and found.total > answer.top:
        tail.insert(0, f"These are {counted(found.total, 'row')}, as the last place is shared.")
    rows = [tuple(map(shown, row)) for row in found.rows[:MAX_TOLD]]
    lines = [f"{answer.head}, from `{asked.table.path}`{scope}:", "", grid.markdown(found.columns, rows)]
    return "\n".join([*lines, *(["", " ".join(tail)] if tail else [])])

"""Which entries changed most between two times: ranked in SQL, written as a spreadsheet, told with the numbers."""
# ruff: noqa: S608 - names and texts are quoted by `grid`, and the database is closed off and only read

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from agent.model.rehearsal import grid
from agent.model.rehearsal.grid import Grid, shown
from agent.model.rehearsal.output import chart_input, free_path, overview_sql, write_workbook
from agent.model.rehearsal.periods import Chosen, choose, measures
from agent.model.rehearsal.sources import find_table
from agent.model.rehearsal.tables import MAX_ROWS, Column, Table, entity, is_bad, labels, pick_newest, query
from agent.model.rehearsal.tables import choose as choose_column
from agent.model.rehearsal.turn import Steps
from agent.model.rehearsal.understand import Wish
from agent.model.rehearsal.words import counted, listed
from agent.model.rehearsal.work import GaveUp, Work

DEFAULT_TOP = 5
MAX_TIED = 20
"""Entries listed beyond the wanted number because they share the last place."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is ranked: ``amount`` is SQL that is larger the more an entry changed in the wanted sense."""

    source: str
    entity: str
    earlier: str
    later: str
    amount: str
    earlier_name: str
    later_name: str
    word: str
    sense: str


def change(work: Work) -> Steps[str]:
    """Rank the entries of a table by their change from the earlier to the later time."""
    wish = work.wish
    table = yield from find_table(work)
    work.next()
    found = measures(table.columns)
    chosen = choose(wish.text, found) if found else None
    if chosen:
        who = yield from entity(work, table, wish.text)
        if who is None:
            raise GaveUp(
                f"`{table.path}` has no column that names its rows, so I cannot rank them.", "no naming column"
            )
        plan = _wide(wish, table, chosen, who)
        note = _choice(chosen)
    else:
        plan, who = yield from _long(work, table)
        note = ""
    work.next()
    top = wish.top or DEFAULT_TOP
    ranked = yield from query(work, table, _ranking(plan, top), limit=min(top + MAX_TIED, MAX_ROWS))
    if not ranked.rows:
        return f"No {who.name} in `{table.path}` {plan.word} by {plan.sense}. {note}".strip()
    left_out = yield from _left_out(work, table, plan)
    path = None
    if wish.sheet or wish.chart:
        work.next()
        path = yield from _write(work, table, plan, who, chosen, top)
    if left_out:
        yield from work.not_done(f"{counted(left_out, 'row')} left out of the ranking: a number is missing")
    return _told(wish, table, plan, ranked, top, note, path)


def _wide(wish: Wish, table: Table, chosen: Chosen, who: Column) -> Change:
    first, last = chosen.measure.between(wish.text.lower())
    return _change(
        wish, chosen.measure.name or "the value", table.relation, who.sql, first.sql, last.sql, first.name, last.name
    )


def _long(work: Work, table: Table) -> Steps[tuple[Change, Column]]:
    """A table with one row per entry and time: the first and the last time of each are compared."""
    wish = work.wish
    times = table.where(lambda column: column.temporal or "year" in column.name.lower())
    values = table.where(lambda column: column.measure)
    if not times or not values or not labels(table):
        names = ", ".join(column.name for column in table.columns)
        raise GaveUp(
            f"I cannot see a change over time in `{table.path}`: no two columns hold one measure at two times, and there "
            f"is no time column beside names and numbers. Its columns are {names}.",
            "no two times to compare",
        )
    named = pick_newest(wish.text, values)
    value = (
        named.column if named and not named.others else (yield from choose_column(work, "", values, "for the ranking"))
    )
    who = yield from entity(work, table, wish.text)
    if who is None:
        raise GaveUp(f"`{table.path}` has no column that names its rows.", "no naming column")
    when = times[0]
    source = (
        f"(SELECT {who.sql} AS who, arg_min(value, moment) AS earlier, arg_max(value, moment) AS later FROM "
        f"(SELECT {who.sql}, {when.sql} AS moment, sum({value.sql}) AS value FROM {table.relation} "
        f"WHERE {value.sql} IS NOT NULL GROUP BY ALL) GROUP BY ALL HAVING count(*) > 1) AS pairs"
    )
    first, last = f"{value.name}, first {when.name}", f"{value.name}, last {when.name}"
    return _change(wish, value.name, source, "who", "earlier", "later", first, last), who


def _change(
    wish: Wish, measure: str, source: str, who: str, first: str, last: str, first_name: str, last_name: str
) -> Change:
    falls = is_bad(measure) if wish.better is not None else not wish.most
    if wish.better is False:
        falls = not falls
    gain = f"({first} - {last})" if falls else f"({last} - {first})"
    if wish.relative:
        gain = f"(100.0 * {gain} / NULLIF(abs({first}), 0))"
    word = {True: "improved", False: "worsened", None: "fell" if falls else "rose"}[wish.better]
    sense = f"{'fewer or lower' if falls else 'more or higher'} {measure}{' in percent' if wish.relative else ''}"
    return Change(source, who, first, last, gain, first_name, last_name, word, sense)


def _ranking(plan: Change, top: int | None) -> str:
    """Places with ties: equal changes share a place; names settle only the order of the lines."""
    cut = f" WHERE place <= {top}" if top else ""
    return (
        f"SELECT place, who, earlier, later, change FROM (SELECT rank() OVER (ORDER BY {plan.amount} DESC) AS place, "
        f"{plan.entity} AS who, {plan.earlier} AS earlier, {plan.later} AS later, {plan.amount} AS change "
        f"FROM {plan.source} WHERE {plan.amount} > 0) AS ranked{cut} ORDER BY place, who"
    )


def _left_out(work: Work, table: Table, plan: Change) -> Steps[int]:
    result = yield from query(work, table, f"SELECT count(*) AS n FROM {plan.source} WHERE {plan.amount} IS NULL")
    return int(result.rows[0][0].replace(",", "")) if result.rows else 0


def _write(work: Work, table: Table, plan: Change, who: Column, chosen: Chosen | None, top: int) -> Steps[str]:
    headings = (
        f'SELECT place AS "Place", who AS {who.sql}, earlier AS {grid.name(plan.earlier_name)}, '
        f'later AS {grid.name(plan.later_name)}, change AS "Change" FROM ({{}})'
    )
    ranking: dict[str, Any] = {
        "name": f"Top {top}",
        "sql": headings.format(_ranking(plan, top)) + ' ORDER BY "Place", 2',
        "tables": table.source,
        "title": f"{who.name}: {plan.word} most, {plan.sense}",
    }
    if work.wish.chart:
        ranking["chart"] = chart_input(work.wish.chart, who.name, ["Change"], ranking["title"])
    sheets = [
        ranking,
        {"name": "All", "sql": headings.format(_ranking(plan, None)) + ' ORDER BY "Place", 2', "tables": table.source},
    ]
    if chosen and chosen.others:
        pairs = [(measure.name or "value", *measure.between("")) for measure in (chosen.measure, *chosen.others)]
        columns = ", ".join(
            f"{first.sql}, {last.sql}, {last.sql} - {first.sql} AS {grid.name('Difference in ' + name)}"
            for name, first, last in pairs
        )
        sheets.append(
            {
                "name": "All measures",
                "sql": f"SELECT {who.sql}, {columns} FROM {table.relation} ORDER BY 1",
                "tables": table.source,
            }
        )
    sheets.append({"name": "Summary of columns", "sql": overview_sql(table), "tables": table.source})
    path = yield from free_path(work, table.path, f"top {top} {plan.word}", "xlsx")
    yield from write_workbook(work, path, sheets)
    return path


def _choice(chosen: Chosen) -> str:
    names = [other.name for other in chosen.others]
    if not names:
        return ""
    reason = "as you named it" if chosen.named else "the first of the measures in the table, as you named none"
    return f"I ranked by {chosen.measure.name} ({reason}); it could also be {listed(names, 'or')}."


def _told(wish: Wish, table: Table, plan: Change, ranked: Grid, top: int, note: str, path: str | None) -> str:
    lines = []
    places = [row[0] for row in ranked.rows]
    unit = "%" if wish.relative else ""
    for place, name, earlier, later, amount in ranked.rows:
        tied = " (tied)" if places.count(place) > 1 else ""
        lines.append(f"{place}. {name}: {shown(earlier)} → {shown(later)} ({plan.word} by {shown(amount)}{unit}){tied}")
    more = ranked.total - top
    if more > 0:
        cut = (
            f"; {ranked.total - len(ranked.rows)} of them are not listed here"
            if ranked.total > len(ranked.rows)
            else ""
        )
        lines.append(f"These are {ranked.total:,}, as the last place is shared{cut}.")
    elif more < 0 and wish.top:
        lines.append(f"Only {counted(len(ranked.rows), 'entry')} {plan.word} at all.")
    span = f"from {plan.earlier_name} to {plan.later_name}"
    head = f"Of `{table.path}`, these {plan.word} most, counted as {plan.sense}, {span}:"
    tail = [note] if note else []
    if path:
        tail.append(f"The spreadsheet is `{path}`.")
    return "\n".join([head, "", *lines, *(["", " ".join(tail)] if tail else [])])

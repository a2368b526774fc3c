"""Jobs on tables, on generated files, against answers computed here in plain Python."""

from __future__ import annotations

import re
import statistics
from collections import defaultdict
from pathlib import Path

import openpyxl
import pytest

from agent.model.rehearsal.grid import read_grids
from tests.rehearsal.tables import Periods, periods_table, ranked, sales_table, write_csv

SEEDS = range(3)
LINE = re.compile(r"^(\d+)\. (\S+): ([\d,.]+) → ([\d,.]+) \((\w+) by ([\d,.]+)(%?)\)", re.MULTILINE)


def told(text: str) -> list[tuple[int, str, float]]:
    return [(int(m[0]), m[1], float(m[5].replace(",", ""))) for m in LINE.findall(text)]


def sheet(path: Path, name: str) -> list[list[object]]:
    book = openpyxl.load_workbook(path)
    rows = [list(row) for row in book[name].iter_rows(values_only=True)]
    book.close()
    return rows


def rises(table: Periods, measure: str) -> dict[str, float]:
    return {
        name: later - earlier
        for name, (earlier, later) in table.values[measure].items()
        if earlier is not None and later is not None
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_who_improved_most_where_more_is_better(loop, seed):
    table = periods_table(loop.folder, seed)
    done = loop(f"Summarise {table.file} as a spreadsheet: which five {table.entity}s improved most?")

    expected = ranked(rises(table, table.measures[0]), 5)
    assert told(done.text) == expected
    (wrote,) = done.inputs("write_workbook")
    assert f"`{wrote['path']}`" in done.text
    rows = sheet(loop.folder / wrote["path"], "Top 5")
    earlier, later = table.columns[table.measures[0]]
    assert rows[2] == ["Place", table.entity, earlier, later, "Change"]
    assert [(row[0], row[1], row[4]) for row in rows[3:]] == expected
    assert [tuple(row[2:4]) for row in rows[3:]] == [table.values[table.measures[0]][name] for _, name, _ in expected]
    assert table.measures[1] in done.text, "the alternative is named"
    assert [line["state"] for line in done.plan] == ["done"] * 4
    assert done.failures == []


@pytest.mark.parametrize(("seed", "bad"), [(3, "incidents"), (4, "delay"), (5, "fatalities"), (6, "cost")])
def test_fewer_is_better_for_what_people_want_less_of(loop, seed, bad):
    table = periods_table(loop.folder, seed, measures=["visitors", bad])
    done = loop(f"Which 3 {table.entity} improved most in {bad}? ({table.file})")

    assert told(done.text) == ranked({name: -change for name, change in rises(table, bad).items()}, 3)
    assert "as you named it" in done.text


@pytest.mark.parametrize(
    ("words", "sign", "measure"),
    [("whose {1} fell most", -1, 1), ("that got worse by {0}", -1, 0), ("with the biggest increase in {1}", 1, 1)],
)
def test_other_directions(loop, words, sign, measure):
    table = periods_table(loop.folder, 4)
    done = loop(f"top 4 {table.entity} {words.format(*table.measures)} in {table.file}")

    assert told(done.text) == ranked({n: sign * c for n, c in rises(table, table.measures[measure]).items()}, 4)


def test_improvement_in_percent(loop):
    table = periods_table(loop.folder, 1)
    done = loop(f"which 3 improved most in percent? {table.file}")

    pairs = table.values[table.measures[0]]
    shares = {name: 100 * (later - earlier) / earlier for name, (earlier, later) in pairs.items() if earlier}
    expected = ranked(shares, 3)
    assert [(place, name) for place, name, _ in told(done.text)] == [(place, name) for place, name, _ in expected]
    assert [change for *_, change in told(done.text)] == pytest.approx([c for *_, c in expected], rel=1e-2)


def test_missing_numbers_are_left_out_and_said(loop):
    table = periods_table(loop.folder, 3, gaps=2)
    done = loop(f"which 5 improved most? {table.file}")

    assert told(done.text) == ranked(rises(table, table.measures[0]), 5)
    assert done.not_done == ["2 rows left out of the ranking: a number is missing"]


def test_a_tie_at_the_last_place_is_shared_and_said(loop):
    write_csv(loop.folder / "t.csv", ["name", "x_old", "x_new"], [["a", 1, 9], ["b", 1, 5], ["c", 2, 6], ["d", 1, 2]])
    done = loop("which two improved most? t.csv")

    assert told(done.text) == [(1, "a", 8), (2, "b", 4), (2, "c", 4)]
    assert done.text.count("(tied)") == 2
    assert "the last place is shared" in done.text


def test_fewer_improved_than_were_asked_for(loop):
    write_csv(loop.folder / "t.csv", ["name", "x_old", "x_new"], [["a", 1, 9], ["b", 9, 5], ["c", 6, 6]])
    done = loop("which five improved most? t.csv")

    assert told(done.text) == [(1, "a", 8)]
    assert "Only 1 entry improved at all" in done.text


def test_change_in_a_table_with_one_row_per_time(loop):
    rows = [["a", 2001, 5], ["a", 2003, 9], ["a", 2002, 50], ["b", 2001, 7], ["b", 2003, 8], ["c", 2001, 1]]
    write_csv(loop.folder / "long.csv", ["town", "year", "trees"], rows)
    done = loop("which towns gained most trees? long.csv")

    assert told(done.text) == [(1, "a", 4), (2, "b", 1)]


def test_no_two_times_is_said(loop):
    write_csv(loop.folder / "t.csv", ["name", "x"], [["a", 1]])
    done = loop("which improved most? t.csv")

    assert "no two columns" in done.text
    assert done.plan[-1]["state"] == "skipped"
    assert done.inputs("write_workbook") == []


def grid_rows(text: str) -> list[list[str]]:
    return [list(row) for row in read_grids(text)[0].rows]


def number(cell: str) -> float:
    return float(cell.replace(",", ""))


@pytest.mark.parametrize(
    ("words", "function"),
    [("average", statistics.mean), ("total", sum), ("median", statistics.median), ("maximum", max), ("minimum", min)],
)
def test_aggregates_by_group(loop, words, function):
    data = sales_table(loop.folder, len(words))
    done = loop(f"{words} {data.amount} by {data.region} in {data.file}")

    groups = defaultdict(list)
    for row in data.rows:
        groups[row[1]].append(row[3])
    found = {row[0]: number(row[1]) for row in grid_rows(done.text)}
    assert found == pytest.approx({name: function(values) for name, values in groups.items()}, rel=1e-2)
    assert "did not take into account" not in done.text


@pytest.mark.parametrize("seed", SEEDS)
def test_counts_filters_and_totals(loop, seed):
    data = sales_table(loop.folder, seed)
    region = data.rows[0][1]

    counted = loop(f"how many rows per {data.shop} in {data.file}").text
    over = loop(f"how many rows in {data.file} have {data.units} over 20 and {data.region} {region}?").text
    most = loop(f"which 2 {data.shop} sold most {data.units} in {data.file}").text
    only = loop(f"average {data.amount} in {data.file}, only {region}").text

    shops, units = defaultdict(int), defaultdict(int)
    for row in data.rows:
        shops[row[0]] += 1
        units[row[0]] += row[4]
    assert {row[0]: int(row[1]) for row in grid_rows(counted)} == shops
    assert f"**{sum(row[4] > 20 and row[1] == region for row in data.rows)}**" in over
    best = sorted(units.items(), key=lambda pair: -pair[1])
    expected = [pair for pair in best if pair[1] >= best[1][1]]
    assert sorted((row[1], int(row[2])) for row in grid_rows(most)) == sorted(expected)
    mean = statistics.mean(row[3] for row in data.rows if row[1] == region)
    assert number(re.search(r"\*\*(.+)\*\*", only)[1]) == pytest.approx(mean, abs=0.01)


def test_by_month(loop):
    data = sales_table(loop.folder, 2)
    done = loop(f"total {data.units} per month in {data.file}")

    months = defaultdict(int)
    for row in data.rows:
        months[row[2][:7]] += row[4]
    assert [(row[0][:7], int(row[1])) for row in grid_rows(done.text)] == sorted(months.items())


def test_yes_no_columns_filter(loop):
    rows = [["a", 1, 0, 10], ["b", 1, 1, 20], ["c", 0, 1, 40], ["d", 0, 0, 80]]
    write_csv(loop.folder / "sweets.csv", ["sweet", "nutty", "fruity", "points"], rows)

    assert "**15**" in loop("average points of nutty sweets").text
    assert "**80**" in loop("total points without nutty and not fruity").text
    assert [row[1] for row in grid_rows(loop("top 5 sweets by points, only fruity").text)] == ["c", "b"]
    grouped = grid_rows(loop("average points by nutty").text)
    assert {row[0]: float(row[1]) for row in grouped} == {"0": 60, "1": 15}


def test_words_that_were_not_used_are_said(loop):
    write_csv(loop.folder / "shops.csv", ["shop", "points"], [["a", 1], ["b", 3]])
    done = loop("average points of shops in Lisbon")

    assert "**2**" in done.text
    assert "I did not take into account: Lisbon." in done.text


def test_an_unknown_column_is_asked_for_with_choices(loop):
    data = sales_table(loop.folder, 1)
    done = loop(f"average salary in {data.file}", answers=[data.units])

    (asked,) = done.asked
    assert "“salary”" in asked["question"]
    assert asked["choices"] == [data.amount, data.units]
    assert f"**{statistics.mean(row[4] for row in data.rows):.2f}".rstrip("0") in done.text


def test_the_file_is_found_by_its_columns_or_asked_for(loop):
    write_csv(loop.folder / "a1.csv", ["plant", "height"], [["oak", 20], ["fir", 30]])
    write_csv(loop.folder / "b2.csv", ["boat", "speed"], [["x", 5], ["y", 7]])

    by_columns = loop("which plant has the highest height")
    asked = loop("top 1 of the list", answers=["b2.csv"])

    assert "`a1.csv`" in by_columns.text
    assert "| 1 | fir | 30 |" in by_columns.text
    assert asked.asked[0]["choices"] == ["a1.csv", "b2.csv"]
    assert "| 1 | y | 7 |" in asked.text


def test_a_year_tells_files_apart_but_names_none(loop):
    write_csv(loop.folder / "sales 2023.csv", ["shop", "n"], [["a", 1]])
    write_csv(loop.folder / "sales 2024.csv", ["shop", "n"], [["a", 2]])
    write_csv(loop.folder / "2030 boats.csv", ["boat", "n"], [["x", 9]])

    assert "**2**" in loop("total n in the sales of 2024").text
    assert loop("total n in 2030", answers=["sales 2023.csv"]).asked


def test_odd_names(loop):
    header = ['Ø "price", $', "who?  (full\u00a0name)", "a|b"]
    write_csv(loop.folder / "odd names (2).csv", header, [[5, "O'Neil | sons", 1], [9, "Ünal", 2]])
    done = loop('top 1 by price in "odd names (2).csv"')

    assert "| 1 | Ünal | 9 |" in done.text


@pytest.mark.parametrize(
    ("kind", "words"), [("bar", "make that a bar chart"), ("line", "as a line chart"), ("pie", "pie chart")]
)
def test_a_chart_into_the_last_result(loop, kind, words):
    table = periods_table(loop.folder, 5)
    first = loop(f"Summarise {table.file} as a spreadsheet: which five {table.entity} improved most?")
    path = first.inputs("write_workbook")[0]["path"]
    before = openpyxl.load_workbook(loop.folder / path)
    done = loop(f"{words}\nFiles: {path}")

    (given,) = done.inputs("write_workbook")
    assert given["overwrite"] is True
    assert given["path"] == path
    charts = [one["chart"] for one in given["sheets"] if "chart" in one]
    assert [(chart["kind"], chart["x"], chart["y"]) for chart in charts] == [(kind, table.entity, ["Change"])]
    after = openpyxl.load_workbook(loop.folder / path)
    assert after.sheetnames == before.sheetnames
    assert [len(after[name]._charts) for name in after.sheetnames] == [1] + [0] * (len(after.sheetnames) - 1)
    for name in after.sheetnames:
        assert list(after[name].values)[-3:] == list(before[name].values)[-3:]
    assert f"{table.entity} (x) and Change (y)" in done.text


def test_a_chart_without_a_file_asks_which(loop):
    data = sales_table(loop.folder, 1)
    write_csv(loop.folder / "zz.csv", ["boat", "speed"], [["x", 5], ["y", 7]])
    done = loop("Make a chart", answers=["zz.csv"])

    assert done.asked[0]["choices"] == sorted([data.file, "zz.csv"])
    assert done.inputs("write_workbook")[0]["sheets"][0]["chart"]["y"] == ["speed"]


def test_a_ranking_as_a_chart(loop):
    data = sales_table(loop.folder, 3)
    done = loop(f"top 3 {data.shop} by highest {data.amount} in {data.file} as a bar chart")

    (given,) = done.inputs("write_workbook")
    rows = sheet(loop.folder / given["path"], "Answer")
    assert [row[2] for row in rows[3:]] == sorted((row[3] for row in data.rows), reverse=True)[:3]
    assert given["sheets"][0]["chart"]["y"] == [data.amount]


def test_two_tables_are_compared_cell_by_cell(loop):
    write_csv(loop.folder / "old.csv", ["id", "name", "n"], [[1, "a", 5], [2, "b", 6], [3, "c", 7]])
    write_csv(loop.folder / "new.csv", ["id", "name", "n"], [[1, "a", 5], [3, "c", 8], [4, "d", 9]])
    done = loop("compare old.csv and new.csv as a spreadsheet")

    assert "- Only in the first: 1" in done.text
    assert "- Cells that differ: 1" in done.text
    assert "| 3 | n | 7 | 8 |" in done.text
    path = loop.folder / done.inputs("write_workbook")[0]["path"]
    assert sheet(path, "Only in the first")[1:] == [[2, "b", 6]]
    assert sheet(path, "Only in the second")[1:] == [[4, "d", 9]]


def test_a_table_becomes_a_spreadsheet(loop):
    data = sales_table(loop.folder, 1)
    done = loop(f"convert {data.file} to excel")

    rows = sheet(loop.folder / data.file.replace(".csv", ".xlsx"), "Data")
    assert len(rows) == 121
    assert "120 rows" in done.text


def test_a_summary_of_a_table(loop):
    data = sales_table(loop.folder, 1)
    text = loop(f"summarise {data.file}").text

    values = [row[4] for row in data.rows]
    assert "120 rows and 5 columns" in text
    assert f"- {data.units}: {min(values)} to {max(values)}, average {statistics.mean(values):.2f}".rstrip("0") in text
    assert f"- {data.region}: {len({row[1] for row in data.rows})} different values" in text


def test_a_new_file_never_takes_the_name_of_another(loop):
    table = periods_table(loop.folder, 0)
    brief = f"which two improved most? {table.file} as a spreadsheet"
    paths = [loop(brief).inputs("write_workbook")[0]["path"] for _ in range(3)]

    assert len(set(paths)) == 3
    assert paths[1].endswith(" 2.xlsx")

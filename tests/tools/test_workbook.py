"""Workbooks as Excel would find them."""

import zipfile
from datetime import datetime
from typing import Any

import openpyxl
import pytest

from agent.core.ports import ToolError
from agent.tools import workbook_write


def test_a_workbook_from_sql_has_types_styles_and_a_chart(desk: Any):
    desk.copy("airline-safety.csv")
    desk.file("days.csv", "day,share,year\n2024-01-31,0.25,2024\n2024-02-29,0.5,2023\n")
    output = desk.use(
        "write_workbook",
        path="out/Report [1].xlsx",
        sheets=[
            {
                "name": "Worst",
                "sql": "SELECT airline, fatalities_85_99 AS deaths, avail_seat_km_per_week km FROM a ORDER BY 2 DESC LIMIT 10",
                "tables": {"a": "airline-safety.csv"},
                "chart": {"kind": "bar", "x": "airline", "y": ["deaths"], "title": "Deaths"},
            },
            {"name": "Days", "title": "By day", "sql": "FROM d", "tables": {"d": "days.csv"}},
        ],
    )

    assert output.text.splitlines()[1:] == [
        "- Worst: 10 rows × 3 columns, bar chart of deaths by airline",
        "- Days: 2 rows × 3 columns",
    ]
    assert output.files == (desk.folder / "out/Report [1].xlsx",)
    book = openpyxl.load_workbook(output.files[0])
    worst = book["Worst"]
    assert [cell.value for cell in worst[1]] == ["airline", "deaths", "km"]
    assert worst["A1"].font.b
    assert worst.freeze_panes == "A2"
    assert worst.auto_filter.ref == "A1:C11"
    assert isinstance(worst["B2"].value, int)
    assert worst["B2"].number_format == "#,##0"
    (chart,) = worst._charts
    assert chart.anchor._from.col == 4, "beside the table"
    assert worst.column_dimensions["A"].width > worst.column_dimensions["B"].width
    days = book["Days"]
    assert days["A1"].value == "By day"
    assert days["A4"].value == datetime(2024, 1, 31)  # noqa: DTZ001 - Excel knows no zones
    assert days["A4"].number_format == "yyyy-mm-dd"
    assert days["C4"].number_format == "0", "a year is no quantity"
    assert days.freeze_panes == "A4"


@pytest.mark.parametrize("kind", ["bar", "column", "line", "pie", "scatter"])
def test_every_kind_of_chart(desk: Any, kind: str):
    sheet = {
        "name": "A & B's “x”",
        "columns": ["x", "y"],
        "rows": [[1, 2], [2, 3.5]],
        "chart": {"kind": kind, "x": "x", "y": ["y"]},
    }
    path = desk.use("write_workbook", path="c.xlsx", sheets=[sheet]).files[0]

    with zipfile.ZipFile(path) as package:
        chart = package.read("xl/charts/chart1.xml").decode()
    assert f"<c:{'bar' if kind == 'column' else kind}Chart>" in chart
    assert "$B$2:$B$3" in chart


def test_given_rows_hold_formulas_dates_and_text(desk: Any):
    rows = [
        ["a", 1, "2024-01-31", True],
        ["=A2", "=SUM(B2:B2)", None, False],
        ["x", 12345678901234567, "no date", None],
    ]
    output = desk.use(
        "write_workbook", path="g.xlsx", sheets=[{"name": "G", "columns": ["t", "n", "d", "b"], "rows": rows}]
    )

    sheet = openpyxl.load_workbook(desk.folder / "g.xlsx")["G"]
    assert sheet["B3"].value == "=SUM(B2:B2)"
    assert sheet["C2"].value == datetime(2024, 1, 31)  # noqa: DTZ001 - Excel knows no zones
    assert sheet["B4"].value == "12345678901234567"
    assert sheet["D2"].value is True
    assert "more than 15 digits" in output.text
    assert "formulas show their values when" in output.text


def test_text_from_a_file_never_becomes_a_formula_or_a_link(desk: Any):
    desk.file("evil.csv", 'a,b\n"=HYPERLINK(""http://x"")",https://example.org\n+1+1,@x\n')
    desk.use("write_workbook", path="e.xlsx", sheets=[{"name": "E", "sql": "FROM t", "tables": {"t": "evil.csv"}}])

    sheet = openpyxl.load_workbook(desk.folder / "e.xlsx")["E"]
    assert sheet["A2"].data_type == "s"
    assert sheet["B2"].hyperlink is None


@pytest.mark.parametrize(
    "formula", ['=WEBSERVICE("http://x")', "=cmd|' /C calc'!A0", "='[other.xlsx]Sheet1'!A1", '=IMAGE("http://x")']
)
def test_a_formula_that_reaches_out_is_refused(desk: Any, formula: str):
    with pytest.raises(ToolError, match="reaches outside the workbook"):
        desk.prepare("write_workbook", path="w.xlsx", sheets=[{"name": "W", "columns": ["a"], "rows": [[formula]]}])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"name": "a/b"}, "1 to 31 characters"),
        ({"name": "x" * 32}, "1 to 31 characters"),
        ({"columns": None}, "needs `columns`"),
        ({"rows": None}, "needs either `sql`"),
        ({"sql": "FROM t", "rows": None}, "needs `tables`"),
        ({"rows": [[1], [1, 2]]}, r"rows\[1\] has 2 cells, `columns` 1"),
        ({"chart": {"kind": "bar", "x": "no", "y": ["a"]}}, "names “no”; its columns are a"),
    ],
)
def test_what_makes_no_workbook_is_said_before_anything_is_written(desk: Any, change: dict[str, Any], why: str):
    sheet = {"name": "S", "columns": ["a"], "rows": [[1]], **change}

    with pytest.raises(ToolError, match=why):
        desk.use(
            "write_workbook", path="x.xlsx", sheets=[{key: value for key, value in sheet.items() if value is not None}]
        )
    assert desk.names() == set()


def test_only_xlsx_and_only_distinct_sheets(desk: Any):
    sheet = {"name": "S", "columns": ["a"], "rows": [[1]]}

    with pytest.raises(ToolError, match=r"must end in \.xlsx"):
        desk.prepare("write_workbook", path="x.csv", sheets=[sheet])
    with pytest.raises(ToolError, match="same name"):
        desk.prepare("write_workbook", path="x.xlsx", sheets=[sheet, {**sheet, "name": "s"}])


def test_an_existing_workbook_is_replaced_only_when_asked_and_undone(desk: Any):
    desk.copy("workbook.xlsx")
    before = desk.snapshot()
    sheet = {"name": "S", "columns": ["a"], "rows": [[1]]}

    with pytest.raises(ToolError, match="is there already"):
        desk.use("write_workbook", path="workbook.xlsx", sheets=[sheet])
    desk.use("write_workbook", path="workbook.xlsx", sheets=[sheet], overwrite=True)
    assert openpyxl.load_workbook(desk.folder / "workbook.xlsx").sheetnames == ["S"]
    desk.journal.undo("task")
    assert desk.snapshot() == before


def test_every_row_arrives(desk: Any):
    count = workbook_write.MEASURED_ROWS * 3 + 7
    desk.file("n.csv", "n,blank\n" + "".join(f"{n},\n" for n in range(count)))
    desk.use(
        "write_workbook",
        path="n.xlsx",
        sheets=[{"name": "N", "sql": "SELECT * FROM t ORDER BY n", "tables": {"t": "n.csv"}}],
    )

    rows = openpyxl.load_workbook(desk.folder / "n.xlsx")["N"].iter_rows(min_row=2, max_col=1, values_only=True)
    assert [n for (n,) in rows] == list(range(count))


def test_a_result_without_rows_is_a_header_without_chart(desk: Any):
    desk.file("n.csv", "n,m\n1,2\n")
    sheet = {
        "name": "N",
        "sql": "FROM t WHERE n > 5",
        "tables": {"t": "n.csv"},
        "chart": {"kind": "pie", "x": "n", "y": ["m"]},
    }

    assert "no chart, as there are no rows" in desk.use("write_workbook", path="n.xlsx", sheets=[sheet]).text

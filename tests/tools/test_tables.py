"""Tables in the forms people have them, and SQL over them."""

import json
import re
import subprocess
import sys
import textwrap
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from agent.core.ports import Stopped, ToolError


def query(desk: Any, sql: str, **tables: str) -> list[list[str]]:
    """The rows of a query, read back from its Markdown."""
    lines = desk.use("query_table", sql=sql, tables=tables, limit=1000).text.splitlines()
    rows = [line for line in lines if line.startswith("| ")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows if not row.startswith("| ---")]


def test_a_table_is_described(desk: Any):
    desk.copy("airline-safety.csv")

    text = desk.use("describe_table", path="airline-safety.csv").text
    assert text.startswith("airline-safety.csv: 56 rows × 8 columns (2.3 KB, UTF-8, comma-separated)")
    assert "| fatalities_85_99 | bigint | 0 | 38 | 0 | 535 |" in text
    assert "| airline | varchar | 0 | 56 | Aer Lingus | Xiamen Airlines |" in text
    assert "First rows (5):" in text


def test_sql_computes_over_files(desk: Any):
    desk.copy("airline-safety.csv")
    desk.file("country.tsv", "airline\tcountry\nAir Canada\tCanada\nLufthansa*\tGermany\n")
    sql = "SELECT c.country, a.incidents_85_99 n FROM a JOIN c ON a.airline = replace(c.airline, 'x', 'x') ORDER BY 1"

    assert query(desk, sql, a="airline-safety.csv", c="country.tsv") == [
        ["country", "n"],
        ["Canada", "2"],
        ["Germany", "6"],
    ]


def test_results_come_in_parts_with_their_true_number(desk: Any):
    desk.file("n.csv", "n\n" + "".join(f"{n}\n" for n in range(1234)))

    text = desk.use("query_table", sql="SELECT n FROM t ORDER BY n", tables={"t": "n.csv"}, limit=3).text
    assert text.startswith("1,234 rows\n")
    assert "[rows 1–3 of 1,234; read on with offset=3]" in text
    text = desk.use("query_table", sql="SELECT n FROM t ORDER BY n", tables={"t": "n.csv"}, limit=3, offset=1232).text
    assert text.endswith("| 1232 |\n| 1233 |")
    wide = desk.use("query_table", sql="SELECT repeat('x', 5000) y, n FROM t", tables={"t": "n.csv"}, limit=1000).text
    assert len(wide) < 13_000


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("SELECT * FROM read_text('/etc/passwd')", "sees only the tables"),
        ("SELECT * FROM '/etc/passwd'", "sees only the tables|failed"),
        ("FROM glob('/etc/*')", "sees only the tables"),
        ("FROM read_csv('http://127.0.0.1:1/x.csv')", "sees only the tables|failed"),
        ("COPY t TO '/tmp/out.csv'", "may only read"),
        ("CREATE TABLE x AS FROM t", "may only read"),
        ("INSERT INTO t VALUES (1)", "may only read"),
        ("ATTACH '/tmp/x.db'", "may only read"),
        ("SET memory_limit='90GB'", "may only read"),
        ("INSTALL httpfs", "may only read"),
        ("PRAGMA database_list", "may only read"),
        ("SELECT 1; SELECT 2", "2 statements"),
        ("", "0 statements"),
        ("SELECT nonsense FROM t", "Candidate bindings"),
        ("SELEC 1", "syntax error"),
        ("SELECT * FROM other", "other does not exist"),
    ],
)
def test_sql_sees_and_does_nothing_else(desk: Any, sql: str, why: str):
    desk.file("t.csv", "n\n1\n")

    with pytest.raises(ToolError, match=why):
        desk.use("query_table", sql=sql, tables={"t": "t.csv"})
    assert not Path("/tmp/out.csv").exists()


@pytest.mark.parametrize(
    "sql",
    ["FROM t", "WITH x AS (FROM t) FROM x -- remark", "SELECT n FROM t;", "SUMMARIZE t", "DESCRIBE t", "PIVOT t ON n"],
)
def test_every_way_to_read_is_fine(desk: Any, sql: str):
    desk.file("t.csv", "n,m\n1,2\n")

    assert "| --- |" in desk.use("query_table", sql=sql, tables={"t": "t.csv"}).text


def test_a_long_query_can_be_stopped(desk: Any):
    desk.file("t.csv", "n\n1\n")
    workspace = desk.workspace()
    asked = 0

    def stopped() -> bool:
        nonlocal asked
        asked += 1
        return asked > 4

    workspace._stopped = stopped
    from agent.tools.tables import QueryTable

    with pytest.raises(Stopped):
        QueryTable().execute(
            {
                "sql": "SELECT sum(a.range * b.range % 7) FROM range(10000000) a, range(10000000) b, t",
                "tables": {"t": "t.csv"},
            },
            workspace,
            lambda _text: None,
        )


@pytest.mark.parametrize(
    ("name", "content", "said", "rows"),
    [
        ("semicolon.csv", "a;b\n1,5;x\n2,25;y\n", "semicolon-separated", [["1.5", "x"], ["2.25", "y"]]),
        ("bar.txt", "a|b\n1|x\n2|y\n", "bar-separated", [["1", "x"], ["2", "y"]]),
        ("latin.csv", "name,city\nJosé,Málaga\n".encode("latin-1"), "cp1252", [["José", "Málaga"]]),
        ("utf16.csv", "name,n\nBjörk,1\n".encode("utf-16"), "UTF-16", [["Björk", "1"]]),
        ("bom.csv", "name,n\nBjörk,1\n".encode("utf-8-sig"), "BOM", [["Björk", "1"]]),
        ("crlf.csv", 'a,b\r\n"x, y",1\r\n"two\r\nlines",2\r\n', "comma", [["x, y", "1"], ["two lines", "2"]]),
        ("words.csv", "name,city\nAnn,Rome\nBob,Oslo\n", "comma", [["Ann", "Rome"], ["Bob", "Oslo"]]),
        ("pipe.csv", "a,b\nx|y,1\n", "comma", [["x\\|y", "1"]]),
        ("zip.csv", "zip,n\n01234,1\n99999,2\n", "comma", [["01234", "1"], ["99999", "2"]]),
    ],
)
def test_csv_in_all_its_dialects(desk: Any, name: str, content: str | bytes, said: str, rows: list[list[str]]):
    desk.file(name, content)

    assert query(desk, "FROM t", t=name)[1:] == rows
    assert said in desk.use("describe_table", path=name).text


def test_shift_jis(desk: Any):
    desk.copy("顧客.csv")

    assert query(desk, 'SELECT "名前" FROM t WHERE "年齢" > 28 ORDER BY "年齢"', t="顧客.csv") == [
        ["名前"],
        ["佐藤太郎"],
        ["髙橋淳"],
    ]


def test_a_header_without_rows_is_a_table_without_rows(desk: Any):
    desk.file("h.csv", "name,city\n")

    text = desk.use("describe_table", path="h.csv").text
    assert "0 rows × 2 columns" in text
    assert "It has a header but no rows." in text


def test_double_and_blank_column_names_are_told_apart_and_said(desk: Any):
    desk.file("d.csv", "a,a,,b\n1,2,3,4\n5,6,7,8\n")

    text = desk.use("describe_table", path="d.csv").text
    assert "column “a” is called a_1" in text
    assert "a column without a name is called column2" in text


def test_a_table_without_header_is_said_to_have_none(desk: Any):
    desk.file("n.csv", "1,2\n3,4\n")

    assert "no header was found" in desk.use("describe_table", path="n.csv").text


def test_ragged_rows_and_titles_are_kept_and_said(desk: Any):
    desk.file("ragged.csv", "a,b\n1,2\n3\n4,5,6\n")
    desk.file("title.csv", "Report of 2024\n\nname,n\nAnn,1\nBob,2\n")

    assert len(query(desk, "FROM t", t="ragged.csv")) == 4
    assert "shorter or longer" in desk.use("describe_table", path="ragged.csv").text
    assert query(desk, "SELECT name, n FROM t", t="title.csv")[1:] == [["Ann", "1"], ["Bob", "2"]]
    assert "before the header were left out" in desk.use("describe_table", path="title.csv").text


def test_a_column_that_changes_its_mind_late_is_still_read_whole(desk: Any):
    desk.file("late.csv", "n\n" + "1\n" * 30_000 + "x\n")

    assert query(desk, "SELECT count(*) FROM t", t="late.csv")[1] == ["30001"]


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("empty.csv", b"", r"empty\.csv is empty \(0 bytes\)"),
        ("blank.csv", b"\n  \n\n", r"blank\.csv is empty"),
        ("fake.csv", b"\xd0\xcf\x11\xe0\xa1\xb1" + bytes(600), "old or encrypted Office file"),
        ("fake.xlsx", b"not a zip at all", "is no xlsx file"),
        (
            "locked.xlsx",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100) + "EncryptedPackage".encode("utf-16-le"),
            "encrypted xlsx",
        ),
        ("old.xls", b"x", "old format"),
        ("data.json", b"{broken", "no list of records"),
        ("x.parquet", b"PAR1 nonsense", "cannot be read as a table"),
        ("photo.jpg", b"x", "Tables are read from csv"),
    ],
)
def test_what_cannot_be_read_says_what_is_wrong(desk: Any, name: str, content: bytes, why: str):
    desk.file(name, content)

    with pytest.raises(ToolError, match=why):
        desk.use("describe_table", path=name)


def test_json_jsonl_and_parquet(desk: Any):
    import duckdb

    desk.file("a.json", json.dumps([{"n": 1, "tags": ["x"]}, {"n": 2, "tags": []}]))
    desk.file("b.jsonl", '{"n": 3}\n{"n": 4}\n')
    duckdb.sql("SELECT range + 5 AS n FROM range(2)").write_parquet(str(desk.folder / "c.parquet"))
    sql = "SELECT n FROM a UNION ALL SELECT n FROM b UNION ALL SELECT n FROM c ORDER BY 1"

    assert query(desk, sql, a="a.json", b="b.jsonl", c="c.parquet")[1:] == [[str(n)] for n in range(1, 7)]


def test_a_workbook_keeps_its_types(desk: Any):
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (
        ["Report", None, None, None, None],
        [None] * 5,
        ["code", "day", "at", "amount", "paid"],
        ["007", date(2024, 1, 31), datetime(2024, 1, 31, 9, 30), 1, True],  # noqa: DTZ001 - Excel knows no zones
        [None] * 5,
        ["a\nb", None, None, 2.5, False],
        ["#N/A", None, None, None, None],
    ):
        sheet.append(row)
    book.create_sheet("Second # sheet").append(["only"])
    book.save(desk.folder / "b.xlsx")

    assert query(desk, "FROM t", t="b.xlsx")[1:] == [
        ["007", "2024-01-31", "2024-01-31 09:30:00", "1", "true"],
        ["a b", "", "", "2.5", "false"],
        ["", "", "", "", ""],
    ]
    text = desk.use("describe_table", path="b.xlsx").text
    assert "| day | date |" in text
    assert "header was found in row 3" in text
    assert "1 cells hold an error" in text
    assert "other sheets: Second # sheet" in text
    with pytest.raises(ToolError, match=r"no sheet “Plan”\. Its sheets are Sheet, Second # sheet"):
        desk.use("describe_table", path="b.xlsx", sheet="Plan")


def test_the_name_of_a_table_must_be_a_name(desk: Any):
    with pytest.raises(ToolError, match="no table name"):
        desk.use("query_table", sql="SELECT 1", tables={"my table": "x.csv"})


def test_nothing_is_left_in_scratch(desk: Any):
    desk.copy("airline-safety.csv")
    desk.use("describe_table", path="airline-safety.csv")
    with pytest.raises(ToolError):
        desk.use("query_table", sql="nonsense", tables={"t": "airline-safety.csv"})

    assert list((desk.state / "scratch" / "task").iterdir()) == []


def test_a_large_table_needs_little_memory(desk: Any):
    """200 MB; memory is bounded by the database's limit, not by the file."""
    line = "".join(f"{{n}},2024-01-{day:02},City {day},{day * 1.25},some words about it\n" for day in range(1, 29))
    with (desk.folder / "big.csv").open("w") as file:
        file.write("id,day,city,amount,note\n")
        while file.tell() < 200 << 20:
            file.write(line.replace("{n}", str(file.tell())) * 20)
    script = f"""
        import resource, sys
        from pathlib import Path
        from agent.database import open_database
        from agent.desk.workspace import TaskWorkspace
        from agent.permissions.undo import FileJournal
        from agent.tools.tables import QueryTable
        state = Path({str(desk.state)!r})
        journal = FileJournal(open_database(state / "other.db"), state / "undo")
        workspace = TaskWorkspace([Path({str(desk.folder)!r})], [], journal, "t", "c", state / "scratch", lambda: False)
        call = {{"sql": "SELECT * FROM t ORDER BY note, id DESC", "tables": {{"t": "big.csv"}}, "limit": 2}}
        print(QueryTable().execute(call, workspace, lambda text: None).text.splitlines()[0])
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1 << 20 if sys.platform == "darwin" else 1 << 10))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True)
    rows, megabytes = done.stdout.splitlines()

    assert int(rows.split()[0].replace(",", "")) > 500_000
    assert int(megabytes) < 600

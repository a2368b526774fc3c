"""The terminal's whole surface over a real relay and agent with the built-in brain: give work, follow it, take it back."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.story.home import Home, eventually, running

AIRLINES = Path(__file__).parents[1] / "data" / "airline-safety.csv"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    base = tmp_path_factory.mktemp("home")
    granted = base / "more files"
    granted.mkdir()
    (granted / "Tea orders.csv").write_text("tea,boxes\nSencha,3\nAssam,4\nSencha,5\n")
    with running(base / "deskhand", None, "--folder", str(granted)) as home:
        yield home


def sheet_rows(path: str) -> list[tuple[Any, ...]]:
    book = openpyxl.load_workbook(path, data_only=True)
    return [row for sheet in book for row in sheet.iter_rows(values_only=True)]


def totals(source: Path, group: str, measure: str) -> dict[str, float]:
    """What the workbook must say, computed without any of the product."""
    sums: dict[str, float] = {}
    with source.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            sums[row[group]] = sums.get(row[group], 0) + float(row[measure])
    return sums


def snapshot(folder: Path) -> dict[str, tuple[int, bytes | None]]:
    """Names, times and contents of everything beneath a folder."""
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else None)
        for path in sorted(folder.rglob("*"))
    }


def workbook(outcome: dict[str, Any]) -> dict[str, Any]:
    (found,) = [file for file in outcome["files"] if file["name"].endswith(".xlsx")]
    return dict(found)


# --- the first start ------------------------------------------------------------------------------------------------


def test_the_first_start_makes_a_folder_to_try_it_on_and_says_how_to_go_on(home: Home) -> None:
    samples = sorted(path.name for path in home.desk.iterdir())
    assert len(samples) == 8
    assert "airline-safety.csv" in samples
    eventually(lambda: any("for your phone" in line for line in home.said), "up has said everything")
    said = "\n".join(home.said)
    assert re.search(rf"^Deskhand is ready at http://localhost:{home.port}$", said, re.MULTILINE)
    assert re.search(r"open here +\S*deskhand open", said)
    assert re.search(r"for your phone +run \S*deskhand ", said)


def test_status_names_processes_relay_and_thread(home: Home) -> None:
    status = home.json("status")
    assert status["relay"]["pid"] == home.pid("relay")
    assert status["relay"]["url"] == home.url
    assert status["relay"]["state"] == "connected"
    assert status["agent"]["pid"] == home.pid("agent")
    assert status["agent"]["state"] == "running"
    assert set(status["thread"]) == {"id", "seq", "head"}
    assert status["thread"]["seq"] == home.log()[-1]["seq"]


# --- send, log ------------------------------------------------------------------------------------------------------


def test_a_message_without_work_is_a_reply_and_done(home: Home) -> None:
    outcome = home.send("hello")
    members = ["id", "seq", "state", "receipts", "tasks", "text", "files", "not_done", "asks", "usage"]
    assert list(outcome) == members
    assert (outcome["state"], outcome["tasks"], outcome["files"], outcome["asks"]) == ("done", [], [], [])
    assert outcome["text"]
    assert [receipt["kind"] for receipt in outcome["receipts"]] == ["received", "started", "answered"]
    assert set(outcome["usage"]) == {"input_tokens", "output_tokens", "usd", "seconds"}


def test_send_without_wait_says_stored_and_ends_well(home: Home) -> None:
    outcome = home.json("send", "thanks")
    assert outcome["state"] in {"stored", "received", "working", "done"}
    assert re.fullmatch("[0-9a-f]{32}", outcome["id"])
    eventually(lambda: any(e.get("target") == outcome["id"] and e["kind"] == "answered" for e in home.log()), "answer")


def test_the_log_is_the_thread_in_order_one_genuine_entry_a_line(home: Home) -> None:
    log = home.log()
    seqs = [entry["seq"] for entry in log]
    assert seqs == sorted(set(seqs))
    assert all(list(entry)[:5] == ["seq", "at", "device", "type", "id"] for entry in log)
    assert log[0]["type"] == "host"
    assert {entry["via"] for entry in log if entry["type"] == "message"} == {"terminal"}
    middle = seqs[len(seqs) // 2]
    assert home.log(middle) == [entry for entry in log if entry["seq"] > middle]


def test_a_wait_that_takes_too_long_ends_with_5_and_the_state_so_far(home: Home) -> None:
    outcome = home.json("send", "--wait", "--timeout", "0", "thank you", check=5)
    assert outcome["state"] in {"stored", "received", "working", "queued"}
    assert home.run("send", "--timeout", "0", "ok").returncode == 0


# --- the airline story ----------------------------------------------------------------------------------------------


def test_a_table_is_summed_into_a_workbook_and_then_gets_a_bar_chart(home: Home) -> None:
    shutil.copyfile(AIRLINES, home.desk / "airline-safety.csv")
    measure = "fatalities_85_99"
    outcome = home.send(f"Sum {measure} by airline in airline-safety.csv and put it in a workbook")
    assert (outcome["state"], outcome["not_done"]) == ("done", [])
    assert [task["state"] for task in outcome["tasks"]] == ["done"]
    made = workbook(outcome)
    path = Path(made["path"])
    assert path.parent == home.desk
    assert (made["bytes"], made["sha256"]) == (path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())
    wanted = totals(AIRLINES, "airline", measure)
    found = {row[0]: row[1] for row in sheet_rows(made["path"]) if row[0] in wanted and isinstance(row[1], int | float)}
    assert found == wanted

    again = home.send("make that a bar chart")
    assert again["state"] == "done", again["text"]
    with zipfile.ZipFile(workbook(again)["path"]) as book:
        (chart,) = [name for name in book.namelist() if re.fullmatch(r"xl/charts/chart\d+\.xml", name)]
        assert b"barChart" in book.read(chart)
    charted = {row[0]: row[1] for row in sheet_rows(workbook(again)["path"]) if row and row[0] in wanted}
    assert charted
    assert all(wanted[name] == value for name, value in charted.items())
    assert all(value is not None for value in charted.values())


def test_a_made_up_table_gets_the_sums_that_an_independent_count_gives(home: Home) -> None:
    source = home.desk / "harvest 2026.csv"
    rows = [(f"orchard {number % 7}", number * 13 % 101) for number in range(400)]
    source.write_text("orchard,crates\n" + "".join(f"{name},{crates}\n" for name, crates in rows))
    outcome = home.send("Total crates by orchard in harvest 2026.csv as a workbook")
    assert outcome["state"] == "done"
    wanted = totals(source, "orchard", "crates")
    found = {row[0]: row[1] for row in sheet_rows(workbook(outcome)["path"]) if row[0] in wanted}
    assert found == wanted


def test_one_more_granted_folder_is_used_and_its_result_lies_beside_it(home: Home) -> None:
    outcome = home.send("Total boxes by tea in Tea orders.csv as a workbook")
    assert outcome["state"] == "done", outcome["text"]
    found = {row[0]: row[1] for row in sheet_rows(workbook(outcome)["path"])}
    assert (found["Sencha"], found["Assam"]) == (8, 4)


# --- tidy, approve, undo --------------------------------------------------------------------------------------------


@pytest.fixture
def messy(home: Home) -> Iterator[Path]:
    """Only the files of this story in the desk; the others come back afterwards."""
    aside = home.folder / "aside"
    aside.mkdir()
    for path in home.desk.iterdir():
        path.rename(aside / path.name)
    for number, name in enumerate(("a.csv", "b.csv", "c d.pdf", "e.txt", "f.png", "g.md", "日本.csv", "h 🍵.txt")):
        (home.desk / name).write_text(f"content of {name}\n")
        os.utime(home.desk / name, ns=(10**18 + number, 10**18 + number * 1001))
    yield home.desk
    for path in home.desk.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in aside.iterdir():
        path.rename(home.desk / path.name)
    aside.rmdir()


def test_tidying_asks_with_the_exact_moves_and_undo_gives_the_folder_back_byte_for_byte(
    home: Home, messy: Path
) -> None:
    before = snapshot(messy)
    outcome = home.send("Tidy this folder by type", check=4)
    assert outcome["state"] == "waiting"
    (ask,) = outcome["asks"]
    assert {"id", "task", "kind", "level", "action", "digest"} <= set(ask)
    assert (ask["kind"], ask["level"], ask["task"]) == ("approval", 2, outcome["tasks"][0]["id"])
    moves = {change["before"]: change["after"] for change in ask["action"]["changes"]}
    assert {change["op"] for change in ask["action"]["changes"]} == {"move"}
    assert set(moves) == set(before)
    assert snapshot(messy) == before
    assert [open_ask["id"] for open_ask in home.json("ask", "list")] == [ask["id"]]

    home.run("ask", "approve", ask["id"])
    done = home.json("tasks", "wait", ask["task"])
    assert (done["id"], done["state"], done["asks"]) == (outcome["id"], "done", [])
    assert {name: entry[1] for name, entry in snapshot(messy).items() if entry[1] is not None} == {
        moves[name]: content for name, (_, content) in before.items()
    }
    assert home.json("ask", "list") == []

    undone = home.json("undo", ask["task"])
    assert (undone["task"], undone["refused"], len(undone["restored"])) == (ask["task"], [], len(before))
    assert snapshot(messy) == before
    again = home.run("undo", ask["task"], check=3)
    assert "nothing to take back" in again.stderr


def test_denying_moves_nothing_and_the_reason_is_told(home: Home, messy: Path) -> None:
    before = snapshot(messy)
    ask = home.send("Tidy this folder by type", check=4)["asks"][0]
    home.run("ask", "deny", ask["id"][:8], "--reason", "I like it as it is")
    outcome = home.json("tasks", "wait", ask["task"], check=None)
    assert snapshot(messy) == before
    assert outcome["asks"] == []
    answer = next(entry for entry in reversed(home.log()) if entry["type"] == "answer")
    assert (answer["verdict"], answer["reason"], answer["via"]) == ("deny", "I like it as it is", "terminal")
    assert "nothing was moved" in outcome["text"]
    assert any("denied" in line for line in outcome["not_done"])
    late = home.run("ask", "approve", ask["id"], check=1)
    assert "deskhand ask list" in late.stderr


# --- files in and out -----------------------------------------------------------------------------------------------


def test_files_from_outside_are_attached_and_used(home: Home, tmp_path: Path) -> None:
    outside = tmp_path / "Müller's trees 🌳.csv"
    outside.write_text("kind,height\noak,20\nelm,10\noak,30\n")
    second = tmp_path / "note.txt"
    second.write_text("Only a note.")
    outcome = home.send("Total height by kind in the attached table, as a workbook", "--attach", str(outside))
    assert outcome["state"] == "done", outcome["text"]
    found = {row[0]: row[1] for row in sheet_rows(workbook(outcome)["path"])}
    assert (found["oak"], found["elm"]) == (50, 10)
    message = next(entry for entry in home.log() if entry["id"] == outcome["id"])
    assert [file["name"] for file in message["files"]] == [outside.name]
    assert not [entry for entry in home.log() if entry["type"] == "notice"]
    assert outside.read_text().startswith("kind,height")
    both = home.json("send", "thanks", "--attach", str(outside), "--attach", str(second))
    message = next(entry for entry in home.log() if entry["id"] == both["id"])
    assert [file["name"] for file in message["files"]] == [outside.name, "note.txt"]


def test_out_copies_the_result_and_never_over_anything(home: Home, tmp_path: Path) -> None:
    (home.desk / "birds.csv").write_text("bird,seen\nwren,1\ntit,2\nwren,4\n")
    out = tmp_path / "new" / "results"
    first = home.send("Total seen by bird in birds.csv as a workbook", "--out", str(out))
    made = workbook(first)
    copy = out / made["name"]
    assert copy.read_bytes() == Path(made["path"]).read_bytes()
    copy.write_text("mine")
    Path(made["path"]).unlink()
    second = workbook(home.send("Total seen by bird in birds.csv as a workbook", "--out", str(out)))
    assert copy.read_text() == "mine"
    others = [path for path in out.iterdir() if path != copy]
    assert [path.read_bytes() for path in others] == [Path(second["path"]).read_bytes()]


# --- chat -----------------------------------------------------------------------------------------------------------


class Terminal:
    """`deskhand chat` before a person: a real pseudo-terminal."""

    def __init__(self, home: Home) -> None:
        self._master, slave = pty.openpty()
        self.shown = ""
        self._read = 0
        self._process = subprocess.Popen(
            [sys.executable, "-m", "agent", "chat"],
            env=home.env, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
        )  # fmt: skip
        os.close(slave)

    def type(self, line: str) -> None:
        os.write(self._master, line.encode() + b"\n")

    def until(self, pattern: str, what: str, within: float = 30) -> re.Match[str]:
        """Wait until it shows something after what was waited for before."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            if found := re.compile(pattern).search(self.shown, self._read):
                self._read = found.end()
                return found
            if select.select([self._master], [], [], 0.05)[0]:
                self.shown += os.read(self._master, 65536).decode(errors="replace").replace("\r\n", "\n")
        raise AssertionError(f"{what}\n{self.shown}")

    def end(self) -> int:
        os.write(self._master, b"\x04")
        try:
            return self._process.wait(10)
        finally:
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()
            os.close(self._master)


def test_chat_shows_what_is_said_and_what_comes_back_and_takes_an_approval(home: Home, messy: Path) -> None:
    terminal = Terminal(home)
    try:
        terminal.until(r"Ctrl-D ends", "chat is open")
        terminal.type("hello there")
        terminal.until(r"› hello there\n\d\d:\d\d  \w", "the reply appears")
        terminal.type("Tidy this folder by type")
        short = terminal.until(r"a\.csv → (?s:.)+/approve ([0-9a-f]{8})", "the ask appears with its moves")[1]
        assert list(messy.glob("*.csv"))
        terminal.type(f"/approve {short}")
        terminal.until(r"  · done", "the task is done")
        assert not list(messy.glob("*.csv"))
        terminal.type("/nonsense")
        terminal.until(r"/stop", "the commands are named")
    finally:
        code = terminal.end()
    assert code == 0


# --- words for people -----------------------------------------------------------------------------------------------


def test_without_json_the_same_is_said_in_words(home: Home) -> None:
    (home.desk / "cups.csv").write_text("cup,count\nblue,2\nred,3\nblue,5\n")
    said = home.run("send", "--wait", "Total count by cup in cups.csv as a workbook").stdout
    assert "blue" in said
    assert str(home.desk) in said
    assert "relay   connected" in home.run("status").stdout
    assert "Nothing waits for you." in home.run("ask", "list").stdout
    assert re.search(r"[0-9a-f]{8}  done +\w", home.run("tasks").stdout)
    assert re.search(r"^ +\d+ \d{4}-\d\d-\d\d \d\d:\d\d  host$", home.run("log").stdout, re.MULTILINE)
    listed = home.json("tasks")
    assert {"id", "title", "state", "message"} <= set(listed[-1])
    assert json.dumps(home.json("devices", "list")[0]["this"]) == "true"

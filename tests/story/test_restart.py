"""Ends and starts: what was accepted is done once, what waits goes on waiting, and a second start is refused."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.story.brains import Call, ask_agent, moves, task_doing, tool_results
from tests.story.home import Home, eventually
from tests.story.messages_server import Answer, MessagesServer, is_front_desk, last_text, messages_server


@pytest.fixture(scope="module")
def brain() -> Iterator[MessagesServer]:
    with messages_server() as server:
        yield server


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, brain: MessagesServer) -> Iterator[Home]:
    env = {"ANTHROPIC_BASE_URL": brain.url, "ANTHROPIC_API_KEY": "made-up"}
    home = Home(tmp_path_factory.mktemp("home"), env)
    try:
        yield home.start()
    finally:
        home.close()


def of(home: Home, kind: str, message: str) -> list[dict[str, Any]]:
    return [entry for entry in home.log() if entry["type"] == kind and entry.get("in_reply_to") == message]


def move_items(home: Home, count: int) -> Call:
    """A call that moves so many files, one after another."""
    names = [f"item {number:03}.txt" for number in range(count)]
    for name in names:
        (home.desk / name).write_text(f"content of {name}")
    return moves(names, "Items")


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_messages_for_an_agent_that_is_stopped_are_queued_and_run_in_order_once(
    home: Home, brain: MessagesServer
) -> None:
    said: list[str] = []

    def script(request: dict[str, Any]) -> Answer:
        said.append(last_text(request))
        return Answer("Heard.")

    brain.script = script
    home.run("agent", "stop")
    status = home.json("status", check=5)
    assert (status["agent"]["pid"], status["agent"]["state"]) == (None, "stopped")
    assert status["relay"]["pid"] == home.pid("relay")
    first = home.json("send", "first of two")
    second = home.json("send", "second of two")
    assert [outcome["state"] for outcome in (first, second)] == ["queued", "queued"]
    assert [outcome["seq"] for outcome in (first, second)] == [None, None]
    (home.state / "spool" / "00000000000000000000-broken.json").write_bytes(b"\xff not json")
    (home.state / "spool" / "00000000000000000001-folder.json").mkdir()
    stranger = '{"id": "' + "0" * 32 + '", "type": "notice", "code": "x", "text": "x", "next": "x"}'
    (home.state / "spool" / "00000000000000000002-no-message.json").write_text(stranger)
    too_long = '{"id": "' + "1" * 32 + '", "type": "message", "text": "' + "x" * 70_000 + '"}'
    (home.state / "spool" / "00000000000000000003-too-long.json").write_text(too_long)
    assert "60 KiB" in home.run("send", "x" * 70_000, check=1).stderr
    assert "deskhand up" in home.run("send", "--attach", str(home.desk / "airline-safety.csv"), "x", check=5).stderr
    assert "not running" in home.run("ask", "list", check=5).stderr

    home.run("agent", "start")
    wanted = [(first["id"], "first of two"), (second["id"], "second of two")]
    eventually(lambda: all(of(home, "reply", message) for message, _ in wanted), "both are answered")
    messages = [(entry["id"], entry["text"]) for entry in home.log() if entry["type"] == "message"]
    assert messages == wanted
    assert [len(of(home, "reply", message)) for message, _ in wanted] == [1, 1]
    assert ["first of two" in said[0], "second of two" in said[1], len(said)] == [True, True, 2]
    left = sorted(path.name for path in (home.state / "spool").iterdir())
    assert [name.split("-", 1)[1] for name in left] == [
        "broken.broken", "folder.broken", "no-message.broken", "too-long.broken",
    ]  # fmt: skip
    assert home.json("status")["agent"]["state"] == "running"


@pytest.mark.parametrize("which", ["agent", "relay"])
def test_a_killed_child_is_back_within_two_seconds(home: Home, brain: MessagesServer, which: str) -> None:
    brain.script = lambda _request: Answer("Still here.")
    pid = home.pid(which)
    os.kill(pid, signal.SIGKILL)
    started = time.monotonic()
    eventually(lambda: home.pid(which) != pid, f"{which} is started again", 2)
    assert time.monotonic() - started < 2
    assert home.send("hello")["text"] == "Still here."


def test_a_second_up_of_the_same_home_is_refused_and_harms_nothing(home: Home, brain: MessagesServer) -> None:
    brain.script = lambda _request: Answer("Still here.")
    children = (home.pid("relay"), home.pid("agent"))
    second = home.run("up", "--port", "0", "--no-browser", check=1)
    assert f"runs here already, at {home.url}" in second.stderr
    assert (home.pid("relay"), home.pid("agent")) == children
    assert home.send("hello")["text"] == "Still here."


def test_two_ups_at_the_same_moment_leave_one(tmp_path: Path, home: Home) -> None:
    env = {**home.env, "DESKHAND_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "agent", "up", "--port", "0", "--no-browser"]
    both = [subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    try:
        loser = eventually(lambda: next((one for one in both if one.poll() is not None), None), "one gives way")
        winner = next(one for one in both if one is not loser)
        assert loser.returncode == 1
        assert b"runs here already" in loser.communicate()[1]
        assert winner.stdout is not None
        assert winner.stdout.readline().startswith(b"Deskhand is ready at ")
    finally:
        for one in both:
            one.terminate()
        codes = [one.wait(10) for one in both]
        for one in both:
            one.communicate()
    assert codes.count(0) == 1


def test_a_parked_question_and_a_task_in_the_middle_survive_an_end_of_everything(
    home: Home, brain: MessagesServer
) -> None:
    (home.desk / "numbers.md").write_text("END\n")
    edits = [("edit_file", {"path": "numbers.md", "old": "END", "new": f"{n}\nEND"}) for n in range(4)]
    reached, free = threading.Event(), threading.Event()
    asking = task_doing(("ask_person", {"question": "Which colour?", "choices": ["red", "blue"]}))
    editing = task_doing(*edits, finally_="All numbers are there.")

    def script(request: dict[str, Any]) -> Answer:
        if not is_front_desk(request) and len(tool_results(request)) == 2:
            reached.set()
            free.wait(30)
        return editing(request)

    brain.script = asking
    (ask,) = home.send("paint it", check=4)["asks"]
    brain.script = script
    message = home.json("send", "write the numbers")["id"]
    assert reached.wait(20)
    waiting = subprocess.Popen(
        [sys.executable, "-m", "agent", "send", "--wait", "--json", "after that"],
        env=home.env, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    eventually(lambda: any(entry.get("text") == "after that" for entry in home.log()), "it is in the thread")

    children = [home.pid("relay"), home.pid("agent")]
    started = time.monotonic()
    assert home.stop() == 0
    assert time.monotonic() - started < 3
    assert not [pid for pid in children if alive(pid)]
    free.set()
    assert not (home.state / "up.json").exists()
    assert home.json("status", check=5)["agent"]["state"] == "down"
    spooled = home.json("send", "while nothing runs")["id"]

    brain.script = lambda request: Answer("Heard.") if "tool" not in str(request["messages"]) else editing(request)
    home.start()
    eventually(lambda: of(home, "result", message), "the task is finished")
    assert (home.desk / "numbers.md").read_text() == "0\n1\n2\n3\nEND\n"
    assert len(of(home, "result", message)) == len(of(home, "task.created", message)) == 1
    kinds = [entry["kind"] for entry in home.log() if entry["type"] == "receipt" and entry["target"] == message]
    assert kinds == ["received", "started", "answered"]
    eventually(lambda: of(home, "reply", spooled), "what was sent meanwhile is answered")
    said, _ = waiting.communicate(timeout=30)
    assert '"state": "done"' in said

    assert [found["id"] for found in home.json("ask", "list")] == [ask["id"]]
    brain.script = asking
    home.run("ask", "answer", ask["id"], "blue")
    assert home.json("tasks", "wait", ask["task"])["text"] == "On it.\n\nblue"


def test_what_a_stopped_task_did_stays_through_a_restart_and_can_be_undone(home: Home, brain: MessagesServer) -> None:
    brain.script = task_doing(move_items(home, 250))
    (ask,) = home.send("move the items", check=4)["asks"]
    home.run("ask", "approve", ask["id"])
    eventually(lambda: len(list(home.desk.glob("Items/*"))) > 3, "some are moved")
    ask_agent(home, op="stop", task=ask["task"])
    result = eventually(
        lambda: next((e for e in home.log() if e["type"] == "result" and e["task"] == ask["task"]), None), "its result"
    )
    moved = len(list(home.desk.glob("Items/*")))
    assert 3 < moved < 250
    assert result["undo"]["changes"] == moved
    home.run("agent", "stop")
    home.run("agent", "start")
    assert len(list(home.desk.glob("Items/*"))) == moved
    undone = home.json("undo", ask["task"])
    assert (len(undone["restored"]), undone["refused"]) == (moved, [])
    assert len(list(home.desk.glob("item *.txt"))) == 250
    assert not (home.desk / "Items").exists()


def test_a_killed_up_hinders_the_next_in_nothing_and_a_step_that_may_have_run_is_asked_about(
    tmp_path: Path, home: Home, brain: MessagesServer
) -> None:
    other = Home(tmp_path / "other", {name: home.env[name] for name in ("ANTHROPIC_BASE_URL", "ANTHROPIC_API_KEY")})
    try:
        other.start()
        call = move_items(other, 160)
        brain.script = task_doing(call)
        (ask,) = other.send("move the items", check=4)["asks"]
        relay, agent = other.pid("relay"), other.pid("agent")
        other.run("ask", "approve", ask["id"])
        eventually(lambda: len(list(other.desk.glob("Items/*"))) > 3, "some are moved")
        assert other._process is not None
        other._process.kill()
        os.kill(agent, signal.SIGKILL)
        other._process.wait()
        moved = sorted(path.name for path in other.desk.glob("Items/*"))
        assert 3 < len(moved) < 160
        (other.desk / "Items" / moved[0]).write_text("somebody went on with it\n")

        port = other.port
        other.start(port)
        assert other.port == port
        assert not alive(relay)
        (doubt,) = eventually(lambda: other.json("ask", "list"), "it is asked about")
        assert (doubt["kind"], doubt["choices"]) == ("in_doubt", ["check", "again", "skip"])
        assert other.json("tasks", "wait", ask["task"], check=4)["state"] == "waiting"
        assert sorted(path.name for path in other.desk.glob("Items/*")) == moved, "nothing was repeated or taken back"
        assert "no answer to that ask" in other.run("ask", "answer", doubt["id"], "perhaps", check=3).stderr
        other.run("ask", "answer", doubt["id"], "check")
        outcome = other.json("tasks", "wait", ask["task"])
        assert "Look at what is there" in outcome["text"]
        assert sorted(path.name for path in other.desk.glob("Items/*")) == moved
        undone = other.json("undo", ask["task"])
        assert (len(undone["restored"]), len(undone["refused"])) == (len(moved) - 1, 1)

        children = [other.pid("relay"), other.pid("agent")]
        other._process.send_signal(signal.SIGHUP)  # the terminal's window is closed
        assert other._process.wait(5) == 0
        assert not [pid for pid in children if alive(pid)]
    finally:
        other.close()

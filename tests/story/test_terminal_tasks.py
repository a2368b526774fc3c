"""Tasks from the terminal: stop, questions, approvals of folders and of changes, with a brain that follows a script."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.story.brains import ask_agent, desk_doing, moves, task_doing
from tests.story.home import Home, eventually, running
from tests.story.messages_server import Answer, MessagesServer, is_front_desk, last_text


class Brain(MessagesServer):
    """Also keeps the headers of the last request."""

    headers: dict[str, str]

    def _write(self, handler: Any, answer: Answer) -> None:
        self.headers = {name.lower(): value for name, value in handler.headers.items()}
        super()._write(handler, answer)


@pytest.fixture(scope="module")
def brain() -> Iterator[MessagesServer]:
    server = Brain()
    server._thread.start()
    yield server
    server._http.shutdown()
    server._http.server_close()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, brain: MessagesServer) -> Iterator[Home]:
    env = {"ANTHROPIC_BASE_URL": brain.url, "ANTHROPIC_API_KEY": "made-up-key-1", "DESKHAND_MODEL": "made-up-model-2"}
    with running(tmp_path_factory.mktemp("home"), env) as home:
        yield home


def files(home: Home, *names: str) -> list[str]:
    for name in names:
        (home.desk / name).write_text(f"content of {name}\n")
    return list(names)


def states(home: Home, task: str) -> list[str]:
    return [entry["state"] for entry in home.log() if entry["type"] == "task.state" and entry["task"] == task]


def test_the_environment_names_key_service_and_model(home: Home, brain: Brain) -> None:
    brain.script = lambda _request: Answer("Good morning.")
    assert home.send("hello")["text"] == "Good morning."
    assert brain.headers["authorization"] == "Bearer made-up-key-1"
    assert brain.requests[-1]["model"] == "made-up-model-2"


def test_a_price_nobody_knows_is_null(home: Home, brain: Brain) -> None:
    brain.script = lambda _request: Answer("Good morning.")
    usage = home.send("hello")["usage"]
    assert usage["usd"] is None
    assert (usage["input_tokens"], usage["output_tokens"]) == (10, 1)


@pytest.mark.parametrize("where", ["in the brain's answer", "in the front desk"])
def test_stop_ends_a_task_within_a_second(home: Home, brain: Brain, where: str) -> None:
    reached, free = threading.Event(), threading.Event()

    def script(request: dict[str, Any]) -> Answer:
        if is_front_desk(request) and where != "in the front desk":
            return task_doing()(request)
        reached.set()
        free.wait(30)
        return Answer("Too late.")

    brain.script = script
    try:
        message = home.json("send", "work for a long time")["id"]
        assert reached.wait(20)
        task = "all" if where == "in the front desk" else home.json("tasks")[-1]["id"]
        started = time.monotonic()
        ask_agent(home, op="stop", task=task, all=task == "all")
        outcome = ask_agent(home, op="outcome", id=message, wait=True, timeout=10)
        assert time.monotonic() - started < 1
        assert outcome["state"] == "stopped"
        assert outcome["receipts"][-1]["kind"] == "stopped"
        if task != "all":
            assert states(home, task) == ["running", "stopped"]
            assert home.json("tasks", "wait", task, check=3)["state"] == "stopped"
    finally:
        free.set()
    brain.script = lambda _request: Answer("Here.")
    assert home.send("hello")["text"] == "Here."


def test_stopping_a_task_that_waits_still_shows_what_it_made(home: Home, brain: Brain) -> None:
    written = ("write_file", {"path": "half.md", "content": "half of it"})
    brain.script = task_doing(written, ("ask_person", {"question": "Go on?", "choices": ["yes", "no"]}))
    ask = home.send("write it", check=4)["asks"][0]
    home.run("tasks", "stop", ask["task"])
    outcome = eventually(
        lambda: (found := home.json("tasks", "wait", ask["task"], check=3))["files"] and found, "the result"
    )
    assert (outcome["state"], [file["name"] for file in outcome["files"]]) == ("stopped", ["half.md"])
    assert outcome["asks"] == home.json("ask", "list") == []
    home.run("undo", ask["task"])
    assert not (home.desk / "half.md").exists()


@pytest.mark.parametrize("said", ["blue, please", "skip"])
def test_a_question_is_answered_and_the_task_goes_on(home: Home, brain: Brain, said: str) -> None:
    brain.script = task_doing(("ask_person", {"question": "Which colour?", "choices": ["red", "blue", "skip"]}))
    outcome = home.send("paint it", check=4)
    (ask,) = home.json("ask", "list")
    assert (ask["kind"], ask["action"]["title"]) == ("question", "Which colour?")
    assert {key: ask[key] for key in outcome["asks"][0]} == outcome["asks"][0]
    assert "another kind of answer" in home.run("ask", "approve", ask["id"], check=3).stderr
    home.run("ask", "answer", ask["id"][:6], said)
    done = home.json("tasks", "wait", ask["task"])
    assert (done["state"], done["text"]) == ("done", f"On it.\n\n{said}")


def test_a_file_outside_is_read_after_its_folder_is_allowed(home: Home, brain: Brain, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("The key is under the pot.")
    reading = ("read_file", {"path": str(tmp_path / "letter.txt")})
    brain.script = task_doing(reading)
    outcome = home.send("read the letter", check=4)
    (ask,) = outcome["asks"]
    assert (ask["action"]["tool"], ask["action"]["folder"], ask["level"]) == ("folder", str(tmp_path), 2)
    home.run("ask", "deny", ask["id"], "--reason", "that is private")
    denied = home.json("tasks", "wait", ask["task"])
    assert "denied" in denied["text"]
    assert "that is private" in denied["text"]
    assert "pot" not in denied["text"]

    (ask,) = home.send("read the letter", check=4)["asks"]
    home.run("ask", "approve", ask["id"], "--scope", "task")
    assert "under the pot" in home.json("tasks", "wait", ask["task"])["text"]
    (ask,) = home.send("once more", check=4)["asks"]
    home.run("ask", "approve", ask["id"], "--scope", "always")
    assert "under the pot" in home.json("tasks", "wait", ask["task"])["text"]
    assert "under the pot" in home.send("and now without asking")["text"]


def test_the_front_desk_leaves_no_ask_behind_for_a_folder_it_may_not_read(
    home: Home, brain: Brain, tmp_path: Path
) -> None:
    (tmp_path / "letter.txt").write_text("The key is under the pot.")
    brain.script = desk_doing(("read_file", {"path": str(tmp_path / "letter.txt")}))
    outcome = home.send("read the letter")
    assert "outside the folders" in outcome["text"]
    assert home.json("ask", "list") == []


def test_an_approved_action_whose_files_changed_meanwhile_is_asked_again(home: Home, brain: Brain) -> None:
    names = files(home, *(f"letter {number}.txt" for number in range(8)))
    brain.script = task_doing(moves(names, "Letters"))
    first = home.send("put the letters away", check=4)["asks"][0]
    (home.desk / "letter 3.txt").write_text("somebody wrote something else\n")
    home.run("ask", "approve", first["id"])
    again = home.json("tasks", "wait", first["task"], check=4)["asks"][0]
    assert again["id"] != first["id"]
    assert again["digest"] != first["digest"]
    assert not (home.desk / "Letters").exists()
    home.run("ask", "approve", again["id"])
    assert home.json("tasks", "wait", first["task"])["state"] == "done"
    assert (home.desk / "Letters" / "letter 3.txt").read_text() == "somebody wrote something else\n"


def test_over_several_tasks_the_worst_state_counts_and_texts_are_joined(home: Home, brain: Brain) -> None:
    def script(request: dict[str, Any]) -> Answer:
        said = last_text(request)
        if is_front_desk(request):
            if "tool_result" in said:
                return Answer("Both are begun.")
            tasks = [("start_task", {"title": name, "brief": f"Do {name}."}) for name in ("asking", "talking")]
            return Answer(calls=tuple(tasks))
        if "asking" in json.dumps(request["messages"]) and "tool_result" not in said:
            return Answer(calls=(("ask_person", {"question": "Really?"}),))
        return Answer("One is done.")

    brain.script = script
    outcome = home.send("do two things", check=4)
    assert outcome["state"] == "waiting"
    assert [task["title"] for task in outcome["tasks"]] == ["asking", "talking"]
    home.run("ask", "answer", outcome["asks"][0]["id"], "yes")
    done = home.json("tasks", "wait", outcome["tasks"][0]["id"])
    assert done["state"] == "done"
    assert sorted(done["text"].split("\n\n")) == ["Both are begun.", "One is done.", "One is done."]
    assert done["usage"]["input_tokens"] == 50

    outcome = home.send("do two things", check=4)
    home.run("tasks", "stop", outcome["tasks"][0]["id"])
    assert home.json("tasks", "wait", outcome["tasks"][1]["id"], check=3)["state"] == "stopped"


@pytest.mark.parametrize("size", [70_000, 400_000])
def test_a_brain_that_says_far_too_much_is_cut_and_nothing_breaks(home: Home, brain: Brain, size: int) -> None:
    brain.script = lambda _request: Answer("é" * (size // 2))
    outcome = home.send("talk")
    assert outcome["state"] == "done"
    assert outcome["text"].startswith("ééé")
    assert len(outcome["text"].encode()) < 64 * 1024


def test_more_than_fits_into_one_approval_or_one_result_is_said(home: Home, brain: Brain) -> None:
    names = files(home, *(f"{number:03} " + "ö" * 110 + ".txt" for number in range(150)))
    brain.script = task_doing(moves(names, "ä" * 100))
    assert "less" in home.send("move far too much")["text"]
    brain.script = task_doing(*(moves(names[at : at + 50], "ä" * 100) for at in range(0, 150, 50)))
    outcome = home.send("move it in parts", check=4)
    task = outcome["tasks"][0]["id"]
    home.run("ask", "approve", outcome["asks"][0]["id"], "--scope", "task")
    done = home.json("tasks", "wait", task)
    assert (done["state"], len(list(home.desk.glob("ä*/*")))) == ("done", 150)
    undone = home.json("undo", task)
    assert undone["refused"] == []
    assert sorted(path.name for path in home.desk.glob("*ö.txt")) == names


def test_a_result_with_many_files_and_long_lines_fits_into_its_entry(home: Home, brain: Brain) -> None:
    table = "name,note\n" + "".join(f"row {row},{'ü' * 70}\n" for row in range(30))
    written = [("write_file", {"path": f"table {number}.csv", "content": table}) for number in range(12)]
    noted = ("note_not_done", {"items": ["a line that never ends " * 400] * 70})
    brain.script = task_doing(*written, noted, finally_="word " * 20_000)
    outcome = home.send("write many tables")
    assert outcome["state"] == "done"
    assert len(outcome["files"]) == 12
    assert outcome["text"].startswith("On it.\n\nword word")
    assert 0 < len(outcome["not_done"]) <= 60
    (result,) = [e for e in home.log() if e["type"] == "result" and e["in_reply_to"] == outcome["id"]]
    assert [bool(file["previews"]) for file in result["files"]][:1] == [True]


def test_names_and_words_that_no_disk_or_table_can_hold_break_nothing(home: Home, brain: Brain) -> None:
    impossible = "“" + "語" * 190 + ".csv” and `nul\0name.csv`"
    brain.script = task_doing(("read_file", {"path": "no\0where"}), finally_=f"I made {impossible}.")
    outcome = home.send("make what cannot be")
    assert outcome["state"] == "done"
    brain.script = task_doing(
        ("update_plan", {"plan": "no list"}),
        ("update_plan", {"plan": [{"text": "x", "state": "bogus"}]}),
        ("ask_person", {}),
        ("ask_person", {"question": "too long " * 9000}),
        ("note_not_done", {"items": 5}),
        ("move_files", {"moves": []}),
        ("nothing_of_the_kind", {"a": 1}),
        finally_="All of that was refused.",
    )
    outcome = home.send("try what makes no sense")
    assert (outcome["state"], outcome["text"]) == ("done", "On it.\n\nAll of that was refused.")
    answers = [block for block in brain.requests[-1]["messages"] if isinstance(block["content"], list)]
    results = [item for message in answers for item in message["content"] if item["type"] == "tool_result"]
    assert [item["is_error"] for item in results] == [True] * 7
    brain.script = lambda _request: Answer("Half \ud800 a character.")
    assert home.send("say it")["text"].startswith("Half")

"""A Messages server that misbehaves in every way the API can: each is handled, and the person is told in the thread."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.story.home import Home, running
from tests.story.messages_server import Answer, MessagesServer, is_front_desk, last_text, messages_server


@pytest.fixture(scope="module")
def brain() -> Iterator[MessagesServer]:
    with messages_server() as server:
        yield server


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, brain: MessagesServer) -> Iterator[Home]:
    env = {"ANTHROPIC_BASE_URL": brain.url, "ANTHROPIC_API_KEY": "sk-made-up-key-000", "DESKHAND_MODEL": "scripted"}
    with running(tmp_path_factory.mktemp("home"), env) as home:
        yield home


def notices(home: Home, target: str) -> list[str]:
    return [
        f"{entry['text']} {entry['next']}" for entry in home.log() if entry.get("target") == target and "next" in entry
    ]


def test_a_429_is_waited_for_by_the_servers_advice(home: Home, brain: MessagesServer) -> None:
    slow = Answer(status=429, headers={"retry-after": "1"}, error="rate_limit_error")
    brain.in_order(slow, Answer("Here I am."))
    outcome = home.send("hello")
    assert (outcome["state"], outcome["text"]) == ("done", "Here I am.")


def test_an_overloaded_service_is_tried_again(home: Home, brain: MessagesServer) -> None:
    brain.in_order(Answer(status=529, error="overloaded_error"), Answer("Back again."))
    assert home.send("hello")["text"] == "Back again."


def test_an_error_inside_the_stream_is_tried_again(home: Home, brain: MessagesServer) -> None:
    brain.in_order(Answer("Half of", stream_error="overloaded_error"), Answer("The whole answer."))
    assert home.send("hello")["text"] == "The whole answer."


@pytest.mark.parametrize("events", [1, 3, 5])
def test_a_stream_cut_in_the_middle_is_asked_anew_and_nothing_is_doubled(
    home: Home, brain: MessagesServer, events: int
) -> None:
    brain.in_order(Answer("one two three four", cut_after=events), Answer("one two three four"))
    assert home.send("count")["text"] == "one two three four"


def test_a_key_that_is_refused_is_said_with_the_remedy_and_without_the_key(home: Home, brain: MessagesServer) -> None:
    brain.in_order(Answer(status=401, error="authentication_error"))
    outcome = home.send("hello", check=3)
    said = " ".join(notices(home, outcome["id"]))
    assert outcome["state"] == "failed"
    assert "ANTHROPIC_API_KEY" in said
    assert "sk-made-up" not in said


def test_a_refusal_is_said(home: Home, brain: MessagesServer) -> None:
    brain.in_order(Answer("I", stop="refusal"))
    outcome = home.send("hello", check=3)
    assert any("declined" in line for line in notices(home, outcome["id"]))


def test_an_answer_at_the_output_limit_is_continued(home: Home, brain: MessagesServer) -> None:
    brain.in_order(Answer("The first half", stop="max_tokens"), Answer("and the second."))
    assert home.send("tell me")["text"] == "The first half and the second."
    assert "cut off" in last_text(brain.requests[-1])


def test_a_paused_turn_is_continued(home: Home, brain: MessagesServer) -> None:
    brain.in_order(Answer("Let me think.", stop="pause_turn"), Answer("Done thinking."))
    assert home.send("think")["text"].endswith("Done thinking.")


def test_malformed_tool_input_is_given_back_to_the_brain_and_never_run(home: Home, brain: MessagesServer) -> None:
    bad = Answer(calls=(("remember", {}),), raw_input='{"text": "half a sent')
    brain.in_order(bad, Answer("Sorry, I was not able to keep that."))
    outcome = home.send("remember something")
    assert outcome["state"] == "done"
    result = last_text(brain.requests[-1])
    assert "is_error" in result
    assert not [entry for entry in home.log() if entry["type"] == "memory"]


def test_a_task_that_fails_in_the_same_way_is_stopped(home: Home, brain: MessagesServer) -> None:
    def script(request: dict[str, object]) -> Answer:
        if is_front_desk(request):
            if "tool_result" in last_text(request):
                return Answer("On it.")
            return Answer(calls=(("start_task", {"title": "Read it", "brief": "Read nothing.csv"}),))
        return Answer(calls=(("read_file", {"path": "nothing.csv"}),))

    brain.script = script
    outcome = home.send("read nothing.csv", check=3)
    assert outcome["state"] == "failed"
    assert "3 times" in outcome["text"]


def test_a_result_that_names_a_missing_file_is_sent_back(home: Home, brain: MessagesServer) -> None:
    corrected = []

    def script(request: dict[str, object]) -> Answer:
        said = last_text(request)
        if is_front_desk(request):
            if "tool_result" in said:
                return Answer("On it.")
            return Answer(calls=(("start_task", {"title": "Report", "brief": "Write the report"}),))
        if "not there" in said:
            corrected.append(said)
            return Answer("I could not write the report.")
        return Answer("The report is in `the-report.xlsx`.")

    brain.script = script
    outcome = home.send("write the report")
    assert corrected
    assert outcome["text"].endswith("I could not write the report.")


def test_nothing_of_the_key_is_in_the_logs(home: Home) -> None:
    written = b"".join(path.read_bytes() for path in Path(home.state, "logs").glob("*.log"))
    assert b"sk-made-up" not in written

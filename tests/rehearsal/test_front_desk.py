"""The front desk: what it answers itself, what it hands to a task, and with which brief."""

import pytest

from tests.rehearsal.loop import DESK, message, request, user

RESULT = "Result: 1. a, 2. b.\nFiles: shops top 5 improved.xlsx"
LISTING = "desk: 3 files (9 KB), 1 folders\nPapers/ · 2024-05-01 10:00\nlist.csv · 3 KB · 2024-05-01 10:00\nmemo.md · 3.1 KB · 2024-05-01 10:00\npic.png · 3 KB · 2024-05-01 10:00"


class Desk:
    """A thread so far; ``say`` gives the reply and the calls of one message."""

    def __init__(self) -> None:
        self.thread: list[dict] = []
        self.now = ""
        self.answers = {"list_files": LISTING, "start_task": "Task 1 is started.", "remember": "Remembered."}

    def say(self, text: str, result: str | None = None) -> tuple[str, list[tuple[str, dict]]]:
        turn = [user(text)]
        calls = []
        while True:
            content = message(request([*self.thread, *turn], DESK, f"Computer: mill\n\n{self.now}"))["content"]
            asked = [block for block in content if block["type"] == "tool_use"]
            if not asked:
                break
            calls += [(block["name"], block["input"]) for block in asked]
            results = [
                {"type": "tool_result", "tool_use_id": block["id"], "content": self.answers.get(block["name"], "Done.")}
                for block in asked
            ]
            turn += [{"role": "assistant", "content": content}, {"role": "user", "content": results}]
        reply = content[0]["text"]
        blocks = [{"type": "text", "text": said} for said in (reply, result) if said]
        self.thread += [user(text), {"role": "assistant", "content": blocks}]
        return reply, calls


@pytest.fixture
def desk() -> Desk:
    return Desk()


def brief(calls) -> str:
    (only,) = [given for name, given in calls if name == "start_task"]
    return only["brief"]


def test_work_becomes_a_task_at_once(desk):
    text = "Please summarise shops.csv as a spreadsheet: which five shops improved most?"
    reply, calls = desk.say(text)

    ((name, given),) = calls
    assert name == "start_task"
    assert given["brief"] == text
    assert given["title"].startswith("Summarise shops.csv")
    assert len(given["title"]) <= 61
    assert 3 <= len(given["plan"]) <= 6
    assert reply.startswith("On it: Summarise shops.csv")


def test_that_means_the_last_result(desk):
    desk.say("Which five shops in shops.csv improved most?", RESULT)
    desk.say("thanks!")
    _, calls = desk.say("make that a bar chart")

    assert brief(calls).splitlines() == [
        "make that a bar chart",
        "Files: shops top 5 improved.xlsx",
        "Before this: Which five shops in shops.csv improved most?",
    ]


def test_a_follow_up_carries_the_wishes_it_builds_on(desk):
    desk.say("top 3 shops by price in shops.csv", "Result: a, b, c")
    desk.say("and the bottom three?", "Result: x, y, z")
    _, calls = desk.say("as a pie chart")

    assert brief(calls).splitlines()[1:] == [
        "Before this: top 3 shops by price in shops.csv",
        "Before this: and the bottom three?",
    ]


def test_messages_that_came_together_are_told_apart(desk):
    desk.thread = [user("top 3 shops in shops.csv")]
    desk.thread[0]["content"].append({"type": "text", "text": "what can you do?"})
    content = message(request(desk.thread, DESK))["content"]

    assert "rehearsal brain" in content[0]["text"]


def test_attached_files_come_along(desk):
    _, calls = desk.say("summarise this\nAttached: Deskhand/letter.pdf")

    assert brief(calls).splitlines() == ["summarise this", "Files: Deskhand/letter.pdf"]


@pytest.mark.parametrize("text", ["what can you do?", "who are you", "How do I get a real model?", "help"])
def test_it_says_what_it_is(desk, text):
    reply, calls = desk.say(text)

    assert calls == []
    assert "no language model" in reply
    assert "ANTHROPIC_API_KEY" in reply
    assert "ANTHROPIC_BASE_URL" in reply
    assert "mill" in reply


def test_greetings_are_short(desk):
    assert "mill" in desk.say("hello")[0]
    assert desk.say("thank you!") == ("You are welcome.", [])


@pytest.mark.parametrize("text", ["write a poem", "what is the meaning of life?", "book a flight"])
def test_what_is_not_understood_is_said(desk, text):
    reply, calls = desk.say(text)

    assert [name for name, _ in calls] == ["list_files"]
    assert "did not understand" in reply
    assert "`list.csv`" in reply
    assert "`memo.md`" in reply


def test_files_are_listed_at_the_desk(desk):
    assert desk.say("what files do I have?")[0].splitlines() == [
        "3 files and 1 folder:", "- `list.csv`", "- `memo.md`", "- `pic.png`",
    ]  # fmt: skip
    assert desk.say("show me the images")[0].splitlines() == ["1 file:", "- `pic.png`"]


def test_memory(desk):
    desk.answers["recall"] = (
        "2024-05-01 10:00: I like tables in euros\n\n2024-06-01 09:00: what did I say about tables?"
    )
    desk.answers["forget"] = "Forgotten: I like tables in euros"

    assert desk.say("remember that I like tables in euros") == (
        "Remembered. (“I like tables in euros”)",
        [("remember", {"text": "I like tables in euros"})],
    )
    reply, calls = desk.say("what did I say about tables?")
    assert calls == [("recall", {"query": "tables"})]
    assert "2024-05-01 10:00: I like tables in euros" in reply
    assert "2024-06-01" not in reply, "the question itself is no answer"
    assert desk.say("forget that I like tables in euros")[0] == "Forgotten: I like tables in euros"


def test_nothing_recalled_is_said(desk):
    desk.answers["recall"] = "Nothing in the thread contains that."
    assert "nothing" in desk.say("do you remember my dog's name?")[0]


def running(*tasks: str) -> str:
    return "\n".join(["Now: Monday", "Running tasks:", *(f"- {task}" for task in tasks)])


def test_stopping(desk):
    assert desk.say("stop")[0].startswith("Nothing is running")
    desk.now = running("a1 Compare the lists (running)", "b2 Tidy the desk (waiting)")

    assert desk.say("stop the comparison of lists")[1] == [("stop_task", {"task": "a1"})]
    assert [given["task"] for _, given in desk.say("stop everything")[1]] == ["a1", "b2"]
    reply, calls = desk.say("cancel")
    assert calls == []
    assert "- Tidy the desk" in reply


def test_correcting_work_under_way(desk):
    desk.say("top 3 shops in shops.csv")
    desk.now = running("a1 Top 3 shops in shops.csv (running)")

    assert desk.say("only the first two, please")[1] == [
        ("steer_task", {"task": "a1", "text": "only the first two, please"})
    ]
    assert desk.say("summarise other.pdf")[1][0][0] == "start_task"


def test_a_refused_start_is_said(desk):
    desk.answers["start_task"] = "Too many tasks."
    first = message(request([user("tidy this folder")], DESK))["content"]
    refusal = {"type": "tool_result", "tool_use_id": first[-1]["id"], "content": "Too many tasks.", "is_error": True}
    thread = [user("tidy this folder"), {"role": "assistant", "content": first}, {"role": "user", "content": [refusal]}]

    assert message(request(thread, DESK))["content"][0]["text"] == "I could not start this. Too many tasks."

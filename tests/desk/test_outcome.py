"""What became of a message, read from the thread: every state of the object `send --json` prints."""

from __future__ import annotations

from typing import Any

import pytest

from agent.desk.outcome import FINISHED, Outcome, of_message
from agent.desk.ports import Received
from agent.thread.entries import parse_body

MINE, OTHER, FIRST, SECOND = "a" * 32, "b" * 32, "1" * 32, "2" * 32
USAGE = {"input_tokens": 10, "output_tokens": 2, "usd": 0.25, "seconds": 1.5}


def thread(*bodies: dict[str, Any]) -> list[Received]:
    return [
        Received(seq, f"2026-11-22T10:00:{seq:02}Z", "d", parse_body({"id": f"{seq:032x}", **body}), "0" * 64)
        for seq, body in enumerate(bodies, start=1)
    ]


def message(name: str = MINE) -> dict[str, Any]:
    return {"id": name, "type": "message", "text": "do it", "files": []}


def receipt(kind: str, target: str = MINE) -> dict[str, Any]:
    return {"type": "receipt", "target": target, "kind": kind}


def created(task: str, target: str = MINE) -> dict[str, Any]:
    return {
        "type": "task.created",
        "task": task,
        "kind": "work",
        "title": task[:1],
        "brief": "x",
        "in_reply_to": target,
    }


def state(task: str, value: str) -> dict[str, Any]:
    return {"type": "task.state", "task": task, "state": value}


def ask(task: str) -> dict[str, Any]:
    action = {"title": "May I?", "tool": "move_files"}
    return {
        "type": "ask", "task": task, "kind": "approval", "level": 2, "action": action, "digest": "0" * 64,
        "reversible": True,
    }  # fmt: skip


def result(task: str, text: str, usd: float | None = 0.25) -> dict[str, Any]:
    file = {"name": "x.md", "bytes": 3, "sha256": "0" * 64, "mime": "text/markdown", "path": "/desk/x.md"}
    return {
        "type": "result", "task": task, "in_reply_to": MINE, "text": text, "files": [file], "not_done": [f"not {text}"],
        "seconds": 1.5, "usage": {**USAGE, "usd": usd},
    }  # fmt: skip


def reply(text: str) -> dict[str, Any]:
    return {"type": "reply", "in_reply_to": MINE, "text": text, "usage": USAGE}


@pytest.mark.parametrize(
    ("bodies", "expected"),
    [
        ([], "queued"),
        ([message()], "stored"),
        ([message(), receipt("received")], "received"),
        ([message(), receipt("received"), receipt("started")], "working"),
        ([message(), receipt("started"), reply("hi"), receipt("answered")], "done"),
        ([message(), receipt("failed")], "failed"),
        ([message(), receipt("stopped")], "stopped"),
        ([message(), receipt("expired")], "expired"),
        ([message(), receipt("cancelled")], "cancelled"),
        ([message(), receipt("refused")], "failed"),
        ([message(), receipt("answered", OTHER)], "stored"),
        ([message(), created(FIRST)], "working"),
        ([message(), created(FIRST), state(FIRST, "running")], "working"),
        ([message(), created(FIRST), state(FIRST, "waiting"), ask(FIRST)], "waiting"),
        ([message(), created(FIRST), state(FIRST, "done")], "working"),
        ([message(), created(FIRST), state(FIRST, "done"), receipt("answered")], "done"),
        ([message(), created(FIRST), state(FIRST, "failed"), receipt("failed")], "failed"),
        ([message(), created(FIRST), state(FIRST, "stopped"), receipt("stopped")], "stopped"),
        ([message(), created(FIRST), state(FIRST, "expired"), receipt("answered")], "expired"),
        ([message(), created(FIRST), state(FIRST, "in_doubt")], "in_doubt"),
        ([message(), created(FIRST), created(SECOND), state(FIRST, "failed"), state(SECOND, "running")], "working"),
        ([message(), created(FIRST), created(SECOND), state(FIRST, "failed"), ask(SECOND)], "waiting"),
        (
            [message(), created(FIRST), created(SECOND), state(FIRST, "done"), state(SECOND, "failed"),
             receipt("failed")],
            "failed",
        ),
        ([message(), created(FIRST, OTHER), ask(FIRST)], "stored"),
    ],
)  # fmt: skip
def test_the_state_of_a_message(bodies: list[dict[str, Any]], expected: str) -> None:
    assert of_message(MINE, thread(*bodies)).state == expected
    assert (expected in FINISHED) == (expected not in {"queued", "stored", "received", "working"})


def test_an_ask_that_is_closed_waits_no_more() -> None:
    bodies = [message(), created(FIRST), ask(FIRST), {"type": "ask.closed", "ask_seq": 3, "reason": "answered"}]
    made = of_message(MINE, thread(*bodies))
    assert (made.state, made.asks) == ("working", [])


def test_texts_files_ledgers_and_costs_of_all_answers_are_joined() -> None:
    bodies = [
        message(), receipt("received"), created(FIRST), created(SECOND), reply("On it."), result(FIRST, "one"),
        result(SECOND, "two"), state(FIRST, "done"), state(SECOND, "done"), receipt("answered"),
    ]  # fmt: skip
    made = of_message(MINE, thread(*bodies)).to_json()
    assert list(made) == list(Outcome(MINE).to_json())
    assert (made["id"], made["seq"], made["state"]) == (MINE, 1, "done")
    assert made["text"] == "On it.\n\none\n\ntwo"
    assert made["files"] == [{"name": "x.md", "path": "/desk/x.md", "bytes": 3, "sha256": "0" * 64}] * 2
    assert made["not_done"] == ["not one", "not two"]
    assert made["tasks"] == [
        {"id": FIRST, "title": "1", "state": "done"},
        {"id": SECOND, "title": "2", "state": "done"},
    ]
    assert made["receipts"][0] == {"kind": "received", "at": "2026-11-22T10:00:02Z"}
    assert made["usage"] == {"input_tokens": 30, "output_tokens": 6, "usd": 0.75, "seconds": 4.5}


def test_one_unknown_price_makes_the_sum_unknown() -> None:
    made = of_message(MINE, thread(message(), created(FIRST), reply("On it."), result(FIRST, "one", None)))
    assert made.usage["usd"] is None

"""Small scripted brains: the front desk hands every message to a task, which follows a plan of calls."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from agent.control_wire import Client
from tests.story.home import Home
from tests.story.messages_server import Answer, Script, is_front_desk, last_text

Call = tuple[str, dict[str, Any]]


def ask_agent(home: Home, **request: Any) -> dict[str, Any]:
    """What a command asks the agent, without the time a command takes to start."""
    with Client(home.state, 30) as client:
        return client.call(**request)


def tool_results(request: dict[str, Any]) -> list[str]:
    """What the tools of this conversation answered, oldest first."""
    found = []
    for message in request["messages"]:
        for block in message["content"] if isinstance(message["content"], list) else []:
            if block["type"] == "tool_result":
                content = block["content"]
                found.append(content if isinstance(content, str) else json.dumps(content, ensure_ascii=False))
    return found


def task_doing(*plan: Call, finally_: str = "") -> Script:
    """A brain whose task makes these calls one after another; its result is their answers, or ``finally_``."""

    def script(request: dict[str, Any]) -> Answer:
        if is_front_desk(request):
            if "tool_result" in last_text(request):
                return Answer("On it.")
            return Answer(calls=(("start_task", {"title": "Scripted", "brief": "Follow the script."}),))
        done = tool_results(request)
        if len(done) < len(plan):
            return Answer(calls=(plan[len(done)],))
        return Answer(finally_ or " | ".join(done))

    return script


def desk_doing(*plan: Call) -> Script:
    """A brain whose front desk makes these calls itself and says what they answered."""

    def script(request: dict[str, Any]) -> Answer:
        done = tool_results(request)
        return Answer(calls=(plan[len(done)],)) if len(done) < len(plan) else Answer(" | ".join(done) or "Nothing.")

    return script


def moves(names: Sequence[str], folder: str) -> Call:
    """One call that moves files into a folder."""
    return ("move_files", {"moves": [{"from": name, "to": f"{folder}/{name}"} for name in names]})

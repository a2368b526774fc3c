"""A small agent loop around the brain: the real tools on real files, the person's answers given beforehand."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from agent.core.ports import ToolError
from agent.model.rehearsal.brain import think
from agent.model.rehearsal.wire import Reply, Request, read_request
from agent.tools.registry import all_tools
from agent.tools.roots import Roots

MAX_TURNS = 60
TOOLS = {tool.spec.name: tool for tool in all_tools()}
OWN = ("update_plan", "ask_person", "note_not_done")
DESK = (
    "start_task",
    "steer_task",
    "stop_task",
    "list_files",
    "read_file",
    "describe_table",
    "recall",
    "remember",
    "forget",
)


class PlainWorkspace:
    """The granted folder without a journal."""

    def __init__(self, folder: Path, scratch: Path) -> None:
        self._roots = Roots([folder])
        self.roots = self._roots.roots
        self.scratch = scratch

    def find(self, name: str) -> Path:
        return self._roots.find(name)

    def target(self, name: str) -> Path:
        return self._roots.target(name)

    def display(self, path: Path) -> str:
        return self._roots.display(path)

    def open(self, path: Path) -> BinaryIO:
        return self._roots.open(path)

    def put(self, source: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)

    def move(self, source: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        source.rename(target)

    def trash(self, path: Path) -> None:
        path.rename(self.scratch / path.name)

    def checkpoint(self) -> None:
        return


@dataclass
class Outcome:
    """What a task did: its final text, its calls in order, its ledger, its last plan."""

    text: str = ""
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    not_done: list[str] = field(default_factory=list)
    plan: list[dict[str, str]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)

    def inputs(self, name: str) -> list[dict[str, Any]]:
        return [given for called, given in self.calls if called == name]


Answer = Callable[[str, dict[str, Any]], tuple[str, bool] | None]


class Loop:
    """Runs a brief to its end, as the agent does."""

    def __init__(self, folder: Path, scratch: Path) -> None:
        self.folder = folder
        self._workspace = PlainWorkspace(folder, scratch)

    def __call__(
        self,
        brief: str,
        *,
        answers: Iterable[str] = (),
        intercept: Answer | None = None,
        steer: dict[int, str] | None = None,
    ) -> Outcome:
        """``intercept`` answers a call in place of its tool; ``steer``: words added after that many turns."""
        outcome = Outcome(messages=[user(brief)])
        waiting = list(answers)
        for turn in range(MAX_TURNS):
            content = message(task_request(outcome.messages))["content"]
            outcome.messages.append({"role": "assistant", "content": content})
            calls = [block for block in content if block["type"] == "tool_use"]
            if not calls:
                outcome.text = content[0]["text"]
                return outcome
            results = []
            for block in calls:
                name, given = block["name"], block["input"]
                outcome.calls.append((name, given))
                answer = (intercept and intercept(name, given)) or self._answer(outcome, name, given, waiting)
                if answer[1]:
                    outcome.failures.append(answer[0])
                results.append(
                    {
                        "type": "tool_result",
                        "tool_use_id": block["id"],
                        "content": answer[0] or "Done.",
                        "is_error": answer[1],
                    }
                )
            if steer and turn in steer:
                results.append({"type": "text", "text": f"The person adds: {steer[turn]}"})
            outcome.messages.append({"role": "user", "content": results})
        raise AssertionError(f"no end after {MAX_TURNS} turns: {outcome.calls[-3:]}")

    def _answer(self, outcome: Outcome, name: str, given: dict[str, Any], waiting: list[str]) -> tuple[str, bool]:
        match name:
            case "update_plan":
                outcome.plan = given["plan"]
                return "The person sees the plan.", False
            case "note_not_done":
                outcome.not_done += given["items"]
                return "Noted.", False
            case "ask_person":
                outcome.asked.append(given)
                assert waiting, f"nobody answers: {given}"
                return waiting.pop(0), False
        tool = TOOLS[name]
        try:
            tool.prepare(given, self._workspace)
            output = tool.execute(given, self._workspace, lambda _: None)
        except ToolError as error:
            return str(error), True
        outcome.not_done += output.not_done
        return output.text, output.failed


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "text", "text": text}]}


def request(messages: list[dict[str, Any]], tools: Iterable[str], system: str = "You are Deskhand.") -> Request:
    body = {
        "model": "rehearsal", "max_tokens": 1000, "system": system, "messages": messages,
        "tools": [{"name": name, "input_schema": {"type": "object"}} for name in tools],
    }  # fmt: skip
    return read_request(json.dumps(body).encode())


def task_request(messages: list[dict[str, Any]]) -> Request:
    return request(messages, (*TOOLS, *OWN))


def message(asked: Request) -> dict[str, Any]:
    return Reply(asked, think(asked), "0" * 24 + str(len(asked.messages))).message()

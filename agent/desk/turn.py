"""The model loop: ask the brain, store its reply, do its calls, until it has nothing more to do.

Every reply is stored before it is acted on, so a restart neither pays twice nor does anything twice.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine

from agent.core.ports import Brain, BrainError, BrainRequest, ToolSpec, Usage
from agent.desk.calls import Outcome
from agent.journal.store import Journal

MAX_CONTINUATIONS = 4
"""How often an answer that hit the output limit, or was paused by the server, is continued."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """One run of the loop. ``opening``: messages before those stored under ``run``."""

    run: str
    system: str
    now: Callable[[], str]
    tools: tuple[ToolSpec, ...]
    opening: list[dict[str, Any]]
    on_text: Callable[[int, str], None]
    on_wait: Callable[[str], None]
    execute: Callable[[dict[str, Any]], Awaitable[Outcome]]
    spent: Callable[[Connection, Usage], None]
    steers: Callable[[Connection], list[str]]
    guard: Callable[[], str | None]
    """Why the loop must end now, or None; asked before each call of the brain."""


class BudgetExceeded(Exception):
    """A bound of the task is reached; the text says which."""


async def converse(engine: Engine, journal: Journal, brain: Brain, talk: Conversation) -> str:
    """Run to the final text. Raises `BrainError`, `BudgetExceeded`, and what ``execute`` raises (`Parked`)."""
    continued = 0
    while True:
        with engine.begin() as tx:
            stored = journal.turns.all(tx, talk.run)
        last = stored[-1] if stored else None
        if last is not None and last["role"] == "assistant":
            calls = [block for block in last["content"] if block["type"] == "tool_use"]
            if calls:
                await _do_calls(engine, journal, talk, calls)
                continue
            continued += 1
            if last["content"][-1].get("stop") is None or continued > MAX_CONTINUATIONS:
                if _hear(engine, journal, talk):
                    continue
                return _text(stored)
        reason = talk.guard()
        if reason is not None:
            raise BudgetExceeded(reason)
        messages = _api_messages([*talk.opening, *stored])
        request = BrainRequest(talk.system, talk.now(), talk.tools, messages)
        reply = await brain.turn(request, talk.on_text, talk.on_wait)
        content = _checked(_whole(reply.content), reply.stop_reason)
        with engine.begin() as tx:
            journal.turns.add(tx, talk.run, "assistant", content)
            talk.spent(tx, reply.usage)


async def _do_calls(engine: Engine, journal: Journal, talk: Conversation, calls: list[dict[str, Any]]) -> None:
    results: list[dict[str, Any]] = []
    for block in calls:
        outcome = await talk.execute(block)
        result: dict[str, Any] = {"type": "tool_result", "tool_use_id": block["id"], "content": outcome.text or "Done."}
        if outcome.failed:
            result["is_error"] = True
        results.append(result)
    with engine.begin() as tx:
        journal.turns.add(tx, talk.run, "user", [*results, *_heard(tx, talk)])


def _hear(engine: Engine, journal: Journal, talk: Conversation) -> bool:
    """Whether the person added something after the last word; it becomes the next message."""
    with engine.begin() as tx:
        heard = _heard(tx, talk)
        if heard:
            journal.turns.add(tx, talk.run, "user", heard)
    return bool(heard)


def _heard(tx: Connection, talk: Conversation) -> list[dict[str, Any]]:
    return [{"type": "text", "text": f"The person adds: {text}"} for text in talk.steers(tx)]


def _whole(content: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The content without halves of characters, which could be neither stored nor sent."""
    whole: list[dict[str, Any]] = json.loads(json.dumps(content, ensure_ascii=False).encode(errors="replace"))
    return whole


def _checked(content: list[dict[str, Any]], stop_reason: str) -> list[dict[str, Any]]:
    """Turn the ways an answer can end into content, or into an error for the person."""
    if stop_reason == "refusal":
        raise BrainError("The model declined to answer this.", "Say it differently, or use another model.")
    if stop_reason == "model_context_window_exceeded":
        raise BrainError("This became too long for the model.", "Ask for it in smaller parts.")
    if stop_reason == "max_tokens":
        # A call cut off by the limit is not a call; only whole text is kept and continued.
        content = [block for block in content if block["type"] == "text" and block["text"].strip()]
        content = content or [{"type": "text", "text": "(My last answer was too long to finish.)"}]
        return [*content[:-1], {**content[-1], "stop": "max_tokens"}]
    if stop_reason == "pause_turn" and content:
        return [*content[:-1], {**content[-1], "stop": "pause_turn"}]
    return content or [{"type": "text", "text": ""}]


def _api_messages(stored: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Stored messages without our own marks, with the word that continues a cut answer."""
    messages: list[dict[str, Any]] = []
    for message in stored:
        content = message["content"]
        if isinstance(content, str):
            messages.append(message)
            continue
        stop = content[-1].get("stop") if content else None
        blocks = [{key: value for key, value in block.items() if key not in {"stop", "malformed"}} for block in content]
        blocks = [block for block in blocks if block["type"] != "text" or block["text"].strip()]
        if blocks:
            messages.append({"role": message["role"], "content": blocks})
        if stop == "max_tokens":
            messages.append({"role": "user", "content": "Your answer was cut off. Go on exactly where it ended."})
    return messages


def _text(stored: list[dict[str, Any]]) -> str:
    """The text of the last answer, parts that were continued joined."""
    parts: list[str] = []
    for message in reversed(stored):
        if message["role"] != "assistant" or (parts and message["content"][-1].get("stop") is None):
            break
        parts.insert(0, "".join(block["text"] for block in message["content"] if block["type"] == "text"))
    return "".join(parts).strip()

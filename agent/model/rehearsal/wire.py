"""The Messages API as it stands on the wire: requests checked as strictly as the real one, replies as JSON or events.

Source: https://docs.anthropic.com/en/api/messages and the types of the official SDK.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent.model.rehearsal.turn import Turn

WORDS_PER_DELTA = 3
"""Text streams in groups of this many words: often enough to look alive, seldom enough to cost nothing."""

_WORD = re.compile(r"\S+")
_WORD_GROUP = re.compile(rf"\s*(?:\S+\s*){{1,{WORDS_PER_DELTA}}}")


class BadRequest(ValueError):
    """The request breaks the API's rules; the text says which."""


class Block(BaseModel):
    """A content block of any type; only what the brain reads is typed."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    type: str
    text: str = ""
    id: str = ""
    name: str = ""
    input: dict[str, Any] = {}
    tool_use_id: str = ""
    content: str | list[Block] = ""
    is_error: bool = False

    @property
    def words(self) -> str:
        """The block's own text, or that of its content."""
        return self.text or joined(self.content)


def joined(content: str | list[Block]) -> str:
    """Content as one text; blocks without text (images, documents) leave none."""
    return content if isinstance(content, str) else "\n".join(block.text for block in content if block.text)


class Message(BaseModel):
    """One turn of the conversation."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    role: Literal["user", "assistant"]
    content: str | list[Block]

    @property
    def blocks(self) -> list[Block]:
        """The content as blocks, also where it came as a plain string."""
        return [Block(type="text", text=self.content)] if isinstance(self.content, str) else self.content


class Tool(BaseModel):
    """A tool on offer; its schema is the caller's affair."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str = Field(pattern="^[a-zA-Z0-9_-]{1,128}$")


class Request(BaseModel):
    """Body of ``POST /v1/messages``; members that change nothing here are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    model: str = Field(min_length=1)
    max_tokens: int = Field(default=1, ge=1)
    messages: list[Message] = Field(min_length=1)
    system: str | list[Block] = ""
    tools: list[Tool] = []
    stream: bool = False


def read_request(body: bytes, *, counting: bool = False) -> Request:
    """Parse and check a body; ``counting``: of count_tokens, which needs no max_tokens. Raises `BadRequest`."""
    try:
        raw = json.loads(body)
    except ValueError:
        raise BadRequest("The request body is not valid JSON.") from None
    try:
        request = Request.model_validate(raw)
    except ValidationError as problem:
        first = problem.errors()[0]
        raise BadRequest(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    if not counting and "max_tokens" not in raw:
        raise BadRequest("max_tokens: Field required")
    names = [tool.name for tool in request.tools]
    if len(names) != len(set(names)):
        raise BadRequest("tools: Tool names must be unique.")
    _check_order(request.messages)
    return request


def _check_order(messages: list[Message]) -> None:
    """What the real API refuses: unanswered tool calls, answers to no call, empty texts, text before answers."""
    if messages[0].role != "user":
        raise BadRequest("messages: first message must use the user role.")
    open_calls: set[str] = set()
    for number, message in enumerate(messages):
        where = f"messages.{number}"
        blocks = message.blocks
        answers = [block.tool_use_id for block in blocks if block.type == "tool_result"]
        if open_calls != set(answers) or len(answers) != len(set(answers)):
            raise BadRequest(
                f"{where}: each `tool_use` block must have one `tool_result` block in the next message, and no other; "
                f"open: {sorted(open_calls)}, answered: {sorted(answers)}."
            )
        if [block.type == "tool_result" for block in blocks[: len(answers)]] != [True] * len(answers):
            raise BadRequest(f"{where}: `tool_result` blocks must come before any other content.")
        if any(block.type == "text" and not block.text.strip() for block in blocks):
            raise BadRequest(f"{where}: text content blocks must be non-empty.")
        if not blocks:
            raise BadRequest(f"{where}: all messages must have non-empty content.")
        calls = [block.id for block in blocks if block.type == "tool_use"]
        if calls and message.role != "assistant":
            raise BadRequest(f"{where}: `tool_use` blocks can only be in assistant messages.")
        open_calls = set(calls)
    if open_calls:
        raise BadRequest(f"messages: `tool_use` ids without `tool_result`: {sorted(open_calls)}.")


def input_tokens(request: Request) -> int:
    """A rough, deterministic measure: the words of everything the request holds."""
    system = request.system if isinstance(request.system, str) else joined(request.system)
    tools = sum(len(_WORD.findall(tool.name)) for tool in request.tools)
    calls = (json.dumps(block.input) + block.words for message in request.messages for block in message.blocks)
    return _count(system) + tools + sum(map(_count, calls))


def output_tokens(turn: Turn) -> int:
    """The words of a reply; never 0, as with the real API."""
    return max(1, _count(turn.text) + sum(1 + _count(json.dumps(dict(call.input))) for call in turn.calls))


def _count(text: str) -> int:
    return sum(1 for _ in _WORD.finditer(text))


class Reply:
    """One turn in the shapes of the wire. ``nonce``: makes its ids unlike those of every other reply."""

    def __init__(self, request: Request, turn: Turn, nonce: str) -> None:
        self._turn = turn
        self._usage = {"input_tokens": input_tokens(request), "output_tokens": output_tokens(turn)}
        self._stop = {"stop_reason": "tool_use" if turn.calls else "end_turn", "stop_sequence": None}
        self._head = {"id": f"msg_{nonce}", "type": "message", "role": "assistant", "model": request.model}
        self._calls = [
            {"type": "tool_use", "id": f"toolu_{nonce}{number:02}", "name": call.name, "input": dict(call.input)}
            for number, call in enumerate(turn.calls)
        ]

    def message(self) -> dict[str, Any]:
        """The whole reply at once."""
        text = [{"type": "text", "text": self._turn.text}] if self._turn.text else []
        return {**self._head, "content": [*text, *self._calls], **self._stop, "usage": self._usage}

    def events(self) -> Iterator[bytes]:
        """The reply as server-sent events, in the order of the real API."""
        usage = self._usage | {"output_tokens": 1}
        message: dict[str, Any] = {
            **self._head,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": usage,
        }
        yield _event("message_start", message=message)
        index = 0
        if self._turn.text:
            yield _event("content_block_start", index=index, content_block={"type": "text", "text": ""})
            for group in _WORD_GROUP.findall(self._turn.text):
                yield _event("content_block_delta", index=index, delta={"type": "text_delta", "text": group})
            yield _event("content_block_stop", index=index)
            index += 1
        for call in self._calls:
            yield _event("content_block_start", index=index, content_block={**call, "input": {}})
            part = {"type": "input_json_delta", "partial_json": json.dumps(call["input"])}
            yield _event("content_block_delta", index=index, delta=part)
            yield _event("content_block_stop", index=index)
            index += 1
        yield _event("message_delta", delta=self._stop, usage={"output_tokens": self._usage["output_tokens"]})
        yield _event("message_stop")


def _event(name: str, **members: Any) -> bytes:
    return f"event: {name}\ndata: {json.dumps({'type': name, **members})}\n\n".encode()


def error_body(kind: str, message: str) -> dict[str, Any]:
    """An error as the API shapes it."""
    return {"type": "error", "error": {"type": kind, "message": message}}

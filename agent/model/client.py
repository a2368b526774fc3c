"""The brain over the Anthropic Messages API: the only place that imports the SDK.

The SDK's own retries are off, so that the person can be told about every wait. Nothing of a conversation is kept at
the server.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections.abc import Callable
from typing import Any

import anthropic
import httpx2

from agent.core.ports import BrainError, BrainReply, BrainRequest, Usage
from agent.model.prices import price_of

MAX_TRIES = 6
MAX_WAIT_S = 60.0
FIRST_WAIT_S = 0.5
CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 300.0

_KEPT = {"text", "tool_use", "thinking", "redacted_thinking", "server_tool_use", "web_search_tool_result"}
_KEY_LIKE = re.compile(r"sk-[A-Za-z0-9_-]{8,}")


class CutStream(Exception):
    """The answer ended in the middle."""


class MessagesBrain:
    """A server of the Messages API: Anthropic's, a gateway, a local model, or the rehearsal brain."""

    def __init__(self, *, name: str, model: str, api_key: str, base_url: str | None = None) -> None:
        self._name = name
        self._model = model
        self._client = anthropic.AsyncAnthropic(
            api_key=api_key,
            base_url=base_url,
            max_retries=0,
            timeout=httpx2.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
        )

    @property
    def name(self) -> str:
        """Shown to people."""
        return self._name

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.close()

    async def turn(
        self, request: BrainRequest, on_text: Callable[[int, str], None], on_wait: Callable[[str], None]
    ) -> BrainReply:
        """See `agent.core.ports.Brain.turn`."""
        for attempt in range(1, MAX_TRIES + 1):
            try:
                return await self._once(request, on_text)
            except (anthropic.APIError, CutStream, httpx2.HTTPError, ValueError) as error:
                wait = _wait_before_retry(error, attempt)
                if wait is None or attempt == MAX_TRIES:
                    raise _explain(error) from error
                on_wait(f"{_reason(error)}; trying again in {wait:.0f} s" if wait >= 1 else _reason(error))
                await asyncio.sleep(wait)
        raise AssertionError("unreachable")

    async def _once(self, request: BrainRequest, on_text: Callable[[int, str], None]) -> BrainReply:
        inputs: dict[int, str] = {}
        said = 0
        async with self._client.messages.stream(**self._arguments(request)) as stream:
            async for event in stream:
                if event.type == "text":
                    on_text(said, event.text)
                    said += len(event.text)
                elif event.type == "content_block_delta" and event.delta.type == "input_json_delta":
                    inputs[event.index] = inputs.get(event.index, "") + event.delta.partial_json
            message = stream.current_message_snapshot
        if message.stop_reason is None:
            raise CutStream
        content = [
            _block(block.to_dict(), inputs.get(index))
            for index, block in enumerate(message.content)
            if block.type in _KEPT
        ]
        return BrainReply(content, message.stop_reason, self._usage(message.usage))

    def _arguments(self, request: BrainRequest) -> dict[str, Any]:
        tools: list[dict[str, Any]] = [
            {"name": tool.name, "description": tool.description, "input_schema": dict(tool.input_schema)}
            for tool in request.tools
        ]
        if tools:
            tools[-1]["cache_control"] = {"type": "ephemeral"}
        return {
            "model": self._model,
            "max_tokens": request.max_tokens,
            "system": [
                {"type": "text", "text": request.system, "cache_control": {"type": "ephemeral"}},
                {"type": "text", "text": request.now},
            ],
            "tools": tools,
            "messages": request.messages,
            "cache_control": {"type": "ephemeral"},
        }

    def _usage(self, usage: anthropic.types.Usage) -> Usage:
        cached = usage.cache_read_input_tokens or 0
        written = usage.cache_creation_input_tokens or 0
        usd = price_of(self._model, usage.input_tokens, usage.output_tokens, cached, written)
        return Usage(usage.input_tokens + cached + written, usage.output_tokens, usd)


def _block(block: dict[str, Any], raw_input: str | None) -> dict[str, Any]:
    """Replace the SDK's lenient reading of a tool's input by a strict one."""
    if block["type"] == "text":
        return {"type": "text", "text": block["text"]}
    if block["type"] != "tool_use":
        return block
    made: dict[str, Any] = {"type": "tool_use", "id": block["id"], "name": block["name"], "input": {}}
    try:
        value = json.loads(raw_input) if raw_input else block.get("input") or {}
    except ValueError:
        value = None
    if isinstance(value, dict):
        made["input"] = value
    else:
        made["malformed"] = True
    return made


def _wait_before_retry(error: Exception, attempt: int) -> float | None:
    """Seconds to wait, by the API's advice where it gave one; None where trying again is useless."""
    backoff: float = min(FIRST_WAIT_S * 2 ** (attempt - 1), MAX_WAIT_S) * random.uniform(0.75, 1.0)  # noqa: S311 - no secret
    if isinstance(error, anthropic.APIStatusError):
        if error.response.headers.get("x-should-retry") == "false":
            return None
        if error.status_code not in {408, 409, 429} and error.status_code < 500:  # noqa: PLR2004
            # An error inside a stream comes with the stream's own 200.
            return backoff if error.type in {"overloaded_error", "rate_limit_error", "api_error"} else None
        try:
            return min(float(error.response.headers["retry-after"]), MAX_WAIT_S)
        except (KeyError, ValueError):
            return backoff
    return backoff


def _reason(error: Exception) -> str:
    if isinstance(error, anthropic.APIStatusError):
        if error.status_code == 429 or error.type == "rate_limit_error":  # noqa: PLR2004
            return "The model's service asks to slow down"
        if error.status_code == 529 or error.type == "overloaded_error":  # noqa: PLR2004
            return "The model's service is overloaded"
        return f"The model's service answered {error.status_code}"
    if isinstance(error, CutStream | httpx2.RemoteProtocolError | httpx2.ReadError):
        return "The model's answer broke off in the middle"
    if isinstance(error, anthropic.APITimeoutError | httpx2.TimeoutException):
        return "The model's service does not answer"
    if isinstance(error, anthropic.APIConnectionError | httpx2.HTTPError):
        return "The model's service cannot be reached"
    return "The model's answer could not be read"


def _explain(error: Exception) -> BrainError:
    if isinstance(error, anthropic.AuthenticationError | anthropic.PermissionDeniedError):
        return BrainError(
            "The model's service refused the key.",
            "Set a valid ANTHROPIC_API_KEY at the computer and start Deskhand again.",
        )
    if isinstance(error, anthropic.NotFoundError):
        return BrainError("The model's service does not know this model.", "Set DESKHAND_MODEL to one it offers.")
    if isinstance(error, anthropic.APIStatusError) and error.status_code < 500 and error.status_code != 429:  # noqa: PLR2004
        said = _KEY_LIKE.sub("…", str(error.api_message or "no reason given"))[:300]
        return BrainError(f"The model's service refused the request: {said}", "Say it differently, or try again.")
    return BrainError(f"{_reason(error)}.", "Try again in a few minutes; nothing was lost.")

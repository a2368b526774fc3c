"""Bodies of live frames: worth seeing now, never stored, never a change of state (SPEC 5.6)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from agent.thread.parts import Count, Digest, HexId, KeyId, Part


class LiveText(Part):
    """Text as the brain writes it: ``text`` belongs at ``offset`` (in Unicode code points) of the whole.

    ``task`` is set for a task's text; without it this is the front desk's reply to ``in_reply_to``.
    """

    type: Literal["text"]
    in_reply_to: HexId
    task: HexId | None = None
    offset: Count
    text: str


class LiveStep(Part):
    """One tool call of a task. ``title`` is for people."""

    type: Literal["step"]
    task: HexId
    step: HexId
    tool: str
    title: str
    state: Literal["running", "ok", "failed"]
    detail: str | None = None


class LiveStatus(Part):
    """How the computer is: sent when it changes and to latecomers."""

    type: Literal["status"]
    name: str
    state: Literal["awake", "busy", "paused"]
    running: Count
    queued: Count
    brain: str


class TailAsk(Part):
    """A phone asks: how long is the thread really?"""

    type: Literal["tail.ask"]
    nonce: HexId


class Tail(Part):
    """The agent's signed answer; valid for ten seconds after the question."""

    type: Literal["tail"]
    nonce: HexId
    asker: KeyId
    gen: Count
    seq: Count
    head: Digest


LiveBody = LiveText | LiveStep | LiveStatus | TailAsk | Tail
live_adapter: TypeAdapter[LiveBody] = TypeAdapter(Annotated[LiveBody, Field(discriminator="type")])

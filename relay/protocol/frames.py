"""Frames of the socket and bodies of its HTTP twins (SPEC 5): JSON text, one object a frame, ``type`` first."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from relay.protocol.envelope import MAX_PUSH_CHARS, MAX_SEALED_CHARS
from relay.protocol.errors import ErrorCode
from relay.protocol.ids import MAX_SAFE_INTEGER

PROTOCOL_VERSION = 1
MAX_FRAME_BYTES = 512 * 1024
HELLO_WITHIN_S = 5
CLOSE_REPLACED = 4409
"""Close code of a connection that a newer one of the same device replaced: stay closed."""
CLOSE_UNAUTHORIZED = 4401
CLOSE_REMOVED = 4403
CLOSE_BAD_FRAME = 4400
CLOSE_SLOW = 4408

Count = Annotated[int, Field(ge=0, le=MAX_SAFE_INTEGER)]
Number = Annotated[int, Field(ge=1, le=MAX_SAFE_INTEGER)]
Sealed = Annotated[str, Field(max_length=MAX_SEALED_CHARS)]
HexId = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
KeyId = Annotated[str, Field(pattern="^[a-z2-7]{32}$")]
Hint = Literal["none", "result", "ask", "failed"]


class Frame(BaseModel):
    """Base of all frames: immutable; unknown members are ignored, so that newer peers are understood."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class Challenge(Frame):
    """Relay → device, first: sign this nonce."""

    type: Literal["challenge"] = "challenge"
    nonce: str


class Hello(Frame):
    """Device → relay: ``jws`` of type deskhand-hello+jws over {nonce, aud, thread, device}."""

    type: Literal["hello"] = "hello"
    v: int
    jws: Annotated[str, Field(max_length=4096)]


class Limits(Frame):
    """What the relay enforces."""

    frame_bytes: int = MAX_FRAME_BYTES
    sealed_chars: int = MAX_SEALED_CHARS
    appends_per_minute: int = 600
    live_per_second: int = 40
    blob_bytes: int = 512 * 1024 * 1024
    storage_bytes: int = 10 * 1024 * 1024 * 1024


class Welcome(Frame):
    """Relay → device: where the thread stands. ``token`` opens the HTTP twins for ten minutes."""

    type: Literal["welcome"] = "welcome"
    v: int = PROTOCOL_VERSION
    seq: Count
    gen: Count
    epoch: Number
    n: Count
    """Last number the relay has stored of this device."""
    token: str
    limits: Limits
    push_key: str
    """VAPID public key, base64url."""
    time: str


class Resume(Frame):
    """Device → relay: send what follows ``after``, then live."""

    type: Literal["resume"] = "resume"
    after: Count


class Append(Frame):
    """Device → relay: store this entry. ``roster``: root-signed change that takes effect with it."""

    type: Literal["append"] = "append"
    n: Number
    sealed: Sealed
    hint: Hint = "none"
    push: Annotated[str, Field(max_length=MAX_PUSH_CHARS)] | None = None
    blobs: Annotated[list[HexId], Field(max_length=100)] = []
    roster: Annotated[str, Field(max_length=4096)] | None = None


class Ack(Frame):
    """Relay → device: committed and fsynced."""

    type: Literal["ack"] = "ack"
    n: Number
    seq: Number


class Item(Frame):
    """One stored entry, its sealed bytes as received; ``at`` is the relay's clock and proves nothing."""

    sealed: str
    at: str


class Entries(Frame):
    """Relay → device: consecutive entries from ``first``; ``prev`` is the head before them."""

    type: Literal["entries"] = "entries"
    first: Number
    prev: str
    items: list[Item]


class Live(Frame):
    """Either way: worth seeing now, never stored. ``from`` is set towards receivers."""

    type: Literal["live"] = "live"
    stream: HexId
    sealed: Sealed
    keep: bool = False
    sender: Annotated[KeyId | None, Field(alias="from")] = None

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, populate_by_name=True)


class Present(Frame):
    """One connected device."""

    device: KeyId
    looking: bool


class Presence(Frame):
    """Relay → device: who is connected. A hint, unsigned."""

    type: Literal["presence"] = "presence"
    devices: list[Present]


class Looking(Frame):
    """Device → relay: whether a person has the thread visible here."""

    type: Literal["looking"] = "looking"
    looking: bool


class Error(Frame):
    """Relay → device: what went wrong and what to do next. ``roster`` accompanies ``removed``."""

    type: Literal["error"] = "error"
    code: ErrorCode
    message: str
    n: Number | None = None
    next_n: Number | None = None
    retry_after: float | None = None
    roster: str | None = None


FromDevice = Annotated[Hello | Resume | Append | Live | Looking, Field(discriminator="type")]
FromRelay = Annotated[Challenge | Welcome | Ack | Entries | Live | Presence | Error, Field(discriminator="type")]
from_device: TypeAdapter[Hello | Resume | Append | Live | Looking] = TypeAdapter(FromDevice)
from_relay: TypeAdapter[Challenge | Welcome | Ack | Entries | Live | Presence | Error] = TypeAdapter(FromRelay)


class ThreadRequest(Frame):
    """``POST /v1/threads``: open a thread.

    ``proof``: root-signed deskhand-thread+jws over {nonce, aud, thread, device}; ``cert``: the host certificate;
    ``sealed``: entry 1, the host's own.
    """

    root: dict[str, str]
    proof: Annotated[str, Field(max_length=4096)]
    cert: Annotated[str, Field(max_length=4096)]
    sealed: Sealed
    invite: str | None = None


class TokenRequest(Frame):
    """``POST /v1/token``: a hello over HTTP; ``nonce`` came from ``GET /v1/challenge``."""

    jws: Annotated[str, Field(max_length=4096)]


class Token(Frame):
    """Answer to ``POST /v1/token``."""

    token: str
    expires_in: int


class Quiet(Frame):
    """Quiet hours of one push subscription, local times HH:MM in an IANA zone."""

    start: Annotated[str, Field(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    end: Annotated[str, Field(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    zone: Annotated[str, Field(max_length=64)]


class PushKeys(Frame):
    """RFC 8291 keys of a subscription, base64url."""

    p256dh: Annotated[str, Field(max_length=128)]
    auth: Annotated[str, Field(max_length=64)]


class PushSubscription(Frame):
    """``PUT /v1/push``: where to wake this device."""

    endpoint: Annotated[str, Field(max_length=2048)]
    keys: PushKeys
    quiet: Quiet | None = None


class PushOutcome(Frame):
    """A line of ``GET /v1/push/log``: what the push service answered."""

    at: str
    outcome: Literal["accepted", "gone", "refused", "unreachable", "quiet", "looking"]
    status: int | None = None
    reason: str = ""


def dump(frame: Frame) -> str:
    """A frame as JSON text; members that are None are left out."""
    return frame.model_dump_json(exclude_none=True, by_alias=True)

"""Parts of entry bodies: files, plans, actions, usage. Strict and closed under JSON Schema, like the bodies."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from relay.protocol.ids import MAX_SAFE_INTEGER

HexId = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
KeyId = Annotated[str, Field(pattern="^[a-z2-7]{32}$")]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Time = Annotated[str, Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?Z$")]
Count = Annotated[int, Field(ge=0, le=MAX_SAFE_INTEGER)]
Number = Annotated[int, Field(ge=1, le=MAX_SAFE_INTEGER)]
Amount = Annotated[float, Field(ge=0, le=1e12)]

DEFAULT_EXPIRY_S = 72 * 3600


class Part(BaseModel):
    """Base of all bodies and their parts: immutable, strict, unknown members kept."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True)


class BlobRef(Part):
    """What opens a sealed file: id at the relay, key and nonce prefix in base64url."""

    id: HexId
    key: Annotated[str, Field(pattern="^[A-Za-z0-9_-]{43}$")]
    prefix: Annotated[str, Field(pattern="^[A-Za-z0-9_-]{10}$")]


class Preview(Part):
    """How the phone shows a file it cannot read: a grid of cells, text, or images. ``text`` stays small."""

    kind: Literal["grid", "text", "markdown", "image"]
    text: str | None = None
    rows: list[list[str]] | None = None
    total_rows: Count | None = None
    note: str | None = None
    blob: BlobRef | None = None
    bytes: Count | None = None


class File(Part):
    """A file in the thread. ``path``: where it lies on the computer; ``blob``: how to fetch it."""

    name: str
    bytes: Count
    sha256: Digest
    mime: str
    blob: BlobRef | None = None
    path: str | None = None
    previews: list[Preview] = []


class Usage(Part):
    """What a turn or task took: ``usd`` is None where no price is known."""

    input_tokens: Count
    output_tokens: Count
    usd: Amount | None = None
    seconds: Amount


class PlanStep(Part):
    """One line of a plan."""

    text: str
    state: Literal["todo", "now", "done", "skipped"]


class Change(Part):
    """One line of an exact action: ``before`` → ``after`` for a move or edit, one of them for add or remove."""

    op: Literal["add", "remove", "change", "move"]
    before: str | None = None
    after: str | None = None


class Action(Part):
    """The exact thing an approval is about, as shown and as run."""

    title: str
    tool: str
    argv: list[str] = []
    folder: str | None = None
    reads: list[str] = []
    writes: list[str] = []
    hosts: list[str] = []
    changes: list[Change] = []


class UndoOffer(Part):
    """What undo would take back, and until when."""

    changes: Count
    until: Time

"""Bodies of entries, version 1: the closed list of what a device may say in the thread (SPEC 4).

The phone's types and its validator are generated from these models, so their checks are limited to what JSON
Schema says: types, members, enumerations, ASCII patterns and number ranges. Unknown members are kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, TypeAdapter, ValidationError

from agent.thread.parts import (
    DEFAULT_EXPIRY_S,
    Action,
    Amount,
    Count,
    Digest,
    File,
    HexId,
    KeyId,
    Number,
    Part,
    PlanStep,
    Time,
    UndoOffer,
    Usage,
)
from relay.protocol.errors import Malformed


class _Body(Part):
    id: HexId


class _ByPerson(_Body):
    via: Literal["terminal"] | None = None
    """Set by the host's control socket for what the person typed at the computer."""


TaskState = Literal["queued", "running", "waiting", "done", "failed", "stopped", "expired", "in_doubt"]
Verdict = Literal["approve", "deny", "text", "check", "again", "skip"]
Scope = Literal["once", "task", "always"]


class Message(_ByPerson):
    """A person gives work, or adds to a task under way (``task``)."""

    type: Literal["message"]
    text: str
    files: list[File] = []
    task: HexId | None = None
    in_reply_to: HexId | None = None
    expires_in_s: Number = DEFAULT_EXPIRY_S
    not_before: Time | None = None


class Edit(_ByPerson):
    """Replace a message that has not started."""

    type: Literal["edit"]
    target: HexId
    text: str
    files: list[File] = []


class Cancel(_ByPerson):
    """Withdraw a message that has not started."""

    type: Literal["cancel"]
    target: HexId


class Stop(_ByPerson):
    """Stop one task, or everything."""

    type: Literal["stop"]
    task: HexId | None = None
    all: bool = False


class Pause(_ByPerson):
    """Start nothing new (``on``), or go on."""

    type: Literal["pause"]
    on: bool


class Answer(_ByPerson):
    """Answer an ask; ``ask_hash`` is SHA-256 of the ask's signing input, so that it cannot be another one."""

    type: Literal["answer"]
    ask_seq: Number
    ask_hash: Digest
    verdict: Verdict
    scope: Scope | None = None
    text: str | None = None
    reason: str | None = None


class RequestUndo(_ByPerson):
    """Take back a task's file changes."""

    type: Literal["request.undo"]
    task: HexId


class RequestDeviceRemove(_ByPerson):
    """Remove a device."""

    type: Literal["request.device_remove"]
    device: KeyId


class RequestMemory(_ByPerson):
    """Replace the memory file, if it is still the one with ``base_sha256``."""

    type: Literal["request.memory"]
    base_sha256: Digest
    text: str


class RequestSettings(_ByPerson):
    """Change one setting."""

    type: Literal["request.settings"]
    name: str
    value: str | int | float | bool | None


class RequestGrantRevoke(_ByPerson):
    """Take back a standing permission."""

    type: Literal["request.grant_revoke"]
    grant: HexId


class RequestSchedule(_ByPerson):
    """Change the schedules."""

    type: Literal["request.schedule"]
    op: Literal["add", "change", "remove", "pause", "resume", "run"]
    schedule: HexId | None = None
    rule: str | None = None
    zone: str | None = None
    text: str | None = None


class RequestFetch(_ByPerson):
    """Ask the computer for something too large to send unasked."""

    type: Literal["request.fetch"]
    what: Literal["steps", "preview", "blob"]
    of: str


class Host(_Body):
    """The agent begins (or takes over) the thread. ``name`` is the computer's."""

    type: Literal["host"]
    host_epoch: Number
    cert: str
    wraps: dict[str, str] = {}
    name: str = ""


class Checkpoint(_Body):
    """Reserved: the person's way out after the relay lost entries."""

    type: Literal["checkpoint"]
    jws: str


class DeviceAdded(_Body):
    """A device joins."""

    type: Literal["device.added"]
    roster: str
    name: str


class DeviceRemoved(_Body):
    """A device leaves; ``wraps`` bring the next epoch's key to all who stay."""

    type: Literal["device.removed"]
    roster: str
    wraps: dict[str, str]


class Receipt(_Body):
    """What happened to a message or request."""

    type: Literal["receipt"]
    target: HexId
    kind: Literal["received", "started", "answered", "failed", "stopped", "expired", "cancelled", "refused"]
    reason: str | None = None


class Reply(_Body):
    """What the front desk says."""

    type: Literal["reply"]
    in_reply_to: HexId
    text: str
    usage: Usage | None = None


class TaskCreated(_Body):
    """A task is accepted."""

    type: Literal["task.created"]
    task: HexId
    kind: Literal["work", "code"]
    title: str
    brief: str
    plan: list[PlanStep] = []
    in_reply_to: HexId
    schedule: HexId | None = None


class TaskChanged(_Body):
    """A task changes state."""

    type: Literal["task.state"]
    task: HexId
    state: TaskState
    reason: str | None = None


class TaskPlan(_Body):
    """A task's plan, whole."""

    type: Literal["task.plan"]
    task: HexId
    plan: list[PlanStep]


class Ask(_Body):
    """The agent needs a person. ``digest`` binds an approval to its exact action."""

    type: Literal["ask"]
    task: HexId
    kind: Literal["approval", "question", "in_doubt"]
    level: Count
    action: Action
    digest: Digest
    reversible: bool
    choices: list[str] = []
    scopes: list[Scope] = []


class AskClosed(_Body):
    """An ask needs no answer any more."""

    type: Literal["ask.closed"]
    ask_seq: Number
    by_seq: Number | None = None
    reason: Literal["answered", "changed", "withdrawn"]


class Result(_Body):
    """A task ends with something to show; ``not_done`` lists what was skipped or failed, and why."""

    type: Literal["result"]
    task: HexId
    in_reply_to: HexId
    text: str
    files: list[File] = []
    not_done: list[str] = []
    undo: UndoOffer | None = None
    steps_blob: File | None = None
    seconds: Amount
    usage: Usage


class UndoDone(_Body):
    """A task's changes were taken back; ``refused`` says which were not, and why."""

    type: Literal["undo.done"]
    task: HexId
    restored: list[str]
    refused: list[str] = []


class Memory(_Body):
    """The memory file, whole."""

    type: Literal["memory"]
    text: str
    sha256: Digest
    tainted: bool = False


class Schedule(_Body):
    """A schedule as it stands."""

    type: Literal["schedule"]
    schedule: HexId
    rule: str
    zone: str
    text: str
    next: Time | None = None
    state: Literal["active", "paused", "removed"]


class Settings(_Body):
    """The settings as they stand."""

    type: Literal["settings"]
    values: dict[str, str | int | float | bool | None]


class Grants(_Body):
    """The standing permissions as they stand."""

    type: Literal["grants"]
    items: list[dict[str, Any]]


class Fetched(_Body):
    """Answer to ``request.fetch``."""

    type: Literal["fetched"]
    target: HexId
    files: list[File]


class BlobDropped(_Body):
    """These sealed files are no longer at the relay."""

    type: Literal["blob.dropped"]
    blobs: list[HexId]


class Notice(_Body):
    """Something the person should know: ``text`` says what, ``next`` what to do."""

    type: Literal["notice"]
    code: str
    text: str
    next: str
    target: HexId | None = None


ClientBody = (
    Message | Edit | Cancel | Stop | Pause | Answer | RequestUndo | RequestDeviceRemove | RequestMemory
    | RequestSettings | RequestGrantRevoke | RequestSchedule | RequestFetch
)  # fmt: skip
HostBody = (
    Host | Checkpoint | DeviceAdded | DeviceRemoved | Receipt | Reply | TaskCreated | TaskChanged | TaskPlan
    | Ask | AskClosed | Result | UndoDone | Memory | Schedule | Settings | Grants | Fetched | BlobDropped | Notice
)  # fmt: skip
Body = ClientBody | HostBody
body_adapter: TypeAdapter[Body] = TypeAdapter(Annotated[Body, Field(discriminator="type")])


def _types(union: Any) -> frozenset[str]:
    return frozenset(get_args(model.model_fields["type"].annotation)[0] for model in get_args(union))


CLIENT_TYPES = _types(ClientBody)
HOST_TYPES = _types(HostBody)
APPROVE_TYPES = frozenset({"answer", "request.grant_revoke"})
"""What a client needs the scope ``approve`` for; every other client type needs ``write``."""


def parse_body(body: Mapping[str, Any]) -> Body:
    """Read a body of a known type. Raises `Malformed` without quoting its content."""
    try:
        return body_adapter.validate_python(dict(body))
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise Malformed(f"the entry's form is wrong at {where or 'type'}") from None


def dump_body(body: Body) -> dict[str, Any]:
    """A body as it is sealed; members that are None are left out."""
    return body.model_dump(mode="json", exclude_none=True)


class ThreadBodies:
    """What `relay.protocol.transcript.judge` must know of bodies."""

    def allowed(self, role: str, scopes: frozenset[str], kind: str) -> bool:
        """The host writes everything, a client what its scopes allow."""
        if role == "host":
            return kind in HOST_TYPES or kind in CLIENT_TYPES
        needed = "approve" if kind in APPROVE_TYPES else "write"
        return kind in CLIENT_TYPES and needed in scopes

    def check(self, body: Mapping[str, Any]) -> bool:
        """False for a type of a newer version; raises `Malformed` for a broken body."""
        if body["type"] not in CLIENT_TYPES and body["type"] not in HOST_TYPES:
            return False
        parse_body(body)
        return True

"""What the agent's parts ask of each other. `agent.desk` and `agent.app` join them; the parts themselves
(tools, permissions, journal, model, link) know only this file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO, Protocol


class ToolError(Exception):
    """A tool cannot do this. The text goes to the brain and to the person: what is wrong and what to do instead."""


class OutsideGrant(ToolError):
    """A path lies in no granted folder; the gate may ask the person for ``folder``."""

    def __init__(self, path: str, folder: Path, *, write: bool) -> None:
        super().__init__(f"{path} is outside the folders Deskhand may use. Ask for the folder {folder} first.")
        self.folder = folder
        self.write = write


class Stopped(Exception):
    """The person stopped the task; raised by ports so that a tool ends where it stands."""


class Op(StrEnum):
    """What may happen to a path."""

    CREATE = "create"
    OVERWRITE = "overwrite"
    MOVE = "move"
    TRASH = "trash"


@dataclass(frozen=True, slots=True)
class Touch:
    """One planned change of one path. ``to`` is set for a move."""

    op: Op
    path: Path
    to: Path | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """What a call will do, before it does it. Pure reads have no ``touches``.

    ``title`` is one line for people ("Reading airline-safety.csv"); ``reads`` are the files it opens;
    ``rerunnable``: running it twice changes nothing more than running it once.
    """

    title: str
    reads: tuple[Path, ...] = ()
    touches: tuple[Touch, ...] = ()
    rerunnable: bool = True


@dataclass(frozen=True, slots=True)
class ToolOutput:
    """What a careful colleague would say: what was done, where, how big, what was skipped.

    ``files`` are those worth showing to the person; ``not_done`` are lines for the result's ledger.
    """

    text: str
    files: tuple[Path, ...] = ()
    not_done: tuple[str, ...] = ()
    failed: bool = False


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """How the brain sees a tool: JSON Schema of its input."""

    name: str
    description: str
    input_schema: Mapping[str, Any] = field(default_factory=dict)


class Workspace(Protocol):
    """The granted folders as one task sees them; every change of a file goes through here and is journalled.

    Names are resolved beneath the grants without following a symlink out of them, also between the check and the
    use. A relative name is taken beneath the first root that has it.
    """

    @property
    def roots(self) -> tuple[Path, ...]:
        """The granted folders; the first is the home of relative names."""

    @property
    def scratch(self) -> Path:
        """A private folder of this task: prepare outputs here, then `put` them."""

    def find(self, name: str) -> Path:
        """An existing file or folder. Raises `ToolError` (with near names) or `OutsideGrant`."""

    def target(self, name: str) -> Path:
        """Where a file may be written; it need not exist. Raises `ToolError` or `OutsideGrant`."""

    def display(self, path: Path) -> str:
        """The name people and the brain know the path by: relative to the first root, else absolute."""

    def open(self, path: Path) -> BinaryIO:
        """Open a file beneath the grants for reading."""

    def put(self, source: Path, target: Path) -> None:
        """Place a finished scratch file at ``target`` (atomically, folders made as needed), keeping a pre-image."""

    def move(self, source: Path, target: Path) -> None:
        """Move beneath the grants; never overwrites."""

    def trash(self, path: Path) -> None:
        """Move out of sight; undo brings it back."""

    def checkpoint(self) -> None:
        """Raise `Stopped` where the person has stopped the task: call it in loops."""


Progress = Callable[[str], None]
"""Says what is going on right now, in a few words, for the live step."""


class Tool(Protocol):
    """prepare → (policy, approval) → execute. Both run in a worker thread."""

    @property
    def spec(self) -> ToolSpec:
        """Name, description and input schema."""

    def prepare(self, call: Mapping[str, Any], workspace: Workspace) -> Planned:
        """Say what ``call`` would do, changing nothing. Raises `ToolError` for input that makes no sense."""

    def execute(self, call: Mapping[str, Any], workspace: Workspace, progress: Progress) -> ToolOutput:
        """Do it. Raises `ToolError` or `Stopped`; anything else is a bug and is reported as one."""


@dataclass(frozen=True, slots=True)
class BrainRequest:
    """One call of the model: blocks and messages in the form of the Anthropic Messages API.

    ``system`` stays the same from call to call, so that it can be cached; ``now`` is what changes.
    """

    system: str
    now: str
    tools: tuple[ToolSpec, ...]
    messages: list[dict[str, Any]]
    max_tokens: int = 8192


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens and money of one or more calls; ``usd`` is None where no price is known."""

    input_tokens: int = 0
    output_tokens: int = 0
    usd: float | None = 0.0

    def plus(self, other: Usage) -> Usage:
        """The sum; an unknown price makes the whole unknown."""
        usd = None if self.usd is None or other.usd is None else self.usd + other.usd
        return Usage(self.input_tokens + other.input_tokens, self.output_tokens + other.output_tokens, usd)


@dataclass(frozen=True, slots=True)
class BrainReply:
    """What the model answered: content blocks as the API gave them.

    A ``tool_use`` block whose input was not a JSON object carries the member ``malformed`` instead of trust.
    """

    content: list[dict[str, Any]]
    stop_reason: str
    usage: Usage


class BrainError(Exception):
    """The brain cannot be used now. The text says why, ``next`` what the person can do."""

    def __init__(self, text: str, next_step: str) -> None:
        super().__init__(text)
        self.next = next_step


class Brain(Protocol):
    """A server of the Messages API."""

    @property
    def name(self) -> str:
        """Shown to people: the model's name, or "rehearsal"."""

    async def turn(
        self, request: BrainRequest, on_text: Callable[[int, str], None], on_wait: Callable[[str], None]
    ) -> BrainReply:
        """One call, streamed: ``on_text(offset, text)`` as text comes in (offset 0 starts anew after a retry).

        Waits and retries by the API's own advice and says so through ``on_wait``. Raises `BrainError`.
        """

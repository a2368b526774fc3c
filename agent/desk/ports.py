"""What the desk asks of the thread and of the computer; `agent.app` provides it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection

from agent.thread.entries import Body
from agent.thread.live import LiveBody
from agent.thread.parts import BlobRef, File


@dataclass(frozen=True, slots=True)
class Received:
    """A genuine entry of a known type. ``hash`` is SHA-256 of its signing input, in hex."""

    seq: int
    at: str
    device: str
    body: Body
    hash: str


class ThreadPort(Protocol):
    """The thread as the desk sees it."""

    def put(
        self,
        tx: Connection,
        body: Body,
        *,
        hint: str = "none",
        push: Mapping[str, Any] | None = None,
        blobs: Iterable[str] = (),
    ) -> None:
        """Append an entry; it leaves after the transaction is committed."""

    def committed(self) -> None:
        """Something was put and committed: send it."""

    def live(self, body: LiveBody, *, stream: str, keep: bool = False) -> None:
        """Show something now; lost where nobody is connected."""

    def recent(self, limit: int) -> list[Received]:
        """The last messages, replies and results, oldest first."""

    def search(self, tx: Connection, query: str, limit: int) -> list[Received]:
        """Entries about something, best first."""

    async def upload(self, path: Path, size: int, sha256: str) -> BlobRef | None:
        """Seal a file and store it at the relay, waiting for a connection. None where the relay refuses it."""

    async def download(self, file: File, target: Path) -> None:
        """Fetch and open a sealed file. Raises `ToolError` where it does not arrive whole."""


class Computer(Protocol):
    """Clock, chance and names."""

    @property
    def name(self) -> str:
        """The computer's name."""

    def now(self) -> float:
        """Unix seconds."""

    def new_id(self) -> str:
        """128 random bits in hex."""


FINAL_RECEIPTS = frozenset({"answered", "failed", "stopped", "expired", "cancelled", "refused"})

"""The thread as the desk sees it, joined from mirror, outbox, link and the relay's HTTP twins."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Connection

from agent.core.ports import ToolError
from agent.desk.ports import Received
from agent.link.blobs import BlobTransfer, FileChanged
from agent.link.client import Link
from agent.link.http import NotARelay, RelayUnreachable
from agent.thread.entries import Body
from agent.thread.live import LiveBody
from agent.thread.mirror import Mirror, StoredEntry
from agent.thread.outbox import Outbox
from agent.thread.parts import BlobRef, File
from relay.protocol.blobs import BlobKey
from relay.protocol.errors import ErrorCode, Malformed, Refused
from relay.protocol.frames import Hint

CONVERSATION = ("message", "reply", "result", "notice")
RETRY_S = 2.0


def received(entry: StoredEntry) -> Received | None:
    """A stored entry for the desk; None for what is void or of a newer version."""
    if entry.body is None or entry.device is None:
        return None
    return Received(entry.seq, entry.at, entry.device, entry.body, entry.hash)


class AgentThread:
    """Implements `agent.desk.ports.ThreadPort`. ``link`` is set once it exists."""

    def __init__(self, thread: str, mirror: Mirror, outbox: Outbox, blobs: BlobTransfer) -> None:
        self._thread = thread
        self._mirror = mirror
        self._outbox = outbox
        self._blobs = blobs
        self.link: Link | None = None

    def put(
        self,
        tx: Connection,
        body: Body,
        *,
        hint: str = "none",
        push: Mapping[str, Any] | None = None,
        blobs: Iterable[str] = (),
    ) -> None:
        """See `ThreadPort.put`."""
        self._outbox.put(tx, body, hint=cast("Hint", hint), push=push, blobs=list(blobs))

    def committed(self) -> None:
        """See `ThreadPort.committed`."""
        if self.link is not None:
            self.link.notify()

    def live(self, body: LiveBody, *, stream: str, keep: bool = False) -> None:
        """See `ThreadPort.live`."""
        if self.link is not None:
            self.link.send_live(body, stream, keep=keep)

    def recent(self, limit: int) -> list[Received]:
        """See `ThreadPort.recent`."""
        after = max(0, self._mirror.known.seq - 10 * limit)
        entries = self._mirror.entries(after, 10 * limit, types=CONVERSATION)[-limit:]
        return [item for entry in entries if (item := received(entry)) is not None]

    def search(self, tx: Connection, query: str, limit: int) -> list[Received]:
        """See `ThreadPort.search`."""
        return [item for entry in self._mirror.search(query, limit, tx=tx) if (item := received(entry)) is not None]

    async def upload(self, path: Path, size: int, sha256: str) -> BlobRef | None:
        """See `ThreadPort.upload`."""
        while True:
            try:
                with path.open("rb") as source:
                    key = await self._blobs.upload(source, size=size, sha256=sha256)
                return BlobRef.model_validate(key.to_wire())
            except (FileChanged, OSError):
                return None
            except Refused as error:
                if error.code is not ErrorCode.UNAVAILABLE:
                    return None
            except (RelayUnreachable, NotARelay):
                pass
            await asyncio.sleep(RETRY_S)

    async def download(self, file: File, target: Path) -> None:
        """See `ThreadPort.download`."""
        if file.blob is None:
            raise ToolError("it came without its content")
        try:
            key = BlobKey.from_wire(self._thread, file.bytes, file.blob.model_dump())
            await self._blobs.download(key, sha256=file.sha256, target=target)
        except (FileChanged, Malformed, Refused, RelayUnreachable, NotARelay) as error:
            raise ToolError(str(error)) from error

"""The write path, and the only one: admit → commit → fan out → notify; then the caller acknowledges.

Fan-out and notification only leave word, so the acknowledgement does not wait for anybody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from relay.core.limits import Limiter
from relay.core.log import Candidate, Device, SignedRoster, Thread
from relay.core.ports import Audience, Bell, Log, Peer, Stored
from relay.protocol import envelope, jose, transcript
from relay.protocol.errors import ErrorCode, Malformed, Refused
from relay.protocol.frames import Append

T = TypeVar("T")


class Intake:
    """Takes entries. Once begun, an append goes all the way, even if its sender is gone meanwhile."""

    def __init__(self, log: Log, audience: Audience, bell: Bell, appends: Limiter) -> None:
        self._log = log
        self._audience = audience
        self._bell = bell
        self._appends = appends
        self._running: set[asyncio.Task[Any]] = set()

    async def append(self, peer: Peer, append: Append) -> int:
        """Store an entry of an authenticated device; its seq, once it is on disk. Raises `Refused`.

        Calls made one after the other, without waiting for the results, are stored in that order.
        """
        return await self._to_the_end(self._append(peer, append))

    async def create(self, thread: Thread, host: Device, sealed: str) -> int:
        """Store a new thread with its first entry. Raises `Refused`."""
        return await self._to_the_end(self._create(thread, host, sealed))

    async def close(self) -> None:
        """Let what has begun come to its end."""
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _append(self, peer: Peer, append: Append) -> int:
        device = peer.device
        self._appends.admit((peer.thread, device.id), "entries", n=append.n)
        entry = read_candidate(append, device, peer.root)
        stored = await self._log.append(peer.thread, device.id, entry, append.hint, append.push)
        return self._spread(peer.thread, stored)

    async def _create(self, thread: Thread, host: Device, sealed: str) -> int:
        entry = read_candidate(Append(n=1, sealed=sealed), host, thread.root)
        return self._spread(thread.id, await self._log.create(thread, host, entry))

    def _spread(self, thread: str, stored: Stored) -> int:
        if stored.entry is not None:
            self._audience.announce(thread, stored.entry)
        if stored.left is not None:
            self._audience.dismiss(stored.left)
        if stored.wake is not None:
            self._bell.ring(stored.wake)
        return stored.seq

    async def _to_the_end(self, work: Coroutine[Any, Any, T]) -> T:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)


def read_candidate(append: Append, device: Device, root: dict[str, str]) -> Candidate:
    """Read what can be seen without the thread's keys. Raises `Refused` for what is no entry or no roster change."""
    try:
        sealed = envelope.parse_entry(append.sealed)
        roster = None if append.roster is None else transcript.read_roster(append.roster, root)
    except Malformed as error:
        raise Refused(ErrorCode.REFUSED, f"Not accepted: {error}.", n=append.n) from error
    return Candidate(
        n=append.n,
        kid=sealed.kid,
        signed=jose.verify(sealed.signed, device.jwk),
        signing_input=sealed.signed.signing_input,
        sealed=append.sealed,
        blobs=tuple(dict.fromkeys(append.blobs)),
        roster=None if roster is None or append.roster is None else SignedRoster(roster, append.roster),
    )

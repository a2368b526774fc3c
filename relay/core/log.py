"""The thread's log as the relay sees it: may this entry be stored, and what does it change (SPEC 3)?"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Literal

from relay.protocol.errors import ErrorCode, Refused
from relay.protocol.ids import EntryKid
from relay.protocol.transcript import RosterChange, next_head

HOST_RESERVE_BYTES = 1024 * 1024
"""What only the host may still write when the storage of a thread is full, so that it can say so."""


class DeviceRemoved(Refused):
    """The device was removed; ``roster`` is root's own word for it, which the device verifies."""

    def __init__(self, roster: str) -> None:
        super().__init__(ErrorCode.REMOVED)
        self.roster = roster


@dataclass(frozen=True, slots=True)
class Thread:
    """Where a thread stands. ``stored_bytes`` counts entries and blobs."""

    id: str
    root: dict[str, str]
    seq: int
    head: str
    epoch: int
    gen: int
    stored_bytes: int


@dataclass(frozen=True, slots=True)
class Device:
    """A device of a thread. ``removed``: the signed roster change that ended its membership; ``n``: its last number."""

    thread: str
    id: str
    jwk: dict[str, str]
    role: Literal["host", "client"]
    n: int
    from_seq: int
    to_seq: int | None = None
    removed: str | None = None

    def must_be_member(self) -> None:
        """Raise `DeviceRemoved` if it is one no longer."""
        if self.removed is not None:
            raise DeviceRemoved(self.removed)


@dataclass(frozen=True, slots=True)
class SignedRoster:
    """A roster change that root signed, and the very text of it."""

    change: RosterChange
    text: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry that asks to be stored as the device's ``n``-th, as far as it can be read without keys.

    ``signed``: the signature is by the key of the authenticated device.
    """

    n: int
    kid: EntryKid
    signed: bool
    signing_input: bytes
    sealed: str
    blobs: tuple[str, ...] = ()
    roster: SignedRoster | None = None

    @property
    def digest(self) -> bytes:
        """What tells two entries apart: the signature is left out, for it can be altered and stay valid."""
        return hashlib.sha256(self.signing_input).digest()


@dataclass(frozen=True, slots=True)
class Found:
    """What the store knows about a candidate before it decides.

    ``same_n``: (seq, digest) of the entry already stored under the device's n. ``missing_blobs``: not uploaded yet.
    ``named``: the device the roster change names, if it was ever one of the thread.
    """

    thread: Thread
    device: Device
    same_n: tuple[int, bytes] | None
    missing_blobs: tuple[str, ...]
    named: Device | None


@dataclass(frozen=True, slots=True)
class Again:
    """Stored before under this seq; the same ack is due, and nothing else."""

    seq: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """To be stored: the thread and its author afterwards, and whom the roster change lets in or shuts out."""

    thread: Thread
    device: Device
    joined: Device | None = None
    left: Device | None = None


def decide(entry: Candidate, found: Found, storage_bytes: int) -> Again | Accepted:
    """Judge a candidate, in the order of SPEC 3.3. Raises `Refused` with what the device can do."""
    thread, device, n = found.thread, found.device, entry.n
    if found.same_n is not None:
        seq, digest = found.same_n
        if digest == entry.digest:
            return Again(seq)
        raise Refused(ErrorCode.CONFLICT, f"Another entry is stored under number {n}.", n=n)
    device.must_be_member()
    kid = entry.kid
    if (kid.thread, kid.device, kid.n) != (thread.id, device.id, n):
        raise Refused(ErrorCode.REFUSED, "The entry belongs to another thread, device or number.", n=n)
    if kid.epoch != thread.epoch:
        raise Refused(ErrorCode.STALE_EPOCH, f"The thread is at epoch {thread.epoch}.", n=n)
    if n != device.n + 1:
        raise Refused(ErrorCode.GAP, f"Entry {device.n + 1} of this device comes next.", n=n, next_n=device.n + 1)
    if not entry.signed:
        raise Refused(ErrorCode.REFUSED, "The entry is not signed by this device.", n=n)
    after = replace(
        thread,
        seq=thread.seq + 1,
        head=next_head(thread.head, entry.signing_input),
        stored_bytes=thread.stored_bytes + len(entry.sealed),
    )
    accepted = Accepted(after, replace(device, n=n))
    if entry.roster is not None:
        accepted = _with_roster(accepted, entry.roster, found.named, n)
    if found.missing_blobs:
        names = ", ".join(found.missing_blobs)
        raise Refused(ErrorCode.BLOBS_MISSING, f"Not complete at the relay: {names}.", n=n)
    room = storage_bytes if device.role == "host" else storage_bytes - HOST_RESERVE_BYTES
    if after.stored_bytes > room:
        raise Refused(ErrorCode.STORAGE_FULL, "The storage of this thread is full.", n=n)
    return accepted


def _with_roster(accepted: Accepted, roster: SignedRoster, named: Device | None, n: int) -> Accepted:
    thread, change = accepted.thread, roster.change
    if accepted.device.role != "host":
        raise Refused(ErrorCode.REFUSED, "Only the computer changes the devices of a thread.", n=n)
    if change.epoch != thread.epoch:
        raise Refused(ErrorCode.STALE_EPOCH, "The roster change belongs to another epoch.", n=n)
    if change.op == "added":
        if named is not None:
            raise Refused(ErrorCode.REFUSED, "This device was in the thread before; an id never returns.", n=n)
        joined = Device(thread.id, change.device, change.jwk, "client", 0, thread.seq + 1)
        return replace(accepted, joined=joined)
    if named is None or named.removed is not None or named.role == "host":
        raise Refused(ErrorCode.REFUSED, "There is no such device to remove.", n=n)
    left = replace(named, to_seq=thread.seq, removed=roster.text)
    return replace(accepted, thread=replace(thread, epoch=thread.epoch + 1), left=left)

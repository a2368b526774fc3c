"""The order of the thread and the judgement of each entry: genuine, void, or a fault of the relay (SPEC 3).

Pure: `judge` takes what a device knows and one received entry, and says what the device knows afterwards.
Storing the outcome in one transaction with the entry is the caller's duty.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from relay.protocol import envelope, jose
from relay.protocol.errors import Malformed
from relay.protocol.ids import canonical_json, is_integer, is_key_id, key_id, strict_json

HOST_TYP = "deskhand-host+jws"
ROSTER_TYP = "deskhand-roster+jws"
SCOPES = frozenset({"write", "approve"})


def first_head(thread: str) -> str:
    """Head of the empty thread, in hex."""
    return hashlib.sha256(thread.encode("ascii")).hexdigest()


def next_head(head: str, signing_input: bytes) -> str:
    """Head after one more entry: SHA-256(head ‖ SHA-256(signing input)), in hex."""
    return hashlib.sha256(bytes.fromhex(head) + hashlib.sha256(signing_input).digest()).hexdigest()


@dataclass(frozen=True, slots=True)
class Member:
    """A device of the thread: it may sign entries with ``from_seq`` ≤ seq ≤ ``to_seq`` (None: still a member).

    ``n`` is its last counted entry.
    """

    id: str
    jwk: dict[str, str]
    role: str
    scopes: frozenset[str]
    from_seq: int
    to_seq: int | None = None
    n: int = 0


@dataclass(frozen=True, slots=True)
class Known:
    """What a device knows of a thread: replaced, never changed, by `judge`."""

    thread: str
    root: dict[str, str]
    me: str
    seq: int
    head: str
    epoch: int
    host_epoch: int
    members: Mapping[str, Member] = field(default_factory=dict)
    keys: Mapping[int, bytes] = field(default_factory=dict)
    wrap_key: bytes | None = None
    gen: int = 0


@dataclass(frozen=True, slots=True)
class Genuine:
    """Verified, opened, and of a known form unless ``newer`` ("made by a newer version": kept, never acted on)."""

    seq: int
    device: str
    plain: envelope.Plaintext
    newer: bool = False


@dataclass(frozen=True, slots=True)
class Void:
    """Could not be verified: hashed, shown as such, never acted on. ``counted``: it used up the device's number."""

    seq: int
    reason: str
    device: str | None = None
    counted: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """The relay's doing: stop here, store nothing, tell the person."""

    seq: int
    reason: str


Verdict = Genuine | Void | Fault


class Bodies(Protocol):
    """What the judge must know of bodies; implemented beside their types."""

    def allowed(self, role: str, scopes: frozenset[str], kind: str) -> bool:
        """Whether a device of this role and these scopes may write a body of this type."""

    def check(self, body: Mapping[str, Any]) -> bool:
        """True: of a known type and form. False: of an unknown type. Raises `Malformed` for a broken form."""


HeadAt = Callable[[int], str | None]
"""The head this device holds for a seq, or None below the oldest one it holds."""


def judge(known: Known, seq: int, sealed: str, bodies: Bodies, head_at: HeadAt) -> tuple[Known, Verdict]:
    """Judge the entry that the relay presents as number ``seq``.

    Returns the new knowledge and the verdict. For a `Fault` the knowledge is unchanged: the device freezes.
    """
    if seq != known.seq + 1:
        return known, Fault(seq, f"the relay sent entry {seq} where entry {known.seq + 1} belongs")
    try:
        entry = envelope.parse_entry(sealed)
    except Malformed as error:
        # No signing input can be trusted to exist, so the bytes as received stand in for it.
        return _step(known, seq, sealed.encode("utf-8", "surrogatepass")), Void(seq, str(error))
    hashed = _step(known, seq, entry.signed.signing_input)
    member = known.members.get(entry.kid.device)
    if member is None or not _may_sign(known, seq, entry, member):
        return hashed, Void(seq, "not signed by a device of this thread", entry.kid.device)
    last = member.n
    counts = entry.kid.n == last + 1
    counted = replace(hashed, members={**hashed.members, member.id: replace(member, n=last + 1)}) if counts else hashed
    if entry.kid.epoch != known.epoch:
        return counted, Void(seq, "sealed under an epoch that is not current", member.id, counts)
    if entry.kid.n <= last:
        return hashed, Void(seq, "a repetition", member.id)
    if not counts:
        return known, Fault(seq, f"entries {last + 1} to {entry.kid.n - 1} of a device are missing")
    if known.epoch not in known.keys:
        return known, Fault(seq, "the key of this epoch never reached this device; pair it anew")
    try:
        plain = envelope.open_entry(entry, known.keys[known.epoch])
        kind = plain.body["type"]
        is_known = bodies.check(plain.body)
        if is_known and not bodies.allowed(member.role, member.scopes, kind):
            raise Malformed(f"this device may not write {kind}")
        after = _apply(counted, member, plain.body) if is_known else counted
    except Malformed as error:
        return counted, Void(seq, str(error), member.id, counted=True)
    if plain.seen_seq >= seq:
        return known, Fault(seq, "an entry claims to have seen what comes after it")
    held = head_at(plain.seen_seq)
    if held is not None and held != plain.seen_head:
        return known, Fault(seq, f"two devices were shown different threads at entry {plain.seen_seq}")
    return after, Genuine(seq, member.id, plain, newer=not is_known)


def _step(known: Known, seq: int, signing_input: bytes) -> Known:
    return replace(known, seq=seq, head=next_head(known.head, signing_input))


def _may_sign(known: Known, seq: int, entry: envelope.SealedEntry, member: Member) -> bool:
    current = member.from_seq <= seq and (member.to_seq is None or seq <= member.to_seq)
    return current and entry.kid.thread == known.thread and jose.verify(entry.signed, member.jwk)


@dataclass(frozen=True, slots=True)
class RosterChange:
    """A root-signed change of who belongs to the thread, public to the relay."""

    thread: str
    epoch: int
    op: str
    device: str
    jwk: dict[str, str]
    role: str
    scopes: frozenset[str]


def sign_roster(change: RosterChange, root: jose.PrivateKey) -> str:
    """Sign a roster change with the root key."""
    payload = {
        "thread": change.thread,
        "epoch": change.epoch,
        "op": change.op,
        "device": change.device,
        "jwk": change.jwk,
        "role": change.role,
        "scopes": sorted(change.scopes),
    }
    return jose.sign(canonical_json(payload), root, kid=change.thread, typ=ROSTER_TYP)


def read_roster(compact: str, root: dict[str, str]) -> RosterChange:
    """Verify a roster change. Raises `Malformed`."""
    value = strict_json(jose.verified(compact, root, typ=ROSTER_TYP, kid=key_id(root)))
    match value:
        case {
            "thread": str(thread),
            "epoch": int(epoch),
            "op": "added" | "removed" as op,
            "device": str(device),
            "jwk": dict() as jwk,
            "role": "client" as role,
            "scopes": list() as scopes,
        } if len(value) == 7 and set(map(str, scopes)) <= SCOPES and thread == key_id(root):  # noqa: PLR2004
            public = jose.checked_jwk(jwk)
            if not is_integer(epoch) or key_id(public) != device:
                raise Malformed("the roster names a device by a key that is not its own")
            return RosterChange(thread, epoch, op, device, public, role, frozenset(map(str, scopes)))
    raise Malformed("not a roster change")


@dataclass(frozen=True, slots=True)
class HostCertificate:
    """Root's word that a device is the host since ``host_epoch``."""

    thread: str
    host_epoch: int
    device: str
    jwk: dict[str, str]


def sign_host(certificate: HostCertificate, root: jose.PrivateKey) -> str:
    """Sign a host certificate with the root key."""
    payload = {
        "thread": certificate.thread,
        "host_epoch": certificate.host_epoch,
        "device": certificate.device,
        "jwk": certificate.jwk,
    }
    return jose.sign(canonical_json(payload), root, kid=certificate.thread, typ=HOST_TYP)


def read_host(compact: str, root: dict[str, str]) -> HostCertificate:
    """Verify a host certificate. Raises `Malformed`."""
    value = strict_json(jose.verified(compact, root, typ=HOST_TYP, kid=key_id(root)))
    match value:
        case {"thread": str(thread), "host_epoch": int(host_epoch), "device": str(device), "jwk": dict() as jwk} if (
            len(value) == 4 and host_epoch > 0 and thread == key_id(root) and is_key_id(device)  # noqa: PLR2004
        ):
            public = jose.checked_jwk(jwk)
            if not is_integer(host_epoch) or key_id(public) != device:
                raise Malformed("the certificate names a device by a key that is not its own")
            return HostCertificate(thread, host_epoch, device, public)
    raise Malformed("not a host certificate")


def wrap_kid(thread: str, epoch: int, device: str) -> str:
    """Key id of the JWE that carries the thread key of an epoch to a device."""
    return f"{thread}.{epoch}.{device}.wrap"


def _apply(known: Known, author: Member, body: Mapping[str, Any]) -> Known:
    """What an entry changes in the roster and the epoch. Raises `Malformed` where root did not sign it."""
    match body:
        case {"type": "device.added", "roster": str(roster)}:
            change = read_roster(roster, known.root)
            if change.op != "added" or change.epoch != known.epoch or change.device in known.members:
                raise Malformed("a roster change that does not fit here")
            member = Member(change.device, change.jwk, change.role, change.scopes, known.seq + 1)
            return replace(known, members={**known.members, change.device: member})
        case {"type": "device.removed", "roster": str(roster), "wraps": dict() as wraps}:
            change = read_roster(roster, known.root)
            gone = known.members.get(change.device)
            if change.op != "removed" or change.epoch != known.epoch or gone is None or gone.to_seq is not None:
                raise Malformed("a roster change that does not fit here")
            members = {**known.members, gone.id: replace(gone, to_seq=known.seq)}
            return _next_epoch(replace(known, members=members), wraps)
        case {"type": "host", "cert": str(cert)}:
            certificate = read_host(cert, known.root)
            if certificate.device != author.id or certificate.host_epoch != known.host_epoch:
                raise Malformed("a host certificate that does not fit here")
            return known
        case _:
            return known


def _next_epoch(known: Known, wraps: Mapping[str, Any]) -> Known:
    epoch = known.epoch + 1
    if epoch in known.keys:  # the host made the key before it wrote the entry
        return replace(known, epoch=epoch)
    wrapped = wraps.get(known.me)
    if known.wrap_key is None or not isinstance(wrapped, str):
        return replace(known, epoch=epoch)
    try:
        key = jose.decrypt(wrapped, known.wrap_key, kid=wrap_kid(known.thread, epoch, known.me))
    except Malformed:
        key = b""
    if len(key) != jose.KEY_BYTES:
        # For all others the entry is genuine, so it is here; the next one finds that the key is missing.
        return replace(known, epoch=epoch)
    return replace(known, epoch=epoch, keys={**known.keys, epoch: key})


def begin(cert: str, root: dict[str, str], keys: Mapping[int, bytes]) -> Known:
    """Knowledge of the host at the start of its thread, before entry 1. Raises `Malformed`."""
    certificate = read_host(cert, root)
    thread = key_id(root)
    host = Member(certificate.device, certificate.jwk, "host", frozenset(), 1)
    return Known(
        thread=thread,
        root=root,
        me=certificate.device,
        seq=0,
        head=first_head(thread),
        epoch=1,
        host_epoch=certificate.host_epoch,
        members={host.id: host},
        keys=dict(keys),
    )

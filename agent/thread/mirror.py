"""The mirror: every entry of the thread, judged, decrypted and searchable, with the cursor that says how far.

What `receive` stores joins the caller's transaction, so that an entry and what it causes are stored together.
Query methods take that transaction as ``tx`` when they are called inside one; without it they open their own.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, Protocol

from sqlalchemy import Connection, Engine, RowMapping, insert, select, text, update
from sqlmodel import col

from agent.thread.entries import Body, ThreadBodies, body_adapter, parse_body
from agent.thread.tables import MirrorEntry, MirrorState
from relay.protocol import envelope, jose, transcript
from relay.protocol.errors import Malformed
from relay.protocol.frames import Item
from relay.protocol.ids import canonical_json, key_id

_STATE_ID = 1
_BEGINNING = "1970-01-01T00:00:00Z"
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?Z")
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Scripts written without spaces between words, which the index cannot cut into words."""


class Owner(Protocol):
    """What the mirror and the outbox must know of this computer's identity."""

    @property
    def root(self) -> jose.PrivateKey:
        """The thread's root key."""

    @property
    def device(self) -> jose.PrivateKey:
        """The device key of this computer."""


class Frozen(Exception):
    """The relay broke the thread at entry ``seq``: nothing from there on is taken. ``reason`` is for people."""

    def __init__(self, seq: int, reason: str) -> None:
        super().__init__(f"The relay no longer shows the true thread (entry {seq}): {reason}.")
        self.seq = seq
        self.reason = reason


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """One entry as this computer holds it.

    ``at`` is what its device says (RFC 3339 UTC), for a void one what the relay says. ``hash`` is SHA-256 of the
    signing input in hex: what an answer names. ``body`` is None unless genuine; ``n`` is None where nothing counted.
    """

    seq: int
    at: str
    device: str | None
    body: Body | None
    body_raw: Mapping[str, Any]
    verdict: Literal["genuine", "void", "newer"]
    reason: str
    hash: str
    n: int | None


@dataclass(frozen=True, slots=True)
class Received:
    """One entry just stored, and what is known right after it."""

    entry: StoredEntry
    after: transcript.Known


@dataclass(frozen=True, slots=True)
class Device:
    """A device of the thread, with its name."""

    member: transcript.Member
    name: str


class Mirror:
    """The thread as this computer knows it. ``keys`` is a live view of the thread keys by epoch."""

    def __init__(self, engine: Engine, owner: Owner, keys: Mapping[int, bytes]) -> None:
        self._engine = engine
        self._owner = owner
        self._keys = keys
        self._bodies = ThreadBodies()
        self._frozen: Frozen | None = None
        self.reload()

    @property
    def known(self) -> transcript.Known:
        """What this computer knows of the thread, as of its last received entry."""
        return replace(self._known, keys=self._keys)

    @property
    def frozen(self) -> Frozen | None:
        """Why nothing is taken from the relay any more, if so. Survives restarts."""
        return self._frozen

    def reload(self) -> None:
        """Take the knowledge from the database again: call it after a transaction with `receive` was rolled back."""
        with self._engine.begin() as tx:
            row = tx.execute(select(MirrorState)).mappings().first()
        self._known = _beginning(self._owner) if row is None else _stored_knowledge(self._owner, row)
        self._frozen = None
        if row is not None and row["frozen_seq"] is not None:
            self._frozen = Frozen(row["frozen_seq"], row["frozen_reason"])

    def thaw(self, tx: Connection) -> None:
        """Try again after a fault: the entries are judged anew. For `deskhand doctor`, at the person's wish."""
        tx.execute(update(MirrorState).values(frozen_seq=None, frozen_reason=None))
        self._frozen = None

    def receive(self, tx: Connection, first: int, items: Sequence[Item], *, prev: str) -> list[Received]:
        """Judge and store consecutive entries from ``first``; ``prev`` is the head the relay claims before them.

        Stops at a fault of the relay: what came before it is stored and returned, and `frozen` is set and stored
        with it. The caller commits, then looks at `frozen`. Raises `Frozen` where it was set before. If the
        transaction is rolled back, the caller must call `reload`.
        """
        if self._frozen is not None:
            raise self._frozen
        known, received = self.known, []
        heads: dict[int, str] = {known.seq: known.head}

        def head_at(seq: int) -> str | None:
            return heads.get(seq) or self.head_at(seq, tx=tx)

        fault = _foreign_history(known, first, prev)
        rows: list[dict[str, Any]] = []
        for seq, item in enumerate(items, first):
            if fault is not None:
                break
            known, verdict = transcript.judge(known, seq, item.sealed, self._bodies, head_at)
            if isinstance(verdict, transcript.Fault):
                fault = verdict
                break
            entry = _entry(item, verdict, known)
            heads[seq] = known.head
            rows.append(_row(item, entry, known.head))
            received.append(Received(entry, known))
        if rows:
            tx.execute(insert(MirrorEntry), rows)
        _index(tx, received)
        self._store(tx, known, fault)
        return received

    def get(self, seq: int, *, tx: Connection | None = None) -> StoredEntry | None:
        """Entry ``seq``, or None."""
        return self._first(select(MirrorEntry).where(col(MirrorEntry.seq) == seq), tx)

    def by_body_id(self, body_id: str, *, tx: Connection | None = None) -> StoredEntry | None:
        """The first genuine entry with this body id, or None."""
        found = select(MirrorEntry).where(col(MirrorEntry.body_id) == body_id, col(MirrorEntry.verdict) == "genuine")
        return self._first(found.order_by(col(MirrorEntry.seq)), tx)

    def latest(self, kind: str, *, tx: Connection | None = None) -> StoredEntry | None:
        """The newest genuine entry of a type, or None."""
        found = select(MirrorEntry).where(col(MirrorEntry.type) == kind, col(MirrorEntry.verdict) == "genuine")
        return self._first(found.order_by(col(MirrorEntry.seq).desc()), tx)

    def entries(
        self, after: int, limit: int, *, types: Collection[str] | None = None, tx: Connection | None = None
    ) -> list[StoredEntry]:
        """Up to ``limit`` entries that follow ``after``, oldest first; with ``types`` the genuine ones of these."""
        found = select(MirrorEntry).where(col(MirrorEntry.seq) > after)
        if types is not None:
            found = found.where(col(MirrorEntry.type).in_(types), col(MirrorEntry.verdict) == "genuine")
        with self._reading(tx) as reader:
            rows = reader.execute(found.order_by(col(MirrorEntry.seq)).limit(limit)).mappings()
            return [_stored_entry(row) for row in rows]

    def search(self, query: str, limit: int, *, tx: Connection | None = None) -> list[StoredEntry]:
        """Genuine entries whose texts hold all words of ``query`` (or words that begin so), the best first.

        Case and accents do not matter. Scripts without spaces are searched by substring, the newest first.
        """
        words = [word for word in query.split() if any(char.isalnum() for char in word)]
        if not words:
            return []
        with self._reading(tx) as reader:
            if _UNSPACED.search(query):
                clauses = " AND ".join(f"text LIKE :word{i} ESCAPE '\\'" for i in range(len(words)))
                found = f"SELECT rowid FROM mirror_text WHERE {clauses} ORDER BY rowid DESC LIMIT :limit"  # noqa: S608
                values: dict[str, Any] = {f"word{i}": f"%{_like(word)}%" for i, word in enumerate(words)}
            else:
                found = "SELECT rowid FROM mirror_text WHERE text MATCH :query ORDER BY rank, rowid DESC LIMIT :limit"
                values = {"query": " ".join('"' + word.replace('"', '""') + '"*' for word in words)}
            seqs = list(reader.execute(text(found), {**values, "limit": limit}).scalars())
            rows = reader.execute(select(MirrorEntry).where(col(MirrorEntry.seq).in_(seqs))).mappings()
            by_seq = {row["seq"]: _stored_entry(row) for row in rows}
        return [by_seq[seq] for seq in seqs]

    def head_at(self, seq: int, *, tx: Connection | None = None) -> str | None:
        """The head after entry ``seq``, or None beyond the last one."""
        if seq == 0:
            return transcript.first_head(self._known.thread)
        with self._reading(tx) as reader:
            return reader.execute(select(col(MirrorEntry.head)).where(col(MirrorEntry.seq) == seq)).scalar()

    def devices(self, *, tx: Connection | None = None) -> list[Device]:
        """All devices ever, in the order they came, with their names."""
        names: dict[str, str] = {}
        for entry in self.entries(0, self._known.seq, types={"host", "device.added"}, tx=tx):
            body = entry.body
            if body is not None and body.type == "host" and entry.device is not None:
                names[entry.device] = body.name
            elif body is not None and body.type == "device.added":
                names[transcript.read_roster(body.roster, self._owner.root.jwk).device] = body.name
        return [Device(member, names.get(member.id, "")) for member in self._known.members.values()]

    def _first(self, found: Any, tx: Connection | None) -> StoredEntry | None:
        with self._reading(tx) as reader:
            row = reader.execute(found.limit(1)).mappings().first()
        return None if row is None else _stored_entry(row)

    @contextmanager
    def _reading(self, tx: Connection | None) -> Iterator[Connection]:
        if tx is not None:
            yield tx
            return
        with self._engine.begin() as own:
            yield own

    def _store(self, tx: Connection, known: transcript.Known, fault: transcript.Fault | None) -> None:
        row = {
            "seq": known.seq,
            "head": known.head,
            "epoch": known.epoch,
            "host_epoch": known.host_epoch,
            "gen": known.gen,
            "members": canonical_json([_member_json(member) for member in known.members.values()]).decode(),
            "frozen_seq": None if fault is None else fault.seq,
            "frozen_reason": None if fault is None else fault.reason,
        }
        if tx.execute(update(MirrorState).values(row)).rowcount == 0:
            tx.execute(insert(MirrorState).values(id=_STATE_ID, **row))
        self._known = known
        self._frozen = None if fault is None else Frozen(fault.seq, fault.reason)


def _beginning(owner: Owner) -> transcript.Known:
    thread, device = key_id(owner.root.jwk), key_id(owner.device.jwk)
    certificate = transcript.HostCertificate(thread, 1, device, owner.device.jwk)
    return transcript.begin(transcript.sign_host(certificate, owner.root), owner.root.jwk, {})


def _stored_knowledge(owner: Owner, row: RowMapping) -> transcript.Known:
    members = [
        transcript.Member(**{**value, "scopes": frozenset(value["scopes"])}) for value in json.loads(row["members"])
    ]
    return transcript.Known(
        thread=key_id(owner.root.jwk),
        root=owner.root.jwk,
        me=key_id(owner.device.jwk),
        seq=row["seq"],
        head=row["head"],
        epoch=row["epoch"],
        host_epoch=row["host_epoch"],
        members={member.id: member for member in members},
        gen=row["gen"],
    )


def _member_json(member: transcript.Member) -> dict[str, Any]:
    return {**asdict(member), "scopes": sorted(member.scopes)}


def _foreign_history(known: transcript.Known, first: int, prev: str) -> transcript.Fault | None:
    if first == known.seq + 1 and prev != known.head:
        return transcript.Fault(first, f"its entries up to {known.seq} are not those this computer has verified")
    return None


def _entry(item: Item, verdict: transcript.Genuine | transcript.Void, known: transcript.Known) -> StoredEntry:
    try:
        hashed = envelope.parse_entry(item.sealed).signed.signing_input
    except Malformed:
        hashed = item.sealed.encode("utf-8", "surrogatepass")
    digest = hashlib.sha256(hashed).hexdigest()
    if isinstance(verdict, transcript.Void):
        n = known.members[verdict.device].n if verdict.counted and verdict.device is not None else None
        return StoredEntry(verdict.seq, _time(item.at), verdict.device, None, {}, "void", verdict.reason, digest, n)
    plain = verdict.plain
    return StoredEntry(
        seq=verdict.seq,
        at=_time(plain.at, item.at),
        device=verdict.device,
        body=None if verdict.newer else parse_body(plain.body),
        body_raw=plain.body,
        verdict="newer" if verdict.newer else "genuine",
        reason="made by a newer version" if verdict.newer else "",
        hash=digest,
        n=plain.n,
    )


def _time(*candidates: str) -> str:
    return next((at for at in candidates if _TIME.fullmatch(at)), _BEGINNING)


def _row(item: Item, entry: StoredEntry, head: str) -> dict[str, Any]:
    has_body = entry.verdict != "void"
    return {
        "seq": entry.seq,
        "sealed": item.sealed,
        "relay_at": item.at,
        "head": head,
        "hash": entry.hash,
        "verdict": entry.verdict,
        "reason": entry.reason,
        "at": entry.at,
        "device": entry.device,
        "n": entry.n,
        "body_id": entry.body_raw["id"] if has_body else None,
        "type": entry.body_raw["type"] if has_body else None,
        "body": canonical_json(entry.body_raw).decode() if has_body else None,
    }


def _stored_entry(row: RowMapping) -> StoredEntry:
    raw = {} if row["body"] is None else json.loads(row["body"])
    body = body_adapter.validate_python(raw) if row["verdict"] == "genuine" else None
    return StoredEntry(
        row["seq"], row["at"], row["device"], body, raw, row["verdict"], row["reason"], row["hash"], row["n"]
    )


def _index(tx: Connection, received: Sequence[Received]) -> None:
    texts = [
        {"seq": stored.entry.seq, "text": words}
        for stored in received
        if stored.entry.body is not None and (words := searchable(stored.entry.body))
    ]
    if texts:
        tx.execute(text("INSERT INTO mirror_text(rowid, text) VALUES (:seq, :text)"), texts)


def searchable(body: Body) -> str:
    """The words by which people look for an entry; empty where it has none."""
    match body.type:
        case "message" | "edit":
            parts = [body.text, *(file.name for file in body.files)]
        case "reply" | "notice":
            parts = [body.text]
        case "task.created":
            parts = [body.title, body.brief]
        case "ask":
            parts = [body.action.title]
        case "result":
            parts = [body.text, *body.not_done, *(file.name for file in body.files)]
        case _:
            parts = []
    return "\n".join(part for part in parts if part)


def _like(word: str) -> str:
    return re.sub(r"([%_\\])", r"\\\1", word)

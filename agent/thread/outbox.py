"""The outbox: what this computer has to say and the thread does not hold yet, in order, across crashes.

An item waits plain and without a number. When it is sent it takes the next number and is sealed, and the sealed
bytes are stored before they leave, so that every retry sends the same bytes. It leaves the outbox only when it is
verified in the thread.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update
from sqlmodel import col

from agent.thread.entries import Body, dump_body
from agent.thread.mirror import Mirror, Owner, StoredEntry
from agent.thread.tables import OutboxItem
from relay.protocol import envelope, transcript
from relay.protocol.errors import Malformed
from relay.protocol.frames import Hint
from relay.protocol.ids import EntryKid, PushKid, canonical_json, key_id

MAX_BODY_BYTES = envelope.MAX_PLAINTEXT_BYTES - 512
"""Room is left for what surrounds a body when it is sealed."""
MAX_PUSH_TEXT_BYTES = envelope.PUSH_PAD_BYTES - 128
MAX_REFUSALS = 3
"""How often one item may be refused, or become void, before it is set aside."""

_WAITING = col(OutboxItem.failed).is_(None)


@dataclass(frozen=True, slots=True)
class SealedItem:
    """One append, ready to be sent and sent again: always the same bytes."""

    n: int
    epoch: int
    body_id: str
    sealed: str
    hint: Hint
    push: str | None
    blobs: tuple[str, ...]
    roster: str | None


@dataclass(frozen=True, slots=True)
class SetAside:
    """An item the thread does not take. ``reason`` is the relay's, or why the entry became void."""

    body_id: str
    body: Mapping[str, Any]
    reason: str


class Outbox:
    """What waits to be said. ``clock`` gives the time in UTC; every method joins the caller's transaction."""

    def __init__(self, owner: Owner, keys: Mapping[int, bytes], mirror: Mirror, clock: Callable[[], datetime]) -> None:
        self._owner = owner
        self._keys = keys
        self._mirror = mirror
        self._clock = clock
        self._me = key_id(owner.device.jwk)
        self._thread = key_id(owner.root.jwk)

    def put(
        self,
        tx: Connection,
        body: Body,
        *,
        hint: Hint = "none",
        push: Mapping[str, Any] | None = None,
        blobs: Sequence[str] = (),
        roster: str | None = None,
    ) -> None:
        """Say ``body`` after all that was put before. Putting a body id again does nothing.

        ``push``: the notification's text, at least {title, text}; a text too long for a notification is cut.
        ``blobs``: ids of complete uploads the body names. Raises `Malformed` where the body is larger than 64 KiB.
        """
        wire = _well_formed(dump_body(body))
        if len(canonical_json(wire)) > MAX_BODY_BYTES:
            raise Malformed("an entry is larger than 64 KiB; send it as a file")
        known = tx.execute(select(col(OutboxItem.position)).where(col(OutboxItem.body_id) == body.id)).first()
        if known is not None or self._mirror.by_body_id(body.id, tx=tx) is not None:
            return
        row = {
            "body_id": body.id,
            "body": canonical_json(wire).decode(),
            "hint": hint,
            "push": None if push is None else canonical_json(_notification(push)).decode(),
            "blobs": json.dumps(list(blobs)),
            "roster": roster,
            "refusals": 0,
        }
        tx.execute(insert(OutboxItem), [row])

    def next_to_send(self, tx: Connection, *, limit: int, from_n: int = 0) -> list[SealedItem]:
        """Up to ``limit`` items with numbers ≥ ``from_n``, in the order of their numbers.

        Unsent items are numbered and sealed here and stored with ``tx``: commit before sending.
        """
        sealed = tx.execute(
            select(OutboxItem).where(_WAITING, col(OutboxItem.n) >= from_n).order_by(col(OutboxItem.n)).limit(limit)
        ).mappings()
        items = [_sealed_item(row) for row in sealed]
        if len(items) == limit:
            return items
        unsent = tx.execute(
            select(OutboxItem)
            .where(_WAITING, col(OutboxItem.n).is_(None))
            .order_by(col(OutboxItem.position))
            .limit(limit - len(items))
        ).mappings()
        n = self._last_n(tx)
        for row in unsent.all():
            n += 1
            items.append(self._seal(tx, row, n))
        return items

    def settle(self, tx: Connection, entry: StoredEntry) -> SetAside | None:
        """Take note of an own entry that was received: drop it if it is verified, else queue it again.

        An item whose number the thread holds for another body (this computer's memory was set back) is queued
        again too, under the next free number. What became void too often is set aside and returned.
        """
        if entry.device != self._me or entry.n is None:
            return None
        if entry.verdict != "void":
            tx.execute(delete(OutboxItem).where(col(OutboxItem.body_id) == entry.body_raw["id"]))
        row = tx.execute(select(OutboxItem).where(col(OutboxItem.n) == entry.n)).mappings().first()
        if row is None:
            return None
        self._unseal(tx, col(OutboxItem.n) == entry.n)
        return self._count_refusal(tx, row, entry.reason) if entry.verdict == "void" else None

    def reseal(self, tx: Connection, from_n: int) -> None:
        """After ``stale_epoch``, once the thread shows a higher one: seal what is older anew, with the same numbers."""
        epoch = self._mirror.known.epoch
        stale = select(OutboxItem).where(_WAITING, col(OutboxItem.n) >= from_n, col(OutboxItem.epoch) < epoch)
        for row in tx.execute(stale).mappings().all():
            self._seal(tx, row, row["n"])

    def refused(self, tx: Connection, n: int, reason: str) -> SetAside | None:
        """After ``refused``: seal item ``n`` anew, or set it aside when it was refused before.

        When it is set aside its number is free again, and the items after it are numbered and sealed anew.
        """
        row = tx.execute(select(OutboxItem).where(col(OutboxItem.n) == n)).mappings().first()
        if row is None:
            return None
        aside = self._count_refusal(tx, row, reason)
        if aside is None:
            self._seal(tx, row, n)
        else:
            self._unseal(tx, col(OutboxItem.n) >= n)
        return aside

    def withdraw(self, tx: Connection, body_id: str) -> bool:
        """Take an unsent item back. False once it is sealed: it may already be in the thread."""
        unsent = delete(OutboxItem).where(col(OutboxItem.body_id) == body_id, col(OutboxItem.n).is_(None))
        return tx.execute(unsent).rowcount > 0

    def waiting(self, tx: Connection) -> list[str]:
        """Body ids that are not yet verified in the thread, in order."""
        found = select(col(OutboxItem.body_id)).where(_WAITING)
        return list(tx.execute(found.order_by(col(OutboxItem.position))).scalars())

    def roster_waiting(self, tx: Connection) -> bool:
        """Whether a roster change is under way; the next one must be signed after it."""
        found = select(col(OutboxItem.position)).where(_WAITING, col(OutboxItem.roster).is_not(None))
        return tx.execute(found.limit(1)).first() is not None

    def set_aside(self, tx: Connection) -> list[SetAside]:
        """All items the thread does not take."""
        rows = tx.execute(select(OutboxItem).where(col(OutboxItem.failed).is_not(None))).mappings()
        return [SetAside(row["body_id"], json.loads(row["body"]), row["failed"]) for row in rows]

    def _last_n(self, tx: Connection) -> int:
        used: int | None = tx.execute(select(func.max(col(OutboxItem.n)))).scalar()
        return max(used or 0, self._mirror.known.members[self._me].n)

    def _count_refusal(self, tx: Connection, row: RowMapping, reason: str) -> SetAside | None:
        refusals = row["refusals"] + 1
        failed = reason if refusals == MAX_REFUSALS else None
        mine = col(OutboxItem.position) == row["position"]
        tx.execute(update(OutboxItem).where(mine).values(refusals=refusals, failed=failed))
        return None if failed is None else SetAside(row["body_id"], json.loads(row["body"]), failed)

    def _unseal(self, tx: Connection, which: Any) -> None:
        tx.execute(update(OutboxItem).where(which).values(n=None, epoch=None, sealed=None, sealed_push=None))

    def _seal(self, tx: Connection, row: RowMapping, n: int) -> SealedItem:
        known = self._mirror.known
        key = self._keys[known.epoch]
        at = self._clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        plain = envelope.Plaintext(n, at, known.seq, known.head, json.loads(row["body"]))
        kid = EntryKid(self._thread, known.epoch, self._me, n)
        values = {
            "n": n,
            "epoch": known.epoch,
            "sealed": envelope.seal_entry(plain, kid, key, self._owner.device),
            "sealed_push": None if row["push"] is None else self._seal_push(known, key, at, json.loads(row["push"])),
        }
        tx.execute(update(OutboxItem).where(col(OutboxItem.position) == row["position"]).values(values))
        return _sealed_item({**row, **values})

    def _seal_push(self, known: transcript.Known, key: bytes, at: str, push: Mapping[str, Any]) -> str:
        kid = PushKid(self._thread, known.epoch, self._me, envelope.new_hex_id())
        return envelope.seal_push(push, at, kid, key, self._owner.device)


def _sealed_item(row: Mapping[Any, Any]) -> SealedItem:
    return SealedItem(
        n=row["n"],
        epoch=row["epoch"],
        body_id=row["body_id"],
        sealed=row["sealed"],
        hint=row["hint"],
        push=row["sealed_push"],
        blobs=tuple(json.loads(row["blobs"])),
        roster=row["roster"],
    )


def _well_formed(value: Any) -> Any:
    """Replace unpaired surrogates (file names may hold them): an entry with one would be void."""
    match value:
        case str():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case dict():
            return {_well_formed(name): _well_formed(item) for name, item in value.items()}
        case list():
            return [_well_formed(item) for item in value]
        case _:
            return value


def _notification(push: Mapping[str, Any]) -> dict[str, Any]:
    wire: dict[str, Any] = _well_formed(dict(push))
    while len(canonical_json(wire)) > MAX_PUSH_TEXT_BYTES:
        longest = max(
            (name for name in wire if isinstance(wire[name], str)), key=lambda name: len(wire[name]), default=""
        )
        if not longest or len(wire[longest]) <= 1:
            raise Malformed("a notification text is too long")
        wire[longest] = wire[longest][: len(wire[longest]) * 3 // 4] + "…"
    return wire

"""Tables of the thread on this computer: the mirror with its cursor, its search index, and the outbox."""

from __future__ import annotations

from sqlalchemy import DDL, Column, Integer, Text, event
from sqlmodel import Field, SQLModel


class MirrorState(SQLModel, table=True):
    """One row: what this computer knows of the thread, as of entry ``seq``. ``members`` is JSON."""

    __tablename__ = "mirror_state"

    id: int = Field(primary_key=True)
    seq: int
    head: str
    epoch: int
    host_epoch: int
    gen: int
    members: str
    frozen_seq: int | None = None
    frozen_reason: str | None = None


class MirrorEntry(SQLModel, table=True):
    """One entry, sealed bytes verbatim. ``hash`` is SHA-256 of its signing input, ``head`` the head after it."""

    __tablename__ = "mirror_entry"

    seq: int = Field(primary_key=True)
    sealed: str
    relay_at: str
    head: str
    hash: str
    verdict: str
    reason: str
    at: str
    device: str | None = None
    n: int | None = None
    body_id: str | None = Field(default=None, index=True)
    type: str | None = Field(default=None, index=True)
    body: str | None = Field(default=None, sa_column=Column(Text))


event.listen(
    MirrorEntry.__table__,  # type: ignore[attr-defined]
    "after_create",
    DDL(  # type: ignore[no-untyped-call]
        "CREATE VIRTUAL TABLE mirror_text USING fts5(text, tokenize='unicode61 remove_diacritics 2')"
    ),
)


class OutboxItem(SQLModel, table=True):
    """One entry to be sent. ``n`` and what follows it are set when it is sealed; ``failed`` when it is set aside."""

    __tablename__ = "outbox_item"

    position: int | None = Field(default=None, sa_column=Column(Integer, primary_key=True, autoincrement=True))
    body_id: str = Field(unique=True)
    body: str
    hint: str
    push: str | None = None
    blobs: str
    roster: str | None = None
    n: int | None = Field(default=None, unique=True)
    epoch: int | None = None
    sealed: str | None = None
    sealed_push: str | None = None
    refusals: int = 0
    failed: str | None = None

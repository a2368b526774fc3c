"""The tables. Rows never leave `relay.store`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class RelayTable(SQLModel, registry=registry()):
    """Base of the relay's tables, with metadata of their own: the agent has other tables in other databases."""


class ThreadRow(RelayTable, table=True):
    """A thread; ``root`` is its root JWK as canonical JSON."""

    __tablename__ = "thread"

    id: str = Field(primary_key=True)
    root: str
    seq: int = Field(sa_type=BigInteger)
    head: str
    epoch: int = Field(sa_type=BigInteger)
    gen: int = Field(sa_type=BigInteger)
    stored_bytes: int = Field(sa_type=BigInteger)
    created_at: str


class DeviceRow(RelayTable, table=True):
    """A device, for ever: ``removed`` is the signed roster change that ended its membership."""

    __tablename__ = "device"

    thread: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    jwk: str
    role: str
    n: int = Field(sa_type=BigInteger)
    from_seq: int = Field(sa_type=BigInteger)
    to_seq: int | None = Field(default=None, sa_type=BigInteger)
    removed: str | None = None


class EntryRow(RelayTable, table=True):
    """An entry as it was received, in the order of arrival (``id``); ``head`` is the one after it."""

    __tablename__ = "entry"
    __table_args__ = (UniqueConstraint("thread", "seq"), UniqueConstraint("thread", "device", "n"))

    id: int | None = Field(default=None, primary_key=True)
    thread: str
    seq: int = Field(sa_type=BigInteger)
    device: str
    n: int = Field(sa_type=BigInteger)
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    sealed: str = Field(sa_column=Column(Text, nullable=False))
    head: str
    at: str


class BlobRow(RelayTable, table=True):
    """A sealed file that is complete on disk."""

    __tablename__ = "blob"

    thread: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    size: int = Field(sa_type=BigInteger)
    at: str


class SubscriptionRow(RelayTable, table=True):
    """Where to wake a device; ``subscription`` is the wire form."""

    __tablename__ = "push_subscription"

    thread: str = Field(primary_key=True)
    device: str = Field(primary_key=True)
    subscription: str


class WakeRow(RelayTable, table=True):
    """A notification that is due: written with its entry, deleted when every outcome is known."""

    __tablename__ = "push_due"

    thread: str = Field(primary_key=True)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    author: str
    hint: str
    push: str | None = None


class OutcomeRow(RelayTable, table=True):
    """What became of one notification to one device."""

    __tablename__ = "push_outcome"
    __table_args__ = (Index("ix_push_outcome_device", "thread", "device", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    thread: str
    device: str
    at: str
    outcome: str
    status: int | None = None
    reason: str

"""Records of file changes in the agent's database: one row per operation, written before and after it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Connection, Engine, Table, insert, or_, select, update
from sqlalchemy import delete as sql_delete
from sqlmodel import Field, SQLModel

from agent.core.ports import Op


class State(StrEnum):
    """Life of a change: intent → done → undone (→ done again), or intent → rolled_back."""

    INTENT = "intent"
    DONE = "done"
    UNDONE = "undone"
    ROLLED_BACK = "rolled_back"


class FileChange(SQLModel, table=True):
    """Table of file changes. Paths are bytes: a disk's names need not be Unicode."""

    __tablename__ = "file_change"

    number: int | None = Field(default=None, primary_key=True)
    task: str = Field(index=True)
    call: str = Field(index=True)
    op: str
    state: str
    path: bytes
    to: bytes | None = None
    before: str | None = None
    after: str | None = None
    mode: int | None = None
    mtime_ns: int | None = None
    temp: str
    made: bytes
    bytes_kept: int
    at: float
    undoes: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One operation on one path.

    ``before`` and ``after`` are marks (`undo_files`) of ``path`` (create, overwrite) or of ``to`` (move, trash);
    ``mode`` and ``mtime_ns`` are those of an overwritten file; ``made`` the folders made for it; ``temp`` the name of
    its file under way; ``bytes_kept`` what undo keeps for it; ``undoes`` the change this one takes back.
    """

    number: int
    task: str
    call: str
    op: Op
    state: State
    path: Path
    to: Path | None
    before: str | None
    after: str | None
    mode: int | None
    mtime_ns: int | None
    temp: str
    made: tuple[Path, ...]
    bytes_kept: int
    at: float
    undoes: int | None

    @property
    def destination(self) -> Path:
        """Where a moved or trashed file went."""
        if self.to is None:
            raise ValueError(self.op)
        return self.to


_TABLE = cast("Table", FileChange.__table__)  # type: ignore[attr-defined]


class ChangeRecords:
    """The table. Every method is one transaction, fsynced when it returns."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def intend(self, **values: Any) -> Change:
        """Write down what is about to happen; ``values`` are the members of `Change` but number and state."""
        row = {key: _stored(value) for key, value in values.items()} | {"state": State.INTENT.value}
        with self._engine.begin() as tx:
            number = tx.execute(insert(_TABLE).values(row)).inserted_primary_key[0]  # type: ignore[index]
        return Change(number=number, state=State.INTENT, **values)

    def finish(self, change: Change, after: str | None) -> None:
        """It happened. What it undoes is undone; what that one had undone is in force again."""
        with self._engine.begin() as tx:
            _set(tx, change.number, state=State.DONE, after=after)
            taken_back = _one(tx, change.undoes)
            if taken_back is None:
                return
            _set(tx, taken_back.number, state=State.UNDONE)
            if taken_back.undoes is not None:
                _set(tx, taken_back.undoes, state=State.DONE)
            if taken_back.task == change.task:  # a roll-back, which is no work of the task
                _set(tx, change.number, state=State.ROLLED_BACK)

    def set_state(self, change: Change, state: State) -> None:
        """It is in another state now."""
        with self._engine.begin() as tx:
            _set(tx, change.number, state=state)

    def of_task(self, task: str, *states: State) -> list[Change]:
        """A task's changes in any of ``states``, oldest first."""
        return self._read(_TABLE.c.task == task, states)

    def of_call(self, call: str, *states: State) -> list[Change]:
        """One call's changes in any of ``states``, oldest first."""
        return self._read(_TABLE.c.call == call, states)

    def all(self, *states: State) -> list[Change]:
        """Every change in any of ``states``, oldest first."""
        return self._read(_TABLE.c.number > 0, states)

    def forget(self, changes: Iterable[Change]) -> None:
        """Drop records."""
        with self._engine.begin() as tx:
            for change in changes:
                tx.execute(sql_delete(_TABLE).where(_TABLE.c.number == change.number))

    def _read(self, condition: Any, states: tuple[State, ...]) -> list[Change]:
        wanted = or_(*(_TABLE.c.state == state.value for state in states))
        with self._engine.begin() as tx:
            rows = tx.execute(select(_TABLE).where(condition, wanted).order_by(_TABLE.c.number)).all()
        return [_change(row) for row in rows]


def _set(tx: Connection, number: int, **values: Any) -> None:
    tx.execute(
        update(_TABLE).where(_TABLE.c.number == number).values({key: _stored(value) for key, value in values.items()})
    )


def _one(tx: Connection, number: int | None) -> Change | None:
    row = tx.execute(select(_TABLE).where(_TABLE.c.number == number)).first() if number is not None else None
    return None if row is None else _change(row)


def _stored(value: Any) -> Any:
    match value:
        case Path():
            return os.fsencode(value)
        case tuple():
            return b"\0".join(os.fsencode(path) for path in value)
        case Op() | State():
            return value.value
        case _:
            return value


def _change(row: Any) -> Change:
    values = {field.name: getattr(row, field.name) for field in fields(Change)}
    paths = row.made.split(b"\0") if row.made else []
    return Change(
        **values
        | {
            "op": Op(row.op),
            "state": State(row.state),
            "path": Path(os.fsdecode(row.path)),
            "to": None if row.to is None else Path(os.fsdecode(row.to)),
            "made": tuple(Path(os.fsdecode(path)) for path in paths),
        }
    )

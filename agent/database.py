"""The agent's one SQLite database: mirror, outbox, tasks, journal and undo records live in it together, so that an
entry, its cursor and what it causes can be one transaction.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlmodel import SQLModel

SCHEMA_VERSION = 1


class NewerDatabase(RuntimeError):
    """The database was written by a newer Deskhand."""


def open_database(path: Path) -> Engine:
    """Open (or make) the database: WAL, every commit fsynced, writers wait up to 10 s for each other.

    Tables of all imported modules are made where missing. A transaction is ``with engine.begin() as tx``; stores
    take that connection, so that several of them can commit together. Raises `NewerDatabase`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 10, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions are begun below, also for reads
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    path.touch(mode=0o600)
    with engine.begin() as tx:
        found = tx.exec_driver_sql("PRAGMA user_version").scalar_one()
        if found > SCHEMA_VERSION:
            raise NewerDatabase(f"{path} was written by a newer Deskhand. Install that version or newer.")
        SQLModel.metadata.create_all(tx)
        tx.exec_driver_sql(f"PRAGMA user_version={SCHEMA_VERSION}")
    return engine

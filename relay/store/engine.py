"""Opening the database: one process, migrated to the newest schema, every commit on disk."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_TIMEOUT_S = 10
READERS = 4


class DataInUse(RuntimeError):
    """Another process has the data folder."""


class NewerDatabase(RuntimeError):
    """The database was written by a newer relay."""


def hold(data_dir: Path) -> sqlite3.Connection:
    """Take the data folder for this process until the result is closed or the process ends. Raises `DataInUse`.

    SQLite's own lock works on every platform and is gone with its process, however that ends.
    """
    lock = sqlite3.connect(data_dir / "relay.lock", timeout=0, isolation_level=None, check_same_thread=False)
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        lock.close()
        raise DataInUse(
            f"Another relay uses {data_dir}. Stop it, or start this one with another data folder."
        ) from error
    return lock


def open_engine(path: Path, *, writes: bool) -> Engine:
    """An engine for the one writer or for the readers: WAL, fsync at every commit (``synchronous=FULL``)."""
    engine = create_engine(
        f"sqlite:///{path}",
        connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False},
        pool_size=1 if writes else READERS,
        max_overflow=0,
    )

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions are begun below, those of readers too
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def migrate(engine: Engine) -> None:
    """Bring the schema to the newest version. Raises `NewerDatabase`."""
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            newest = ScriptDirectory.from_config(config).get_current_head()
            raise NewerDatabase(
                f"This relay knows the database up to version {newest}; it was written by a newer one. Update the relay."
            ) from error

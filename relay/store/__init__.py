"""The one durable place: a SQLite database and, beside it, sealed files."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from relay.store.blobs import Blobs
from relay.store.engine import READERS, hold, migrate, open_engine
from relay.store.push import PushStore
from relay.store.threads import Threads
from relay.store.writer import Reader, Writer


@dataclass(frozen=True)
class Store:
    """An open data folder. Close it."""

    threads: Threads
    blobs: Blobs
    push: PushStore
    _writer: Writer
    _reader: Reader
    _lock: sqlite3.Connection

    def close(self) -> None:
        """Finish what is queued and give the folder free."""
        self._writer.close()
        self._reader.close()
        self._lock.close()


def open_store(data_dir: Path, *, storage_bytes: int, blob_bytes: int, now: Callable[[], str]) -> Store:
    """Open (or make) the data folder and migrate it. Raises `DataInUse` or `NewerDatabase`."""
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = hold(data_dir)
    path = data_dir / "relay.db"
    path.touch(mode=0o600)
    write_engine = open_engine(path, writes=True)
    try:
        migrate(write_engine)
    except Exception:
        write_engine.dispose()
        lock.close()
        raise
    writer, reader = Writer(write_engine), Reader(open_engine(path, writes=False), READERS)
    blobs = Blobs(data_dir / "blobs", writer, reader, blob_bytes, storage_bytes, now)
    blobs.sweep()
    threads = Threads(writer, reader, storage_bytes, now)
    return Store(threads, blobs, PushStore(writer, reader, now), writer, reader, lock)

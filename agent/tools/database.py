"""DuckDB for one call: tables are loaded from scratch copies, then it is closed to the world and only read."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from agent.core.ports import Stopped, ToolError, Workspace
from agent.tools.truncate import flat

if TYPE_CHECKING:
    import duckdb

MEMORY_LIMIT = "256MB"
TEMP_LIMIT = "4GB"
MAX_SECONDS = 180
MAX_HINT_CHARS = 600
_POLL_S = 0.1
_FETCHED = 2_000

_CLOSED = (
    "SET autoload_known_extensions=false",
    "SET allow_community_extensions=false",
    f"SET max_temp_directory_size='{TEMP_LIMIT}'",
    "SET enable_external_access=false",
    "SET lock_configuration=true",
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a result, with DuckDB's name of its type."""

    name: str
    type: str


class Database:
    """A database in ``folder``. Load (`load`), then `close_off`, then `query`.

    Every statement can be stopped and takes at most three minutes; memory stays within 256 MB, the rest goes to
    ``folder``. Raises `ToolError` with the database's own hint.
    """

    def __init__(self, folder: Path, workspace: Workspace) -> None:
        self._folder = folder
        self._workspace = workspace
        self._db = self._connect(read_only=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def load(self, statement: str, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
        """Run a statement of ours that may read scratch files. Raises `duckdb.Error`."""
        return self._stoppable(lambda: self._db.execute(statement, parameters or []).fetchall())

    def close_off(self) -> None:
        """From now on: no files, no network, no settings, no changes."""
        self._db.close()
        self._db = self._connect(read_only=True)
        for statement in _CLOSED:
            self._db.execute(statement)

    def query(self, sql: str) -> Result:
        """Run one SELECT of the brain's; its result is kept (beyond memory, on disk) to be counted and read."""
        with _explained():
            statements = self._db.extract_statements(sql)
            if len(statements) != 1:
                raise ToolError(f"`sql` holds {len(statements)} statements; give exactly one SELECT.")
            text = statements[0].query.strip().rstrip(";")
            self._stoppable(lambda: self._db.execute(f"CREATE OR REPLACE TEMP TABLE _result AS {text}\n"))
            return Result(self, "_result")

    def rows(self, statement: str) -> Iterator[tuple[Any, ...]]:
        """Rows of a statement of ours, in bounded memory."""
        with _explained():
            self._stoppable(lambda: self._db.execute(statement))
        while True:
            with _explained():
                rows = self._stoppable(lambda: self._db.fetchmany(_FETCHED))
            if not rows:
                return
            yield from rows

    def _connect(self, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        import duckdb

        db = duckdb.connect(
            self._folder / "tables.db",
            read_only=read_only,
            config={
                "memory_limit": MEMORY_LIMIT,
                "threads": 2,
                "temp_directory": str(self._folder / "spill"),
                "autoinstall_known_extensions": "false",
            },
        )
        # Else it is drawn on standard output once a statement takes two seconds.
        db.execute("SET enable_progress_bar_print=false")
        db.execute("SET enable_progress_bar=false")
        return db

    def _stoppable(self, work: Callable[[], T]) -> T:
        """Run ``work`` aside, so that the person's stop interrupts it."""
        end = time.monotonic() + MAX_SECONDS
        with ThreadPoolExecutor(max_workers=1) as aside:
            future = aside.submit(work)
            while True:
                try:
                    return future.result(timeout=_POLL_S)
                except NotYet:
                    if future.done():
                        raise
                try:
                    self._workspace.checkpoint()
                except Stopped:
                    self._db.interrupt()
                    with contextlib.suppress(Exception):
                        future.result()
                    raise
                if time.monotonic() > end:
                    self._db.interrupt()


class Result:
    """The rows of a table, read in parts."""

    def __init__(self, database: Database, table: str) -> None:
        self._database = database
        self._table = quoted(table)
        described = database.rows(f"DESCRIBE {self._table}")
        self.columns = tuple(Column(name, kind) for name, kind, *_ in described)
        self.count: int = next(database.rows(f"SELECT count(*) FROM {self._table}"))[0]  # noqa: S608 - quoted

    def rows(self, limit: int | None = None, offset: int = 0) -> Iterator[tuple[Any, ...]]:
        """Rows in their order."""
        bound = "" if limit is None else f" LIMIT {limit}"
        return self._database.rows(f"SELECT * FROM {self._table}{bound} OFFSET {offset}")  # noqa: S608 - quoted


def quoted(name: str) -> str:
    """``name`` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: object) -> str:
    """``text`` as an SQL string."""
    return "'" + str(text).replace("'", "''") + "'"


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """What went wrong in the database, for people."""
    import duckdb

    try:
        yield
    except duckdb.InterruptException as error:
        raise ToolError(f"The query took more than {MAX_SECONDS} s. Aggregate or filter earlier.") from error
    except duckdb.OutOfMemoryException as error:
        raise ToolError("The query needs too much memory. Aggregate, filter or take fewer columns.") from error
    except duckdb.PermissionException as error:
        raise ToolError("`sql` sees only the tables named in `tables`, no files and no network.") from error
    except duckdb.Error as error:
        if "requires a SELECT" in str(error):
            raise ToolError("`sql` may only read: give one SELECT.") from error
        hint = flat(str(error).split("\n\nLINE", 1)[0], MAX_HINT_CHARS)
        raise ToolError(f"The query failed: {hint}") from error

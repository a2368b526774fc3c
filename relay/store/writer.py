"""One thread writes; everything queued while it was busy goes into one transaction (group commit).

A caller's future is resolved after the commit that contains its work, so "done" means fsynced.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from relay.protocol.errors import ErrorCode, Refused

T = TypeVar("T")
Work = Callable[[Connection], T]
MAX_GROUP = 256
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Job:
    work: Work[Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    result: Any = None
    error: Exception | None = None


class Writer:
    """Runs work in the order it was submitted."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="relay-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Work[T]) -> asyncio.Future[T]:
        """Have ``work`` done in a transaction; the future is resolved after its commit.

        ``work`` may raise `Refused`, but only before it writes: what others wrote in the same transaction stays.
        It may be called twice, the first time in a transaction that failed.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._jobs.put(_Job(work, loop, future))
        return future

    def close(self) -> None:
        """Finish what is queued and end the thread."""
        self._jobs.put(None)
        self._thread.join()
        self._engine.dispose()

    def _run(self) -> None:
        running = True
        while running:
            group: list[_Job] = []
            job = self._jobs.get()
            while job is not None:
                group.append(job)
                if len(group) == MAX_GROUP:
                    break
                try:
                    job = self._jobs.get_nowait()
                except Empty:
                    break
            running = job is not None
            if group:
                self._commit(group)
                _settle(group)

    def _commit(self, group: list[_Job]) -> None:
        try:
            self._transaction(group)
        except Exception as error:  # noqa: BLE001 - a job's error is its caller's, not this thread's
            if len(group) > 1:  # so that one job's failure is not the others'
                for job in group:
                    self._commit([job])
            else:
                group[0].error = _refusal(error)

    def _transaction(self, group: list[_Job]) -> None:
        with self._engine.begin() as connection:
            for job in group:
                job.error = None
                try:
                    job.result = job.work(connection)
                except Refused as refused:
                    job.error = refused


def _refusal(error: Exception) -> Exception:
    if isinstance(error, OperationalError) and "full" in str(error.orig):
        _log.error("the disk of the relay is full")
        return Refused(ErrorCode.STORAGE_FULL, "The disk of the relay is full.")
    if isinstance(error, SQLAlchemyError):
        _log.error("a transaction failed", error=type(error).__name__, reason=str(getattr(error, "orig", "")))
        return Refused(ErrorCode.UNAVAILABLE, "The relay could not store this.")
    return error


def _settle(group: list[_Job]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
    for job in group:
        by_loop.setdefault(job.loop, []).append(job)
    for loop, jobs in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_resolve, jobs)


def _resolve(jobs: list[_Job]) -> None:
    for job in jobs:
        if job.future.cancelled():
            continue
        if job.error is None:
            job.future.set_result(job.result)
        else:
            job.future.set_exception(job.error)


class Reader:
    """Runs reads beside the writer, each on one snapshot."""

    def __init__(self, engine: Engine, threads: int) -> None:
        self._engine = engine
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="relay-reader")

    async def run(self, work: Work[T]) -> T:
        """The result of ``work``. Raises `Refused` where the database cannot be read."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, self._read, work)
        except SQLAlchemyError as error:
            raise _refusal(error) from error

    def _read(self, work: Work[T]) -> T:
        with self._engine.begin() as connection:
            return work(connection)

    def close(self) -> None:
        """Finish what runs."""
        self._pool.shutdown()
        self._engine.dispose()

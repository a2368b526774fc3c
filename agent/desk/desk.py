"""The desk: takes entries in, answers, runs tasks, and does what the person asked of files and memory."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, Engine

from agent.core.budget import Budget
from agent.core.ports import Brain, Tool
from agent.core.task_state import Event, Task, step
from agent.desk import context
from agent.desk.calls import Calls
from agent.desk.front_desk import FrontDesk
from agent.desk.intake import Intake
from agent.desk.memory import MemoryFile
from agent.desk.ports import Computer, Received, ThreadPort
from agent.desk.post import Post, fitting
from agent.desk.results import Results
from agent.desk.room import Room
from agent.desk.tasks import TaskRunner
from agent.desk.workspace import Workspaces
from agent.journal.store import Journal
from agent.thread.entries import RequestMemory, UndoDone
from agent.thread.live import LiveStatus
from agent.thread.parts import File

STATUS_STREAM = "status"
REQUEST_S = 60.0
log = logging.getLogger(__name__)


class Undone(Protocol):
    """What an undo did."""

    @property
    def restored(self) -> list[str]:
        """Changes taken back, in words."""

    @property
    def refused(self) -> list[str]:
        """Changes that stay, with the reason."""


class Files(Protocol):
    """The file journal as the desk uses it."""

    def created_by(self, task: str) -> set[Path]:
        """Files the task made."""

    def offer(self, task: str) -> tuple[int, datetime] | None:
        """(changes that can be undone, until), or None."""

    def undo(self, task: str, name: Callable[[Path], str] = ...) -> Undone:
        """Take back a task's changes."""

    def recover(self, call: str, planned: int | None = None) -> str:
        """Bring the files of an interrupted call into one clear state, or say "in_doubt"; ``planned`` 0: take nothing back."""


class Desk:
    """One person's desk on this computer."""

    def __init__(  # noqa: PLR0913 - the composition root names each part once
        self,
        engine: Engine,
        thread: ThreadPort,
        computer: Computer,
        brain: Callable[[], Brain],
        tools: Mapping[str, Tool],
        files: Files,
        workspaces: Workspaces,
        *,
        folders: Sequence[Path],
        scratch: Path,
        preview: Callable[[Path], Mapping[str, Any] | None],
        display: Callable[[Path], str],
        place: Callable[[str, File], Path],
        remove_device: Callable[[str], Awaitable[None]],
        budget: Budget | None = None,
    ) -> None:
        self._engine = engine
        self._thread = thread
        self._computer = computer
        self._brain = brain
        self._files = files
        self._folders = list(folders)
        self._display = display
        self._remove_device = remove_device
        self.journal = Journal()
        self.post = Post(thread, computer)
        self._intake = Intake(self.journal, self.post, computer)
        self._memory = MemoryFile(self.journal, thread, computer)
        room = Room(engine, self.journal, self.post, thread, computer, brain, tools, display)
        self._calls = Calls(room, files, workspaces)
        results = Results(room, files, preview, scratch, lambda: self._folders)
        self._tasks = TaskRunner(
            room, self._calls, results, lambda: self._system("task"), self._now_text, budget or Budget(),
            self._task_ended,
        )  # fmt: skip
        self._front_desk = FrontDesk(
            room, self._calls, self._memory, self._intake, lambda: self._system("front_desk"), self._now_text, place,
            self._wake_tasks,
        )  # fmt: skip
        self._wake = asyncio.Event()
        self._asked = asyncio.Event()
        self._halted: set[str] = set()
        self._ending = False
        self._shown: LiveStatus | None = None

    def take(self, tx: Connection, entries: Sequence[Received]) -> None:
        """Apply received entries inside the transaction that stores them."""
        for item in entries:
            self._intake.take(tx, item)

    def committed(self) -> None:
        """The transaction of `take` is committed: act on it."""
        stopped, self._intake.stopped = self._intake.stopped, set()
        self._halted |= stopped
        for name in stopped:
            self._tasks.cancel(name)
            self._front_desk.cancel(name)
        if stopped:
            self._settle(stopped)
        self._thread.committed()
        self._wake.set()
        self._asked.set()

    async def run(self) -> None:
        """Work until cancelled."""
        self._recover()
        requests = asyncio.create_task(self._serve_requests(), name="requests")
        try:
            while True:
                self._wake.clear()
                self._wake_tasks()
                self.show_status()
                if self._paused() or not await self._front_desk.answer_next():
                    await self._wake.wait()
        finally:
            self._ending = True
            requests.cancel()
            await self._tasks.close()

    def halted(self, run: str) -> bool:
        """Whether tools of this run must end where they stand. Callable from any thread."""
        return self._ending or run in self._halted

    def show_status(self, *, again: bool = False) -> None:
        """Tell who looks how this computer is; ``again`` also where nothing changed."""
        with self._engine.begin() as tx:
            queued = len(self.journal.tasks.all(tx, Task.QUEUED)) + len(self.journal.inbox.in_state(tx, "received"))
        running = self._tasks.working
        state = "paused" if self._paused() else "busy" if running or self._front_desk.busy else "awake"
        status = LiveStatus.model_validate(
            {
                "type": "status",
                "name": self._computer.name,
                "state": state,
                "running": running,
                "queued": queued,
                "brain": self._brain().name,
            }
        )
        if again or status != self._shown:
            self._shown = status
            self._thread.live(status, stream=STATUS_STREAM, keep=True)

    def _task_ended(self, _task: str) -> None:
        self._wake.set()

    def _wake_tasks(self) -> None:
        self._tasks.wake(paused=self._paused())
        self.show_status()

    def _paused(self) -> bool:
        with self._engine.begin() as tx:
            return bool(self.journal.facts.get(tx, "paused"))

    def _system(self, kind: str) -> str:
        with self._engine.begin() as tx:
            memory = self._memory.text(tx)
        return context.system_text(kind, self._computer.name, self._folders, memory)

    def _now_text(self) -> str:
        with self._engine.begin() as tx:
            active = self.journal.tasks.all(tx, Task.QUEUED, Task.RUNNING, Task.WAITING, Task.IN_DOUBT)
        return context.now_text(datetime.fromtimestamp(self._computer.now(), UTC).astimezone(), active)

    def _settle(self, stopped: set[str]) -> None:
        """Give the messages of stopped tasks their last receipt."""
        with self._engine.begin() as tx:
            for name in stopped:
                task = self.journal.tasks.get(tx, name)
                if task is not None:
                    self._front_desk.settle(tx, task.in_reply_to)

    def _recover(self) -> None:
        """After a start: bring interrupted calls into a clear state, or ask."""
        with self._engine.begin() as tx:
            started = self.journal.calls.started(tx)
            tasks = {call.run: self.journal.tasks.get(tx, call.run) for call in started}
        for call in started:
            task = tasks[call.run]
            if task is not None and task.state.ended:
                self._files.recover(call.id, 0)  # the person was told of what it changed, and can undo it
                with self._engine.begin() as tx:
                    self.journal.calls.change(tx, call.id, state="result", failed=True)
                continue
            if self._files.recover(call.id) != "in_doubt":
                with self._engine.begin() as tx:
                    self.journal.calls.change(tx, call.id, state="intent")
                continue
            with self._engine.begin() as tx:
                asked = self.journal.asks.latest_for(tx, call.id)
            if task is None or task.state is not Task.RUNNING or (asked is not None and asked.kind == "in_doubt"):
                continue
            self._calls.ask_in_doubt(task.id, call)
            with self._engine.begin() as tx:
                self.journal.tasks.change(tx, task.id, state=step(task.state, Event.DOUBT))
                self.post.state(tx, task.id, Task.IN_DOUBT, "Interrupted in the middle of a step.")
        self._thread.committed()

    async def _serve_requests(self) -> None:
        """Beside the front desk, so that undo need not wait for an answer."""
        while True:
            self._asked.clear()
            await self._requests()
            await self._asked.wait()

    async def _requests(self) -> None:
        """Do what the person asked of files, memory and devices, oldest first."""
        with self._engine.begin() as tx:
            waiting = self.journal.facts.starting_with(tx, "request:")
        for name, value in waiting:
            body = json.loads(value)
            try:
                async with asyncio.timeout(REQUEST_S):
                    refused = await self._request(body)
            except TimeoutError:
                continue  # the relay went away in the middle; it is done later
            except Exception:
                log.exception("request %s broke", body["id"])
                refused = "Deskhand itself made a mistake here. The details are in its log."
            with self._engine.begin() as tx:
                self.journal.facts.remove(tx, name)
                self.post.receipt(tx, body["id"], "refused" if refused else "answered", refused)
            self._thread.committed()

    async def _request(self, body: dict[str, Any]) -> str | None:
        match body["type"]:
            case "request.undo":
                return await self._undo(body["task"])
            case "request.memory":
                with self._engine.begin() as tx:
                    return self._memory.replace(tx, RequestMemory.model_validate(body))
            case _:
                await self._remove_device(body["device"])
                return None

    async def _undo(self, name: str) -> str | None:
        with self._engine.begin() as tx:
            task = self.journal.tasks.get(tx, name)
        if task is not None and not task.state.ended:
            return "The task is still at work. Stop it first."
        if self._files.offer(name) is None:
            return "There is nothing to take back."
        undone = await asyncio.to_thread(self._files.undo, name, self._display)
        with self._engine.begin() as tx:
            self._thread.put(
                tx,
                UndoDone(
                    id=self._computer.new_id(),
                    type="undo.done",
                    task=name,
                    restored=fitting(undone.restored),
                    refused=fitting(undone.refused),
                ),
            )
        return None

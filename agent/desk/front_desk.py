"""The front desk: one turn of the brain for each message; it answers at once or starts tasks (agent.md §1)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from agent.core.ports import BrainError, ToolError, Usage
from agent.core.task_state import Task
from agent.desk import context
from agent.desk.calls import Calls, Outcome, Parked
from agent.desk.intake import Intake
from agent.desk.live import LiveRun
from agent.desk.memory import MemoryFile
from agent.desk.results import settle_message
from agent.desk.room import Room
from agent.desk.specs import FRONT_DESK, FRONT_DESK_READING
from agent.desk.turn import BudgetExceeded, Conversation, converse
from agent.journal.records import TaskRecord, Waiting
from agent.thread import parts
from agent.thread.parts import File, PlanStep

MAX_CALLS = 24
RECALLED = 12
log = logging.getLogger(__name__)

Receive = Callable[[str, File], Path]
"""Where an attachment of a message is put: a free name in the first folder."""


class FrontDesk:
    """Answers messages, one at a time, in the order of the thread."""

    def __init__(
        self,
        room: Room,
        calls: Calls,
        memory: MemoryFile,
        intake: Intake,
        system: Callable[[], str],
        now_text: Callable[[], str],
        place: Receive,
        wake_tasks: Callable[[], None],
    ) -> None:
        self._room = room
        self._calls = calls
        self._tools = {name: tool for name, tool in room.tools.items() if name in FRONT_DESK_READING}
        self._memory = memory
        self._intake = intake
        self._system = system
        self._now_text = now_text
        self._place = place
        self._wake_tasks = wake_tasks
        self._current: tuple[str, asyncio.Task[None]] | None = None

    @property
    def busy(self) -> bool:
        """Whether a message is being answered right now."""
        return self._current is not None

    def settle(self, tx: Connection, message: str) -> None:
        """Give a message its last receipt if all its tasks have ended."""
        settle_message(self._room.journal, self._room.post, tx, message)

    def cancel(self, message: str) -> None:
        """Cut the turn for a message short."""
        if self._current is not None and self._current[0] == message:
            self._current[1].cancel()

    async def answer_next(self) -> bool:
        """Answer the oldest message that has no answer; False where there is none."""
        message = self._next()
        if message is None:
            return False
        turn = asyncio.create_task(self._answer(message), name=f"front desk {message.id}")
        self._current = (message.id, turn)
        try:
            await asyncio.shield(turn)
        except asyncio.CancelledError:
            if not turn.done():  # the agent ends; the turn goes on at the next start
                turn.cancel()
                await asyncio.gather(turn, return_exceptions=True)
                raise
            self._end(message, "stopped", "Stopped by you.")
        finally:
            self._current = None
            self._room.thread.committed()
            self._wake_tasks()
        return True

    def _next(self) -> Waiting | None:
        """The next message, its receipt given; messages that waited too long expire on the way."""
        now = self._room.computer.now()
        with self._room.engine.begin() as tx:
            for message in self._room.journal.inbox.in_state(tx, "started", "received"):
                if message.state == "started":
                    # Unfinished business of an earlier life, unless tasks carry it on.
                    if message.task is None and not self._room.journal.tasks.all(tx, of=message.id):
                        return message
                    if not self._room.journal.facts.get(tx, f"desk:{message.id}"):
                        continue
                    return message
                if message.expires_at < now:
                    self._room.journal.inbox.change(tx, message.id, state="expired")
                    self._room.post.receipt(tx, message.id, "expired", "It waited longer than you allowed.")
                    continue
                self._room.journal.inbox.change(tx, message.id, state="started")
                self._room.journal.facts.set(tx, f"desk:{message.id}", "1")
                self._room.post.receipt(tx, message.id, "started")
                return message
        return None

    async def _answer(self, message: Waiting) -> None:
        self._room.thread.committed()
        live = LiveRun(self._room.thread, self._room.computer, message.id, None)
        usage = Usage()
        started = self._room.computer.now()

        def spent(_tx: Connection, used: Usage) -> None:
            nonlocal usage
            usage = usage.plus(used)

        def guard() -> str | None:
            with self._room.engine.begin() as tx:
                rounds = len(self._room.journal.turns.all(tx, message.id))
            return f"it needed more than {MAX_CALLS} looks" if rounds > 2 * MAX_CALLS else None

        try:
            attached, failed = await self._attachments(message)
            recent = self._room.thread.recent(context.HISTORY_ENTRIES)
            words = context.message_text(message.text, attached, failed)
            talk = Conversation(
                run=message.id,
                system=self._system(),
                now=self._now_text,
                tools=(*(tool.spec for tool in self._tools.values()), *FRONT_DESK),
                opening=context.append_user(context.history(recent, message.seq), words),
                on_text=live.text,
                on_wait=lambda _text: None,
                execute=lambda block: self._execute(message, block, live, attached),
                spent=spent,
                steers=lambda _tx: [],
                guard=guard,
            )
            text = await converse(self._room.engine, self._room.journal, self._room.brain(), talk)
        except BrainError as error:
            self._fail(message, str(error), error.next)
        except BudgetExceeded as bound:
            self._fail(message, f"This was not answered: {bound}.", "Say it in smaller parts.")
        except Parked:
            self._fail(message, "This needs your consent, which only a task can wait for.", "Ask for it as a task.")
        except Exception:
            log.exception("the front desk broke at message %s", message.id)
            self._fail(message, "Deskhand itself made a mistake here.", "Send it again; the log has the details.")
        else:
            spent_usage = parts.Usage(
                input_tokens=usage.input_tokens, output_tokens=usage.output_tokens, usd=usage.usd,
                seconds=round(self._room.computer.now() - started, 1),
            )  # fmt: skip
            self._finish(message, text, spent_usage)

    async def _attachments(self, message: Waiting) -> tuple[list[str], list[str]]:
        """Fetch what came with a message; (names as the brain knows them, what did not arrive and why)."""
        attached: list[str] = []
        failed: list[str] = []
        for raw in message.files:
            file = File.model_validate(raw)
            fact = f"file:{message.id}:{file.sha256}"
            with self._room.engine.begin() as tx:
                known = self._room.journal.facts.get(tx, fact)
            if known is None:
                try:
                    known = self._room.display(await self._arrived(message, file))
                except ToolError as error:
                    failed.append(f"{file.name} ({error})")
                    continue
                with self._room.engine.begin() as tx:
                    self._room.journal.facts.set(tx, fact, known)
            attached.append(known)
        if failed:
            with self._room.engine.begin() as tx:
                arrived = f"{len(attached)} of {len(message.files)} files arrived. Missing: {'; '.join(failed)}."
                self._room.post.notice(tx, "attachment", arrived, "Attach the missing files again.", message.id)
        return attached, failed

    async def _arrived(self, message: Waiting, file: File) -> Path:
        """Where a file that came along lies now. Raises `ToolError` where it did not arrive."""
        if file.blob is None and file.path is not None:
            # Sent from this computer, where it lies. The name opens nothing: tools judge it like any other.
            return Path(file.path)
        target = self._place(message.id, file)
        await self._room.thread.download(file, target)
        return target

    async def _execute(self, message: Waiting, block: dict[str, Any], live: LiveRun, attached: list[str]) -> Outcome:
        own: dict[str, Callable[[Connection, Waiting, Mapping[str, Any]], str]] = {
            "start_task": lambda tx, item, given: self._start_task(tx, item, given, attached),
            "steer_task": self._steer_task,
            "stop_task": self._stop_task,
            "remember": lambda tx, _item, given: self._memory.remember(tx, str(given["text"])),
            "forget": lambda tx, _item, given: self._memory.forget(tx, str(given["text"])),
            "recall": lambda tx, _item, given: self._recall(tx, str(given["query"])),
        }
        handler = own.get(block["name"])
        if handler is None:
            return await self._calls.run(message.id, block, self._tools.get(block["name"]), live.step)
        call = self._calls.intend(message.id, block)
        if call.state == "result":
            return Outcome(call.output, call.failed)
        try:
            with self._room.engine.begin() as tx:
                output = handler(tx, message, block["input"])
                # The effect and its result are one commit: after a crash it is neither lost nor done twice.
                self._room.journal.calls.change(tx, call.id, state="result", output=output)
        except (KeyError, TypeError, ValueError) as error:
            return Outcome(
                f"The input does not fit the tool: {error}. Look at its schema and call it again.", failed=True
            )
        self._room.thread.committed()
        self._wake_tasks()
        return Outcome(output)

    def _start_task(self, tx: Connection, message: Waiting, given: Mapping[str, Any], attached: list[str]) -> str:
        plan = [PlanStep(text=str(line), state="todo") for line in given.get("plan") or []][:30]
        brief = str(given["brief"])
        if attached and not all(name in brief for name in attached):
            brief += "\nAttached: " + ", ".join(attached)
        task = TaskRecord(
            self._room.computer.new_id(), message.id, str(given["title"])[:120], brief,
            [{"text": line.text, "state": line.state} for line in plan], Task.QUEUED, "", self._room.computer.now(),
            0.0, Usage(),
        )  # fmt: skip
        self._room.journal.tasks.add(tx, task)
        self._room.post.created(tx, task.id, task.title, brief, plan, message.id)
        return f"Task {task.id} is started. Its result will be posted by itself."

    def _steer_task(self, tx: Connection, message: Waiting, given: Mapping[str, Any]) -> str:
        task = self._room.journal.tasks.get(tx, str(given["task"]))
        if task is None or task.state.ended:
            return "There is no such task under way."
        self._room.journal.tasks.steer(tx, task.id, str(given["text"]))
        return "It will read this at its next step."

    def _stop_task(self, tx: Connection, message: Waiting, given: Mapping[str, Any]) -> str:
        task = self._room.journal.tasks.get(tx, str(given["task"]))
        if task is None or task.state.ended:
            return "There is no such task under way."
        self._intake.stop_task(tx, task, "Stopped by you.")
        settle_message(self._room.journal, self._room.post, tx, task.in_reply_to)
        return f"Stopped: {task.title}."

    def _recall(self, tx: Connection, query: str) -> str:
        found = self._room.thread.search(tx, query, RECALLED)
        lines = [f"{item.at[:16].replace('T', ' ')}: {line[1]}" for item in found if (line := context.entry_line(item))]
        return "\n\n".join(lines) or "Nothing in the thread contains that."

    def _finish(self, message: Waiting, text: str, usage: parts.Usage) -> None:
        with self._room.engine.begin() as tx:
            self._room.journal.facts.set(tx, f"desk:{message.id}", "")
            tasks = self._room.journal.tasks.all(tx, of=message.id)
            if text or not tasks:
                self._room.post.reply(
                    tx, message.id, text or "I have nothing to say to that.", usage, quiet=bool(tasks)
                )
            if tasks:
                settle_message(self._room.journal, self._room.post, tx, message.id)
            else:
                self._room.journal.inbox.change(tx, message.id, state="answered")
                self._room.post.receipt(tx, message.id, "answered")

    def _fail(self, message: Waiting, text: str, next_step: str) -> None:
        with self._room.engine.begin() as tx:
            self._room.post.notice(tx, "not_answered", text, next_step, message.id)
        self._end(message, "failed", text)

    def _end(self, message: Waiting, kind: str, reason: str) -> None:
        with self._room.engine.begin() as tx:
            self._room.journal.facts.set(tx, f"desk:{message.id}", "")
            self._room.journal.inbox.change(tx, message.id, state=kind)
            self._room.post.receipt(tx, message.id, kind, reason)

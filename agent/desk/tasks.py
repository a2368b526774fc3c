"""Runs tasks: three side by side, the rest queued; parked while they wait for a person (agent.md §1)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection

from agent.core.budget import Budget
from agent.core.ports import BrainError, ToolError, Usage
from agent.core.task_state import Event, Task, step
from agent.desk.calls import Calls, Outcome, Parked
from agent.desk.claims import missing_files
from agent.desk.live import LiveRun
from agent.desk.results import Ending, Results
from agent.desk.room import Room
from agent.desk.specs import TASK
from agent.desk.turn import BudgetExceeded, Conversation, converse
from agent.journal.records import Call, TaskRecord
from agent.thread.parts import PlanStep

SIDE_BY_SIDE = 3
CLAIM_CORRECTIONS = 2
STOPPED = "Stopped in the middle of this step."
log = logging.getLogger(__name__)


class TaskRunner:
    """Starts, parks, resumes and ends tasks."""

    def __init__(
        self,
        room: Room,
        calls: Calls,
        results: Results,
        system: Callable[[], str],
        now_text: Callable[[], str],
        budget: Budget,
        forget_stop: Callable[[str], None],
    ) -> None:
        self._room = room
        self._calls = calls
        self._results = results
        self._system = system
        self._now_text = now_text
        self._budget = budget
        self._forget_stop = forget_stop
        self._working: dict[str, asyncio.Task[None]] = {}

    @property
    def working(self) -> int:
        """Tasks that run right now."""
        return len(self._working)

    def wake(self, *, paused: bool) -> None:
        """Start what may start: resumed tasks first, then queued ones, oldest first."""
        with self._room.engine.begin() as tx:
            ready = self._room.journal.tasks.all(tx, Task.RUNNING)
            queued = [] if paused else self._room.journal.tasks.all(tx, Task.QUEUED)
        for task in [*ready, *queued]:
            if len(self._working) >= SIDE_BY_SIDE:
                return
            if task.id not in self._working:
                self._working[task.id] = asyncio.create_task(self._run(task.id), name=f"task {task.id}")

    def cancel(self, task: str) -> None:
        """Cut a task's work short, if it is at work, and show what it did: its state says already that it was stopped."""
        working = self._working.get(task)
        if working is not None:
            working.cancel()
        else:
            self._working[task] = asyncio.create_task(self._run(task), name=f"stopped task {task}")

    async def close(self) -> None:
        """End all work; what is unfinished goes on at the next start."""
        working = list(self._working.values())
        for item in working:
            item.cancel()
        await asyncio.gather(*working, return_exceptions=True)

    async def _run(self, name: str) -> None:
        try:
            task = self._begin(name)
            if task is not None:
                await self._work(task)
            else:
                await self._after_stop(name)
        except asyncio.CancelledError:
            await self._after_stop(name)
        except Exception:
            log.exception("task %s broke", name)
            await self._fail(name, "Deskhand itself made a mistake here. The details are in its log.")
        finally:
            self._working.pop(name, None)
            self._forget_stop(name)
            self._room.thread.committed()

    def _begin(self, name: str) -> TaskRecord | None:
        with self._room.engine.begin() as tx:
            task = self._room.journal.tasks.get(tx, name)
            if task is None or task.state.ended:
                return None
            if task.state is Task.QUEUED:
                self._room.journal.tasks.change(tx, name, state=step(task.state, Event.START))
                self._room.post.state(tx, name, Task.RUNNING)
            if not self._room.journal.turns.all(tx, name):
                self._room.journal.turns.add(tx, name, "user", [{"type": "text", "text": task.brief}])
        self._room.thread.committed()
        return task

    async def _work(self, task: TaskRecord) -> None:
        live = LiveRun(self._room.thread, self._room.computer, task.in_reply_to, task.id)
        started = self._room.computer.now()

        def spent(tx: Connection, usage: Usage) -> None:
            nonlocal started
            current = self._room.journal.tasks.get(tx, task.id)
            now = self._room.computer.now()
            if current is not None:
                self._room.journal.tasks.spend(tx, current, usage, now - started)
            started = now

        def guard() -> str | None:
            with self._room.engine.begin() as tx:
                current = self._room.journal.tasks.get(tx, task.id)
                calls = self._room.journal.calls.of(tx, task.id)
            if current is None:
                return "it is gone"
            return self._budget.exceeded(current.usage, len(calls), current.seconds / 60) or _stuck(
                calls, self._budget.equal_failures
            )

        talk = Conversation(
            run=task.id,
            system=self._system(),
            now=self._now_text,
            tools=(*(tool.spec for tool in self._room.tools.values()), *TASK),
            opening=[],
            on_text=live.text,
            on_wait=live.waiting,
            execute=lambda block: self._execute(task, block, live),
            spent=spent,
            steers=lambda tx: self._room.journal.tasks.take_steers(tx, task.id),
            guard=guard,
        )
        try:
            while not await self._finish(task.id, Ending(Task.DONE, await self._settled_text(task, talk))):
                pass
        except Parked as parked:
            self._park(task.id, parked.kind)
        except BudgetExceeded as bound:
            await self._fail(task.id, f"Stopped, because {bound}. What was done so far is kept.")
        except BrainError as error:
            await self._fail(task.id, f"{error} {error.next}")

    async def _settled_text(self, task: TaskRecord, talk: Conversation) -> str:
        """The final text, after the brain was made to correct claims about files that are not there."""
        for _ in range(CLAIM_CORRECTIONS):
            text = await converse(self._room.engine, self._room.journal, self._room.brain(), talk)
            missing = missing_files(text, task.brief, lambda name: self._results.exists(name, task.id))
            if not missing and text:
                return text
            word = (
                f"Your answer names {', '.join(missing)}, which is not there. Make it with the tools, or correct the "
                "answer."
                if missing
                else "Your answer has no text. Say the result in words."
            )
            with self._room.engine.begin() as tx:
                self._room.journal.turns.add(tx, task.id, "user", [{"type": "text", "text": word}])
        text = await converse(self._room.engine, self._room.journal, self._room.brain(), talk)
        return text or "The work ended without a word about its result."

    async def _execute(self, task: TaskRecord, block: dict[str, Any], live: LiveRun) -> Outcome:
        own = {"update_plan": self._update_plan, "note_not_done": self._note, "ask_person": self._ask_person}
        handler = own.get(block["name"])
        if handler is None:
            return await self._calls.run(task.id, block, self._room.tools.get(block["name"]), live.step)
        try:
            return handler(task, block)
        except ToolError as error:
            return Outcome(str(error), failed=True)
        except (KeyError, TypeError, ValueError) as error:
            return Outcome(
                f"The input does not fit the tool: {error}. Look at its schema and call it again.", failed=True
            )

    def _update_plan(self, task: TaskRecord, block: Mapping[str, Any]) -> Outcome:
        plan = [PlanStep(text=str(line["text"]), state=line["state"]) for line in block["input"]["plan"]][:30]
        with self._room.engine.begin() as tx:
            current = self._room.journal.tasks.get(tx, task.id)
            lines = [{"text": line.text, "state": line.state} for line in plan]
            if current is not None and current.plan != lines:
                self._room.journal.tasks.change(tx, task.id, plan=lines)
                self._room.post.plan(tx, task.id, plan)
        self._room.thread.committed()
        return Outcome("The person sees the plan.")

    def _note(self, task: TaskRecord, block: Mapping[str, Any]) -> Outcome:
        items = [str(item) for item in block["input"]["items"]]
        call = self._calls.intend(task.id, block)
        with self._room.engine.begin() as tx:
            self._room.journal.calls.change(tx, call.id, state="result", output="Noted.", not_done=items)
        return Outcome("Noted.")

    def _ask_person(self, task: TaskRecord, block: Mapping[str, Any]) -> Outcome:
        question = str(block["input"]["question"])
        choices = [str(choice) for choice in block["input"].get("choices", [])][:12]
        call = self._calls.intend(task.id, block)
        if call.state == "result":
            return Outcome(call.output)
        answer = self._calls.answer_of(call)
        if answer is not None:
            return answer
        self._calls.ask_person(task.id, call, question, choices)
        raise Parked("question")

    def _park(self, name: str, kind: str) -> None:
        event, state = (Event.DOUBT, Task.IN_DOUBT) if kind == "in_doubt" else (Event.ASK, Task.WAITING)
        with self._room.engine.begin() as tx:
            task = self._room.journal.tasks.get(tx, name)
            # The answer may have come while the ask was on its way: then there is nothing to wait for.
            if task is not None and task.state is Task.RUNNING and self._room.journal.asks.open(tx, name):
                self._room.journal.tasks.change(tx, name, state=step(task.state, event))
                self._room.post.state(tx, name, state)

    async def _after_stop(self, name: str) -> None:
        """A stopped task still shows what it changed, so that it can be undone."""
        with self._room.engine.begin() as tx:
            task = self._room.journal.tasks.get(tx, name)
            if task is None or task.state is not Task.STOPPED:
                return  # the agent itself ends: the task goes on at the next start
            for call in self._room.journal.calls.of(tx, name):
                if call.state == "start":  # what it changed stays, like that of the calls before; undo takes it back
                    self._room.journal.calls.change(tx, call.id, state="result", output=STOPPED, failed=True)
        if self._results.changed_files(name):
            await self._results.finish(task, Ending(Task.STOPPED, "Stopped. This was done until then.", task.reason))

    async def _fail(self, name: str, reason: str) -> None:
        await self._finish(name, Ending(Task.FAILED, reason, reason))

    async def _finish(self, name: str, ending: Ending) -> bool:
        with self._room.engine.begin() as tx:
            task = self._room.journal.tasks.get(tx, name)
        return task is None or await self._results.finish(task, ending)


def _stuck(calls: list[Call], limit: int) -> str | None:
    last = [(call.tool, call.input, call.output) for call in calls if call.state == "result"][-limit:]
    if len(last) < limit or any(item != last[0] for item in last):
        return None
    failed = calls[-1].failed
    return f"the same step failed {limit} times in the same way: {calls[-1].output[:200]}" if failed else None

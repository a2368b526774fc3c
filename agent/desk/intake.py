"""What a genuine entry causes at the desk, inside the transaction that stores it.

Nothing here waits or works: it writes what is to be done, and `Desk` does it after the commit.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from sqlalchemy import Connection

from agent.core.policy import CHANGE_SCOPES, FOLDER_SCOPES, FOLDER_TOOL
from agent.core.task_state import Event, Task, step
from agent.desk.ports import Computer, Received
from agent.desk.post import Post, unix
from agent.journal.records import AskRecord, TaskRecord, Waiting
from agent.journal.store import Journal
from agent.thread import entries as e

APPROVE_WITHIN_S = 3600
"""An approval read later than this after it was given is not acted on; the person is asked again."""


class Intake:
    """Applies received entries to the journal."""

    def __init__(self, journal: Journal, post: Post, computer: Computer) -> None:
        self._journal = journal
        self._post = post
        self._computer = computer
        self.stopped: set[str] = set()
        """Tasks that the person stopped since the last commit; the desk cancels their work."""

    def take(self, tx: Connection, item: Received) -> None:
        """Apply one entry."""
        handlers: dict[type[e.Body], Callable[..., None]] = {
            e.Message: self._message,
            e.Edit: self._edit,
            e.Cancel: self._cancel,
            e.Stop: self._stop,
            e.Pause: self._pause,
            e.Answer: self._answer,
            e.Ask: self._own_ask,
            e.RequestUndo: self._queue_request,
            e.RequestDeviceRemove: self._queue_request,
            e.RequestMemory: self._queue_request,
            e.RequestGrantRevoke: self._revoke,
            e.RequestSettings: self._not_here,
            e.RequestSchedule: self._not_here,
            e.RequestFetch: self._not_here,
        }
        handler = handlers.get(type(item.body))
        if handler is not None:
            handler(tx, item, item.body)

    def _message(self, tx: Connection, item: Received, body: e.Message) -> None:
        task = self._journal.tasks.get(tx, body.task) if body.task else None
        steering = task is not None and not task.state.ended
        expires = unix(item.at) + body.expires_in_s
        waiting = Waiting(
            body.id, item.seq, item.at, body.text, [file.model_dump(mode="json") for file in body.files],
            body.task if steering else None, expires, "started" if steering else "received",
        )  # fmt: skip
        if not self._journal.inbox.add(tx, waiting):
            return
        self._post.receipt(tx, body.id, "received")
        if steering and body.task is not None:
            self._journal.tasks.steer(tx, body.task, body.text)
            self._post.receipt(tx, body.id, "started")

    def _edit(self, tx: Connection, item: Received, body: e.Edit) -> None:
        message = self._journal.inbox.get(tx, body.target)
        if message is None or message.state != "received":
            self._post.receipt(tx, body.id, "refused", "It has already started. Send a new message instead.")
            return
        files = json.dumps([file.model_dump(mode="json") for file in body.files])
        self._journal.inbox.change(tx, body.target, text=body.text, files=files)
        self._post.receipt(tx, body.id, "answered")

    def _cancel(self, tx: Connection, item: Received, body: e.Cancel) -> None:
        message = self._journal.inbox.get(tx, body.target)
        if message is None or message.state != "received":
            self._post.receipt(tx, body.id, "refused", "It has already started. Use Stop on its task.")
            return
        self._journal.inbox.change(tx, body.target, state="cancelled")
        self._post.receipt(tx, body.target, "cancelled")

    def _stop(self, tx: Connection, item: Received, body: e.Stop) -> None:
        active = self._journal.tasks.all(tx, Task.QUEUED, Task.RUNNING, Task.WAITING, Task.IN_DOUBT)
        for task in active:
            if body.all or task.id == body.task:
                self.stop_task(tx, task, "Stopped by you.")
        if body.all:
            for message in self._journal.inbox.in_state(tx, "received"):
                self._journal.inbox.change(tx, message.id, state="stopped")
                self._post.receipt(tx, message.id, "stopped", "Stopped before it started.")
            for message in self._journal.inbox.in_state(tx, "started"):
                self.stopped.add(message.id)

    def stop_task(self, tx: Connection, task: TaskRecord, reason: str) -> None:
        """End a task here and now; what it changed can be undone."""
        self._journal.tasks.change(tx, task.id, state=step(task.state, Event.STOP), reason=reason)
        self._post.state(tx, task.id, Task.STOPPED, reason)
        self.withdraw_asks(tx, task.id)
        self.stopped.add(task.id)

    def withdraw_asks(self, tx: Connection, task: str) -> None:
        """Close what a task that ended still asks."""
        for ask in self._journal.asks.open(tx, task):
            self._journal.asks.change(tx, ask.id, state="withdrawn")
            if ask.seq is not None:
                self._post.ask_closed(tx, ask.seq, "withdrawn")

    def _pause(self, tx: Connection, item: Received, body: e.Pause) -> None:
        self._journal.facts.set(tx, "paused", "1" if body.on else "")

    def _own_ask(self, tx: Connection, item: Received, body: e.Ask) -> None:
        self._journal.asks.change(tx, body.id, seq=item.seq, hash=item.hash)
        ask = self._journal.asks.get(tx, body.id)
        if ask is not None and ask.state == "withdrawn":
            self._post.ask_closed(tx, item.seq, "withdrawn")

    def _answer(self, tx: Connection, item: Received, body: e.Answer) -> None:
        ask = self._journal.asks.at_seq(tx, body.ask_seq)
        if ask is None or ask.hash != body.ask_hash:
            self._post.receipt(tx, body.id, "refused", "It answers an ask that is not in this thread.")
            return
        if ask.state != "open":
            self._post.receipt(tx, body.id, "refused", "It was answered before.")
            return
        if not _fits(ask, body):
            self._post.receipt(tx, body.id, "refused", "This ask needs another kind of answer.")
            return
        if body.verdict == "approve" and self._computer.now() - unix(item.at) > APPROVE_WITHIN_S:
            self._post.receipt(tx, body.id, "refused", "The approval is more than an hour old. Please decide again.")
            return
        self._journal.asks.change(
            tx, ask.id, state="answered", verdict=body.verdict, scope=body.scope, text=body.text or body.reason
        )
        self._post.ask_closed(tx, body.ask_seq, "answered", item.seq)
        task = self._journal.tasks.get(tx, ask.task)
        if task is not None and not task.state.ended:
            self._journal.tasks.change(tx, task.id, state=step(task.state, Event.ANSWER))
            self._post.state(tx, task.id, Task.RUNNING)

    def _revoke(self, tx: Connection, item: Received, body: e.RequestGrantRevoke) -> None:
        if self._journal.grants.remove(tx, body.grant):
            self._post.receipt(tx, body.id, "answered")
        else:
            self._post.receipt(tx, body.id, "refused", "This permission is gone already.")

    def _queue_request(self, tx: Connection, item: Received, body: e.Body) -> None:
        self._journal.facts.set(tx, f"request:{body.id}", json.dumps(body.model_dump(mode="json")))
        self._post.receipt(tx, body.id, "received")

    def _not_here(self, tx: Connection, item: Received, body: e.Body) -> None:
        self._post.receipt(tx, body.id, "refused", "This computer's Deskhand cannot do that yet. Update it there.")


def _fits(ask: AskRecord, body: e.Answer) -> bool:
    match ask.kind:
        case "approval":
            scopes = FOLDER_SCOPES if ask.action.get("tool") == FOLDER_TOOL else CHANGE_SCOPES
            return body.verdict == "deny" or (body.verdict == "approve" and body.scope in {None, *scopes})
        case "in_doubt":
            return body.verdict in {"check", "again", "skip"}
        case _:
            return body.verdict == "text" and bool((body.text or "").strip())

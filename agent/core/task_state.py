"""States of a task and of a message: total machines, tested as tables (agent.md §1)."""

from __future__ import annotations

from enum import StrEnum


class Task(StrEnum):
    """State of a task."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"
    EXPIRED = "expired"
    IN_DOUBT = "in_doubt"

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self in {Task.DONE, Task.FAILED, Task.STOPPED, Task.EXPIRED}


class Event(StrEnum):
    """What happens to a task."""

    START = "start"
    ASK = "ask"
    DOUBT = "doubt"
    ANSWER = "answer"
    FINISH = "finish"
    FAIL = "fail"
    STOP = "stop"
    EXPIRE = "expire"


_STEPS: dict[tuple[Task, Event], Task] = {
    (Task.QUEUED, Event.START): Task.RUNNING,
    (Task.QUEUED, Event.STOP): Task.STOPPED,
    (Task.QUEUED, Event.EXPIRE): Task.EXPIRED,
    (Task.QUEUED, Event.FAIL): Task.FAILED,
    (Task.RUNNING, Event.ASK): Task.WAITING,
    (Task.RUNNING, Event.DOUBT): Task.IN_DOUBT,
    (Task.RUNNING, Event.FINISH): Task.DONE,
    (Task.RUNNING, Event.FAIL): Task.FAILED,
    (Task.RUNNING, Event.STOP): Task.STOPPED,
    (Task.WAITING, Event.ANSWER): Task.RUNNING,
    (Task.WAITING, Event.STOP): Task.STOPPED,
    (Task.WAITING, Event.FAIL): Task.FAILED,
    (Task.IN_DOUBT, Event.ANSWER): Task.RUNNING,
    (Task.IN_DOUBT, Event.STOP): Task.STOPPED,
    (Task.IN_DOUBT, Event.FAIL): Task.FAILED,
}


def step(state: Task, event: Event) -> Task:
    """The next state; an event that means nothing in a state leaves it as it is."""
    return _STEPS.get((state, event), state)


_WEIGHT = [
    Task.WAITING, Task.RUNNING, Task.QUEUED, Task.IN_DOUBT, Task.FAILED, Task.STOPPED, Task.EXPIRED, Task.DONE,
]  # fmt: skip


def overall(states: list[Task]) -> Task:
    """One state for several tasks: waiting > unfinished > in_doubt > failed > stopped > expired > done."""
    return min(states, key=_WEIGHT.index, default=Task.DONE)

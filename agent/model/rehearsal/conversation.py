"""Reading a request: who speaks, what was asked, what was answered, which situation this is."""

from __future__ import annotations

import re
from dataclasses import dataclass

from agent.model.rehearsal.turn import Call, Recorded, Result
from agent.model.rehearsal.wire import Message, Request, joined

_FILES_LINE = re.compile(r"(?m)^[ \t]*(?:Files|Attached):[ \t]*(.+)$")
_ADDED = "The person adds: "
_COMPUTER = re.compile(r"(?m)^\W*Computer:\s*(.+)$")
_RUNNING = re.compile(r"(?m)^\W*Running tasks:[ \t]*(.*(?:\n[ \t]*(?:[-*•][ \t]*)?(?!none\b)\S+[ \t]+\S.*)*)")
_TASK = re.compile(r"^[ \t]*(?:[-*•][ \t]*)?(\S+?):?[ \t]+(\S.*?)(?:[ \t]+\(\w+\))?$")


@dataclass(frozen=True, slots=True)
class Running:
    """A task under way, as the system text lists it."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """An earlier message of the person and what came back: replies and results."""

    said: str
    replied: str

    @property
    def files(self) -> tuple[str, ...]:
        """The files of its last result."""
        return named_files(self.replied)


@dataclass(frozen=True, slots=True)
class DeskRequest:
    """The front desk's situation: one new message, with what is attached, after earlier exchanges, the latest last."""

    message: str
    attached: tuple[str, ...]
    exchanges: tuple[Exchange, ...]
    recorded: Recorded
    tools: frozenset[str]
    computer: str
    running: tuple[Running, ...]


@dataclass(frozen=True, slots=True)
class TaskRequest:
    """A task's situation. ``steers``: what the person added since, in order; ``earlier``: calls answered before the
    last of these; ``refused``: what was said to a result that was not accepted.
    """

    brief: str
    files: tuple[str, ...]
    steers: tuple[str, ...]
    recorded: Recorded
    earlier: tuple[Call, ...]
    tools: frozenset[str]
    refused: str | None = None


def tool_names(request: Request) -> frozenset[str]:
    return frozenset(tool.name for tool in request.tools)


def read_desk(request: Request) -> DeskRequest:
    messages = request.messages
    start = max((n for n, message in enumerate(messages) if _speaks(message)), default=0)
    system = request.system if isinstance(request.system, str) else joined(request.system)
    computer = _COMPUTER.search(system)
    *exchanges, latest = _exchanges(messages[: start + 1]) or [Exchange("", "")]
    return DeskRequest(
        message=without_files(latest.said),
        attached=named_files(latest.said),
        exchanges=tuple(exchanges),
        recorded=Recorded(_answered(messages[start:])),
        tools=tool_names(request),
        computer=computer[1].strip() if computer else "this computer",
        running=_running(system),
    )


def read_task(request: Request) -> TaskRequest:
    first, *later = request.messages
    brief = _said(first)
    steers, steered_at, refused = [], 0, None
    for number, message in enumerate(later, start=1):
        if message.role != "user" or not (words := _said(message)):
            continue
        if _speaks(message) and not _calls(request.messages[number - 1]):
            refused = words  # after a final text
        else:
            steers += [line.removeprefix(_ADDED) for line in _texts(message)]
            steered_at = number
    return TaskRequest(
        brief=without_files(brief),
        files=named_files(brief),
        steers=tuple(steers),
        recorded=Recorded(_answered(request.messages)),
        earlier=tuple(call for call, _ in _answered(request.messages[: steered_at + 1])),
        tools=tool_names(request),
        refused=refused,
    )


def named_files(text: str) -> tuple[str, ...]:
    """The files of ``Files:`` and ``Attached:`` lines, those of the latest line first."""
    names = (name.strip(" `") for line in reversed(_FILES_LINE.findall(text)) for name in line.split(", "))
    return tuple(dict.fromkeys(name for name in names if name))


def without_files(text: str) -> str:
    """The text without its ``Files:`` and ``Attached:`` lines."""
    return "\n".join(line for line in _FILES_LINE.sub("", text).splitlines() if line.strip())


def _running(system: str) -> tuple[Running, ...]:
    block = _RUNNING.search(system)
    found = (_TASK.match(line) for line in block[1].splitlines()) if block else ()
    return tuple(Running(task[1], task[2].strip()) for task in found if task)


def _said(message: Message) -> str:
    """The texts of a message as one; calls and answers of tools are left out."""
    return "\n".join(_texts(message))


def _texts(message: Message) -> list[str]:
    return [block.text.strip() for block in message.blocks if block.type == "text" and block.text.strip()]


def _speaks(message: Message) -> bool:
    return message.role == "user" and not any(block.type == "tool_result" for block in message.blocks)


def _calls(message: Message) -> bool:
    return any(block.type == "tool_use" for block in message.blocks)


def _exchanges(messages: list[Message]) -> list[Exchange]:
    """Each text of the person is a message of its own, also where several stand in one turn."""
    exchanges: list[Exchange] = []
    for message in messages:
        if _speaks(message):
            exchanges += [Exchange(block.text.strip(), "") for block in message.blocks if block.text.strip()]
        elif message.role == "assistant" and (words := _said(message)) and exchanges:
            last = exchanges[-1]
            exchanges[-1] = Exchange(last.said, f"{last.replied}\n{words}".strip())
    return exchanges


def _answered(messages: list[Message]) -> list[tuple[Call, Result]]:
    calls = {
        block.id: Call(block.name, block.input)
        for message in messages
        for block in message.blocks
        if block.type == "tool_use"
    }
    return [
        (calls[block.tool_use_id], Result(block.words, failed=block.is_error))
        for message in messages
        for block in message.blocks
        if block.type == "tool_result" and block.tool_use_id in calls
    ]

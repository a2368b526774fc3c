"""One request → one turn. Pure: the same request gives the same turn."""

from __future__ import annotations

from agent.model.rehearsal.compact import shorten
from agent.model.rehearsal.conversation import read_desk, read_task, tool_names
from agent.model.rehearsal.front_desk import front_desk
from agent.model.rehearsal.task import task
from agent.model.rehearsal.turn import Turn, retell
from agent.model.rehearsal.wire import Request


def think(request: Request) -> Turn:
    """Which situation this is shows in the tools on offer: the front desk's, a task's, or none."""
    tools = tool_names(request)
    if "start_task" in tools:
        desk = read_desk(request)
        return retell(front_desk(desk), desk.recorded)
    if tools:
        work = read_task(request)
        return retell(task(work), work.recorded)
    return Turn(text=shorten(request))

"""What a planned call needs before it may run (agent.md §5). Pure."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from agent.core.ports import Op, Planned

FOLDER_TOOL = "folder"
"""What stands as the tool of an ask for a folder."""
CHANGE_SCOPES: tuple[Literal["once", "task"], ...] = ("once", "task")
FOLDER_SCOPES: tuple[Literal["task", "always"], ...] = ("task", "always")
"""How long a consent may last: to changes of files, to the use of a folder."""

FOREIGN_WITHOUT_ASKING = 5
"""So many files that the task did not make may it change, move or trash, in all, before it must ask."""


@dataclass(frozen=True, slots=True)
class Decision:
    """``level`` 0 silently, 1 told, 2 approval on the phone. ``foreign``: files the task did not make."""

    level: int
    foreign: frozenset[Path]


def decide(
    planned: Planned, made_by_task: AbstractSet[Path], touched_before: AbstractSet[Path], *, allowed: bool
) -> Decision:
    """Level of a call.

    ``touched_before`` are foreign files that earlier calls of the task changed: the limit counts over the whole
    task, so that many small calls need the same consent as a large one. ``allowed``: the person said "this task".
    """
    foreign = frozenset(
        touch.path for touch in planned.touches if touch.op is not Op.CREATE and touch.path not in made_by_task
    )
    if not foreign:
        return Decision(0, foreign)
    if allowed or len(foreign | touched_before) <= FOREIGN_WITHOUT_ASKING:
        return Decision(1, foreign)
    return Decision(2, foreign)

"""The pure decisions, as tables: every state of a task with every event, the policy's levels, the bounds."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from agent.core.budget import Budget
from agent.core.policy import FOREIGN_WITHOUT_ASKING, decide
from agent.core.ports import Op, Planned, Touch, Usage
from agent.core.task_state import Event, Task, overall, step

# rows: state; columns: start ask doubt answer finish fail stop expire; "." stays
TABLE = """
queued    running .       .        .       .    failed stopped expired
running   .       waiting in_doubt .       done failed stopped .
waiting   .       .       .        running .    failed stopped .
in_doubt  .       .       .        running .    failed stopped .
done      .       .       .        .       .    .      .       .
failed    .       .       .        .       .    .      .       .
stopped   .       .       .        .       .    .      .       .
expired   .       .       .        .       .    .      .       .
"""


def test_every_state_with_every_event_is_in_the_table() -> None:
    rows = {line.split()[0]: line.split()[1:] for line in TABLE.strip().splitlines()}
    assert set(rows) == {str(state) for state in Task}
    for state, (number, event) in product(Task, enumerate(Event)):
        wanted = rows[state][number]
        assert step(state, event) == (state if wanted == "." else Task(wanted)), (state, event)


def test_an_ended_task_never_leaves_its_state() -> None:
    assert {state for state in Task if all(step(state, event) is state for event in Event)} == {
        state for state in Task if state.ended
    }


@pytest.mark.parametrize(
    ("states", "whole"),
    [
        ("", "done"),
        ("done", "done"),
        ("done expired", "expired"),
        ("expired stopped done", "stopped"),
        ("stopped failed", "failed"),
        ("failed in_doubt", "in_doubt"),
        ("in_doubt queued", "queued"),
        ("queued running", "running"),
        ("running waiting failed", "waiting"),
    ],
)
def test_over_several_tasks_the_gravest_state_counts(states: str, whole: str) -> None:
    given = [Task(state) for state in states.split()]
    assert overall(given) is Task(whole)
    assert overall(given[::-1]) is Task(whole)


def changes(count: int, op: Op = Op.MOVE) -> Planned:
    return Planned("x", touches=tuple(Touch(op, Path(f"/desk/{n}"), Path(f"/desk/to/{n}")) for n in range(count)))


def paths(*numbers: int) -> set[Path]:
    return {Path(f"/desk/{number}") for number in numbers}


@pytest.mark.parametrize(
    ("planned", "made", "before", "allowed", "level"),
    [
        (Planned("reading", reads=(Path("/desk/0"),)), set(), set(), False, 0),
        (changes(500, Op.CREATE), set(), set(), False, 0),
        (changes(3), paths(0, 1, 2), set(), False, 0),
        (changes(1), set(), set(), False, 1),
        (changes(FOREIGN_WITHOUT_ASKING), set(), set(), False, 1),
        (changes(FOREIGN_WITHOUT_ASKING + 1), set(), set(), False, 2),
        (changes(FOREIGN_WITHOUT_ASKING + 1, Op.TRASH), set(), set(), False, 2),
        (changes(FOREIGN_WITHOUT_ASKING + 1, Op.OVERWRITE), set(), set(), False, 2),
        (changes(FOREIGN_WITHOUT_ASKING + 1), paths(0), set(), False, 1),
        (changes(1), set(), paths(10, 11, 12, 13), False, 1),
        (changes(1), set(), paths(10, 11, 12, 13, 14), False, 2),
        (changes(2), set(), paths(0, 1, 2, 3, 4), False, 1),
        (changes(100), set(), paths(10, 11, 12, 13, 14), True, 1),
    ],
)
def test_the_level_of_a_change_counts_files_the_task_did_not_make_over_the_whole_task(
    planned: Planned, made: set[Path], before: set[Path], allowed: bool, level: int
) -> None:
    decision = decide(planned, made, before, allowed=allowed)
    assert decision.level == level
    wanted = {touch.path for touch in planned.touches if touch.op is not Op.CREATE} - made
    assert decision.foreign == wanted


@pytest.mark.parametrize(
    ("usage", "steps", "minutes", "word"),
    [
        (Usage(usd=0.5), 10, 1, None),
        (Usage(usd=None, output_tokens=10**9), 10, 1, None),
        (Usage(usd=1.0), 0, 0, "$1.00"),
        (Usage(), 120, 0, "120 steps"),
        (Usage(), 119, 29.9, None),
        (Usage(), 0, 30, "30 minutes"),
    ],
)
def test_a_bound_is_named_when_it_is_reached(usage: Usage, steps: int, minutes: float, word: str | None) -> None:
    reason = Budget().exceeded(usage, steps, minutes)
    assert reason is None if word is None else reason is not None and word in reason


def test_usage_adds_up_and_an_unknown_price_stays_unknown() -> None:
    known, unknown = Usage(1, 2, 0.5), Usage(10, 20, None)
    assert known.plus(known) == Usage(2, 4, 1.0)
    assert known.plus(unknown) == unknown.plus(known) == Usage(11, 22, None)

"""The end of a task: one result, unless the person has added something that must be heard first."""

from __future__ import annotations

from pathlib import Path

from agent.core.ports import Usage
from agent.core.task_state import Task
from agent.desk.results import Ending, Results
from agent.desk.room import Room
from agent.journal.records import TaskRecord
from tests.desk.conftest import Table

TASK = "a" * 32


class NothingChanged:
    """A file journal of a task that changed no file."""

    def created_by(self, _task: str) -> set[Path]:
        return set()

    def offer(self, _task: str) -> None:
        return None


async def test_words_added_before_the_result_are_heard_first(table: Table, tmp_path: Path) -> None:
    table.thread.committed = lambda: None  # type: ignore[attr-defined]
    room = Room(table.engine, table.journal, table.post, table.thread, table.computer, lambda: None, {}, str)  # type: ignore[arg-type,return-value]
    results = Results(room, NothingChanged(), lambda _path: None, tmp_path, list)  # type: ignore[arg-type]
    task = TaskRecord(TASK, "b" * 32, "T", "b", [], Task.RUNNING, "", 0.0, 0.0, Usage())
    with table.engine.begin() as tx:
        table.journal.tasks.add(tx, task)
        table.journal.tasks.steer(tx, TASK, "and by year, please")

    assert not await results.finish(task, Ending(Task.DONE, "Here it is."))
    assert table.thread.of("result") == []

    with table.engine.begin() as tx:
        assert table.journal.tasks.take_steers(tx, TASK) == ["and by year, please"]
    assert await results.finish(task, Ending(Task.DONE, "Here it is, by year."))
    assert await results.finish(task, Ending(Task.DONE, "Here it is, by year.")), "a second time posts nothing"
    assert [result.text for result in table.thread.of("result")] == ["Here it is, by year."]

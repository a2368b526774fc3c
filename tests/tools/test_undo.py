"""What a task did to files is taken back byte for byte, or it is said why not."""

import errno
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.core.ports import Op, Planned, Stopped, ToolError, Touch
from agent.permissions import undo_files


def test_tidying_overwriting_and_trashing_is_undone_byte_for_byte(desk: Any):
    for name, content in {
        "a.csv": b"1",
        "b.csv": b"2\r\n",
        "note.md": b"old",
        "old/x.txt": b"\x00\xff",
        "old/y": b"",
    }.items():
        os.utime(desk.file(name, content), (1_000_000_000, 1_100_000_000))
    (desk.folder / "note.md").chmod(0o640)
    before = desk.snapshot()

    desk.use(
        "move_files", {"moves": [{"from": "a.csv", "to": "data/2024/"}, {"from": "b.csv", "to": "data/renamed.csv"}]}
    )
    desk.use("write_file", path="note.md", content="new", overwrite=True)
    desk.use("edit_file", path="note.md", old="new", new="newer")
    desk.use("write_file", path="reports/summary.md", content="made")
    desk.use("trash_files", paths=["old"])
    assert desk.names() == {
        "data",
        "data/2024",
        "data/2024/a.csv",
        "data/renamed.csv",
        "note.md",
        "reports",
        "reports/summary.md",
    }
    done = desk.journal.undo("task")

    assert done.refused == []
    assert desk.snapshot() == before
    assert desk.names() == {"a.csv", "b.csv", "note.md", "old", "old/x.txt", "old/y"}, "folders the task made are gone"


def test_what_was_changed_since_is_left_alone_and_named(desk: Any):
    desk.use("write_file", path="mine.md", content="by the task")
    desk.use("write_file", path="other.md", content="by the task")
    desk.file("mine.md", "and then by me")
    workspace = desk.workspace()

    assert desk.journal.preview("task", workspace.display) == [
        "other.md: removed again",
        "stays: mine.md: it was changed since",
    ]
    done = desk.journal.undo("task", workspace.display)

    assert done.restored == ["other.md: removed again"]
    assert done.refused == ["mine.md: it was changed since"]
    assert (desk.folder / "mine.md").read_text() == "and then by me"


def test_a_name_that_is_taken_again_is_not_overwritten(desk: Any):
    desk.file("a.txt", "first")
    desk.use("trash_files", paths=["a.txt"])
    desk.file("a.txt", "second")

    assert desk.journal.undo("task").refused == [f"{desk.folder}/a.txt: something else has that name now"]
    assert (desk.folder / "a.txt").read_text() == "second"


def test_an_undo_can_be_undone_again_and_again(desk: Any):
    desk.file("a.txt", "before")
    original = desk.snapshot()
    desk.use("write_file", path="a.txt", content="after", overwrite=True)
    desk.use("move_files", {"moves": [{"from": "a.txt", "to": "sub/b.txt"}]})
    desk.use("write_file", path="new.txt", content="new")
    worked = desk.snapshot()

    undone = desk.journal.undo("task")
    assert desk.snapshot() == original
    redone = desk.journal.undo(undone.task)
    assert redone.refused == []
    assert desk.snapshot() == worked
    assert desk.journal.offer("task") is not None
    assert desk.journal.offer(undone.task) is None
    desk.journal.undo(redone.task)
    assert desk.snapshot() == original


def test_undoing_twice_does_nothing_more(desk: Any):
    desk.use("write_file", path="a.txt", content="x")
    desk.journal.undo("task")

    assert desk.journal.offer("task") is None
    assert desk.journal.undo("task").restored == []


def test_the_offer_says_how_many_and_until_when(desk: Any):
    desk.use("write_file", path="a.txt", content="x")
    desk.use("write_file", path="b.txt", content="x")

    assert desk.journal.offer("task") == (2, datetime.fromtimestamp(desk.now, UTC) + timedelta(days=30))
    assert desk.journal.offer("another task") is None


def test_files_the_task_made_are_known_by_their_present_names(desk: Any):
    desk.file("theirs.txt")
    desk.use("write_file", path="sub/mine.txt", content="x")
    desk.use("write_file", path="gone.txt", content="x")
    desk.use("write_file", path="theirs.txt", content="x", overwrite=True)
    desk.use("trash_files", paths=["gone.txt"])
    desk.use("move_files", {"moves": [{"from": "sub", "to": "renamed"}]})

    assert desk.journal.created_by("task") == {desk.folder / "renamed" / "mine.txt"}


def test_a_moved_folder_with_new_files_in_it_is_previewed_as_it_is_undone(desk: Any):
    desk.use("write_file", path="sub/mine.txt", content="x")
    desk.use("move_files", {"moves": [{"from": "sub", "to": "renamed"}]})
    desk.use("write_file", path="renamed/mine.txt", content="y", overwrite=True)

    previewed = desk.journal.preview("task")
    assert desk.journal.undo("task").restored == previewed
    assert desk.names() == set()


OPERATIONS = {
    "create": ("write_file", {"path": "new/deep/a.txt", "content": "new"}),
    "overwrite": ("write_file", {"path": "old.txt", "content": "new", "overwrite": True}),
    "move": ("move_files", {"moves": [{"from": "old.txt", "to": "new/moved.txt"}]}),
    "move folder": ("move_files", {"moves": [{"from": "folder", "to": "new/folder"}]}),
    "trash": ("trash_files", {"paths": ["folder", "old.txt"]}),
}


@pytest.mark.parametrize("point", ["intent", "written", "placed"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_crash_anywhere_leaves_nothing_half_done(desk: Any, crash: type[BaseException], operation: str, point: str):
    desk.file("old.txt", "old")
    desk.file("folder/x.txt", "x")
    before = desk.snapshot()
    tool, call = OPERATIONS[operation]
    desk.crash_at = point
    try:
        desk.use(tool, call)
    except crash:
        desk.restart()
        assert desk.journal.unfinished() == [("task", "call-1")]

    assert desk.journal.recover("call-1") == "rolled_back"
    assert desk.journal.unfinished() == []
    assert desk.snapshot() == before
    assert desk.names() == {"old.txt", "folder", "folder/x.txt"}, "no temporary file, no empty folder"
    assert desk.journal.offer("task") is None
    assert not desk.use(tool, call).failed, "the call can be run again"
    desk.journal.undo("task")
    assert desk.snapshot() == before


def test_a_crash_in_the_middle_of_many_moves_rolls_them_all_back(desk: Any, crash: type[BaseException]):
    for number in range(5):
        desk.file(f"{number}.txt", str(number))
    before = desk.snapshot()
    desk.crash_at, desk.crash_after = "placed", 2
    moves = [{"from": f"{number}.txt", "to": "sub/"} for number in range(5)]
    with pytest.raises(crash):
        desk.use("move_files", {"moves": moves})
    desk.restart()

    assert desk.journal.recover("call-1") == "rolled_back"
    assert desk.snapshot() == before
    assert desk.names() == {f"{number}.txt" for number in range(5)}


def test_a_crash_after_the_last_change_is_done_when_all_was_planned(desk: Any, crash: type[BaseException]):
    desk.crash_at = "placed"
    with pytest.raises(crash):
        desk.use("write_file", path="a.txt", content="x")
    desk.restart()

    assert desk.journal.recover("call-1", planned=1) == "done"
    assert (desk.folder / "a.txt").read_text() == "x"
    assert desk.journal.offer("task") is not None


def test_a_crash_while_rolling_back_is_recovered_too(desk: Any, crash: type[BaseException]):
    desk.file("a.txt", "a")
    desk.file("b.txt", "b")
    before = desk.snapshot()
    desk.crash_at, desk.crash_after = "placed", 1
    with pytest.raises(crash):
        desk.use("move_files", {"moves": [{"from": "a.txt", "to": "x/"}, {"from": "b.txt", "to": "x/"}]})
    desk.crash_at = "placed"
    with pytest.raises(crash):
        desk.journal.recover("call-1")
    desk.restart()

    assert desk.journal.recover("call-1") == "rolled_back"
    assert desk.snapshot() == before
    assert desk.journal.offer("task") is None


def test_a_crash_in_an_undo_leaves_the_task_undoable(desk: Any, crash: type[BaseException]):
    desk.file("a.txt", "a")
    desk.file("b.txt", "b")
    before = desk.snapshot()
    desk.use("move_files", {"moves": [{"from": "a.txt", "to": "x/"}, {"from": "b.txt", "to": "x/"}]})
    desk.crash_at, desk.crash_after = "placed", 1
    with pytest.raises(crash):
        desk.journal.undo("task")
    desk.restart()
    ((undo_task, undo_call),) = desk.journal.unfinished()

    assert undo_task == undo_call
    assert desk.journal.recover(undo_call) == "rolled_back"
    assert len(desk.journal.undo("task").restored) == 2
    assert desk.snapshot() == before


def test_a_file_that_is_neither_before_nor_after_is_in_doubt(desk: Any, crash: type[BaseException]):
    desk.file("a.txt", "before")
    desk.crash_at = "written"
    with pytest.raises(crash):
        desk.use("write_file", path="a.txt", content="after", overwrite=True)
    desk.file("a.txt", "somebody else")
    desk.restart()

    assert desk.journal.recover("call-1") == "in_doubt"
    assert desk.journal.doubts("call-1", desk.workspace().display) == [
        "a.txt is neither as it was before nor as the task leaves it"
    ]
    assert (desk.folder / "a.txt").read_text() == "somebody else"


def test_a_call_that_had_not_begun_is_nothing(desk: Any):
    assert desk.journal.recover("unknown") == "nothing"


@pytest.mark.parametrize("name", ["a.txt", "folder"])
def test_trash_on_another_disk_is_copied_and_comes_back(desk: Any, monkeypatch: pytest.MonkeyPatch, name: str):
    os.utime(desk.file("a.txt", "a"), (1_000_000_000, 1_100_000_000))
    desk.file("folder/deep/x.txt", "x").chmod(0o600)
    (desk.folder / "folder" / "link").symlink_to("deep")
    before = desk.snapshot()
    real = undo_files.rename_new

    def across_disks(source_folder: int, source: str, target_folder: int, target: str) -> None:
        if not (source.startswith(".deskhand-") or target.startswith(".deskhand-")):
            raise OSError(errno.EXDEV, "another disk")
        real(source_folder, source, target_folder, target)

    monkeypatch.setattr(undo_files, "rename_new", across_disks)
    desk.use("trash_files", paths=[name])
    assert not (desk.folder / name).exists()
    desk.journal.undo("task")

    assert desk.snapshot() == before
    assert (desk.folder / "folder" / "link").readlink() == Path("deep")


def test_a_file_that_appears_meanwhile_is_not_overwritten(desk: Any):
    workspace = desk.workspace()
    target = workspace.target("a.txt")
    planned = Planned("write", touches=(Touch(Op.CREATE, target),))
    desk.file("a.txt", "somebody else")
    draft = workspace.scratch / "draft"
    draft.write_text("mine")

    with pytest.raises(ToolError, match="is there already"):
        workspace.bound(planned).put(draft, target)
    assert (desk.folder / "a.txt").read_text() == "somebody else"


def test_a_folder_swapped_for_a_link_between_plan_and_write_gets_nothing_out(desk: Any):
    outside = desk.state.parent / "outside"
    outside.mkdir()
    desk.file("sub/keep.txt")
    workspace = desk.workspace()
    target = workspace.target("sub/a.txt")
    draft = workspace.scratch / "draft"
    draft.write_text("mine")
    (desk.folder / "sub").rename(desk.folder / "was")
    (desk.folder / "sub").symlink_to(outside)

    with pytest.raises(ToolError, match="link that was not there before"):
        workspace.put(draft, target)
    assert list(outside.iterdir()) == []
    assert desk.journal.offer("task") is None


def test_what_was_not_announced_is_not_done(desk: Any):
    path = desk.file("a.txt")
    workspace = desk.workspace().bound(Planned("nothing"))

    with pytest.raises(ToolError, match="not part of what was announced"):
        workspace.trash(path)
    with pytest.raises(ToolError, match="not part of what was announced"):
        workspace.move(path, desk.folder / "b.txt")
    with pytest.raises(ToolError, match="not part of what was announced"):
        workspace.put(path, desk.folder / "b.txt")
    assert desk.names() == {"a.txt"}


def test_a_stopped_task_changes_nothing_more(desk: Any):
    desk.stopped = True

    with pytest.raises(Stopped):
        desk.use("write_file", path="a.txt", content="x")
    assert desk.names() == set()


def test_a_full_disk_is_said_and_leaves_nothing_behind(desk: Any, monkeypatch: pytest.MonkeyPatch):
    desk.file("a.txt", "old")

    def full(*_args: Any, **_more: Any) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    original = undo_files.rename_new
    monkeypatch.setattr(undo_files, "rename_new", full)
    with pytest.raises(ToolError, match="disk is full"):
        desk.use("write_file", path="new/b.txt", content="x")
    monkeypatch.setattr(undo_files, "rename_new", original)

    assert desk.names() == {"a.txt"}
    assert desk.journal.unfinished() == []


def test_old_changes_and_too_many_bytes_are_forgotten(desk: Any):
    desk.file("old.txt", b"o" * 1000)
    desk.file("new.txt", b"n" * 1000)
    desk.use("trash_files", paths=["old.txt"], task="old")
    desk.now += timedelta(days=31).total_seconds()
    desk.use("write_file", path="new.txt", content="x", overwrite=True, task="new")

    assert desk.journal.prune() == 1000
    assert desk.journal.offer("old") is None
    assert desk.journal.undo("new").refused == []
    assert (desk.folder / "new.txt").read_bytes() == b"n" * 1000

    desk.use("trash_files", paths=["new.txt"], task="large")
    assert desk.journal.prune(keep_bytes=500) >= 1000
    assert desk.journal.used() == 0
    assert desk.journal.offer("large") is None


def test_a_granted_folder_itself_is_not_trashed(desk: Any):
    with pytest.raises(ToolError, match="stays where it is"):
        desk.use("trash_files", paths=[str(desk.folder)])
    with pytest.raises(ToolError, match="stays where it is"):
        desk.workspace().trash(desk.folder)

"""Change files: write, edit, move, copy, trash. Every change can be taken back."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from pydantic import Field

from agent.core.ports import Op, Planned, Progress, ToolError, ToolOutput, Touch, Workspace
from agent.tools import text, tree
from agent.tools.base import BaseTool, Input, find_file, workbench
from agent.tools.truncate import counted, flat, size

MAX_EDITED_BYTES = 20 << 20
MAX_MOVES = 1_000


class WriteInput(Input):
    path: str = Field(description="Where to write, e.g. reports/summary.md. Folders are made as needed.")
    content: str = Field(description="The whole text, in Markdown where it is a document for people.")
    overwrite: bool = Field(default=False, description="Replace the file if it exists; it can be undone.")


class WriteFile(BaseTool[WriteInput]):
    """A whole text file."""

    name = "write_file"
    description = (
        "Write a text file (UTF-8): Markdown reports, notes, csv, code. Refuses to replace an existing file unless "
        "overwrite is true. For a spreadsheet use write_workbook; to change a few words use edit_file."
    )
    input = WriteInput

    def plan(self, wanted: WriteInput, workspace: Workspace) -> Planned:
        target = new_file(workspace, wanted.path, overwrite=wanted.overwrite)
        if not _encodable(wanted.content, "utf-8"):
            raise ToolError("`content` holds half a character (a lone surrogate). Send the text without it.")
        return Planned(f"Writing {workspace.display(target)}", touches=(touch(target),))

    def run(self, wanted: WriteInput, workspace: Workspace, progress: Progress) -> ToolOutput:
        (change,) = self.plan(wanted, workspace).touches
        data = wanted.content.encode()
        _put(workspace, data, change.path)
        verb = "Replaced" if change.op is Op.OVERWRITE else "Wrote"
        lines = wanted.content.count("\n") + (not wanted.content.endswith("\n"))
        return ToolOutput(
            f"{verb} {workspace.display(change.path)} ({size(len(data))}, {counted(lines, 'line')}).",
            files=(change.path,),
        )


class EditInput(Input):
    path: str = Field(description="The text file.")
    old: str = Field(min_length=1, description="Text to replace, exactly as read_file shows it; must occur once.")
    new: str = Field(description="What takes its place.")


class EditFile(BaseTool[EditInput]):
    """One place in a text file."""

    name = "edit_file"
    description = (
        "Replace one passage of a text file; the rest stays byte for byte, encoding and line ends included. `old` must "
        "occur exactly once: take enough of its surroundings."
    )
    input = EditInput

    def plan(self, wanted: EditInput, workspace: Workspace) -> Planned:
        path, _ = self._edited(wanted, workspace)
        return Planned(f"Editing {workspace.display(path)}", reads=(path,), touches=(Touch(Op.OVERWRITE, path),))

    def run(self, wanted: EditInput, workspace: Workspace, progress: Progress) -> ToolOutput:
        path, data = self._edited(wanted, workspace)
        _put(workspace, data, path)
        return ToolOutput(
            f"Replaced “{flat(wanted.old, 120)}” by “{flat(wanted.new, 120)}” in {workspace.display(path)} "
            f"(now {size(len(data))}).",
            files=(path,),
        )

    def _edited(self, wanted: EditInput, workspace: Workspace) -> tuple[Path, bytes]:
        path = find_file(workspace, wanted.path)
        name = workspace.display(path)
        with workspace.open(path) as file:
            if file.seek(0, 2) > MAX_EDITED_BYTES:
                raise ToolError(f"{name} is larger than {size(MAX_EDITED_BYTES)}: too large to edit.")
            codec = text.detect(file)
            raw = file.read()
        if codec is None:
            raise ToolError(f"{name} is no text file, so it cannot be edited.")
        try:
            content = raw.decode(codec)
        except UnicodeDecodeError:
            raise ToolError(f"{name} is damaged {text.label(codec)}; editing it would lose characters.") from None
        crlf = "\r\n" in content
        old, new = (
            part.replace("\r\n", "\n").replace("\n", "\r\n") if crlf else part for part in (wanted.old, wanted.new)
        )
        if (count := content.count(old)) != 1:
            found = "does not occur" if count == 0 else f"occurs {count} times"
            raise ToolError(f"`old` {found} in {name}; it must occur exactly once. Read the file and copy the passage.")
        edited = content.replace(old, new)
        bom = b"\xfe\xff" if codec == "utf-16" and raw.startswith(b"\xfe\xff") else b""
        codec = "utf-16-be" if bom else codec
        if not _encodable(edited, codec):
            raise ToolError(
                f"{name} is {text.label(codec)}, which lacks a character of `new`. Use others, or write_file."
            )
        return path, bom + edited.encode(codec)


class Move(Input):
    from_: str = Field(alias="from", description="File or folder.")
    to: str = Field(description="Its new path; a path that ends with / or is a folder keeps the name.")


class MoveInput(Input):
    moves: tuple[Move, ...] = Field(min_length=1, max_length=MAX_MOVES)


class MoveFiles(BaseTool[MoveInput]):
    """Move and rename many."""

    name = "move_files"
    description = (
        "Move or rename files and folders, all in one call, e.g. to tidy a folder. Everything is checked first and "
        "nothing is moved unless all of it can be: targets must be free and different from each other. Folders are made "
        "as needed. Nothing is overwritten."
    )
    input = MoveInput

    def plan(self, wanted: MoveInput, workspace: Workspace) -> Planned:
        pairs = self._ordered(wanted, workspace)
        touches = [inner for source, target in pairs for inner in _inner(workspace, Op.MOVE, source, target)]
        first = workspace.display(pairs[0][0])
        title = f"Moving {first}" if len(pairs) == 1 else f"Moving {len(pairs)} files"
        return Planned(title, touches=tuple(touches))

    def run(self, wanted: MoveInput, workspace: Workspace, progress: Progress) -> ToolOutput:
        done: list[str] = []
        failed: list[str] = []
        for source, target in self._ordered(wanted, workspace):
            line = f"{workspace.display(source)} → {workspace.display(target)}"
            progress(f"Moving {source.name}")
            try:
                workspace.move(source, target)
            except ToolError as error:
                failed.append(f"{line}: not moved. {error}")
            else:
                done.append(line)
        return _report("Moved", done, failed)

    def _ordered(self, wanted: MoveInput, workspace: Workspace) -> list[tuple[Path, Path]]:
        """Sources and targets, each after the move that makes room for it."""
        pairs: dict[Path, Path] = {}
        for move in wanted.moves:
            source = _movable(workspace, move.from_)
            name = workspace.display(source)
            target = workspace.target(move.to)
            if move.to.endswith("/") or (target.is_dir() and target != source):
                target = workspace.target(str(target / source.name))
            if target == source:
                raise ToolError(f"{name} is there already; leave it out.")
            if target.is_relative_to(source):
                raise ToolError(f"{name} cannot be moved into itself.")
            if source in pairs:
                raise ToolError(f"{name} is to be moved twice. Name it once.")
            if target in pairs.values():
                raise ToolError(f"Two files would become {workspace.display(target)}. Choose different names.")
            pairs[source] = target
        for inner in pairs:
            if any(inner != outer and inner.is_relative_to(outer) for outer in pairs):
                raise ToolError(f"{workspace.display(inner)} lies in a folder that is moved too. Use two calls.")
        for target in pairs.values():
            if target.exists() and target not in pairs:
                raise ToolError(
                    f"{workspace.display(target)} is there already. Choose another name, or trash it first."
                )
        ordered: list[tuple[Path, Path]] = []
        while pairs:
            free = [source for source, target in pairs.items() if target not in pairs]
            if not free:
                raise ToolError("These moves go in a circle. Move one of them to another name first.")
            ordered.extend((source, pairs.pop(source)) for source in free)
        return ordered


class CopyInput(Input):
    from_: str = Field(alias="from", description="The file.")
    to: str = Field(description="Path of the copy; a path that ends with / or is a folder keeps the name.")


class CopyFile(BaseTool[CopyInput]):
    """One file."""

    name = "copy_file"
    description = "Copy one file. Nothing is overwritten; folders are made as needed."
    input = CopyInput

    def plan(self, wanted: CopyInput, workspace: Workspace) -> Planned:
        source = find_file(workspace, wanted.from_)
        target = workspace.target(wanted.to)
        if wanted.to.endswith("/") or target.is_dir():
            target = workspace.target(str(target / source.name))
        if target.exists():
            raise ToolError(f"{workspace.display(target)} is there already. Choose another name.")
        return Planned(f"Copying {workspace.display(source)}", reads=(source,), touches=(Touch(Op.CREATE, target),))

    def run(self, wanted: CopyInput, workspace: Workspace, progress: Progress) -> ToolOutput:
        planned = self.plan(wanted, workspace)
        source, target = planned.reads[0], planned.touches[0].path
        with workbench(workspace) as bench, workspace.open(source) as reader:
            copy = bench / "copy"
            with copy.open("wb") as writer:
                shutil.copyfileobj(reader, writer, text.CHUNK_BYTES)
            workspace.put(copy, target)
            total = copy.stat().st_size
        return ToolOutput(
            f"Copied {workspace.display(source)} to {workspace.display(target)} ({size(total)}).", files=(target,)
        )


class TrashInput(Input):
    paths: tuple[str, ...] = Field(min_length=1, max_length=MAX_MOVES, description="Files and folders.")


class TrashFiles(BaseTool[TrashInput]):
    """Out of sight, not gone."""

    name = "trash_files"
    description = "Put files or folders into Deskhand's trash, from which undo brings them back for 30 days."
    input = TrashInput

    def plan(self, wanted: TrashInput, workspace: Workspace) -> Planned:
        paths = self._paths(wanted, workspace)
        touches = [inner for path in paths for inner in _inner(workspace, Op.TRASH, path, None)]
        first = workspace.display(paths[0])
        title = f"Trashing {first}" if len(paths) == 1 else f"Trashing {len(paths)} files"
        return Planned(title, touches=tuple(touches))

    def run(self, wanted: TrashInput, workspace: Workspace, progress: Progress) -> ToolOutput:
        done: list[str] = []
        failed: list[str] = []
        for path in self._paths(wanted, workspace):
            progress(f"Trashing {path.name}")
            name = workspace.display(path)
            try:
                workspace.trash(path)
            except ToolError as error:
                failed.append(f"{name}: not trashed. {error}")
            else:
                done.append(name)
        return _report("Trashed", done, failed)

    def _paths(self, wanted: TrashInput, workspace: Workspace) -> list[Path]:
        paths = list(dict.fromkeys(_movable(workspace, name) for name in wanted.paths))
        return [path for path in paths if not any(path != other and path.is_relative_to(other) for other in paths)]


def new_file(workspace: Workspace, name: str, *, overwrite: bool) -> Path:
    """Where a tool may write. Raises `ToolError` where something is there that it may not replace."""
    target = workspace.target(name)
    if target.is_dir():
        raise ToolError(f"{workspace.display(target)} is a folder. Give the name of a file in it.")
    if target.exists() and not overwrite:
        raise ToolError(
            f"{workspace.display(target)} is there already. Choose another name, or set overwrite to true (undoable)."
        )
    return target


def touch(target: Path) -> Touch:
    """Writing ``target`` as a plan says it."""
    return Touch(Op.OVERWRITE if target.exists() else Op.CREATE, target)


def _movable(workspace: Workspace, name: str) -> Path:
    path = workspace.find(name)
    if any(root.is_relative_to(path) for root in workspace.roots):
        raise ToolError(f"{workspace.display(path)} is a granted folder itself; it stays where it is.")
    return path


def _inner(workspace: Workspace, op: Op, path: Path, target: Path | None) -> Iterable[Touch]:
    """A change of ``path`` and, where it is a folder, of each file in it: who approves it sees them all."""
    yield Touch(op, path, target)
    if path.is_dir():
        for entry in tree.walk(workspace, path):
            if entry.kind != "folder":
                to = target / entry.path.relative_to(path) if target else None
                yield Touch(op, entry.path, to)


def _put(workspace: Workspace, data: bytes, target: Path) -> None:
    with workbench(workspace) as bench:
        draft = bench / "draft"
        draft.write_bytes(data)
        workspace.put(draft, target)


def _report(verb: str, done: list[str], failed: list[str]) -> ToolOutput:
    lines = [f"{verb} {len(done)} of {len(done) + len(failed)}.", *done, *failed]
    return ToolOutput("\n".join(lines), not_done=tuple(failed), failed=not done)


def _encodable(content: str, codec: str) -> bool:
    try:
        content.encode(codec)
    except UnicodeEncodeError:
        return False
    return True

"""Look at files: list, read, search."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path
from typing import Annotated

from pydantic import Field

from agent.core.ports import Planned, Progress, ToolError, ToolOutput, Workspace
from agent.tools import documents, table_sources, text, tree
from agent.tools.base import BaseTool, Input, find_file
from agent.tools.names import shown
from agent.tools.truncate import MAX_CHARS, counted, flat, page, size, window

MAX_SEARCHED_BYTES = 50 << 20
"""Content of larger files is not searched."""
MAX_HITS_PER_FILE = 5
_AROUND = 80

Offset = Annotated[int, Field(ge=0)]


class ListInput(Input):
    folder: str = Field(default=".", description="Folder to list; default: the first granted folder.")
    pattern: str | None = Field(default=None, description="Only names like this, e.g. *.csv (case does not matter).")
    recursive: bool = Field(default=False, description="Also everything in subfolders.")
    offset: Offset = Field(default=0, description="Read on from this entry, as a former output said.")


class ListFiles(BaseTool[ListInput]):
    """Names, kinds, sizes, dates."""

    name = "list_files"
    description = (
        "List a folder: name, size, date of last change. Folders end with /. Use pattern to filter by name and "
        "recursive to see subfolders. Long lists come in parts."
    )
    input = ListInput

    def plan(self, wanted: ListInput, workspace: Workspace) -> Planned:
        return Planned(f"Looking into {workspace.display(_folder(workspace, wanted.folder))}")

    def run(self, wanted: ListInput, workspace: Workspace, progress: Progress) -> ToolOutput:
        folder = _folder(workspace, wanted.folder)
        found = list(tree.walk(workspace, folder)) if wanted.recursive else tree.entries(workspace, folder)
        if wanted.pattern:
            pattern = wanted.pattern.casefold()
            found = [entry for entry in found if _like(entry.path.relative_to(folder), pattern)]
        lines, more = page([_line(entry, folder) for entry in found], wanted.offset)
        files = [entry for entry in found if entry.kind == "file"]
        folders = sum(entry.kind == "folder" for entry in found)
        total = size(sum(entry.bytes for entry in files))
        head = f"{workspace.display(folder)}: {counted(len(files), 'file')} ({total}), {counted(folders, 'folder')}"
        if wanted.pattern:
            head += f" like {wanted.pattern}"
        if wanted.folder == "." and len(workspace.roots) > 1:
            head += f". Also granted: {', '.join(map(workspace.display, workspace.roots[1:]))}"
        return ToolOutput("\n".join([head, *lines, *([more] if more else [])]))


class ReadInput(Input):
    path: str = Field(description="The file.")
    offset: Offset = Field(default=0, description="First character to read, as a former output said.")
    limit: int = Field(default=MAX_CHARS, ge=1, le=MAX_CHARS, description="Characters to read at most.")


class ReadFile(BaseTool[ReadInput]):
    """Text files, in any encoding."""

    name = "read_file"
    description = (
        "Read a text file (txt, md, csv, code, log, …) as it is. Its encoding is found out and said. Long files come in "
        "parts. For pdf, docx, pptx, xlsx, html, epub, eml and images use read_document; to compute with tables use "
        "query_table."
    )
    input = ReadInput

    def plan(self, wanted: ReadInput, workspace: Workspace) -> Planned:
        path = find_file(workspace, wanted.path)
        return Planned(f"Reading {workspace.display(path)}", reads=(path,))

    def run(self, wanted: ReadInput, workspace: Workspace, progress: Progress) -> ToolOutput:
        path = find_file(workspace, wanted.path)
        with workspace.open(path) as file:
            total = file.seek(0, 2)
            codec = text.detect(file)
            if codec is None:
                raise ToolError(f"{workspace.display(path)} is no text file ({size(total)}). {_better_tool(path)}")
            part = window(text.pieces(file, codec), wanted.offset, wanted.limit)
        name = workspace.display(path)
        if total == 0:
            return ToolOutput(f"{name} is empty (0 bytes).")
        if not part.text and wanted.offset:
            raise ToolError(f"{name} ends before character {wanted.offset}. Use a smaller offset.")
        head = f"{name} ({size(total)}, {text.label(codec)})"
        if lost := part.text.count("�"):
            head += f"; {lost} characters could not be decoded and show as �"
        return ToolOutput("\n".join([head, "", part.text, *([part.note] if part.more else [])]))


class SearchInput(Input):
    query: str = Field(min_length=1, description="Words to look for, as written; case does not matter.")
    folder: str = Field(default=".", description="Where to look, subfolders included; default: all granted folders.")
    offset: Offset = Field(default=0, description="Read on from this line, as a former output said.")


class SearchFiles(BaseTool[SearchInput]):
    """Names and contents."""

    name = "search_files"
    description = (
        "Find files whose name or content contains the query: text files and documents (pdf, docx, pptx, xlsx, html, "
        "epub, eml). Says for each hit the file and the words around it. Scanned pages and files over 50 MB are not "
        "searched inside."
    )
    input = SearchInput

    def plan(self, wanted: SearchInput, workspace: Workspace) -> Planned:
        for folder in _searched(workspace, wanted.folder):
            workspace.display(folder)
        return Planned(f"Searching for “{flat(wanted.query, 60)}”")

    def run(self, wanted: SearchInput, workspace: Workspace, progress: Progress) -> ToolOutput:
        needle = wanted.query.casefold()
        named: list[str] = []
        inside: list[str] = []
        skipped: list[str] = []
        looked = 0
        for folder in _searched(workspace, wanted.folder):
            for entry in tree.walk(workspace, folder):
                name = workspace.display(entry.path)
                if needle in entry.path.name.casefold():
                    named.append(f"{name}{'/' if entry.kind == 'folder' else ''} (name)")
                if entry.kind != "file":
                    continue
                looked += 1
                progress(f"Searching {entry.path.name}")
                try:
                    inside.extend(f"{name}: {line}" for line in _hits(workspace, entry, needle))
                except ToolError as error:
                    skipped.append(f"{name}: not searched inside. {flat(str(error), 160)}")
        lines, more = page([*named, *inside], wanted.offset)
        head = f"“{wanted.query}”: {counted(len(named), 'name')} and {counted(len(inside), 'place')} in {counted(looked, 'file')}"
        return ToolOutput("\n".join([head, *lines, *([more] if more else []), *skipped[:10]]), not_done=tuple(skipped))


def _folder(workspace: Workspace, name: str) -> Path:
    if not workspace.roots:
        raise ToolError("No folder is granted to Deskhand. Ask for one first.")
    path = workspace.roots[0] if name in {"", "."} else workspace.find(name)
    if not path.is_dir():
        raise ToolError(f"{workspace.display(path)} is a file, not a folder. Use read_file or read_document.")
    return path


def _searched(workspace: Workspace, name: str) -> tuple[Path, ...]:
    return workspace.roots if name in {"", "."} and workspace.roots else (_folder(workspace, name),)


def _like(inner: Path, pattern: str) -> bool:
    return fnmatch(inner.name.casefold(), pattern) or fnmatch(str(inner).casefold(), pattern)


def _line(entry: tree.Entry, folder: Path) -> str:
    name = shown(str(entry.path.relative_to(folder)))
    match entry.kind:
        case "folder":
            return f"{name}/ · {entry.date}"
        case "file":
            return f"{name} · {size(entry.bytes)} · {entry.date}"
        case "away":
            return f"{name} · a link that leads out of the granted folders"


def _better_tool(path: Path) -> str:
    if path.suffix.lower() in table_sources.READERS:
        return "Use describe_table or query_table."
    if path.suffix.lower() in documents.READERS:
        return "Use read_document."
    return "No tool can read what is in it; its name, size and date are in list_files."


def _hits(workspace: Workspace, entry: tree.Entry, needle: str) -> list[str]:
    if entry.bytes > MAX_SEARCHED_BYTES:
        raise ToolError(f"It is too large ({size(entry.bytes)}).")
    hits: list[str] = []
    path = workspace.find(str(entry.path))
    with workspace.open(path) as file:
        for where, piece in documents.searchable(file, path):
            workspace.checkpoint()
            folded = piece.casefold()
            at = folded.find(needle)
            while at >= 0:
                around = piece[max(0, at - _AROUND) : at + len(needle) + _AROUND]
                hits.append(f"{where}{flat(around)}")
                if len(hits) == MAX_HITS_PER_FILE:
                    return [*hits, "… more in this file"]
                at = folded.find(needle, at + len(needle) + _AROUND)
    return hits

"""All tools of files, tables and documents. Heavy libraries are imported only when a tool runs."""

from __future__ import annotations

from agent.core.ports import Tool
from agent.tools.documents import ReadDocument
from agent.tools.file_changes import CopyFile, EditFile, MoveFiles, TrashFiles, WriteFile
from agent.tools.files import ListFiles, ReadFile, SearchFiles
from agent.tools.tables import DescribeTable, QueryTable
from agent.tools.workbook import WriteWorkbook


def all_tools() -> tuple[Tool, ...]:
    """In the order the brain sees them: look first, then compute, then change."""
    return (
        ListFiles(),
        ReadFile(),
        ReadDocument(),
        SearchFiles(),
        DescribeTable(),
        QueryTable(),
        WriteFile(),
        EditFile(),
        WriteWorkbook(),
        MoveFiles(),
        CopyFile(),
        TrashFiles(),
    )

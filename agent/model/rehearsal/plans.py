"""The plan of each kind of job, as the person sees it before and while it runs."""

from __future__ import annotations

from agent.model.rehearsal.understand import Kind

PLANS: dict[Kind, tuple[str, ...]] = {
    Kind.CHANGE: ("Find the table", "Look at its columns", "Compute the ranking", "Write the result"),
    Kind.QUESTION: ("Find the table", "Look at its columns", "Compute the answer"),
    Kind.CHART: ("Find the table", "Choose what to draw", "Write the spreadsheet with the chart"),
    Kind.CONVERT: ("Find the table", "Look at its columns", "Write the spreadsheet"),
    Kind.COMPARE: ("Find both files", "Look at them", "Compare"),
    Kind.SUMMARISE: ("Find the file", "Read it", "Summarise"),
    Kind.BRIEFING: ("List the folder", "Read each file", "Write the briefing"),
    Kind.TIDY: ("List the folder", "Sort the files by kind", "Move them"),
    Kind.RENAME: ("Find the files", "Work out the new names", "Rename"),
    Kind.TRASH: ("Find the files", "Put them into the trash"),
    Kind.COPY: ("Find the file", "Copy it"),
    Kind.MOVE: ("Find the files", "Move them"),
    Kind.FIND: ("Search the names",),
    Kind.SEARCH: ("Search the contents",),
}

"""A briefing from a folder: one section per file, written as a note."""

from __future__ import annotations

from agent.model.rehearsal.documents import HONEST, read, table_text
from agent.model.rehearsal.folders import asked_folder
from agent.model.rehearsal.listing import DOCUMENTS, TABLES, Entry
from agent.model.rehearsal.output import free_name, overview_sql, write_note
from agent.model.rehearsal.sources import known, named
from agent.model.rehearsal.tables import look, query
from agent.model.rehearsal.turn import Steps
from agent.model.rehearsal.words import counted, stems
from agent.model.rehearsal.work import GaveUp, Work

MAX_FILES = 25


def briefing(work: Work) -> Steps[str]:
    """Read every readable file of the folder (or those named) and write one note. What cannot be read is said."""
    folder, listing = yield from asked_folder(work)
    words = set(stems(work.wish.text))
    readable = [entry for entry in listing.files if entry.ending in TABLES | DOCUMENTS]
    wanted = named(work.wish.text, readable) or known(work.files, readable)
    if len(wanted) < 2:  # noqa: PLR2004 - one file alone is no briefing from a folder
        by_kind = [entry for entry in readable if entry.ending[1:] in words or entry.kind.lower().rstrip("s") in words]
        wanted = by_kind or readable
    if not wanted:
        raise GaveUp(f"There is nothing to read in {folder or 'the folder'}.", "nothing to read")
    work.next()
    left_out = [f"{entry.path}: no kind of file I can read" for entry in listing.files if entry not in readable]
    left_out += [f"{entry.path}: more than {MAX_FILES} files" for entry in wanted[MAX_FILES:]]
    sections: list[str] = []
    lines: list[str] = []
    for entry in wanted[:MAX_FILES]:
        try:
            body, line = yield from _section(work, entry)
        except GaveUp as problem:
            left_out.append(f"{entry.path}: {problem}")
            continue
        sections.append(f"## {entry.name}\n\n{body}")
        lines.append(f"- **{entry.name}**: {line}")
    if not sections:
        raise GaveUp("I could not read any of the files.", *left_out)
    work.next()
    path = yield from free_name(work, folder, "Briefing", "md")
    content = "\n\n".join([f"# Briefing: {counted(len(sections), 'file')}", *sections, f"---\n\n{HONEST}"])
    yield from write_note(work, path, content + "\n")
    yield from work.not_done(*left_out)
    return "\n".join([f"The briefing on {counted(len(sections), 'file')} is `{path}`.", "", *lines, "", HONEST])


def _section(work: Work, entry: Entry) -> Steps[tuple[str, str]]:
    """The section's text, and one line of it."""
    if entry.ending in TABLES:
        table = yield from look(work, entry.path)
        overview = yield from query(work, table, overview_sql(table), limit=len(table.columns))
        rows = f"{counted(table.rows, 'row')}, " if table.rows is not None else ""
        return table_text(table, overview.dicts()), f"a table, {rows}{counted(len(table.columns), 'column')}"
    found = yield from read(work, entry)
    first = next((section.sentence or section.heading for section in found.sections), "no running text")
    return found.markdown(level=3), first

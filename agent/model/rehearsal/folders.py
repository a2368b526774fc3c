"""Folders: which one is meant, and tidying it with one move of all files."""

from __future__ import annotations

import re
from collections import Counter

from agent.model.rehearsal.listing import OTHER, Entry, Listing
from agent.model.rehearsal.sources import list_all, list_folder, written_path
from agent.model.rehearsal.turn import Steps
from agent.model.rehearsal.words import counted, listed
from agent.model.rehearsal.work import Denied, GaveUp, Work

MAX_MOVES = 400
"""Moves in one approval."""
_BY_DATE = re.compile(
    r"\b(?:by|per|according to|nach) (?:the )?(?:\w+ )?(?:dates?|months?|years?|time|age|datum|jahr|monat)\b|\bchronolog",
    re.IGNORECASE,
)
_BY_YEAR = re.compile(r"\b(?:years?|jahr)\b", re.IGNORECASE)
_BY_ENDING = re.compile(r"\bextensions?\b|\bfile ending", re.IGNORECASE)


def asked_folder(work: Work) -> Steps[tuple[str, Listing]]:
    """The folder the wish names (empty: the first granted one), with what lies right in it."""
    if (elsewhere := written_path(work.wish.text)) is not None:
        listing, _ = yield from list_folder(work, elsewhere.path, recursive=False)
        return elsewhere.path, listing
    everything = yield from list_all(work)
    low = work.wish.text.casefold()
    named = [
        folder for folder in everything.folders if re.search(rf"(?<!\w){re.escape(folder.name.casefold())}(?!\w)", low)
    ]
    folder = max(named, key=lambda entry: len(entry.name)).path if named else ""
    listing, _ = yield from list_folder(work, folder, recursive=False)
    return folder, listing


def tidy(work: Work) -> Steps[str]:
    """Sort the files of a folder into folders by kind (or date, or ending), all in one call."""
    folder, listing = yield from asked_folder(work)
    work.next()
    text = work.wish.text
    taken = {entry.path.casefold() for entry in (yield from list_all(work)).entries}
    moves: list[dict[str, str]] = []
    stay: list[str] = []
    homes: Counter[str] = Counter()
    for entry in listing.files:
        home = _home(entry, text)
        target = "/".join(filter(None, [folder, home, entry.name]))
        if target.casefold() in taken:
            stay.append(f"{entry.path}: {home} has a file of that name already")
        elif len(moves) == MAX_MOVES:
            stay.append(f"{entry.path}: more than {MAX_MOVES} files in one go")
        else:
            homes[home] += 1
            moves.append({"from": entry.path, "to": target})
    if not moves:
        raise GaveUp(f"There are no files to sort in {folder or 'the folder'}.")
    work.next()
    try:
        report = yield from work.must("move_files", moves=moves)
    except Denied as denied:
        raise Denied(
            f"You said no, so nothing was moved: all {counted(len(moves), 'file')} are where they were.",
            *denied.not_done,
        ) from None
    yield from work.not_done(*stay)
    into = listed([f"{home} ({count})" for home, count in sorted(homes.items())])
    return f"I sorted {counted(len(moves), 'file')} into folders: {into}. {report.splitlines()[0]}"


def _home(entry: Entry, text: str) -> str:
    if _BY_DATE.search(text) and entry.changed:
        return entry.changed[:4] if _BY_YEAR.search(text) else entry.changed[:7]
    if _BY_ENDING.search(text):
        return entry.ending[1:] or OTHER
    return entry.kind

"""Folders: which one is meant, and tidying it with one move of all files."""

from __future__ import annotations

import re
from collections import Counter

from agent.model.rehearsal.listing import OTHER, Entry, Listing
from agent.model.rehearsal.sources import list_all, list_folder
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
    undated = [entry for entry in listing.files if entry.changed is None] if _BY_DATE.search(text) else []
    moves, homes = [], Counter[str]()
    for entry in listing.files:
        if entry in undated or entry.name.startswith("."):
            continue
        home = _home(entry, text)
        homes[home] += 1
        moves.append({"from": entry.path, "to": "/".join(filter(None, [folder, home, entry.name]))})
    if not moves:
        raise GaveUp(f"There are no files to sort in {folder or 'the folder'}.")
    rest = [f"{move['from']}: more than {MAX_MOVES} files in one go" for move in moves[MAX_MOVES:]]
    work.next()
    try:
        report = yield from work.must("move_files", moves=moves[:MAX_MOVES])
    except Denied as denied:
        raise Denied(
            f"You said no, so nothing was moved: all {counted(len(moves), 'file')} are where they were.",
            *denied.not_done,
        ) from None
    yield from work.not_done(*rest, *(f"{entry.path}: its date is not known" for entry in undated))
    into = listed([f"{home} ({count})" for home, count in sorted(homes.items())])
    return f"I sorted {counted(min(len(moves), MAX_MOVES), 'file')} into folders: {into}. {report.splitlines()[0]}"


def _home(entry: Entry, text: str) -> str:
    if _BY_DATE.search(text) and entry.changed:
        return entry.changed[:4] if _BY_YEAR.search(text) else entry.changed[:7]
    if _BY_ENDING.search(text):
        return entry.ending[1:] or OTHER
    return entry.kind

"""Which file a person means: by its whole name, by words of its name, by what its columns are called; else they are asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence

from agent.model.rehearsal.listing import DOCUMENTS, TABLES, Entry, Listing, next_offset, other_folders, read_listing
from agent.model.rehearsal.tables import Table, look, read_description
from agent.model.rehearsal.turn import Call, Steps
from agent.model.rehearsal.words import best_match, squashed, stems, vocabulary
from agent.model.rehearsal.work import GaveUp, Work

ENOUGH_OF_A_NAME = 0.5
"""Share of a name's words (rare ones count more) that must be said for it to be meant."""
MAX_TABLES_LOOKED_AT = 12
MAX_PAGES = 10
MAX_FOLDERS = 4
"""Granted folders looked through beside the first."""
_MIN_STEM = 3
_OPERATIONS = vocabulary("average mean total sum top bottom count number highest lowest most least chart bar line pie")
"""Words that say what to do, not with which file."""
_WRITTEN_NAME = re.compile(r"[^\s,;:“”\"'`()]+\.[a-zA-Z]\w{1,4}\b")


_SPELLINGS: tuple[Callable[[Entry], str], ...] = (
    lambda entry: entry.path,
    lambda entry: entry.name,
    lambda entry: entry.stem,
)


def list_all(work: Work) -> Steps[Listing]:
    """All files beneath the granted folders, as far as a few pages reach."""
    if work.listing is None:
        entries: list[Entry] = []
        waiting = [""]
        while waiting:
            folder = waiting.pop(0)
            found, others = yield from list_folder(work, folder, recursive=True)
            entries += found.entries
            waiting += [] if folder else others[:MAX_FOLDERS]
        work.listing = Listing(tuple(entries))
    return work.listing


def list_folder(work: Work, folder: str, *, recursive: bool) -> Steps[tuple[Listing, list[str]]]:
    """The files of one folder (empty: the first granted one), and the other granted folders."""
    entries: list[Entry] = []
    offset: int | None = None
    others: list[str] = []
    for _ in range(MAX_PAGES):
        text = yield from work.must("list_files", folder=folder or None, recursive=recursive or None, offset=offset)
        entries += read_listing(text, folder).entries
        others = others or other_folders(text)
        offset = next_offset(text)
        if offset is None:
            break
    return Listing(tuple(entries)), others


def named(text: str, entries: Sequence[Entry]) -> list[Entry]:
    """The files whose names, with or without ending, stand in the text, in the order of the text."""
    low = " ".join(text.casefold().split())
    found: dict[str, int] = {}
    spellings = [(spelling(entry), entry) for spelling in _SPELLINGS for entry in entries]
    for spelled, entry in sorted(spellings, key=lambda pair: -len(pair[0])):
        name = " ".join(spelled.casefold().split())
        place = re.search(rf"(?<![\w/]){re.escape(name)}(?!\w|\.\w)", low)
        if len(name) >= _MIN_STEM and place and entry.path not in found:
            found[entry.path] = place.start()
            low = low[: place.start()] + "\0" * len(name) + low[place.end() :]
    return sorted((entry for entry in entries if entry.path in found), key=lambda entry: found[entry.path])


_PATH = re.compile(r"(?<![\w/~.])(?:~/|/)[^\s,;:?\"“”]+")


def written_path(text: str) -> Entry | None:
    """A whole path that stands in the text: it means that place and no other; the tools ask for its folder."""
    found = _PATH.search(text)
    return Entry(found[0].rstrip(".!)")) if found else None


def known(names: Sequence[str], entries: Sequence[Entry]) -> list[Entry]:
    """The listed files with these names (whole, or without the folder), in that order."""
    found = []
    for name in names:
        wanted = name.rsplit("/", 1)[-1].casefold()
        same = [entry for entry in entries if entry.path == name] or [
            entry for entry in entries if entry.name.casefold() == wanted
        ]
        found += same[:1]
    return found


def meant(work: Work, endings: Collection[str] | None, purpose: str) -> Steps[Entry]:
    """The one file with one of these endings that the wish is about. Asks, or raises `GaveUp` where there is none."""
    if (elsewhere := written_path(work.wish.text)) is not None and (endings is None or elsewhere.ending in endings):
        return elsewhere
    listing = yield from list_all(work)
    fitting = [entry for entry in listing.files if endings is None or entry.ending in endings]
    if not fitting:
        kinds = f" with the ending {', '.join(sorted(endings))}" if endings else ""
        raise GaveUp(f"I found no file{kinds} in the folders I may use, so there is nothing {purpose}.", "no such file")
    for line in work.wish.text.splitlines():
        found = named(line, fitting) or similar(line, fitting)
        if len(found) == 1:
            return found[0]
        if found:
            return (yield from _ask(work, found, purpose))
    if given := known(work.files, fitting):
        return given[0]
    if len(fitting) == 1:
        return fitting[0]
    return (yield from _ask(work, fitting, purpose))


def similar(text: str, entries: Sequence[Entry]) -> list[Entry]:
    """Files of whose names enough words are said; a name written with its ending must come close as a whole."""
    for written in _WRITTEN_NAME.findall(text):
        match = best_match(written, [(entry.name, entry) for entry in entries])
        if match and match.cover >= ENOUGH_OF_A_NAME:
            return list(match.equals)
    said = [word for word in stems(text) if word not in _OPERATIONS]
    letters = " ".join(word for word in said if not word.isdecimal())
    # a number alone names no file, but tells two of one name apart
    spoken = [(entry.stem, entry) for entry in entries if best_match(letters, [(entry.stem, entry)])]
    match = best_match(" ".join(said), spoken)
    return list(match.equals) if match and match.cover >= ENOUGH_OF_A_NAME else []


def _ask(work: Work, entries: Sequence[Entry], purpose: str) -> Steps[Entry]:
    answer = yield from work.ask(f"Which file {purpose}?", [entry.path for entry in entries])
    if (elsewhere := written_path(answer)) is not None:
        return elsewhere
    found = known([answer], entries) or named(answer, entries) or similar(answer, entries)
    if not found:
        raise GaveUp(f"I found no file “{answer}”, so nothing was done.", f"no file “{answer}”")
    return found[0]


def find_table(work: Work) -> Steps[Table]:
    """The table the wish is about, described. Where its name is not said, its columns may tell."""
    listing = yield from list_all(work)
    tables = [entry for entry in listing.files if entry.ending in TABLES]
    lines = work.wish.text.splitlines()
    if not any(named(line, tables) or similar(line, tables) for line in lines) and not known(work.files, tables):
        documents = [entry for line in lines for entry in named(line, listing.files) if entry.ending in DOCUMENTS]
        if documents:
            name = documents[0].path
            raise GaveUp(
                f"`{name}` is no table, so there is nothing to compute. I can summarise it.", f"{name}: no table"
            )
        if (by_columns := (yield from _by_columns(work, tables))) is not None:
            return by_columns
    entry = yield from meant(work, TABLES, "shall I take")
    return (yield from look(work, entry.path))


def _by_columns(work: Work, tables: Sequence[Entry]) -> Steps[Table | None]:
    """The one table most of whose column names are said."""
    if not 1 < len(tables) <= MAX_TABLES_LOOKED_AT:
        return None
    said = set(stems(work.wish.text))
    calls = [Call("describe_table", {"path": entry.path}) for entry in tables]
    results = yield from work.calls(*calls)
    scored = []
    for entry, result in zip(tables, results, strict=True):
        if not result.failed:
            table = read_description(entry.path, None, result.text)
            words = {word for column in table.columns for word in stems(column.name)}
            squash = {squashed(column.name) for column in table.columns}
            scored.append((len(said & words) + len(said & squash - words), table))
    best = max((score for score, _ in scored), default=0)
    winners = [table for score, table in scored if score == best]
    return winners[0] if best and len(winners) == 1 else None

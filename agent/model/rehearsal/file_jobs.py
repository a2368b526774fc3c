"""Files by name: find, search, rename, copy, move, trash. Changes of many files are one call."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.model.rehearsal.listing import KINDS, Entry, Listing
from agent.model.rehearsal.renaming import pattern
from agent.model.rehearsal.sources import known, list_all, named, similar
from agent.model.rehearsal.turn import Steps
from agent.model.rehearsal.words import counted, stems, vocabulary
from agent.model.rehearsal.work import GaveUp, Work

MAX_TOLD = 20
MAX_HITS = 25
"""Lines of a search told in the text."""
_QUOTED = re.compile(r"[“\"‘'`]([^”\"’'`]+)[”\"’'`]")
_SEARCHED = re.compile(
    r"\b(?:mention(?:s|ing|ed)?|contain(?:s|ing)?|about|say(?:s|ing)?|with the (?:word|phrase|text)|search(?: \w+)? for|grep(?: for)?|talk(?:s|ing)? about)\s+(?:the (?:word|phrase|text) )?(?P<query>[^?.!]+)",
    re.IGNORECASE,
)
_TARGET = re.compile(
    r"\b(?:to|into|as|in|nach)\s+(?:the |a |my )?(?:(?:new )?(?:folder|directory)\s+)?(?:called |named )?(?P<target>[“\"'`][^”\"'`]+[”\"'`]|\S[^?!,;]*?)(?:\s+(?:folder|directory))?[.?!]*$",
    re.IGNORECASE,
)
_STOP = vocabulary(
    "find locate search look where file files document documents named called all every any which list show "
    "folder there please name names containing with contain like rename delete trash move copy remove bin make"
)


def find(work: Work) -> Steps[str]:
    """Files whose names have the words."""
    listing = yield from list_all(work)
    found = _group(work.wish.text, listing.files) or _by_words(work.wish.text, listing)
    if not found:
        return f"No file name has that; I looked at {counted(len(listing.files), 'file')}. Say “search for …” to look inside them."
    return f"{counted(len(found), 'file')} found:\n" + _lines(found)


def search(work: Work) -> Steps[str]:
    """Files whose contents have the words."""
    text = work.wish.text
    quoted = _QUOTED.search(text)
    found = _SEARCHED.search(text)
    words = quoted[1] if quoted else found["query"].strip() if found else ""
    words = re.sub(
        r"\s+(?:in|across|within)\s+(?:all |the |my |these |this )?(?:files?|documents?|folders?)\b.*$", "", words
    )
    if not words:
        words = yield from work.ask("Which words shall I search for?")
    answer = yield from work.must("search_files", query=words)
    lines = answer.splitlines()
    more = [f"… and {counted(len(lines) - MAX_HITS, 'more line')}"] if len(lines) > MAX_HITS else []
    return "\n".join([f"Searched all files for {lines[0]}", *(f"- {line}" for line in lines[1:MAX_HITS]), *more])


def rename(work: Work) -> Steps[str]:
    """One file to a given name, or many by a pattern."""
    listing = yield from list_all(work)
    text = work.wish.text.splitlines()[0]
    change = pattern(text)
    work.next()
    if change is None:
        source, target = yield from _one_and_target(work, listing, "rename")
        new = target if "." in target.rsplit("/", 1)[-1] else target + source.ending
        moves = [{"from": source.path, "to": _beside(source, new)}]
    else:
        chosen = _group(text, listing.files) or named(text, listing.files) or known(work.files, listing.files)
        top = [entry for entry in listing.files if "/" not in entry.path]
        files = sorted(chosen or top, key=lambda entry: entry.path.casefold())
        renamed = [(entry, change(entry.name, place)) for place, entry in enumerate(files, start=1)]
        moves = [{"from": entry.path, "to": _beside(entry, new)} for entry, new in renamed if new != entry.name]
    if not moves:
        return "No name changes by that, so nothing was renamed."
    work.next()
    return (yield from _move(work, moves, "Renamed"))


def move(work: Work) -> Steps[str]:
    """The named files, or those of a kind, into a folder."""
    listing = yield from list_all(work)
    text = work.wish.text.splitlines()[0]
    target = _target(text)
    if target is None:
        target = yield from work.ask("Into which folder shall I move them?", [entry.path for entry in listing.folders])
    head = text[: text.casefold().rfind(target.casefold())] if target.casefold() in text.casefold() else text
    files = _chosen(work, head, listing)
    if not files:
        raise GaveUp(
            "I could not tell which files to move, so nothing was moved. Name them, or say for instance “all pdf files”.",
            "no files named",
        )
    work.next()
    moves = [{"from": entry.path, "to": f"{target.rstrip('/')}/{entry.name}"} for entry in files]
    return (yield from _move(work, [move for move in moves if move["from"] != move["to"]], "Moved"))


def copy(work: Work) -> Steps[str]:
    """One file, to a name or folder, or beside itself."""
    listing = yield from list_all(work)
    text = work.wish.text.splitlines()[0]
    source = yield from _one(work, listing, text, "copy")
    target = _target(text)
    if target is None or target.casefold() in {source.path.casefold(), source.name.casefold()}:
        target = _beside(source, f"{source.stem} copy{source.ending}")
    elif any(folder.path.casefold() == target.rstrip("/").casefold() for folder in listing.folders) or (
        "folder" in text.casefold() and "." not in target
    ):
        target = f"{target.rstrip('/')}/{source.name}"
    elif "." not in target.rsplit("/", 1)[-1]:
        target += source.ending
    work.next()
    answer = yield from work.must("copy_file", **{"from": source.path, "to": target})
    return answer.strip()


def trash(work: Work) -> Steps[str]:
    """The named files, or those of a kind; never everything."""
    listing = yield from list_all(work)
    files = _chosen(work, work.wish.text.splitlines()[0], listing)
    if not files:
        raise GaveUp(
            "I could not tell which files to trash, so nothing was trashed. Name them, or say for instance “all tmp files”.",
            "no files named",
        )
    work.next()
    answer = yield from work.must("trash_files", paths=[entry.path for entry in files])
    return f"{answer.splitlines()[0]} Undo brings them back.\n" + _lines(files)


def _move(work: Work, moves: Sequence[dict[str, str]], verb: str) -> Steps[str]:
    if not moves:
        return "Everything is there already, so nothing was moved."
    answer = yield from work.must("move_files", moves=list(moves))
    shown = [f"- `{one['from']}` → `{one['to']}`" for one in moves[:MAX_TOLD]]
    more = [f"- and {len(moves) - MAX_TOLD} more"] if len(moves) > MAX_TOLD else []
    return "\n".join(
        [f"{verb} {counted(len(moves), 'file')} ({answer.splitlines()[0].rstrip('.').lower()}):", *shown, *more]
    )


def _chosen(work: Work, text: str, listing: Listing) -> list[Entry]:
    files = listing.files
    return named(text, files) or _group(text, files) or known(work.files, files) or similar(text, files)


def _one(work: Work, listing: Listing, text: str, verb: str) -> Steps[Entry]:
    found = named(text, listing.files) or known(work.files, listing.files) or similar(text, listing.files)
    if len(found) == 1 or (found and len(named(text, listing.files)) > 1):
        return found[0]
    answer = yield from work.ask(f"Which file shall I {verb}?", [entry.path for entry in found or listing.files])
    chosen = known([answer], listing.files) or similar(answer, listing.files)
    if not chosen:
        raise GaveUp(f"I found no file “{answer}”, so nothing was done.", f"no file “{answer}”")
    return chosen[0]


def _one_and_target(work: Work, listing: Listing, verb: str) -> Steps[tuple[Entry, str]]:
    text = work.wish.text.splitlines()[0]
    target = _target(text)
    head = text[: text.rfind(target)] if target and target in text else text
    source = yield from _one(work, listing, head, verb)
    if target is None:
        target = yield from work.ask(f"What shall {source.name} be called?")
    return source, target


def _target(text: str) -> str | None:
    found = _TARGET.search(text)
    return found["target"].strip("“”\"'` ") if found else None


def _beside(entry: Entry, name: str) -> str:
    folder, slash, _ = entry.path.rpartition("/")
    return f"{folder}{slash}{name}" if "/" not in name else name


def _group(text: str, files: Sequence[Entry]) -> list[Entry]:
    """Files of a kind or ending that the words name: "all csv files", "the images", ".tmp"."""
    low = text.casefold()
    endings = set(re.findall(r"(?:\*|(?<![\w.]))\.([a-z0-9]{1,5})\b", low))
    endings |= {
        entry.ending[1:]
        for entry in files
        if re.search(rf"\b{re.escape(entry.ending[1:])}s?\b(?= files?| documents?|$|[ ,.?!])", low) and entry.ending
    }
    kinds = {
        kind for kind in KINDS if kind.lower() in low or re.search(rf"\b{kind.lower().rstrip('s')}s? files?\b", low)
    }
    kinds |= {"Images"} if re.search(r"\b(?:photos?|pictures?)\b", low) else set()
    if re.search(r"\bspreadsheets?\b", low):
        kinds.add("Tables")
    if named(text, files):
        return []
    return [entry for entry in files if entry.ending[1:] in endings or entry.kind in kinds]


def _by_words(text: str, listing: Listing) -> list[Entry]:
    """Entries most of whose names' words, or parts of them, are said."""
    words = [word for word in stems(text) if word not in _STOP]
    hits = [(sum(word in entry.name.casefold() for word in words), entry) for entry in listing.entries]
    best = max((count for count, _ in hits), default=0)
    return [entry for count, entry in hits if count == best] if best else []


def _lines(files: Sequence[Entry]) -> str:
    lines = [f"- `{entry.path}`" for entry in files[:MAX_TOLD]]
    return "\n".join([*lines, f"- and {len(files) - MAX_TOLD} more"] if len(files) > MAX_TOLD else lines)

"""`list_files`' answer, and kinds of files by their endings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

KINDS: dict[str, frozenset[str]] = {
    kind: frozenset(f".{ending}" for ending in endings.split())
    for kind, endings in {
        "Tables": "csv tsv xlsx xls xlsm ods parquet",
        "Documents": "pdf docx doc odt rtf md txt html htm epub eml msg tex pages",
        "Presentations": "pptx ppt odp key",
        "Images": "jpg jpeg png gif webp heic tif tiff bmp svg raw",
        "Audio": "mp3 wav flac m4a ogg aac",
        "Videos": "mp4 mov avi mkv webm",
        "Archives": "zip tar gz tgz bz2 xz 7z rar",
        "Data": "json jsonl xml yaml yml toml sqlite db log",
        "Code": "py js ts css c h cpp java go rs rb sh ipynb sql r",
        "Programs": "exe msi dmg deb rpm appimage apk",
    }.items()
}
OTHER = "Other"
TABLES = frozenset({".csv", ".tsv", ".xlsx", ".parquet"})
TEXTS = frozenset({".md", ".txt", ".log", ".rst", ".tex"})
DOCUMENTS = TEXTS | frozenset({".pdf", ".docx", ".pptx", ".html", ".htm", ".epub", ".eml"})


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder by the name tools know it by. ``changed``: date (YYYY-MM-DD) where the listing says it."""

    path: str
    folder: bool = False
    changed: str | None = None

    @property
    def name(self) -> str:
        return PurePosixPath(self.path).name

    @property
    def stem(self) -> str:
        return PurePosixPath(self.path).stem

    @property
    def ending(self) -> str:
        return PurePosixPath(self.path).suffix.lower()

    @property
    def kind(self) -> str:
        return next((kind for kind, endings in KINDS.items() if self.ending in endings), OTHER)


@dataclass(frozen=True, slots=True)
class Listing:
    """Files and folders in the order of the listing."""

    entries: tuple[Entry, ...]

    @property
    def files(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if not entry.folder)

    @property
    def folders(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.folder)


_LINE = re.compile(r"^(?P<name>.+?)(?P<folder>/)? · (?:[\d.,]+ [KMGT]?B · )?(?P<date>\d{4}-\d\d-\d\d) \d\d:\d\d$")
_MORE = re.compile(r"(?m)^\[.*read on with offset=(\d+)\]$")
_ALSO = re.compile(r"\. Also granted: (.+)$")


def read_listing(text: str, folder: str = "") -> Listing:
    """One entry a line: name, size, date; a folder's name ends in a slash. Names get ``folder`` in front."""
    found = [match for line in text.splitlines()[1:] if (match := _LINE.match(line))]
    prefix = f"{folder.rstrip('/')}/" if folder else ""
    return Listing(tuple(Entry(prefix + line["name"], bool(line["folder"]), line["date"]) for line in found))


def next_offset(text: str) -> int | None:
    """Where a long output goes on."""
    found = _MORE.search(text)
    return int(found[1]) if found else None


def other_folders(text: str) -> list[str]:
    """Further granted folders that a listing of the first one names."""
    found = _ALSO.search(text.split("\n", 1)[0])
    return found[1].split(", ") if found else []

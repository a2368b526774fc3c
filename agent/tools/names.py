"""Names of files as people and the brain write them, and as the disk spells them."""

from __future__ import annotations

import difflib
import os
import unicodedata
from collections.abc import Iterable
from pathlib import PurePath

from agent.core.ports import ToolError

RESERVED = ".deskhand-"
"""Names beginning like this are Deskhand's own files under way; tools neither see nor make them."""
MAX_NAME_BYTES = 255
MAX_PATH_BYTES = 4_000
SUGGESTIONS = 3

_JOINERS = "\u200c\u200d"  # inside emoji and Persian or Indic words


def shown(name: str) -> str:
    """``name`` with control, bidirectional and undecodable characters escaped, so that nothing reads as it is not."""
    return "".join(
        char.encode("unicode_escape").decode()
        if char not in _JOINERS and unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        else char
        for char in name
    )


def check(name: str) -> None:
    """Raise `ToolError` for what no file can be called."""
    if not name:
        raise ToolError("The name of the file is empty. Give a name such as report.md.")
    if "\0" in name:
        raise ToolError(f"{shown(name)} holds a NUL character, which no file name can.")
    try:
        raw = os.fsencode(name)
    except UnicodeEncodeError:
        raise ToolError(f"{shown(name)} holds half a character, which no file name can.") from None
    if len(raw) > MAX_PATH_BYTES or any(len(part) > MAX_NAME_BYTES for part in raw.split(b"/")):
        raise ToolError(f"{shown(name[:60])}… is too long: a name has at most {MAX_NAME_BYTES} bytes. Shorten it.")


def check_new(name: str) -> None:
    """Raise `ToolError` for a name that may exist but that Deskhand does not make."""
    if shown(name) != name:
        raise ToolError(f"{shown(name)} holds control characters. Choose a name without them.")


def same(entry: str, wanted: str) -> bool:
    """Whether ``wanted`` is another spelling of ``entry``: composed differently, or as `shown` showed it."""
    return unicodedata.normalize("NFC", entry) == unicodedata.normalize("NFC", wanted) or shown(entry) == wanted


def _folded(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(char for char in plain if char.isalnum())


def near(wanted: str, names: Iterable[str]) -> list[str]:
    """Up to three of ``names`` (paths) that ``wanted`` may have meant.

    Names that differ only in case, accents, spaces, punctuation or ending stand alone if there are any.
    """
    want, stem = _folded(PurePath(wanted).name), _folded(PurePath(wanted).stem)
    folded: dict[str, list[str]] = {}
    alike: list[str] = []
    for name in names:
        keys = {_folded(PurePath(name).name), _folded(PurePath(name).stem)}
        if want and (want in keys or stem in keys):
            alike.append(name)
        for key in keys:
            folded.setdefault(key, []).append(name)
    if alike:
        return alike[:SUGGESTIONS]
    close = difflib.get_close_matches(want, folded, n=SUGGESTIONS, cutoff=0.6)
    return list(dict.fromkeys(name for key in close for name in folded[key]))[:SUGGESTIONS]

"""New names by a pattern in words: a prefix or suffix, replaced words, upper and lower case, numbers."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import PurePosixPath

_QUOTES = "“”\"'‘’`"
_WORD = rf"[{_QUOTES}](?P<{{0}}>[^{_QUOTES}]*)[{_QUOTES}]|(?P<{{0}}2>\S+)"
_NAMED = {
    "underscores": "_",
    "underscore": "_",
    "dashes": "-",
    "dash": "-",
    "hyphens": "-",
    "spaces": " ",
    "space": " ",
    "dots": ".",
    "nothing": "",
}
_REPLACE = re.compile(
    rf"\b(?:replace|swap|change)\s+(?:all |the |every )?(?:{_WORD.format('old')})\s+(?:with|by|to|for|into)\s+(?:an? )?(?:{_WORD.format('new')})",
    re.IGNORECASE,
)
_REMOVE = re.compile(
    rf"\b(?:remove|drop|strip)\s+(?:all |the |every )?(?:{_WORD.format('old')})\s+(?:from|in)\b", re.IGNORECASE
)
_PREFIX = re.compile(
    rf"\b(?:start(?:s|ing)? with|begin(?:s|ning)? with|prefix(?:ed)?(?: of| with)?|with the prefix)\s+(?:{_WORD.format('text')})|"
    rf"\b(?:add|put)\s+(?:{_WORD.format('other')})\s+(?:before|in front of|to the (?:start|beginning|front) of)\b",
    re.IGNORECASE,
)
_SUFFIX = re.compile(
    rf"\b(?:end(?:s|ing)? (?:with|in)|suffix(?:ed)?(?: of| with)?|with the suffix)\s+(?:{_WORD.format('text')})|"
    rf"\b(?:add|put|append)\s+(?:{_WORD.format('other')})\s+(?:after|behind|to the end of|at the end of)\b",
    re.IGNORECASE,
)
_LOWER = re.compile(r"\blower ?case\b|\bsmall letters\b", re.IGNORECASE)
_UPPER = re.compile(r"\bupper ?case\b|\bcapital letters\b", re.IGNORECASE)
_NUMBER = re.compile(r"\bnumber\b|\bnumbered\b|\bin order\b", re.IGNORECASE)

Rename = Callable[[str, int], str]
"""(name, position from 1) → new name. The ending stays."""


def pattern(text: str) -> Rename | None:
    """The change of names that the words ask for; None where they ask for none."""
    if found := _REPLACE.search(text):
        old, new = _given(found, "old"), _given(found, "new")
        return lambda name, _: _on_stem(
            name, lambda stem: re.sub(re.escape(old), lambda _match: new, stem, flags=re.IGNORECASE)
        )
    if found := _REMOVE.search(text):
        gone = _given(found, "old")
        return lambda name, _: _on_stem(
            name, lambda stem: re.sub(re.escape(gone), "", stem, flags=re.IGNORECASE).strip(" -_") or stem
        )
    if found := _PREFIX.search(text):
        prefix = _given(found, "text") or _given(found, "other")
        return lambda name, _: name if name.startswith(prefix) else prefix + name
    if found := _SUFFIX.search(text):
        suffix = _given(found, "text") or _given(found, "other")
        return lambda name, _: _on_stem(name, lambda stem: stem if stem.endswith(suffix) else stem + suffix)
    if _LOWER.search(text):
        return lambda name, _: name.lower()
    if _UPPER.search(text):
        return lambda name, _: _on_stem(name, str.upper)
    if _NUMBER.search(text):
        return lambda name, position: f"{position:02} {name}"
    return None


def _given(found: re.Match[str], group: str) -> str:
    quoted, bare = found[group], found[f"{group}2"]
    return quoted if quoted is not None else _NAMED.get((bare or "").lower().strip(",.;"), (bare or "").strip(",;"))


def _on_stem(name: str, change: Callable[[str], str]) -> str:
    path = PurePosixPath(name)
    return change(path.stem) + path.suffix

"""Does a result name files that are not there? Pure (agent.md §1)."""

from __future__ import annotations

import re
from collections.abc import Callable

_ENDINGS = "xlsx|csv|tsv|md|docx|pptx|pdf|png|jpg|jpeg|txt|html|json|parquet|zip"
_QUOTED = re.compile(rf"[`\"“«']([^`\"”»'\n]{{1,200}}\.(?:{_ENDINGS}))[`\"”»']", re.IGNORECASE)
_PLAIN = re.compile(rf"(?<![\w/.:-])([\w][\w./()\[\]-]{{0,200}}\.(?:{_ENDINGS}))(?![\w-])", re.IGNORECASE)


def named_files(text: str) -> list[str]:
    """File names in a text, in order, without repetition: in quotes or backticks whole, else one word."""
    bare = re.sub(r"https?://\S+", " ", text)
    found = [*_QUOTED.findall(bare), *_PLAIN.findall(_QUOTED.sub(" ", bare))]
    return list(dict.fromkeys(name.strip() for name in found))


def missing_files(text: str, brief: str, exists: Callable[[str], bool]) -> list[str]:
    """Files that a result names as there but are not. Names the person used in the brief are theirs, not a claim."""
    return [name for name in named_files(text) if name not in brief and not exists(name)]

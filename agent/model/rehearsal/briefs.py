"""Briefs: how the front desk hands a wish to a task, and how the task reads it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.model.rehearsal.understand import Kind, Wish, amend, understand

_BEFORE = "Before this: "
_FOLLOWS = re.compile(
    r"^(?:and|now|also|but|then|what about|how about|only|just|same|instead|rather|sort|use|by|no|as|in|with|without|"
    r"actually|make (?:it|that|this)|the (?:top|bottom|best|worst|other)|(?:it|that|this)\b|und|jetzt|nur)\b"
)
_REFERS = re.compile(
    r"\b(?:that|it|this|these|those|them|again|instead|(?:the|your) (?:same|last|latest|result|chart|spreadsheet|workbook|"
    r"table|file|files|list|ranking|summary|note|numbers?))\b"
)
_THIS_FOLDER = re.compile(r"\b(?:this|that|the) (?:folder|directory|desk)\b")
_NAMES_A_FILE = re.compile(r"\w\.(?!\d)\w{2,5}\b")
FEW_WORDS = 6


def names_a_file(text: str) -> bool:
    """Whether a file name with an ending stands in the text."""
    return bool(_NAMES_A_FILE.search(text))


def refers_back(text: str) -> bool:
    """Whether the text means something said or made before ("make that a bar chart")."""
    return bool(_REFERS.search(_THIS_FOLDER.sub("", text.lower())))


def follows_up(text: str) -> bool:
    """Whether the text makes sense only as a change of the wish before it ("and the bottom five?")."""
    low = text.lower().strip()
    if names_a_file(low):
        return understand(text).kind is Kind.UNKNOWN
    if _FOLLOWS.search(low):
        return True
    wish = understand(text)
    says = (wish.top, wish.most, wish.better, wish.aggregate, wish.chart) != (None,) * 5 or wish.sheet or wish.note
    return wish.kind in (Kind.UNKNOWN, Kind.CHART) and says and len(low.split()) <= FEW_WORDS


def write_brief(message: str, files: Sequence[str], before: Sequence[str]) -> str:
    """A brief that stands alone: the person's words, the files meant, the wishes it follows up, oldest first."""
    lines = [message.strip()]
    if files:
        lines.append(f"Files: {', '.join(files)}")
    lines += [_BEFORE + " ".join(wish.split()) for wish in before]
    return "\n".join(lines)


def read_brief(brief: str, steers: Sequence[str], files: Sequence[str] = ()) -> Wish:
    """The wish of a brief about these files, changed by what the person added since."""
    lines = brief.splitlines()
    before = [line.removeprefix(_BEFORE) for line in lines if line.startswith(_BEFORE)]
    own = "\n".join(line for line in lines if not line.startswith(_BEFORE)).strip()
    if understand(own).kind is Kind.CHART and any(name.endswith(".xlsx") for name in files):
        before = []  # the spreadsheet that was made is drawn as it is, not made again
    said = [*before, own, *steers]
    wish = understand(said[0])
    for words in said[1:]:
        wish = amend(wish, words)
    return wish

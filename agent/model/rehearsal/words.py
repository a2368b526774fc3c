"""Words: the small knowledge of English (and a little German) that the brain reads and matches names with."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

NUMBERS = {
    word: number
    for number, words in enumerate(
        (
            "zero null", "one ein eine einen", "two zwei couple", "three drei", "four vier", "five fünf",
            "six sechs", "seven sieben", "eight acht", "nine neun", "ten zehn", "eleven elf", "twelve zwölf dozen",
            "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty zwanzig",
        )
    )
    for word in words.split()
}  # fmt: skip
"""Number words and what they stand for."""


def vocabulary(words: str) -> frozenset[str]:
    """Words written as one text."""
    return frozenset(words.split())


_STOP = vocabulary(
    "a an and are as at be do does for from had has have i in is it its me my of on or our per please that the "
    "their them there these this those to was we were what which who with you your der die das den dem ein eine "
    "einen im in mit nach und von vom zu zur"
)
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-zß-ÿ]+|\d+|[^\W\d_]+")
_YEAR = re.compile(r"(?:19|20)\d\d")
_PREFIX = 4
"""Words that share a beginning of this length may be forms of one another: temp, temperature."""


def parts(name: str) -> list[str]:
    """The words of a name or text in lower case: ``ShareWomen``, ``share_women`` and ``Share women`` are alike."""
    return [part.lower() for part in _PART.findall(unicodedata.normalize("NFC", name))]


def stem(word: str) -> str:
    """A word without the commonest endings of the plural: enough to find a column's name in a sentence."""
    if word.endswith("ies") and len(word) > _PREFIX:
        return word[:-3] + "y"
    if word.endswith(("xes", "ches", "shes", "sses", "zes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 2 else word  # noqa: PLR2004 - "is", "as"


def stems(text: str, *, keep_all: bool = False) -> list[str]:
    """The stems of a text's words, without those that carry no meaning unless ``keep_all``."""
    return [stem(part) for part in parts(text) if keep_all or part not in _STOP]


def squashed(text: str) -> str:
    """Letters and digits only, in lower case: ``win percent`` and ``winpercent`` are alike."""
    return "".join(parts(text))


def number(word: str) -> int | None:
    """A whole number in digits or as a word."""
    return int(word) if word.isdecimal() else NUMBERS.get(word.lower())


@dataclass(frozen=True, slots=True)
class Match(Generic[T]):
    """What fits a phrase best, those that fit as well, and how much of the name the phrase covers (0 to 1)."""

    best: T
    equals: tuple[T, ...]
    cover: float


def best_match(phrase: str, candidates: Sequence[tuple[str, T]]) -> Match[T] | None:
    """The candidate whose name the phrase speaks of; None where no word of a name occurs.

    Words that several names share count less; a word that only begins alike counts less than an equal one. A year is
    also known by its last two digits.
    """
    said = stems(phrase)
    said += [word[2:] for word in said if _YEAR.fullmatch(word)]
    run = squashed(phrase)
    names = [(list(dict.fromkeys(stems(name) or stems(name, keep_all=True))), squashed(name)) for name, _ in candidates]
    shared = Counter(token for tokens, _ in names for token in tokens)
    scored = []
    for (tokens, whole), (_, candidate) in zip(names, candidates, strict=True):
        weights = {token: 1 / shared[token] for token in tokens}
        hits = {token: weights[token] * _alike(token, said) for token in tokens}
        if len(whole) >= _PREFIX and whole in run:
            hits = weights
        got = sum(hits.values())
        if got > 0:
            scored.append((got, got / sum(weights.values()), candidate))
    if not scored:
        return None
    got, cover, best = max(scored, key=lambda entry: entry[:2])
    equals = tuple(candidate for other, also, candidate in scored if other == got and (cover < 1 or also == cover))
    return Match(best, equals, cover)


def _alike(token: str, said: Iterable[str]) -> float:
    best = 0.0
    for word in said:
        if word == token:
            return 1.0
        if min(len(word), len(token)) >= _PREFIX and (word.startswith(token) or token.startswith(word)):
            best = 0.5
    return best


def listed(items: Sequence[str], last: str = "and") -> str:
    """``a, b and c``."""
    return f" {last} ".join(filter(None, [", ".join(items[:-1]), *items[-1:]]))


def counted(count: int, noun: str) -> str:
    """``1 row``, ``2 rows``, ``2 entries``."""
    plural = noun[:-1] + "ies" if noun.endswith("y") and noun[-2] not in "aeiou" else noun + "s"
    return f"{count:,} {noun if count == 1 else plural}"


def title(text: str, limit: int = 60) -> str:
    """A text as one line of at most ``limit`` characters, cut between words."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[:limit].rsplit(" ", 1)[0].rstrip(",;:.") + "…"

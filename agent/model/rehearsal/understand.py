"""Words → `Wish`: what a person wants, as far as words alone can tell. Names of files and columns come later."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from agent.model.rehearsal.words import NUMBERS, number


class Kind(StrEnum):
    """The families of jobs, and what is answered without one."""

    CHAT = "chat"
    REMEMBER = "remember"
    FORGET = "forget"
    RECALL = "recall"
    STOP = "stop"
    LIST = "list"
    TIDY = "tidy"
    RENAME = "rename"
    TRASH = "trash"
    COPY = "copy"
    MOVE = "move"
    COMPARE = "compare"
    CHANGE = "change"
    BRIEFING = "briefing"
    SEARCH = "search"
    FIND = "find"
    SUMMARISE = "summarise"
    QUESTION = "question"
    CHART = "chart"
    CONVERT = "convert"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Wish:
    """``text``: the words themselves. ``top``: how many; None where the words do not say. ``most``: the large end
    (True) or the small one (False). ``better``: the change is wanted as an improvement (True), a worsening (False) or
    None for what rose (``most``) or fell. ``chart``: its kind. ``sheet``, ``note``: the form of the result.
    """

    kind: Kind
    text: str
    top: int | None = None
    most: bool | None = None
    better: bool | None = None
    aggregate: str | None = None
    chart: str | None = None
    relative: bool = False
    sheet: bool = False
    note: bool = False


_FILES = r"(?<![.\w])(?:files?|documents?|folders?|papers?|reports?|pdfs?|images?|photos?|pictures?|spreadsheets?|tables?|csvs?)"
_KINDS: tuple[tuple[Kind, str], ...] = (
    (Kind.REMEMBER, r"^(?:please )?(?:remember|memori[sz]e|note|keep in mind|don['’]?t forget|merk\w* dir)\b(?! when)"),
    (Kind.FORGET, r"^(?:please )?(?:forget|stop remembering|vergiss)\b"),
    (Kind.RECALL, (r"\b(?:what did (?:i|we|you) (?:say|tell|write|ask|mention|decide)|what have (?:i|we) (?:said|told)|"
     r"do you (?:remember|recall)|what do you (?:know|remember) about (?:me|my)|recall\b|"
     r"when did (?:i|we) (?:say|talk|ask)|was habe ich .*gesagt)")),
    (Kind.STOP, r"^(?:please |ok(?:ay)?,? |no,? )*(?:stop|cancel|abort|halt|never ?mind|stopp|abbrechen)\b"),
    (Kind.CHAT, (r"^(?:hi|hello|hey|hallo|good (?:morning|afternoon|evening)|guten (?:morgen|tag|abend)|thanks?(?: you)?|"
     r"thank you|danke|cheers|great|nice|ok(?:ay)?|bye|ping|test)\b[\s\w,]{0,24}[!.?]*$")),
    (Kind.CHAT, (r"\b(?:what can you do|who are you|what are you|how do you work|are you (?:there|a|an|real)\b|which model|"
     r"what model|what do you understand|how are you|(?:set|use|connect|configure|get) (?:up )?a (?:real|better|proper) "
     r"(?:model|brain)|was kannst du|wer bist du)|^(?:help|hilfe)\b[\s\w]{0,12}[!.?]*$")),
    (Kind.TIDY, (rf"\b(?:tidy|declutter|clean ?up|organi[sz]e|räum\w* .*auf|aufräumen)\b|"
     rf"\bsort (?:out )?(?:the|this|my|these|all)?\s*(?:\S+ )?{_FILES}\b|\bput .*{_FILES} .*into folders\b")),
    (Kind.RENAME, (r"\b(?:rename|umbenennen|benenne)\b|\b(?:prefix|suffix)\b.*\bnames?\b|\b(?:in|of) (?:all |the |my |these )*(?:file )?names\b|"
     r"\bnumber (?:the|my|all|these) .*files\b|\b(?:add|put)\b.*\b(?:before|to|in front of|after|at the end of) .*names?\b")),
    (Kind.TRASH, r"\b(?:delete|trash|throw away|get rid of|bin|lösche?)\b|\bremove\b.*(?:\.\w{1,5}\b|\bfiles?\b)"),
    (Kind.COPY, r"\b(?:make|create) (?:a )?(?:copy|duplicate|backup)\b|\b(?:copy|duplicate|back up|kopiere?)\b"),
    (Kind.MOVE, r"\b(?:move|verschiebe?)\b.*\b(?:to|into|in|nach)\b"),
    (Kind.BRIEFING, (rf"\bbrief(?:ing)?\b|\b(?:summar\w+|overview|digest|sum up)\b.*\b(?:all|every|each|these|folder)\b"
     rf".*\b(?:{_FILES}|everything)\b|\boverview (?:of|over) (?:the|this|my) (?:\S+ )?(?:folder|files|documents)\b|"
     r"\bsummar\w+ (?:the |this |my )?(?:\S+ )?folder\b")),
    (Kind.COMPARE, (r"\b(?:compare|comparison|differences?|differs?|diff|vergleiche?)\b|\bwhat(?:['’]s| is| has| have)? "
     r"(?:changed|different|new) (?:between|from)\b|\brows? (?:missing|only) (?:from|in)\b")),
    (Kind.CHANGE, (r"\b(?:improv\w+|worsen\w*|deteriorat\w+|got (?:\w+ )?(?:better|worse|safer)|gained|grew|grown|increas\w+|"
     r"decreas\w+|rose|risen|fell|fallen|dropped|declin\w+|shrank|shrunk|chang\w+ (?:the )?(?:most|least)|"
     r"(?:biggest|largest|smallest) (?:change|gain|drop|rise|fall|improvement|increase|decrease)s?|verbesser\w*)\b")),
    (Kind.SEARCH, (r"\b(?:search|grep)\b|\b(?:find|look for|which|list|show)\b.*\b(?:mention\w*|contain\w*|about|"
     r"say(?:s|ing)?|talk\w* about|with the (?:word|phrase|text))\b|\bwhere (?:is|does) .*\bmention\w*")),
    (Kind.FIND, r"\b(?:find|locate|look for|where(?:['’]s| is| are)|suche?|finde)\b"),
    (Kind.LIST, (rf"^(?:please )?(?:what|which|list|show|how many)(?: me)?(?: all| the| my| of| other)*(?: \w+)? {_FILES}"
     r"(?: (?:do|are|in|on|can|could|here|there|you|i)\b.*)?[?.!]*$|"
     r"\bwhat(?:['’]s| is) (?:in|on) (?:the|this|my) (?:\S+ )?(?:folder|desk|directory|desktop)\b|^ls\b")),
    (Kind.SUMMARISE, (r"\b(?:summar\w+|sum up|tl;?dr|gist|key (?:points|facts|figures|numbers)|overview|outline|describe|"
     r"digest|abstract|zusammenfass\w*|fasse?)\b|\bwhat(?:['’]s| is) in .*\.\w{2,5}\b|"
     r"\bwhat (?:does|do|is) .*\.\w{2,5} (?:say|about)\b|"
     r"\btell me about\b.*\.\w{2,5}\b")),
    (Kind.QUESTION, (r"\b(?:top|bottom|most|least|fewest|highest|lowest|largest|smallest|biggest|greatest|best|worst|"
     r"average|mean|median|sum|total|how many|how much|count|number of|maximum|minimum|max|min|only|where|rank\w*|"
     r"cheapest|dearest|oldest|newest|longest|shortest|safest|hottest|coldest|warmest|fastest|slowest|youngest|richest|"
     r"poorest|strongest|weakest|more than|less than|fewer than|over|under|above|below|at least|at most|per|filter|rows|"
     r"durchschnitt\w*|summe|höchste\w*|niedrigste\w*|meisten|wenigsten|wie ?viele)\b")),
    (Kind.CHART, r"\b(?:chart|plot|graph|diagram|visuali[sz]e|diagramm)\b"),
    (Kind.CONVERT, r"\b(?:convert|export|turn|save|make|open|put|write)\b.*\b(?:excel|xlsx|spreadsheet|workbook)\b"),
)  # fmt: skip
"""The first pattern that fits names the kind. Order is meaning: "find files that mention x" is a search."""

_KIND_PATTERNS = tuple((kind, re.compile(pattern)) for kind, pattern in _KINDS)

_AGGREGATES = (
    ("avg", r"\b(?:average|mean|avg|typical|durchschnitt\w*)\b"),
    ("median", r"\bmedian\b"),
    ("sum", r"\b(?:sum(?! up)|totals?|altogether|in all|combined|summe|gesamt\w*)\b"),
    ("count", r"\b(?:how many|count|number of|wie ?viele|anzahl)\b"),
    ("max", r"\b(?:maximum|max)\b"),
    ("min", r"\b(?:minimum|min)\b"),
)
_MOST = r"\b(?:top|most|highest|largest|biggest|greatest|maximum|longest|strongest|richest|hottest|warmest|oldest|fastest|dearest|(?:most|more) expensive|höchste\w*|meisten|descending)\b"
_LEAST = r"\b(?:bottom|least|fewest|lowest|smallest|minimum|shortest|weakest|poorest|coldest|cheapest|youngest|slowest|safest|niedrigste\w*|wenigsten|ascending)\b"
_CHARTS = (
    ("line", r"\b(?:line|trend|over time)\b"),
    ("pie", r"\b(?:pie|donut|doughnut)\b"),
    ("scatter", r"\bscatter\b"),
    ("column", r"\bcolumns? (?:chart|graph|diagram)\b"),
    ("bar", r"\b(?:bar|chart|plot|graph|diagramm?|visuali[sz]e|balken\w*)\b"),
)
_CHART_WORD = r"\b(?:charts?|plots?|graphs?|diagramm?s?|visuali[sz]e|(?:line|bar|pie|column|scatter)s? instead)\b|\bas (?:a )?(?:bar|line|pie|column|scatter)s?\b"
_SHEET = r"\b(?:spreadsheet|workbook|excel|xlsx|sheet|tabelle)\b"
_NOTE = r"\b(?:note|markdown|\.?md|text file|memo|notiz)\b|\b(?:as|in(?:to)?|to) an? (?:new )?(?:file|document)\b|\bwrite (?:it|that|this) (?:down|up)\b"
_RELATIVE = r"\b(?:percent(?:age)?(?! points)|relative\w*|proportion\w*|prozent)\b|%"
_FELL = r"\b(?:decreas\w+|fell|fallen|dropped|declin\w+|shrank|shrunk|drops?|falls?)\b"
_WORSE = r"\b(?:worse\w*|deteriorat\w+)\b"
_BETTER = r"\b(?:improv\w+|better|safer|verbesser\w*)\b"

_FILE_NAME = re.compile(r"[\w()-]+(\.[a-z]\w{1,4})\b")
_NOT_COUNTS = re.compile(
    r"[\w-]+\.[a-z]\w{1,4}\b|\b\d+(?:[-–/_.]\d+)+\b|\b(?:over|above|than|least|under|below|exactly|in|since|from|between|"
    r"year|and|to|is|=|>=?|<=?)\s+\$?\d[\d,.]*%?|\$\d[\d,.]*|\b\d[\d,.]*\s?(?:%|percent|usd|eur|dollars?|euros?)"
)
_COUNT_WORDS = "|".join((r"\d{1,3}", *NUMBERS))
_COUNT = re.compile(
    rf"\b(?:top|bottom|best|worst|first|last|which|what|the|highest|lowest|largest|smallest|biggest|show|list|only|me|"
    rf"give|to|name|just|die)\s+(?!one\s+of\b)({_COUNT_WORDS})\b"
)
_COUNT_BEFORE = re.compile(
    rf"\b({_COUNT_WORDS})\s+(?:\w+\s+){{0,2}}?(?:most|least|highest|lowest|largest|smallest|biggest|best|worst|\w+est)\b"
)
_SINGLE = re.compile(r"\b(?:which|what) (?:single |one )?(?!(?:are|is|were|was|has|have|the|did)\b)(\w+)\b|\bwho\b")
_PLURAL_ENDINGS = re.compile(r"(?<![su])s$|people$|men$|children$")


def understand(text: str) -> Wish:
    """Read a message or a brief; `Kind.UNKNOWN` where no pattern fits."""
    low = _FILE_NAME.sub(r"x\1", " ".join(text.lower().split()))
    kind = next((kind for kind, pattern in _KIND_PATTERNS if pattern.search(low)), Kind.UNKNOWN)
    aggregate = next((name for name, pattern in _AGGREGATES if re.search(pattern, low)), None)
    most = False if re.search(_LEAST, low) else True if re.search(_MOST, low) else None
    better = False if re.search(_WORSE, low) else True if re.search(_BETTER, low) else None
    if kind is Kind.CHANGE and better is None:
        most = not re.search(_FELL, low)
    bare = _FILE_NAME.sub(" ", " ".join(text.lower().split()))
    chart = None
    if re.search(_CHART_WORD, bare):
        chart = next((name for name, pattern in _CHARTS if re.search(pattern, bare)), "bar")
    return Wish(
        kind=kind,
        text=text,
        top=_how_many(low),
        most=most,
        better=better,
        aggregate=aggregate,
        chart=chart,
        relative=bool(re.search(_RELATIVE, low)),
        sheet=bool(re.search(_SHEET, bare)),
        note=bool(re.search(_NOTE, bare)),
    )


def _how_many(low: str) -> int | None:
    """How many entries are wanted: "top 3", "the five best", and 1 for "which airline"."""
    plain = _NOT_COUNTS.sub(" ", low)
    for pattern in (_COUNT, _COUNT_BEFORE):
        if (found := pattern.search(plain)) and (count := number(found[1])):
            return count
    single = _SINGLE.search(plain)
    if single and not (single[1] and _PLURAL_ENDINGS.search(single[1])):
        return 1
    return None


def amend(wish: Wish, text: str) -> Wish:
    """``wish`` changed by later words: what they say replaces, what they leave open stays.

    The text holds both, the newer first, so that the names they speak of are looked for in that order.
    """
    change = understand(text)
    keeps_kind = change.kind in (Kind.UNKNOWN, Kind.CHAT, Kind.CHART, Kind.CONVERT, Kind.QUESTION, Kind.LIST)
    return replace(
        wish,
        kind=wish.kind if keeps_kind and wish.kind is not Kind.UNKNOWN else change.kind,
        text=f"{text}\n{wish.text}",
        top=change.top or wish.top,
        most=wish.most if change.most is None else change.most,
        better=wish.better if change.better is None else change.better,
        aggregate=change.aggregate or wish.aggregate,
        chart=change.chart or wish.chart,
        relative=change.relative or wish.relative,
        sheet=change.sheet or wish.sheet,
        note=change.note or wish.note,
    )


def reread(text: str) -> Wish:
    """The wish of several lines, the newest first, each changing those after it."""
    newest, *older = [line for line in text.splitlines() if line.strip()] or [""]
    return amend(reread("\n".join(older)), newest) if older else understand(newest)

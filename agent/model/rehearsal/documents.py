"""Summaries by rule: headings, first sentences, sentences with key figures. A table is summarised by its columns."""
# ruff: noqa: S608 - names and texts are quoted by `grid`, and the database is closed off and only read

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

from agent.model.rehearsal.grid import shown
from agent.model.rehearsal.listing import DOCUMENTS, TABLES, TEXTS, Entry, next_offset
from agent.model.rehearsal.output import chart_input, free_path, overview_sql, write_note, write_workbook
from agent.model.rehearsal.sources import meant
from agent.model.rehearsal.tables import Table, look, query
from agent.model.rehearsal.turn import Steps
from agent.model.rehearsal.words import counted, listed
from agent.model.rehearsal.work import GaveUp, Work

MAX_PARTS = 6
"""Parts of a long document that are read; what lies beyond is named in the ledger."""
MAX_SECTIONS = 12
MAX_FIGURES = 5
MAX_COLUMNS_TOLD = 8
HONEST = "This is an extract by rule (headings, first sentences, sentences with figures): I am the rehearsal brain, no language model."

_HEADING = re.compile(
    r"^(?:#{1,6}\s+(?P<marked>.+?)\s*#*|(?P<numbered>\d+(?:\.\d+)*\.?\s+[A-Z][^.!?]{2,70})|(?P<bold>\*\*[^*]{3,80}\*\*))$"
)
_SENTENCE = re.compile(r"(?<=[.!?])[\"”’)]?\s+(?=[\"“(]?[A-Z0-9])")
_FIGURE = re.compile(
    r"[$€£]\s?\d|\d[\d.,]*\s?(?:%|(?:percent|million|billion|thousand|km|kg|euros?|dollars?|USD|EUR)\b)|\b\d{1,3}(?:,\d{3})+\b"
)
_NOISE = re.compile(r"!\[[^\]]*\]\([^)]*\)|\[characters .*read on.*\]")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_PAGE = re.compile(r"^(?:page|slide) \d+$", re.IGNORECASE)
MIN_SENTENCE_WORDS = 5
MIN_SENTENCES = 4
MAX_SENTENCE_CHARS = 280


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and the first sentence below it; either may be empty."""

    heading: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Extract:
    """What a text says, in its own words. ``cut``: something follows that was not read."""

    sections: tuple[Section, ...]
    figures: tuple[str, ...]
    words: int
    cut: bool = False

    def markdown(self, level: int = 2) -> str:
        lines = []
        for section in self.sections:
            if section.heading:
                lines += [f"{'#' * level} {section.heading}", ""]
            if section.sentence:
                lines += [section.sentence, ""]
        if self.figures:
            lines += [f"{'#' * level} Figures", "", *(f"- {figure}" for figure in self.figures), ""]
        return "\n".join(lines).strip() or "There is no running text in it."

    def brief(self) -> str:
        lines = [
            f"- **{section.heading}**: {section.sentence}"
            if section.heading and section.sentence
            else f"- {section.sentence or section.heading}"
            for section in self.sections
        ]
        if self.figures:
            lines += ["", "With figures:", *(f"- {figure}" for figure in self.figures)]
        return "\n".join(lines) or "There is no running text in it."


def extract(text: str, *, cut: bool = False) -> Extract:
    """Headings with the first sentences below each, more of them where there are few headings, and sentences with figures."""
    found: list[tuple[str, list[str]]] = [("", [])]
    for line in _paragraphs(text):
        if heading := _HEADING.match(line):
            found.append((_plain(next(group for group in heading.groups() if group)), []))
        else:
            found[-1][1].extend(sentence for sentence in map(_plain, _SENTENCE.split(line)) if _is_sentence(sentence))
    found = [
        (heading, sentences) for heading, sentences in found if sentences or (heading and not _PAGE.match(heading))
    ]
    each = max(1, MIN_SENTENCES // max(1, len(found)))
    sections = [
        Section("" if _PAGE.match(heading) else heading, _short(" ".join(sentences[:each]), each))
        for heading, sentences in found[:MAX_SECTIONS]
    ]
    rest = (sentence for _, sentences in found for sentence in sentences[each:] if _FIGURE.search(sentence))
    figures = [_short(sentence, 1) for sentence in itertools.islice(rest, MAX_FIGURES)]
    if not sections and text.strip():
        sections = [Section("", _short(_plain(" ".join(text.split())), 1))]
    return Extract(tuple(sections), tuple(figures), len(text.split()), cut)


def _short(text: str, sentences: int) -> str:
    limit = MAX_SENTENCE_CHARS * sentences
    return text if len(text) <= limit else text[:limit].rsplit(" ", 1)[0] + "…"


def _paragraphs(text: str) -> list[str]:
    """Lines of one paragraph joined; headings, list items and table rows stay apart, table rows are left out."""
    paragraphs: list[str] = []
    open_paragraph = False
    for raw in text.splitlines():
        line = _NOISE.sub("", raw).strip()
        if not line or line.startswith(("|", "```", "---")):
            open_paragraph = False
        elif _HEADING.match(line):
            paragraphs.append(line)
            open_paragraph = False
        elif open_paragraph:
            paragraphs[-1] += f" {line}"
        else:
            paragraphs.append(re.sub(r"^(?:[-*•>]|\d+[.)])\s+", "", line))
            open_paragraph = True
    return paragraphs


def _plain(text: str) -> str:
    return re.sub(r"[*_`]{1,3}(?=\S)|(?<=\S)[*_`]{1,3}", "", _LINK.sub(r"\1", text)).strip()


def _is_sentence(text: str) -> bool:
    return len(text.split()) >= MIN_SENTENCE_WORDS and any(char.isalpha() for char in text)


def read(work: Work, entry: Entry) -> Steps[Extract]:
    """Read a text or document, as far as a few parts reach, and extract. Raises `GaveUp`."""
    tool = "read_file" if entry.ending in TEXTS else "read_document"
    parts: list[str] = []
    offset: int | None = None
    for _ in range(MAX_PARTS):
        text = yield from work.must(tool, path=entry.path, offset=offset)
        parts.append(text.partition("\n\n")[2])  # above it: name, size, notes
        offset = next_offset(text)
        if offset is None:
            break
    return extract("\n".join(parts), cut=offset is not None)


def summarise(work: Work) -> Steps[str]:
    """Summarise one file: a table by its columns, anything else by an extract."""
    entry = yield from meant(work, TABLES | DOCUMENTS, "shall I summarise")
    work.next()
    if entry.ending in TABLES:
        return (yield from _table(work, entry))
    found = yield from read(work, entry)
    work.next()
    if found.cut:
        yield from work.not_done(f"{entry.name}: only the first {found.words:,} words were read")
    head = f"`{entry.path}` ({found.words:,} words):"
    if not (work.wish.note or work.wish.sheet):
        return f"{head}\n\n{found.brief()}\n\n{HONEST}"
    path = yield from free_path(work, entry.path, "summary", "md")
    content = f"# {entry.stem}: summary\n\n{found.markdown()}\n\n---\n\n{HONEST}\n"
    yield from write_note(work, path, content)
    return f"I summarised {head.removesuffix(':')} as a note, `{path}`.\n\n{found.brief()}\n\n{HONEST}"


def _table(work: Work, entry: Entry) -> Steps[str]:
    table = yield from look(work, entry.path)
    if not table.columns:
        raise GaveUp(f"`{entry.path}` has no columns I can read.", "no columns")
    overview = yield from query(work, table, overview_sql(table), limit=len(table.columns))
    told = table_text(table, overview.dicts())
    work.next()
    if work.wish.note and not work.wish.sheet:
        path = yield from free_path(work, entry.path, "summary", "md")
        yield from write_note(work, path, f"# {entry.stem}: summary\n\n{told}\n")
    elif work.wish.sheet or work.wish.chart:
        path = yield from free_path(work, entry.path, "summary", "xlsx")
        sheets = [
            {"name": "Summary of columns", "sql": overview_sql(table), "tables": table.source, "title": entry.name},
            {"name": "Data", "sql": f"SELECT * FROM {table.relation}", "tables": table.source},
        ]
        measures = table.where(lambda column: column.measure)
        if work.wish.chart and measures:
            sheets[0]["chart"] = chart_input(work.wish.chart, "Column", ["Average"], f"{entry.stem}: averages")
        yield from write_workbook(work, path, sheets)
    else:
        return told
    return f"{told}\n\nIt is in `{path}`."


def table_text(table: Table, overview: list[dict[str, str]]) -> str:
    """What an overview of a table's columns says."""
    rows = f"{counted(table.rows, 'row')} and " if table.rows is not None else ""
    lines = [f"`{table.path}` has {rows}{counted(len(table.columns), 'column')}.", ""]
    for line in overview[:MAX_COLUMNS_TOLD]:
        missing = f", {shown(line['Missing'])} missing" if line.get("Missing", "0") not in {"0", ""} else ""
        span = f"{shown(line['Smallest'])} to {shown(line['Largest'])}"
        average = line.get("Average", "")
        detail = f"{span}, average {shown(average)}" if average else f"{shown(line['Different'])} different values"
        lines.append(f"- {line['Column']}: {detail}{missing}")
    if len(overview) > MAX_COLUMNS_TOLD:
        lines.append(f"- and {len(overview) - MAX_COLUMNS_TOLD} more columns")
    if table.other_sheets:
        lines += ["", f"This is the sheet “{table.sheet}”; there are also {listed(table.other_sheets)}."]
    return "\n".join(lines)

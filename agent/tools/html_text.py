"""HTML as Markdown: headings, paragraphs, lists, links, tables, code. Scripts and styles are left out."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from agent.tools import table_text

_SKIPPED = frozenset({"script", "style", "noscript", "template", "svg", "head"})
_BLOCKS = frozenset(
    {"p", "div", "section", "article", "main", "header", "footer", "nav", "aside", "ul", "ol", "blockquote", "figure",
     "figcaption", "form", "dl", "dt", "dd", "address", "body", "center", "fieldset"}
)  # fmt: skip
_HEADINGS = {f"h{level}": "#" * level for level in range(1, 7)}
_EMPHASIS = {"b": "**", "strong": "**", "i": "*", "em": "*", "code": "`"}


def markdown(html: str) -> str:
    """The readable text of a page. Never fails: broken markup gives what can be read."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.result()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._out: list[str] = []
        self._skipping = 0
        self._lists: list[int | None] = []
        self._links: list[str | None] = []
        self._rows: list[list[str]] | None = None
        self._tables = 0
        self._in_cell = False
        self._preformatted = 0
        self._title: list[str] | None = None
        self.title = ""

    def result(self) -> str:
        text = "".join(self._out).replace("\0", "")
        text = re.sub(r"[ \t]+\n", "\n", text)
        text = re.sub(r"\n{3,}", "\n\n", text).strip()
        return f"# {self.title}\n\n{text}".strip() if self.title and not text.startswith("# ") else text

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "title":
            self._title = []
        elif tag in _SKIPPED:
            self._skipping += 1
        elif self._skipping:
            return
        elif tag in _HEADINGS:
            self._out.append(f"\n\n{_HEADINGS[tag]} ")
        elif tag in _EMPHASIS and not self._preformatted:
            self._out.append(_EMPHASIS[tag])
        elif tag == "a":
            self._links.append(dict(attrs).get("href"))
            self._out.append("[")
        elif tag == "img":
            alt = (dict(attrs).get("alt") or "").strip()
            self._out.append(f"(image: {alt})" if alt else "")
        else:
            self._start_block(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag == "title" and self._title is not None:
            self.title = " ".join("".join(self._title).split())
            self._title = None
        elif tag in _SKIPPED:
            self._skipping = max(0, self._skipping - 1)
        elif self._skipping:
            return
        elif tag in _HEADINGS:
            self._out.append("\n\n")
        elif tag in _EMPHASIS and not self._preformatted:
            self._out.append(_EMPHASIS[tag])
        elif tag == "a" and self._links:
            href = self._links.pop()
            follow = href and not href.startswith(("#", "javascript:"))
            self._out.append(f"]({href})" if follow else "]")
        else:
            self._end_block(tag)

    def handle_data(self, data: str) -> None:
        if self._title is not None:
            self._title.append(data)
        elif self._skipping:
            return
        elif self._preformatted:
            self._out.append(data)
        elif data.strip():
            lead = " " if data[0].isspace() and self._out and not self._out[-1].endswith(("\n", " ")) else ""
            self._out.append(f"{lead}{' '.join(data.split())}{' ' if data[-1].isspace() else ''}")
        elif self._out and not self._out[-1].endswith(("\n", " ")):
            self._out.append(" ")

    def _start_block(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        match tag:
            case "br":
                self._out.append(" " if self._rows is not None else "\n")
            case "hr":
                self._out.append("\n\n---\n\n")
            case "pre":
                self._preformatted += 1
                self._out.append("\n\n```\n")
            case "ul" | "ol":
                self._lists.append(1 if tag == "ol" else None)
                self._out.append("\n")
            case "li":
                indent = "  " * max(0, len(self._lists) - 1)
                number = self._lists[-1] if self._lists else None
                self._out.append(f"\n{indent}{'-' if number is None else f'{number}.'} ")
                if number is not None:
                    self._lists[-1] = number + 1
            case "table":
                self._tables += 1
                if self._tables == 1:
                    self._rows = []
                    self._out.append("\n\n\0")  # marks where the text of cells begins
            case "tr" if self._tables == 1 and self._rows is not None:
                self._end_cell()
                self._rows.append([])
            case "td" | "th" if self._tables == 1:
                self._end_cell()
                self._in_cell = True
                self._out.append("\0")
            case _:
                self._out.append("" if tag not in _BLOCKS else "\n\n" if self._rows is None else " ")

    def _end_block(self, tag: str) -> None:
        match tag:
            case "pre":
                self._preformatted = max(0, self._preformatted - 1)
                self._out.append("\n```\n\n")
            case "ul" | "ol":
                if self._lists:
                    self._lists.pop()
                self._out.append("\n\n" if not self._lists else "\n")
            case "td" | "th" | "tr" if self._tables == 1:
                self._end_cell()
            case "table" if self._tables:
                if self._tables == 1:
                    self._end_cell()
                self._tables -= 1
                if self._tables == 0:
                    self._end_table()
            case _:
                self._out.append("" if tag not in _BLOCKS else "\n\n" if self._rows is None else " ")

    def _end_cell(self) -> None:
        """Cells often are not closed."""
        if self._in_cell and self._rows:
            self._rows[-1].append(" ".join(self._since_mark().split()))
        self._in_cell = False

    def _end_table(self) -> None:
        rows = [row for row in self._rows or [] if any(row)]
        self._rows = None
        loose = self._since_mark().strip()
        if rows:
            width = max(map(len, rows))
            filled = [row + [""] * (width - len(row)) for row in rows]
            text, _ = table_text.table(filled[0], filled[1:], limit=1 << 30)
            self._out.append(f"{loose}\n\n{text}\n\n" if loose else f"{text}\n\n")

    def _since_mark(self) -> str:
        """Take back what was written since the last mark."""
        for position in range(len(self._out) - 1, -1, -1):
            before, mark, after = self._out[position].rpartition("\0")
            if mark:
                text = after + "".join(self._out[position + 1 :])
                self._out[position:] = [before]
                return text
        return ""

"""Word, PowerPoint and Excel files as Markdown, piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, BinaryIO

from agent.core.ports import ToolError
from agent.tools import table_text, workbook_read
from agent.tools.truncate import counted

OUTLINE_ROWS = 10
OUTLINE_COLUMNS = 30
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_MATH_SIGNS = {f"{_M}den": "/", f"{_M}sup": "^", f"{_M}sub": "_"}
_PICTURE = 13  # MSO_SHAPE_TYPE.PICTURE


def docx(file: BinaryIO) -> Iterator[str]:
    """Headings, paragraphs, lists, tables, formulas (as plain text), comments and footnotes left out, that is said."""
    import docx as library
    from docx.table import Table

    workbook_read.check_package(file, "docx")
    document = _opened(lambda: library.Document(file), "Word document")
    for block in document.iter_inner_content():
        if isinstance(block, Table):
            yield _word_table(block)
            continue
        text = _word_text(block._p).strip()  # noqa: SLF001 - the library's own text leaves out changes and formulas
        if not text:
            continue
        style = (block.style.name or "") if block.style is not None else ""
        if style.startswith("Heading ") and style[-1].isdigit():
            yield f"{'#' * min(6, int(style[-1]))} {text}"
        elif style == "Title":
            yield f"# {text}"
        elif style.startswith("List") or block._p.find(f"{_W}pPr/{_W}numPr") is not None:  # noqa: SLF001 - as above
            yield f"- {text}"
        else:
            yield text
    pictures = len(document.inline_shapes)
    if pictures:
        yield f"[not shown here: {counted(pictures, 'picture')}]"


def pptx(file: BinaryIO) -> Iterator[str]:
    """One piece a slide: title, texts, tables, notes."""
    import pptx as library

    workbook_read.check_package(file, "pptx")
    deck = _opened(lambda: library.Presentation(file), "PowerPoint file")
    for number, slide in enumerate(deck.slides, start=1):
        title = slide.shapes.title
        lines = [f"## Slide {number}: {title.text_frame.text.strip()}" if title is not None else f"## Slide {number}"]
        lines += [text for shape in slide.shapes if shape != title for text in _shape(shape)]
        if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
            notes = slide.notes_slide.notes_text_frame.text.strip()
            lines += [f"Notes: {notes}"] if notes else []
        yield "\n\n".join(lines)


def xlsx(file: BinaryIO) -> Iterator[str]:
    """One piece a sheet: its size and first rows."""
    with workbook_read.opened(file) as book:
        yield f"{counted(len(book.sheetnames), 'sheet')}. Compute with them with describe_table and query_table."
        for sheet in book.worksheets:
            sheet.reset_dimensions()
            rows = sheet.iter_rows(values_only=True, max_col=OUTLINE_COLUMNS)
            first = list(islice(rows, OUTLINE_ROWS + 1))
            count = len(first) + sum(1 for _ in rows)
            if not any(value is not None for row in first for value in row):
                yield f"## {sheet.title}\n\nNothing in its first rows." if count else f"## {sheet.title}\n\nEmpty."
                continue
            width = max(map(workbook_read.filled, first))
            filled = [(*row, *[None] * (width - len(row)))[:width] for row in first]
            text, _ = table_text.table([table_text.cell(value) for value in filled[0]], filled[1:], limit=4_000)
            yield f"## {sheet.title} ({counted(count, 'row')})\n\n{text}"


def _opened(work: Callable[[], Any], what: str) -> Any:
    try:
        return work()
    except Exception as error:  # the libraries raise whatever their parsers do
        raise ToolError(f"is damaged: it is no complete {what}. Open and save it anew, then try again.") from error


def _word_text(paragraph: Any) -> str:
    parts: list[str] = []
    for node in paragraph.iter():
        if node.tag in {f"{_W}t", f"{_M}t"}:
            parts.append(node.text or "")
        elif node.tag in _MATH_SIGNS:
            parts.append(_MATH_SIGNS[node.tag])
        elif node.tag == f"{_W}tab" and node.getparent().tag == f"{_W}r":
            parts.append("\t")
        elif node.tag in {f"{_W}br", f"{_W}cr"}:
            parts.append("\n")
    return "".join(parts)


def _word_table(table: Any) -> str:
    rows: list[list[str]] = []
    for row in table.rows:
        seen: list[Any] = []
        cells: list[str] = []
        for cell in row.cells:  # a merged cell comes once for each column it spans
            again = bool(seen) and seen[-1] is cell._tc  # noqa: SLF001 - identity of merged cells
            seen.append(cell._tc)  # noqa: SLF001 - as above
            cells.append("" if again else " ".join(_word_text(cell._tc).split()))  # noqa: SLF001 - as above
        rows.append(cells)
    if not rows:
        return ""
    width = max(map(len, rows))
    filled = [row + [""] * (width - len(row)) for row in rows]
    return table_text.table(filled[0], filled[1:], limit=1 << 30)[0]


def _shape(shape: Any) -> Iterator[str]:
    if hasattr(shape, "shapes"):
        for inner in shape.shapes:
            yield from _shape(inner)
    elif getattr(shape, "has_table", False):
        rows = [[cell.text for cell in row.cells] for row in shape.table.rows]
        yield table_text.table(rows[0], rows[1:], limit=1 << 30)[0]
    elif getattr(shape, "has_chart", False):
        yield "(a chart, not shown here)"
    elif shape.has_text_frame:
        lines = [
            f"{'  ' * p.level}- {p.text}" if p.level else p.text for p in shape.text_frame.paragraphs if p.text.strip()
        ]
        if lines:
            yield "\n".join(lines)
    elif shape.shape_type == _PICTURE:
        yield "(a picture, not shown here)"

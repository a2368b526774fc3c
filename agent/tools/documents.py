"""Read documents of many kinds as Markdown, in parts."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from typing import Annotated, BinaryIO
from urllib.parse import unquote

from pydantic import AfterValidator, Field

from agent.core.ports import Planned, Progress, ToolError, ToolOutput, Workspace
from agent.tools import html_text, office, text
from agent.tools.base import BaseTool, Input, find_file
from agent.tools.truncate import counted, joined, size, window
from agent.tools.workbook_read import check_package

MAX_TEXT_BYTES = 50 << 20
"""Pages, mails and book chapters larger than this are not taken into memory."""
_PAGES = re.compile(r"\s*\d+\s*(-\s*\d+\s*)?(,\s*\d+\s*(-\s*\d+\s*)?)*")
_EXIF_TAKEN = (0x9003, 0x0132)
_EXIF_IFD = 0x8769


def _page_list(pages: str) -> str:
    if not _PAGES.fullmatch(pages):
        raise ValueError("is no list of pages such as 1-3,7")
    return pages


class ReadDocumentInput(Input):
    path: str = Field(description="The document: pdf, docx, pptx, xlsx, html, epub, eml, image, txt or md.")
    pages: Annotated[str, AfterValidator(_page_list)] | None = Field(
        default=None, description="Pages of a pdf or slides of a pptx, e.g. 1-3,7; default: all."
    )
    offset: int = Field(default=0, ge=0, description="First character to read, as a former output said.")


@dataclass(slots=True)
class Reading:
    """A document being read: which pages are wanted (1-based, None: all), and remarks on the way."""

    pages: frozenset[int] | None = None
    notes: list[str] = field(default_factory=list)

    def wants(self, number: int) -> bool:
        """Whether the page is wanted."""
        return self.pages is None or number in self.pages


Reader = Callable[[BinaryIO, Reading], Iterator[str]]


class ReadDocument(BaseTool[ReadDocumentInput]):
    """Documents as Markdown."""

    name = "read_document"
    description = (
        "Read a document as Markdown: pdf, docx, pptx, xlsx (outline only), html, epub, eml, txt, md; of an image its "
        "size and date. Scanned or encrypted documents are said to be so. Long documents come in parts."
    )
    input = ReadDocumentInput

    def plan(self, wanted: ReadDocumentInput, workspace: Workspace) -> Planned:
        path = _document(workspace, wanted.path)
        return Planned(f"Reading {workspace.display(path)}", reads=(path,))

    def run(self, wanted: ReadDocumentInput, workspace: Workspace, progress: Progress) -> ToolOutput:
        path = _document(workspace, wanted.path)
        name = workspace.display(path)
        progress(f"Reading {path.name}")
        reading = Reading(_pages(wanted.pages))
        with workspace.open(path) as file:
            total = file.seek(0, 2)
            file.seek(0)
            if total == 0:
                return ToolOutput(f"{name} is empty (0 bytes).")
            try:
                part = window(joined(_checked(_read(file, path, reading), workspace)), wanted.offset)
            except ToolError as error:
                raise ToolError(f"{name} {error}") from error
        if not part.text.strip() and wanted.offset:
            raise ToolError(f"{name} ends before character {wanted.offset}. Use a smaller offset.")
        body = part.text.rstrip() or "There is no text in it."
        notes = [f"Note: {note}." for note in reading.notes]
        return ToolOutput(
            "\n".join([f"{name} ({size(total)})", *notes, "", body, *(["", part.note] if part.more else [])]),
            not_done=tuple(f"{name}: {note}" for note in reading.notes),
        )


def searchable(file: BinaryIO, path: Path) -> Iterator[tuple[str, str]]:
    """Text of a file for searching: (where, text). Files without text give nothing. Raises `ToolError`."""
    suffix = path.suffix.lower()
    if suffix in READERS and suffix not in _IMAGES and suffix not in _TEXTS:
        for piece in READERS[suffix](file, Reading()):
            yield "", piece
        return
    codec = text.detect(file)
    number = 1
    rest = ""
    for piece in text.pieces(file, codec) if codec else ():
        *lines, rest = (rest + piece).split("\n")
        for line in lines:
            yield f"line {number}: ", line
            number += 1
    if rest:
        yield f"line {number}: ", rest


def _document(workspace: Workspace, name: str) -> Path:
    path = find_file(workspace, name)
    if path.suffix.lower() not in READERS:
        hint = _HINTS.get(path.suffix.lower(), "If it is text, use read_file.")
        raise ToolError(f"{workspace.display(path)} is of no kind that can be read as a document. {hint}")
    return path


def _read(file: BinaryIO, path: Path, reading: Reading) -> Iterator[str]:
    suffix = path.suffix.lower()
    start = file.read(5)
    file.seek(0)
    if suffix != ".pdf" and start == b"%PDF-":
        reading.notes.append("it is a PDF, whatever its name says")
        suffix = ".pdf"
    return READERS[suffix](file, reading)


def _checked(pieces: Iterator[str], workspace: Workspace) -> Iterator[str]:
    for piece in pieces:
        workspace.checkpoint()
        if piece:
            yield piece


def _pages(wanted: str | None) -> frozenset[int] | None:
    if wanted is None:
        return None
    pages: set[int] = set()
    for part in wanted.split(","):
        first, _, last = part.partition("-")
        pages.update(range(int(first), min(int(last or first), int(first) + 10_000) + 1))
    return frozenset(pages)


def _pdf(file: BinaryIO, reading: Reading) -> Iterator[str]:
    import pypdf
    from pypdf.errors import DependencyError, PyPdfError

    try:
        document = pypdf.PdfReader(file)
        if document.is_encrypted and not document.decrypt(""):
            raise ToolError("is an encrypted PDF: it needs its password. Save an unprotected copy and try again.")
        count = len(document.pages)
    except DependencyError as error:
        raise ToolError(
            "is encrypted in a way Deskhand cannot open. Save an unprotected copy and try again."
        ) from error
    except (PyPdfError, ValueError, KeyError, RecursionError, OSError) as error:
        raise ToolError("is a damaged PDF. Open it, print it to a new PDF, and try again.") from error
    wanted = [number for number in range(1, count + 1) if reading.wants(number)]
    if not wanted:
        raise ToolError(f"has only {counted(count, 'page')}. Ask for pages 1-{count}.")
    yield f"PDF, {counted(count, 'page')}."
    for number in wanted:
        try:
            page = document.pages[number - 1]
            content = page.extract_text().strip()
            scanned = not content and len(page.images) > 0
        except Exception:  # noqa: BLE001 - a parser of broken files; the other pages are still worth reading
            reading.notes.append(f"page {number} is damaged and was left out")
            yield f"## Page {number}\n\n[damaged, left out]"
            continue
        if scanned:
            reading.notes.append(
                f"page {number} is a scanned image without text; Deskhand does not read pictures of text"
            )
        yield f"## Page {number}\n\n" + (content or ("[scanned image, no text]" if scanned else "[no text]"))


def _slides(file: BinaryIO, reading: Reading) -> Iterator[str]:
    for number, slide in enumerate(office.pptx(file), start=1):
        if reading.wants(number):
            yield slide


def _whole(file: BinaryIO) -> str:
    if file.seek(0, 2) > MAX_TEXT_BYTES:
        raise ToolError(f"is larger than {size(MAX_TEXT_BYTES)}. Split it, or read it with read_file.")
    codec = text.detect(file)
    if codec is None:
        raise ToolError("is no text, whatever its name says.")
    return "".join(text.pieces(file, codec))


def _html(file: BinaryIO, _reading: Reading) -> Iterator[str]:
    yield html_text.markdown(_whole(file))


def _plain(file: BinaryIO, _reading: Reading) -> Iterator[str]:
    codec = text.detect(file)
    if codec is None:
        raise ToolError("is no text, whatever its name says.")
    yield from text.pieces(file, codec)


def _mail(file: BinaryIO, _reading: Reading) -> Iterator[str]:
    if file.seek(0, 2) > MAX_TEXT_BYTES:
        raise ToolError(f"is larger than {size(MAX_TEXT_BYTES)}: too large to open. Save its attachments instead.")
    file.seek(0)
    message = BytesParser(EmailMessage, policy=policy.default).parse(file)
    heads = ((name, message.get(name)) for name in ("From", "To", "Cc", "Date", "Subject"))
    yield "\n".join(f"**{name}:** {' '.join(str(value).split())}" for name, value in heads if value)
    body = message.get_body(("plain", "html"))
    if body is not None:
        try:
            content = str(body.get_content())
        except (LookupError, KeyError):
            content = (body.get_payload(decode=True) or b"").decode("latin-1")  # type: ignore[union-attr]
        yield html_text.markdown(content) if body.get_content_subtype() == "html" else content.replace("\r\n", "\n")
    attached = [
        f"- {part.get_filename() or 'without a name'} ({part.get_content_type()}, {size(len(_payload(part)))})"
        for part in message.iter_attachments()
    ]
    if attached:
        yield "\n".join(["Attachments (not read; save them as files first):", *attached])


def _payload(part: EmailMessage) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


class _Package(HTMLParser):
    """Reads an EPUB's package file, simple XML, without a parser that follows entities."""

    def __init__(self) -> None:
        super().__init__()
        self.items: dict[str, str] = {}
        self.spine: list[str] = []
        self.root = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        match tag.rpartition(":")[2]:
            case "rootfile":
                self.root = self.root or given.get("full-path", "")
            case "item":
                self.items[given.get("id", "")] = given.get("href", "")
            case "itemref":
                self.spine.append(given.get("idref", ""))
            case _:
                pass


def _epub(file: BinaryIO, reading: Reading) -> Iterator[str]:
    check_package(file, "epub")
    with zipfile.ZipFile(file) as package:
        try:
            index = _Package()
            index.feed(_member(package, "META-INF/container.xml"))
            index.feed(_member(package, index.root))
        except KeyError as error:
            raise ToolError("is no complete EPUB: its table of contents is missing. Convert it anew.") from error
        folder = PurePosixPath(index.root).parent
        for chapter in index.spine:
            name = str(folder / unquote(index.items.get(chapter, "")))
            try:
                yield html_text.markdown(_member(package, name))
            except KeyError:
                reading.notes.append(f"the chapter {name} is missing in the file")


def _member(package: zipfile.ZipFile, name: str) -> str:
    if package.getinfo(name).file_size > MAX_TEXT_BYTES:
        raise ToolError(f"holds a chapter larger than {size(MAX_TEXT_BYTES)}. Split it.")
    return package.read(name).decode("utf-8", errors="replace")


def _image(file: BinaryIO, _reading: Reading) -> Iterator[str]:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(file) as picture:
            width, height = picture.size
            exif = picture.getexif()
            taken = exif.get_ifd(_EXIF_IFD).get(_EXIF_TAKEN[0]) or exif.get(_EXIF_TAKEN[1])
            kind = picture.format
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError, ValueError, SyntaxError) as error:
        raise ToolError("is no image that can be opened; it may be damaged.") from error
    when = f", taken {str(taken).replace(':', '-', 2)}" if taken else ", no date in it"
    yield f"{kind} image, {width} × {height} pixels{when}. What it shows cannot be told from here."


def _docx(file: BinaryIO, _reading: Reading) -> Iterator[str]:
    return office.docx(file)


def _xlsx(file: BinaryIO, _reading: Reading) -> Iterator[str]:
    return office.xlsx(file)


_IMAGES = frozenset({".jpg", ".jpeg", ".png", ".gif", ".webp", ".tif", ".tiff", ".bmp"})
_TEXTS = frozenset({".txt", ".md", ".markdown", ".rst", ".log"})
READERS: Mapping[str, Reader] = {
    ".pdf": _pdf,
    ".docx": _docx,
    ".pptx": _slides,
    ".xlsx": _xlsx,
    ".xlsm": _xlsx,
    ".html": _html,
    ".htm": _html,
    ".xhtml": _html,
    ".epub": _epub,
    ".eml": _mail,
    **dict.fromkeys(_TEXTS, _plain),
    **dict.fromkeys(_IMAGES, _image),
}
_HINTS = {
    ".doc": "It is in Word's old format: save it as docx.",
    ".ppt": "It is in PowerPoint's old format: save it as pptx.",
    ".xls": "It is in Excel's old format: save it as xlsx.",
    ".msg": "It is an Outlook message: save it as eml, or its text as txt.",
    ".odt": "Save it as docx or pdf.",
    ".csv": "Use read_file, describe_table or query_table.",
    ".tsv": "Use read_file, describe_table or query_table.",
}

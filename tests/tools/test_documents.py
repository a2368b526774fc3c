"""Documents of many kinds become Markdown, and what cannot be read says why."""

import io
import zipfile
from email.message import EmailMessage
from typing import Any

import docx
import pptx
import pypdf
import pytest
from PIL import Image

from agent.core.ports import ToolError


def read(desk: Any, path: str, **more: Any) -> str:
    return desk.use("read_document", path=path, **more).text


def test_pdf(desk: Any):
    desk.copy("movie-theater-booking-2024.pdf")

    text = read(desk, "movie-theater-booking-2024.pdf")
    assert text.startswith("movie-theater-booking-2024.pdf (3.8 KB)\n\nPDF, 1 page.\n\n## Page 1\n")
    assert "STARLIGHT CINEMAS" in text
    with pytest.raises(ToolError, match=r"has only 1 page\. Ask for pages 1-1"):
        read(desk, "movie-theater-booking-2024.pdf", pages="7")
    with pytest.raises(ToolError, match="`pages` is no list of pages"):
        read(desk, "movie-theater-booking-2024.pdf", pages="first")


def test_an_encrypted_pdf_says_what_it_needs(desk: Any):
    writer = pypdf.PdfWriter(clone_from=desk.copy("movie-theater-booking-2024.pdf"))
    writer.encrypt("secret", algorithm="AES-256")
    writer.write(desk.folder / "locked.pdf")

    with pytest.raises(
        ToolError, match=r"locked\.pdf is an encrypted PDF: it needs its password\. Save an unprotected copy"
    ):
        read(desk, "locked.pdf")


def test_a_scanned_page_is_recognised(desk: Any):
    Image.new("RGB", (200, 100), "white").save(desk.folder / "scan.pdf")
    output = desk.use("read_document", path="scan.pdf")

    assert "[scanned image, no text]" in output.text
    assert output.not_done == (
        "scan.pdf: page 1 is a scanned image without text; Deskhand does not read pictures of text",
    )


@pytest.mark.parametrize("name", ["b.pdf", "b.docx", "b.pptx", "b.xlsx", "b.epub", "b.png"])
@pytest.mark.parametrize("content", [b"nonsense", b"%PDF-1.7\nnonsense", b"PK\x03\x04nonsense"])
def test_broken_documents_say_so(desk: Any, name: str, content: bytes):
    desk.file(name, content)

    with pytest.raises(ToolError, match=rf"b\.{name[2:]} is "):
        read(desk, name)


def test_word(desk: Any):
    document = docx.Document()
    document.add_heading("Plan", 1)
    document.add_paragraph("First words.")
    document.add_paragraph("an item", style="List Bullet")
    table = document.add_table(2, 2)
    for cell, text in zip(table._cells, ["a", "b|c", "1", "2"], strict=True):
        cell.text = text
    document.add_paragraph("Last words.")
    document.save(desk.folder / "plan.docx")

    assert read(desk, "plan.docx").split("\n\n", 1)[1] == (
        "# Plan\n\nFirst words.\n\n- an item\n\n| a | b\\|c |\n| --- | --- |\n| 1 | 2 |\n\nLast words."
    )
    desk.copy("equations.docx")
    assert "2.2×10^-4" in read(desk, "equations.docx")


def test_powerpoint(desk: Any):
    deck = pptx.Presentation()
    for number in (1, 2):
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = f"Title {number}"
        slide.placeholders[1].text = f"Body {number}"
        slide.notes_slide.notes_text_frame.text = f"Say {number}"
    deck.save(desk.folder / "deck (1).pptx")

    assert "## Slide 1: Title 1\n\nBody 1\n\nNotes: Say 1" in read(desk, "deck (1).pptx")
    second = read(desk, "deck (1).pptx", pages="2")
    assert "Title 2" in second
    assert "Title 1" not in second


def test_excel_is_an_outline(desk: Any):
    desk.copy("workbook.xlsx")

    text = read(desk, "workbook.xlsx")
    assert "2 sheets. Compute with them" in text
    assert "| Alpha | Beta | Gamma | Delta |\n" in text


def test_html(desk: Any):
    desk.file(
        "page.html",
        "<html><head><title>T</title><style>x{}</style></head><body><script>evil()</script><h2>Head</h2>"
        "<p>One <b>bold</b>\n<a href='https://e.org'>link</a>.</p><ul><li>a<li>b</ul>"
        "<table><tr><th>k<th>v</tr><tr><td>x</td><td>1<br>2</td></tr></table><pre>a  b\n c</pre></body></html>",
    )

    text = read(desk, "page.html")
    assert "# T" in text
    assert "## Head" in text
    assert "One **bold** [link](https://e.org)." in text
    assert "- a\n- b" in text
    assert "| k | v |\n| --- | --- |\n| x | 1 2 |" in text
    assert "```\na  b\n c\n```" in text
    assert "evil" not in text


def test_html_in_an_old_encoding(desk: Any):
    desk.file("old.html", "<p>日本語のページです</p>".encode("cp932"))

    assert "日本語のページです" in read(desk, "old.html")


def test_epub(desk: Any):
    desk.copy("book.epub")

    text = read(desk, "book.epub")
    assert "# Chapter 1: Test Content" in text
    assert text.index("Chapter 1: Test") < text.index("Chapter 2: More")


def test_mail(desk: Any):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@example.org", "b@example.org", "Grüße"
    mail.set_content("Hello,\nüber alles.\n")
    mail.add_alternative("<p>not this</p>", subtype="html")
    mail.add_attachment(b"x" * 2000, maintype="application", subtype="pdf", filename="rechnung ü.pdf")
    desk.file("m.eml", mail.as_bytes())

    text = read(desk, "m.eml")
    assert "**Subject:** Grüße" in text
    assert "Hello,\nüber alles." in text
    assert "- rechnung ü.pdf (application/pdf, 2.0 KB)" in text
    assert "not this" not in text


def test_an_image_tells_its_size_and_date(desk: Any):
    exif = Image.Exif()
    exif[0x0132] = "2024:03:14 22:10:00"
    Image.new("RGB", (30, 20)).save(desk.folder / "p.jpg", exif=exif)

    assert "JPEG image, 30 × 20 pixels, taken 2024-03-14 22:10:00." in read(desk, "p.jpg")


def test_a_long_document_is_read_to_its_end_in_parts(desk: Any):
    desk.file("long.md", "".join(f"Paragraph {number}.\n\n" for number in range(2_000)))
    seen = ""
    offset = 0
    while True:
        body = read(desk, "long.md", offset=offset).split("\n\n", 1)[1]
        if "read on with offset=" not in body:
            seen += body
            break
        part, note = body.rsplit("\n\n[characters", 1)
        seen += part + "\n\n"
        offset = int(note.rsplit("=", 1)[1].rstrip("]"))

    assert seen.split("\n\n") == [f"Paragraph {number}." for number in range(2_000)]


@pytest.mark.parametrize(
    ("name", "why"), [("a.doc", "save it as docx"), ("m.msg", "save it as eml"), ("t.csv", "describe_table")]
)
def test_other_kinds_say_what_to_do(desk: Any, name: str, why: str):
    desk.file(name, "x")

    with pytest.raises(ToolError, match=why):
        read(desk, name)


def test_a_package_that_unpacks_without_end_is_refused(desk: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("agent.tools.workbook_read.MAX_UNPACKED_BYTES", 10_000)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/document.xml", bytes(1_000_000))
    desk.file("bomb.docx", packed.getvalue())

    with pytest.raises(ToolError, match="too large"):
        read(desk, "bomb.docx")

"""Text in whatever encoding it comes: found out, said, and read in bounded memory."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from typing import BinaryIO

CHUNK_BYTES = 1 << 20
SAMPLE_BYTES = 1 << 16
MAX_CHARACTER_BYTES = 4

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BINARY_STARTS = (
    b"%PDF",
    b"PK\x03\x04",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"\xd0\xcf\x11\xe0",
    b"\x1f\x8b",
    b"PAR1",
)
_FEW = 0.3
_MOST = 0.8
_NARROW = 0.8  # half-width kana are rarer than others
_LATIN = frozenset([*range(0xC0, 0x100), *"€‘’“”•–—…™\xa0£§©«°»·½".encode("cp1252")])
_COMMON_JAPANESE = frozenset("日本東京都県市区町村前住所年月円田会電話番号様株式のはをにがーンス")
_COMMON_CHINESE = frozenset("的是不了我这国们来个北京市省县张刘电话号码公司区路")


def detect(file: BinaryIO) -> str | None:
    """Codec of a text file from its beginning to its end; None for a file that is no text. Rewinds ``file``.

    Anything that is UTF-8 throughout is UTF-8; else the place where it is not decides among older encodings.
    """
    file.seek(0)
    head = file.read(SAMPLE_BYTES)
    file.seek(0)
    for bom, codec in _BOMS:
        if head.startswith(bom):
            return codec
    if head.startswith(_BINARY_STARTS):
        return None
    if b"\0" in head:
        return _utf16(head)
    controls = sum(head.count(bytes([code])) for code in range(32) if code not in b"\t\n\r\f\x1b")
    if controls > len(head) * 0.01:
        return None
    decoder = codecs.getincrementaldecoder("utf-8")()
    foreign = False
    chunk = head
    try:
        while following := file.read(CHUNK_BYTES):
            chunk = following
            foreign |= not decoder.decode(chunk).isascii()
        decoder.decode(b"", final=True)
        return "utf-8"
    except UnicodeDecodeError as error:
        if foreign and len(error.object) < MAX_CHARACTER_BYTES:
            return "utf-8"  # only cut off at its end
        start = (
            chunk.rfind(b"\n", 0, max(0, error.start - SAMPLE_BYTES // 2)) + 1
        )  # no half characters at its beginning
        return _legacy(chunk[start : start + SAMPLE_BYTES])
    finally:
        file.seek(0)


def pieces(file: BinaryIO, codec: str) -> Iterator[str]:
    """The text in pieces, line ends as a line feed; what does not decode becomes �."""
    file.seek(0)
    with_newlines = io.TextIOWrapper(file, encoding=codec, errors="replace", newline=None)
    try:
        while piece := with_newlines.read(CHUNK_BYTES):
            yield piece
    finally:
        with_newlines.detach()


def label(codec: str) -> str:
    """The codec as people know it."""
    known = {"utf-8-sig": "UTF-8 with BOM", "cp932": "Shift-JIS (cp932)", "cp1252": "Windows Latin (cp1252)"}
    return known.get(codec, codec.upper().replace("_", "-"))


def _utf16(head: bytes) -> str | None:
    even, odd = head[::2].count(0), head[1::2].count(0)
    half = max(1, len(head) // 2)
    if odd > half * _FEW and even < odd / 8:
        return "utf-16-le"
    if even > half * _FEW and odd < even / 8:
        return "utf-16-be"
    return None


def _legacy(sample: bytes) -> str:
    """The likeliest of the encodings older files are in."""
    runs = re.findall(rb"[\x80-\xff]+", sample)
    accents = all(byte in _LATIN for run in runs for byte in run)
    if accents and sum(map(len, runs)) <= 2 * len(runs):  # letters with accents stand alone or in twos
        return "cp1252" if _decoded(sample, "cp1252") is not None else "latin-1"
    scores = {codec: _score(sample, codec) for codec in ("cp932", "euc_jp", "gb2312", "cp1251")}
    best = max(scores, key=scores.__getitem__)
    if scores[best] > _MOST:
        return "gb18030" if best == "gb2312" else best
    from charset_normalizer import from_bytes

    guess = from_bytes(sample).best()
    if guess is not None and guess.encoding not in {"ascii", "utf_8"}:
        return guess.encoding
    return "cp1252" if _decoded(sample, "cp1252") is not None else "latin-1"


def _score(sample: bytes, codec: str) -> float:
    """How much of the text beyond ASCII is what people write in this encoding; common characters break a tie."""
    text = _decoded(sample, codec)
    foreign = [char for char in text or "" if not char.isascii()]
    if not foreign:
        return 0.0
    if codec == "cp1251":
        written: float = sum("а" <= char.lower() <= "я" or char in "ёЁ№«»—" for char in foreign)
        common = sum(char.islower() for char in foreign)
    else:
        kana = sum("\u3041" <= char <= "\u30ff" for char in foreign) if codec != "gb2312" else 0
        narrow = sum("\uff61" <= char <= "\uff9f" for char in foreign)
        written = kana + narrow * _NARROW + sum(_is_ideograph(char) for char in foreign)
        common = sum(char in (_COMMON_CHINESE if codec == "gb2312" else _COMMON_JAPANESE) for char in foreign)
    return (written + common * 0.1) / len(foreign)


def _is_ideograph(char: str) -> bool:
    """Or the punctuation and wide letters that stand among them."""
    return "\u4e00" <= char <= "\u9fff" or "\u3000" <= char <= "\u3020" or "！" <= char <= "～"


def _decoded(sample: bytes, codec: str) -> str | None:
    """Strictly, but for a character cut off at the end."""
    try:
        return codecs.getincrementaldecoder(codec)().decode(sample)
    except UnicodeDecodeError:
        return None

"""What a phone loads at first: the scripts that the page names, compressed."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "relay" / "page"
FIRST_LOAD_BYTES = 60_000


def first_load_bytes() -> int:
    """Compressed size of the scripts that the page names and of all they import statically."""
    html = (PAGE / "index.html").read_text()
    scripts = set(re.findall(r'(?:src|href)="/(assets/[^"]+\.js)"', html))
    assert scripts
    loaded: set[str] = set()
    while scripts - loaded:
        name = (scripts - loaded).pop()
        loaded.add(name)
        text = (PAGE / name).read_text()
        scripts |= {f"assets/{found}" for found in re.findall(r'(?:from|import)\s*"\./([^"]+\.js)"', text)}
    return sum(len(gzip.compress((PAGE / name).read_bytes(), 9)) for name in loaded)


def test_the_first_load_is_at_most_60_kilobytes_of_script() -> None:
    assert first_load_bytes() <= FIRST_LOAD_BYTES

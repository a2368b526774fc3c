"""`make pictures`: tells the browser story once and sets three of its pictures side by side for the README."""

from __future__ import annotations

import tempfile
from pathlib import Path

from PIL import Image

from tests.story.page_story import PICTURES, page_story

TARGET = Path(__file__).parents[1] / "docs" / "images" / "thread.png"
SHOWN = ("thread-light", "ask-light", "file-light")
HEIGHT = 760
GAP = 16


def main() -> None:
    """Write docs/images/thread.png."""
    with tempfile.TemporaryDirectory(prefix="deskhand-pictures-") as folder:
        page_story(Path(folder))
    phones = [Image.open(PICTURES / f"{name}.png").convert("RGB") for name in SHOWN]
    phones = [
        phone.resize((phone.width * HEIGHT // phone.height, HEIGHT), Image.Resampling.LANCZOS) for phone in phones
    ]
    width = sum(phone.width for phone in phones) + GAP * (len(phones) + 1)
    sheet = Image.new("RGB", (width, HEIGHT + 2 * GAP), "#857d6e")
    left = GAP
    for phone in phones:
        sheet.paste(phone, (left, GAP))
        left += phone.width + GAP
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    sheet.quantize(128).save(TARGET, optimize=True)


if __name__ == "__main__":
    main()

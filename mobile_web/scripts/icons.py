# noqa: INP001 - a script to run, not a package
"""Draw the icons of the page from the mark: a lowercase d, its stem the thread and its bowl the knot.

Run `python mobile_web/scripts/icons.py` after a change of the mark; the files in `public/` are committed.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

PUBLIC = Path(__file__).resolve().parent.parent / "public"
GREEN, PAPER = "#0b6350", "#fffefb"
OVERSAMPLE = 8
STEM, BOWL, STROKE = (16.5, 3.0, 21.0), (11.0, 14.8, 5.4), 2.6
"""x, top and bottom of the stem; centre and radius of the bowl; on a 24 grid, as in the sprite."""
CENTRE = ((BOWL[0] - BOWL[2] + STEM[0]) / 2, 12.0)


def mark(size: int, *, scale: float, corner: float = 0, ground: str | None = GREEN) -> Image.Image:
    """The mark on a tile. ``scale``: its 24 grid as a share of the tile; ``corner``: radius as a share."""
    side = size * OVERSAMPLE
    tile = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    draw = ImageDraw.Draw(tile)
    if ground:
        draw.rounded_rectangle((0, 0, side - 1, side - 1), radius=corner * side, fill=ground)
    unit = side * scale / 24

    def at(x: float, y: float) -> tuple[float, float]:
        return side / 2 + (x - CENTRE[0]) * unit, side / 2 + (y - CENTRE[1]) * unit

    half = STROKE / 2
    x, top, bottom = STEM
    draw.rounded_rectangle((*at(x - half, top - half), *at(x + half, bottom + half)), radius=half * unit, fill=PAPER)
    cx, cy, r = BOWL
    rim = (*at(cx - r - half, cy - r - half), *at(cx + r + half, cy + r + half))
    draw.ellipse(rim, outline=PAPER, width=round(STROKE * unit))
    return tile.resize((size, size), Image.Resampling.LANCZOS)


def svg() -> str:
    """The same tile as a vector, for browser tabs."""
    (x, top, bottom), (cx, cy, r) = STEM, BOWL
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 36 36">'
        f'<rect width="36" height="36" rx="8" fill="{GREEN}"/>'
        f'<g transform="translate({18 - CENTRE[0]:g} {18 - CENTRE[1]:g})" fill="none" stroke="{PAPER}"'
        f' stroke-width="{STROKE}" stroke-linecap="round">'
        f'<path d="M{x} {top:g}V{bottom:g}"/><circle cx="{cx:g}" cy="{cy}" r="{r}"/></g></svg>\n'
    )


def main() -> None:
    """Write every icon the manifest and the page name."""
    PUBLIC.mkdir(exist_ok=True)
    (PUBLIC / "icon.svg").write_text(svg())
    for size in (192, 512):
        mark(size, scale=0.68, corner=0.22).quantize(64).save(PUBLIC / f"icon-{size}.png", optimize=True)
    mark(512, scale=0.5).quantize(32).save(PUBLIC / "icon-maskable-512.png", optimize=True)
    mark(180, scale=0.62).convert("RGB").quantize(32).save(PUBLIC / "apple-touch-icon.png", optimize=True)
    # Android draws a notification's badge from its transparency alone.
    mark(96, scale=0.98, ground=None).save(PUBLIC / "badge-96.png", optimize=True)


if __name__ == "__main__":
    main()

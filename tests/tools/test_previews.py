"""What the phone shows of a file."""

from typing import Any

from PIL import Image

from agent.thread.parts import Preview
from agent.tools.previews import preview


def test_tables_are_grids(desk: Any):
    grid = preview(desk.copy("airline-safety.csv"))
    assert grid is not None
    assert grid["kind"] == "grid"
    assert grid["total_rows"] == 56
    assert len(grid["rows"]) == 20
    assert grid["rows"][1][:3] == ["Aer Lingus", "320906734", "2"]
    book = preview(desk.copy("workbook.xlsx"))
    assert book is not None
    assert book["rows"][0] == ["Alpha", "Beta", "Gamma", "Delta"]
    assert book["note"].startswith("Sheet1 and 1 more")
    shift_jis = preview(desk.copy("顧客.csv"))
    assert shift_jis is not None
    assert shift_jis["rows"][0] == ["名前", "年齢", "住所"]


def test_wide_tables_show_eight_columns_and_every_preview_fits_the_wire(desk: Any):
    desk.copy("airline-safety.csv")
    Image.new("RGB", (3, 3)).save(desk.folder / "p.png")
    desk.file("wide.csv", ",".join(f"c{n}" for n in range(30)) + "\n" + ",".join("x" * 500 for _ in range(30)) + "\n")
    desk.file("a.md", "# Hi\n" * 2_000)
    desk.file("a.txt", "Grüße".encode("utf-16"))
    wide = preview(desk.folder / "wide.csv")

    assert wide is not None
    assert [len(row) for row in wide["rows"]] == [8, 8]
    for path in desk.folder.iterdir():
        shown = preview(path)
        assert shown is not None
        Preview.model_validate(shown)
    markdown = preview(desk.folder / "a.md")
    assert markdown is not None
    assert markdown["kind"] == "markdown"
    assert len(markdown["text"]) == 4_000


def test_what_has_no_preview_has_none(desk: Any):
    for name, content in {
        "a.bin": b"\0",
        "broken.xlsx": b"x",
        "empty.csv": b"",
        "big.jpg": b"\xff" * (1 << 21),
    }.items():
        assert preview(desk.file(name, content)) is None
    (desk.folder / "link.txt").symlink_to("/etc/passwd")
    assert preview(desk.folder / "link.txt") is None
    assert preview(desk.folder / "missing.csv") is None

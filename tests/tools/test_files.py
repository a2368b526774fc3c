"""Looking at files and changing them, as the brain does."""

import os
from typing import Any

import pytest

from agent.core.ports import Op, OutsideGrant, Stopped, ToolError, Touch


def test_a_folder_is_listed_with_sizes_and_dates(desk: Any):
    desk.file("b.csv", "x" * 2300)
    desk.file("A note.md")
    desk.file("sub/deep/c.csv")
    (desk.folder / "away").symlink_to("/etc")

    text = desk.use("list_files").text
    assert text.startswith("Desk: 2 files (2.3 KB), 1 folder\nA note.md · 5 B · 20")
    assert "b.csv · 2.3 KB" in text
    assert "sub/ ·" in text
    assert "away · a link that leads out" in text
    assert "sub/deep/c.csv" in desk.use("list_files", recursive=True, pattern="*.CSV").text
    assert "passwd" not in desk.use("list_files", recursive=True).text


def test_a_long_folder_comes_in_parts(desk: Any):
    for number in range(450):
        desk.file(f"{number:04}.txt")
    seen: list[str] = []
    offset = 0
    while True:
        text = desk.use("list_files", offset=offset).text
        lines = text.splitlines()
        seen += [line.split(" ")[0] for line in lines if ".txt" in line]
        if "read on with offset=" not in lines[-1]:
            break
        offset = int(lines[-1].rsplit("=", 1)[1].rstrip("]"))

    assert seen == [f"{number:04}.txt" for number in range(450)]


def test_deskhands_files_under_way_are_not_listed(desk: Any):
    desk.file(".deskhand-123")

    assert "0 files" in desk.use("list_files").text


@pytest.mark.parametrize(
    ("raw", "said", "text"),
    [
        ("Grüße\n".encode(), "UTF-8", "Grüße"),
        ("Grüße\n".encode("utf-8-sig"), "UTF-8 with BOM", "Grüße"),
        ("Grüße\n".encode("utf-16"), "UTF-16", "Grüße"),
        ("Größe;Preis\nMüller;3,5\nJosé;4\n".encode("latin-1"), "Windows Latin (cp1252)", "Müller"),
        (b"Caf\xe9", "Windows Latin (cp1252)", "Café"),
        ("Grüße und ü".encode()[:-1], "UTF-8", "Grüße und \ufffd"),
        ("Preis 5 € – “gut”\n".encode("cp1252"), "Windows Latin (cp1252)", "5 € – “gut”"),
        ("名前,住所\n山田太郎,東京都\nｶﾅ,かな\n".encode("cp932"), "Shift-JIS (cp932)", "山田太郎"),
        ("名前,住所\n山田太郎,東京都に住んでいる\n".encode("euc_jp"), "EUC-JP", "住んでいる"),
        ("имя;город\nИван;Москва\n".encode("cp1251"), "CP1251", "Москва"),
        ("姓名,城市\n张三是我们的,北京市\n".encode("gb18030"), "GB18030", "北京市"),
    ],
)
def test_text_is_read_in_its_own_encoding(desk: Any, raw: bytes, said: str, text: str):
    desk.file("t.txt", raw)

    output = desk.use("read_file", path="t.txt").text
    assert f", {said})" in output
    assert text in output


def test_a_shift_jis_table_with_a_japanese_name(desk: Any):
    desk.copy("顧客.csv")

    assert "髙橋淳,35,名古屋" in desk.use("read_file", path="顧客.csv").text


def test_an_old_encoding_deep_in_a_long_file_is_noticed(desk: Any):
    desk.file("t.txt", b"plain\n" * 500_000 + "Straße\n".encode("latin-1"))

    assert "cp1252" in desk.use("read_file", path="t.txt").text


def test_a_long_text_is_read_to_its_end_in_parts(desk: Any):
    content = "".join(f"line {number} – ü\n" for number in range(3_000))
    desk.file("long.txt", content)
    parts: list[str] = []
    offset = 0
    while True:
        text = desk.use("read_file", path="long.txt", offset=offset).text
        body = text.split("\n\n", 1)[1]
        assert len(body) < 12_200
        if "read on with offset=" not in body:
            parts.append(body)
            break
        part, note = body.rsplit("\n[characters", 1)
        parts.append(part)
        offset = int(note.rsplit("=", 1)[1].rstrip("]"))

    assert "".join(parts) == content
    with pytest.raises(ToolError, match="ends before character 999999"):
        desk.use("read_file", path="long.txt", offset=999_999)


def test_binary_files_say_what_to_use(desk: Any):
    desk.copy("workbook.xlsx")
    desk.copy("movie-theater-booking-2024.pdf")
    desk.file("x.bin", bytes(range(256)) * 10)

    for name, hint in {
        "workbook.xlsx": "query_table",
        "movie-theater-booking-2024.pdf": "read_document",
        "x.bin": "No tool",
    }.items():
        with pytest.raises(ToolError, match=hint):
            desk.use("read_file", path=name)


def test_an_empty_file_is_said_to_be_empty(desk: Any):
    desk.file("e.txt", b"")

    assert desk.use("read_file", path="e.txt").text == "e.txt is empty (0 bytes)."


def test_searching_finds_names_texts_and_documents(desk: Any):
    desk.file("Budget 2024.txt", "nothing")
    desk.file("notes/a.md", "one\ntwo BUDGET three\n")
    desk.file("old.csv", "名前\n予算\n".encode("cp932"))
    desk.copy("movie-theater-booking-2024.pdf")
    desk.file("broken.pdf", b"%PDF-1.4 nothing")

    text = desk.use("search_files", query="budget").text
    assert "Budget 2024.txt (name)" in text
    assert "notes/a.md: line 2: two BUDGET three" in text
    assert "old.csv: line 2: 予算" in desk.use("search_files", query="予算").text
    found = desk.use("search_files", query="starlight cinemas")
    assert "movie-theater-booking-2024.pdf: " in found.text
    assert [line.split(":")[0] for line in found.not_done] == ["broken.pdf"]


def test_a_search_can_be_stopped(desk: Any):
    desk.file("a.txt")
    workspace = desk.workspace()
    desk.stopped = True

    with pytest.raises(Stopped):
        list(desk.use("search_files", query="x").text)
    assert workspace.roots == (desk.folder,)


def test_writing_says_what_was_done_and_refuses_to_overwrite(desk: Any):
    assert desk.use("write_file", path="reports/a b [1] 🎉.md", content="# Hi\nthere\n").text == (
        "Wrote reports/a b [1] 🎉.md (11 B, 2 lines)."
    )
    assert (desk.folder / "reports/a b [1] 🎉.md").read_text() == "# Hi\nthere\n"
    with pytest.raises(ToolError, match="is there already"):
        desk.use("write_file", path="reports/a b [1] 🎉.md", content="x")
    planned = desk.prepare("write_file", path="reports/a b [1] 🎉.md", content="x", overwrite=True)
    assert planned.touches == (Touch(Op.OVERWRITE, desk.folder / "reports/a b [1] 🎉.md"),)


def test_writing_outside_asks_for_the_folder(desk: Any):
    with pytest.raises(OutsideGrant) as refused:
        desk.use("write_file", path="../x.md", content="x")

    assert refused.value.write


def test_prepare_changes_nothing(desk: Any):
    desk.file("a.txt", "a")
    before = desk.snapshot()
    desk.prepare("write_file", path="x/y/z.md", content="x")
    desk.prepare("edit_file", path="a.txt", old="a", new="b")
    desk.prepare("trash_files", paths=["a.txt"])
    desk.prepare("move_files", moves=[{"from": "a.txt", "to": "q/"}])

    assert desk.snapshot() == before
    assert desk.names() == {"a.txt"}


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "cp932", "cp1252"])
def test_an_edit_keeps_encoding_line_ends_and_the_rest(desk: Any, codec: str):
    text = {"cp932": "名前\r\n東京の山田\r\n", "cp1252": "Straße\r\nMüll\r\n"}.get(codec, "Grüße\r\n日本\r\n")
    desk.file("t.txt", text.encode(codec))
    old, new = text.splitlines()[1], "A\nB"
    desk.use("edit_file", path="t.txt", old=old, new=new)

    assert (desk.folder / "t.txt").read_bytes() == text.replace(old, "A\r\nB").encode(codec)


def test_an_edit_wants_exactly_one_place(desk: Any):
    desk.file("t.txt", "one two one")

    with pytest.raises(ToolError, match="occurs 2 times"):
        desk.use("edit_file", path="t.txt", old="one", new="1")
    with pytest.raises(ToolError, match="does not occur"):
        desk.use("edit_file", path="t.txt", old="three", new="3")


def test_an_edit_that_does_not_fit_the_encoding_is_refused(desk: Any):
    desk.file("t.txt", "日本語のテキスト\n".encode("cp932"))

    with pytest.raises(ToolError, match="lacks a character"):
        desk.use("edit_file", path="t.txt", old="日本", new="🎉")


def test_many_are_moved_at_once(desk: Any):
    for name in ("1.txt", "2.txt", "3.txt", "keep.md"):
        desk.file(name, name)
    moves = [{"from": "1.txt", "to": "2.txt"}, {"from": "2.txt", "to": "3.txt"}, {"from": "3.txt", "to": "old/"}]
    output = desk.use("move_files", moves=moves)

    assert output.text.startswith("Moved 3 of 3.\n")
    assert desk.names() == {"2.txt", "3.txt", "keep.md", "old", "old/3.txt"}
    assert (desk.folder / "2.txt").read_text() == "1.txt"


@pytest.mark.parametrize(
    ("moves", "why"),
    [
        ([("a.txt", "b.txt")], "b.txt is there already"),
        ([("a.txt", "x/c.txt"), ("b.txt", "x/c.txt")], "Two files would become"),
        ([("a.txt", "b.txt"), ("b.txt", "a.txt")], "circle"),
        ([("sub", "sub/inner/")], "into itself"),
        ([("sub", "new/"), ("sub/c.txt", "c.txt")], "lies in a folder that is moved too"),
        ([("a.txt", "x/"), ("a.txt", "y/")], "moved twice"),
        ([("nothing.txt", "x/")], "There is no nothing.txt"),
        ([("a.txt", "../")], "outside the folders"),
    ],
)
def test_moves_that_make_no_sense_move_nothing(desk: Any, moves: list[tuple[str, str]], why: str):
    for name in ("a.txt", "b.txt", "sub/c.txt"):
        desk.file(name)
    before = desk.snapshot()

    with pytest.raises(ToolError, match=why):
        desk.use(
            "move_files",
            moves=[{"from": "b.txt", "to": "fine.txt"}] * (why == "outside the folders")
            + [{"from": old, "to": new} for old, new in moves],
        )
    assert desk.snapshot() == before


def test_moving_or_trashing_a_folder_announces_every_file_in_it(desk: Any):
    desk.file("sub/a.txt")
    desk.file("sub/deep/b.txt")
    root = desk.folder

    moved = desk.prepare("move_files", moves=[{"from": "sub", "to": "new"}]).touches
    assert Touch(Op.MOVE, root / "sub/deep/b.txt", root / "new/deep/b.txt") in moved
    trashed = desk.prepare("trash_files", paths=["sub", "sub/a.txt"]).touches
    assert {touch.path for touch in trashed} == {root / "sub", root / "sub/a.txt", root / "sub/deep/b.txt"}


def test_a_copy_overwrites_nothing(desk: Any):
    desk.file("a.txt", "a")
    desk.use("copy_file", {"from": "a.txt", "to": "copies/"})

    assert (desk.folder / "copies/a.txt").read_text() == "a"
    with pytest.raises(ToolError, match="is there already"):
        desk.use("copy_file", {"from": "a.txt", "to": "copies/"})


def test_a_mistake_in_the_input_is_named(desk: Any):
    with pytest.raises(ToolError, match=r"write_file: `path` is missing; `content` is missing; `pth` is not an input"):
        desk.use("write_file", pth="x")
    with pytest.raises(ToolError, match=r"`moves\[0\]\.to` is missing"):
        desk.use("move_files", moves=[{"from": "x"}])
    with pytest.raises(ToolError, match=r"`limit`.*greater than or equal to 1"):
        desk.use("read_file", path="x", limit=0)


def test_a_file_that_may_not_be_read_is_said(desk: Any):
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    desk.file("secret.txt").chmod(0)

    with pytest.raises(ToolError, match="may not read"):
        desk.use("read_file", path="secret.txt")


def test_every_schema_is_plain(tools: Any):
    def walk(node: Any) -> None:
        assert not ({"$ref", "$defs"} & set(node)), node
        assert not isinstance(node.get("title"), str), node
        for inner in node.get("properties", {}).values():
            walk(inner)
        for key in ("items", "additionalProperties"):
            if isinstance(node.get(key), dict):
                walk(node[key])

    names = set()
    for tool in tools.values():
        names.add(tool.spec.name)
        assert tool.spec.input_schema["type"] == "object"
        walk(tool.spec.input_schema)
        assert len(tool.spec.description) > 40
    assert names == {
        "list_files", "read_file", "read_document", "search_files", "describe_table", "query_table", "write_file",
        "edit_file", "write_workbook", "move_files", "copy_file", "trash_files",
    }  # fmt: skip
    sheet = tools["write_workbook"].spec.input_schema["properties"]["sheets"]["items"]["properties"]
    assert sheet["title"]["type"] == "string"

"""Jobs on files and documents: what is moved, renamed, found, read and written."""

import pytest

MINUTES = """# Minutes of the garden club

The club met on a rainy evening and talked about the coming year. Tea was served.

## Budget

The treasurer reported that 1,250 euros are left for plants. Everybody was pleased with that.
Spending fell by 12% against last year, mostly because of the cheaper soil.

## Planting

Members will plant three rows of apple trees behind the old barn. The barn stays shut.
"""


def fill(loop, *names: str) -> None:
    for name in names:
        path = loop.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"This is the content of {path.name}.\n")


def names(loop) -> set[str]:
    return {str(path.relative_to(loop.folder)) for path in loop.folder.rglob("*") if path.is_file()}


def test_tidying_is_one_call_for_all_files(loop):
    fill(loop, "a.csv", "b.pdf", "c.jpg", "d.png", "e.weird", "Tables/old.csv")
    done = loop("Tidy this folder by type")

    assert names(loop) == {
        "Tables/a.csv", "Documents/b.pdf", "Images/c.jpg", "Images/d.png", "Other/e.weird", "Tables/old.csv",
    }  # fmt: skip
    assert len(done.inputs("move_files")) == 1
    assert "5 files" in done.text
    assert "Images (2)" in done.text


def test_tidying_a_named_folder_by_month(loop):
    fill(loop, "top.csv", "Inbox/a.txt", "Inbox/b.txt")
    done = loop("please clean up the Inbox folder by date")

    (moved,) = done.inputs("move_files")
    assert {move["from"] for move in moved["moves"]} == {"Inbox/a.txt", "Inbox/b.txt"}
    assert all(move["to"].startswith("Inbox/20") for move in moved["moves"])
    assert "top.csv" in names(loop)


def test_a_name_that_is_taken_stays_and_is_said(loop):
    fill(loop, "a.csv", "b.csv", "Tables/a.csv")
    done = loop("tidy up this folder")

    assert names(loop) == {"a.csv", "Tables/a.csv", "Tables/b.csv"}
    assert done.not_done == ["a.csv: Tables has a file of that name already"]


def test_a_denied_move_ends_honestly(loop):
    fill(loop, "a.csv", "b.pdf")
    denial = "The person denied this. Nothing was changed by it."
    done = loop("Tidy this folder", intercept=lambda name, _: (denial, True) if name == "move_files" else None)

    assert names(loop) == {"a.csv", "b.pdf"}
    assert "nothing was moved" in done.text
    assert len(done.inputs("move_files")) == 1
    assert done.not_done


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("rename all txt files to start with 2024-", {"2024-one note.txt", "2024-two note.txt", "c.md"}),
        ("replace spaces with underscores in all file names", {"one_note.txt", "two_note.txt", "c.md"}),
        ("replace “note” by “memo” in the file names", {"one memo.txt", "two memo.txt", "c.md"}),
        ("rename c.md to final plan", {"one note.txt", "two note.txt", "final plan.md"}),
        ("rename the txt files to upper case", {"ONE NOTE.txt", "TWO NOTE.txt", "c.md"}),
        ("number the txt files", {"01 one note.txt", "02 two note.txt", "c.md"}),
        ("rename the txt files, with the suffix -old", {"one note-old.txt", "two note-old.txt", "c.md"}),
    ],
)
def test_renaming(loop, words, expected):
    fill(loop, "one note.txt", "two note.txt", "c.md")
    loop(words)

    assert names(loop) == expected


def test_copying_moving_and_trashing(loop):
    fill(loop, "a.txt", "b.txt", "c.tmp", "d.tmp", "Archive/x.txt")

    assert loop("copy a.txt to Archive").failures == []
    assert "Archive/a.txt" in names(loop)
    loop("make a copy of b.txt")
    assert "b copy.txt" in names(loop)
    loop("move b.txt into the folder Archive")
    assert "Archive/b.txt" in names(loop)
    trashed = loop("trash all .tmp files")
    assert not {"c.tmp", "d.tmp"} & names(loop)
    assert "Trashed 2 of 2" in trashed.text


def test_nothing_is_trashed_on_a_guess(loop):
    fill(loop, "a.txt", "b.txt")
    done = loop("delete the thing")

    assert done.inputs("trash_files") == []
    assert names(loop) == {"a.txt", "b.txt"}
    assert "nothing was trashed" in done.text


def test_finding_and_searching(loop):
    fill(loop, "Invoices/invoice may.txt", "letter.txt")
    (loop.folder / "whales.md").write_text("The blue whale sings.\n")

    assert "`Invoices/invoice may.txt`" in loop("find the invoice").text
    assert "whales.md" in loop("which files mention “blue whale”?").text
    assert "letter" not in loop("search for blue whale").text
    assert "No file name has that" in loop("find the passport").text


def test_a_document_is_extracted_and_says_so(loop):
    (loop.folder / "minutes.md").write_text(MINUTES)
    done = loop("summarise the minutes")

    assert "The club met on a rainy evening" in done.text
    assert "**Budget**: The treasurer reported that 1,250 euros are left" in done.text
    assert "12%" in done.text
    assert "extract by rule" in done.text
    assert done.inputs("write_file") == []


def test_a_summary_as_a_note(loop):
    (loop.folder / "minutes.md").write_text(MINUTES)
    done = loop("Summarise minutes.md as a note")

    note = (loop.folder / "minutes summary.md").read_text()
    assert "## Planting" in note
    assert "three rows of apple trees" in note
    assert "rehearsal brain" in note
    assert "`minutes summary.md`" in done.text


def test_a_long_text_is_read_in_parts_and_what_is_left_is_said(loop):
    (loop.folder / "long.txt").write_text(
        "".join(f"Sentence number {n} of this long story is here. " for n in range(9000))
    )
    done = loop("summarise long.txt")

    offsets = [given.get("offset", 0) for given in done.inputs("read_file")]
    assert (offsets[0], len(offsets), offsets) == (0, 6, sorted(offsets))
    assert "only the first" in done.not_done[0]


def test_a_briefing_has_a_section_for_each_file(loop):
    (loop.folder / "minutes.md").write_text(MINUTES)
    (loop.folder / "t.csv").write_text("name,n\na,1\nb,3\n")
    fill(loop, "photo.jpg")
    done = loop("Brief me on this folder")

    note = (loop.folder / "Briefing.md").read_text()
    assert "## minutes.md" in note
    assert "## t.csv" in note
    assert "- n: 1 to 3, average 2" in note
    assert done.not_done == ["photo.jpg: no kind of file I can read"]
    assert "2 files" in done.text


def test_texts_are_compared_by_lines(loop):
    (loop.folder / "a.md").write_text("one\ntwo\nthree\n")
    (loop.folder / "b.md").write_text("one\n2\nthree\n")
    done = loop("what are the differences between a.md and b.md")

    assert "- two" in done.text
    assert "+ 2" in done.text


def test_a_mistyped_name_is_found(loop):
    (loop.folder / "quarterly report.md").write_text(MINUTES)
    fill(loop, "letter.txt", "plan.md")
    done = loop("summarise quartely-report.md")

    assert "`quarterly report.md`" in done.text


def test_no_answer_to_a_question_ends_without_work(loop):
    fill(loop, "a.md", "b.md")
    done = loop(
        "summarise it", intercept=lambda name, _: ("The person denied this.", True) if name == "ask_person" else None
    )

    assert "nothing was done" in done.text


def test_a_tool_that_keeps_failing_is_not_called_again(loop):
    (loop.folder / "t.csv").write_text("name,n\na,1\n")
    done = loop(
        "average n in t.csv", intercept=lambda name, _: ("disk trouble", True) if name == "query_table" else None
    )

    assert len(done.inputs("query_table")) == 1
    assert "disk trouble" in done.text
    assert done.not_done == ["query_table: disk trouble"]
    assert done.plan[-1]["state"] == "skipped"


def test_what_is_not_understood_is_said_with_examples_that_work_here(loop):
    (loop.folder / "t.csv").write_text("name,n\na,1\n")
    done = loop("write a poem about the sea")

    assert "did not understand" in done.text
    assert "`t.csv`" in done.text
    assert {name for name, _ in done.calls} == {"list_files", "note_not_done"}


def test_long_listings_are_read_to_the_end(loop):
    fill(loop, *(f"part {number:03}.txt" for number in range(450)), "zebra crossing.md")
    done = loop("find the zebra")

    assert "`zebra crossing.md`" in done.text
    assert len(done.inputs("list_files")) == 3

"""Texts the desk reads and writes: claims about files, what the brain sees, the memory."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.core.ports import Usage
from agent.core.task_state import Task
from agent.desk import context
from agent.desk.claims import missing_files, named_files
from agent.desk.memory import MAX_BYTES, MemoryFile
from agent.desk.ports import Received
from agent.desk.post import MAX_LINES_BYTES, MAX_TEXT_BYTES, bounded, fitting, rfc3339, shorten, unix
from agent.journal.records import TaskRecord
from agent.thread.entries import RequestMemory, parse_body
from tests.desk.conftest import Table


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("All done.", []),
        ("See report.xlsx.", ["report.xlsx"]),
        ("See `Q3 report (final).xlsx`, and notes.md!", ["Q3 report (final).xlsx", "notes.md"]),
        ("“Bericht über Öl.docx” is there", ["Bericht über Öl.docx"]),
        ("in reports/2026/sum.csv and reports/2026/sum.csv", ["reports/2026/sum.csv"]),
        ("from https://example.org/data.csv", []),
        ("version 1.2 of the .csv format", []),
        ("a.csvx is none, A.CSV is one", ["A.CSV"]),
        ("顧客.csv を見る", ["顧客.csv"]),
    ],
)
def test_names_of_files_are_found_in_a_text(text: str, names: list[str]) -> None:
    assert named_files(text) == names


def test_only_what_is_claimed_and_not_there_is_missing() -> None:
    there = {"made.xlsx"}.__contains__
    text = "From orders.csv I made `made.xlsx` and chart.png."
    assert missing_files(text, "Look at orders.csv", there) == ["chart.png"]


def entry(seq: int, kind: str, /, **members: Any) -> Received:
    body = parse_body({"id": f"{seq:032x}", "type": kind, **members})
    return Received(seq, "2026-11-22T10:00:00Z", "phone", body, "0" * 64)


def said(seq: int, text: str) -> Received:
    return entry(seq, "message", text=text, files=[])


def replied(seq: int, text: str) -> Received:
    return entry(seq, "reply", in_reply_to="0" * 32, text=text)


def test_the_history_alternates_begins_with_the_person_and_ends_before_the_message() -> None:
    thread = [replied(1, "too early"), said(2, "one"), said(3, "two"), replied(4, "both"), said(5, "now")]
    messages = context.history(thread, 5)
    assert [message["role"] for message in messages] == ["user", "assistant"]
    assert [block["text"] for block in messages[0]["content"]] == ["one", "two"]
    assert context.append_user(messages, "now")[-1] == {"role": "user", "content": [{"type": "text", "text": "now"}]}
    assert len(context.append_user(messages[:1], "now")) == 1
    assert len(messages[0]["content"]) == 2, "the given conversation is left as it is"


def test_the_history_keeps_the_newest_within_its_bound() -> None:
    thread = [said(number, f"{number} " + "x" * 1000) for number in range(1, 100)]
    (only,) = context.history(thread, 100)
    texts = [block["text"] for block in only["content"]]
    assert texts[-1].startswith("99 ")
    assert context.HISTORY_CHARS - 1100 < sum(map(len, texts)) <= context.HISTORY_CHARS


def test_results_and_notices_are_part_of_the_conversation_and_receipts_are_not() -> None:
    file = {"name": "sum.xlsx", "bytes": 1, "sha256": "0" * 64, "mime": "x/y"}
    usage = {"input_tokens": 1, "output_tokens": 1, "usd": None, "seconds": 1.0}
    result = entry(1, "result", task="0" * 32, in_reply_to="0" * 32, text="42", files=[file], seconds=1.0, usage=usage)
    assert context.entry_line(result) == ("assistant", "Result: 42\nFiles: sum.xlsx")
    assert context.entry_line(entry(2, "notice", code="x", text="Full.", next="Empty it.")) == (
        "assistant", "Full. Empty it.",
    )  # fmt: skip
    assert context.entry_line(entry(3, "receipt", target="0" * 32, kind="received")) is None


def test_a_message_says_what_came_along_and_what_did_not() -> None:
    text = context.message_text("look", ["a.csv", "b c.csv"], ["d.pdf (gone)"])
    assert text == "look\nAttached: a.csv, b c.csv\nAn attachment did not arrive: d.pdf (gone)"
    assert context.message_text("", ["a.csv"], []) == "Attached: a.csv"


def test_the_stable_part_does_not_change_with_time_and_the_rest_names_time_and_tasks() -> None:
    folders = [Path("/desk"), Path("/more")]
    first = context.system_text("front_desk", "Desk", folders, "")
    assert first == context.system_text("front_desk", "Desk", folders, "  \n")
    assert "/desk, /more" in first
    assert context.system_text("task", "Desk", folders, "- likes tea").endswith("- likes tea")
    task = TaskRecord("ab" * 16, "0" * 32, "Sum it", "", [], Task.WAITING, "", 0.0, 0.0, Usage())
    now = context.now_text(datetime(2026, 11, 22, 15, 4, tzinfo=UTC), [task])
    assert now == f"Now: Sunday, 2026-11-22 15:04 UTC\nRunning tasks:\n- {task.id} Sum it (waiting)"


def test_times_are_rfc_3339_and_whole() -> None:
    assert rfc3339(0) == "1970-01-01T00:00:00Z"
    assert unix("2026-11-22T15:33:43.462764Z") == pytest.approx(1795361623.462764)


def test_texts_and_lists_are_cut_to_what_fits() -> None:
    assert shorten("a  b\nc", 10) == "a b c"
    assert shorten("word " * 10, 12) == "word word w…"
    assert bounded("short") == "short"
    assert len(bounded("語" * 20_000).encode()) <= MAX_TEXT_BYTES + 3
    lines = ["ä" * 100] * 1000
    kept = fitting(lines)
    assert kept[-1] == f"… and {1000 - len(kept) + 1} more"
    assert sum(len(line.encode()) for line in kept) <= MAX_LINES_BYTES
    assert fitting(["a", "b"]) == ["a", "b"]


def test_memory_is_kept_once_forgotten_by_words_and_bounded(table: Table) -> None:
    memory = MemoryFile(table.journal, table.thread, table.computer)  # type: ignore[arg-type]
    with table.engine.begin() as tx:
        assert memory.remember(tx, "Likes  tea\n at five.") == "Remembered."
        assert memory.remember(tx, "Likes tea at five.") == "That is remembered already."
        memory.remember(tx, "Has a dog.")
        assert memory.text(tx) == "- Likes tea at five.\n- Has a dog.\n"
        assert "full" in memory.remember(tx, "x" * MAX_BYTES)
        assert "Nothing remembered" in memory.forget(tx, "cat")
        assert "Nothing remembered" in memory.forget(tx, "   ")
        assert memory.forget(tx, "TEA") == "Forgotten: Likes tea at five."
        assert memory.text(tx) == "- Has a dog.\n"
    last = table.thread.of("memory")[-1]
    assert last.sha256 == hashlib.sha256(last.text.encode()).hexdigest()
    assert [body.text for body in table.thread.of("memory")] == [
        "- Likes tea at five.\n", "- Likes tea at five.\n- Has a dog.\n", "- Has a dog.\n",
    ]  # fmt: skip


def test_an_edit_of_the_memory_counts_only_from_the_current_text(table: Table) -> None:
    memory = MemoryFile(table.journal, table.thread, table.computer)  # type: ignore[arg-type]

    def edit(base: str, text: str) -> RequestMemory:
        digest = hashlib.sha256(base.encode()).hexdigest()
        return RequestMemory(id="0" * 32, type="request.memory", base_sha256=digest, text=text)

    with table.engine.begin() as tx:
        assert memory.replace(tx, edit("", "- mine\n")) is None
        assert "has changed" in (memory.replace(tx, edit("", "- other\n")) or "")
        assert "16 KiB" in (memory.replace(tx, edit("- mine\n", "x" * (MAX_BYTES + 1))) or "")
        assert memory.text(tx) == "- mine\n"

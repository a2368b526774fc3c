"""Bad files and bad names at the tools' door, through the whole path: a clear word, and nothing outside is touched."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdf
import pytest

from tests.story.brains import Call, ask_agent, moves, task_doing, tool_results
from tests.story.home import Home, running
from tests.story.messages_server import Answer, MessagesServer, messages_server


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home") / "a home with spaces, ümläuts and 🏡"


@pytest.fixture(scope="module")
def brain() -> Iterator[MessagesServer]:
    with messages_server() as server:
        yield server


@pytest.fixture(scope="module")
def home(base: Path, brain: MessagesServer) -> Iterator[Home]:
    with running(base, {"ANTHROPIC_BASE_URL": brain.url}) as home:
        yield home


@pytest.fixture(scope="module")
def outside(base: Path) -> Path:
    """A tree beside the granted folder that nobody may touch."""
    tree = base.parent / "outside"
    (tree / "deep").mkdir(parents=True)
    (tree / "canary.txt").write_text("the canary sings")
    (tree / "deep" / "secret.csv").write_text("who,what\nme,all\n")
    return tree


def fingerprint(tree: Path) -> str:
    """One hash over names, times and contents."""
    digest = hashlib.sha256()
    for path in sorted([tree, *tree.rglob("*")]):
        content = path.read_bytes() if path.is_file() else b""
        digest.update(repr((str(path), path.stat().st_mtime_ns, content)).encode())
    return digest.hexdigest()


def answers(home: Home, brain: MessagesServer, *plan: Call) -> list[str]:
    """What the tools say to each call of one task, which must end well whatever they say."""
    brain.script = task_doing(*plan, finally_="That was all.")
    outcome = home.send("follow the script")
    assert (outcome["state"], outcome["asks"]) == ("done", [])
    found = tool_results(brain.requests[-1])
    assert len(found) == len(plan)
    return found


def encrypted_pdf(path: Path) -> None:
    writer = pypdf.PdfWriter()
    writer.add_blank_page(200, 200)
    writer.encrypt("nobody knows", algorithm="AES-256")
    writer.write(path)


def test_a_home_with_spaces_and_unicode_works(home: Home, brain: MessagesServer) -> None:
    brain.script = lambda _request: Answer("Here.")
    assert home.send("hello")["text"] == "Here."
    assert (home.state / "agent.sqlite").is_file()


def test_files_that_are_broken_or_strange_are_read_or_refused_in_words(home: Home, brain: MessagesServer) -> None:
    desk = home.desk
    (desk / "latin.txt").write_bytes("Grüße aus Köln, größer als gedacht\n".encode("latin-1"))
    (desk / "顧客.csv").write_bytes("名前,点数\n山田太郎,5\n鈴木花子,7\n".encode("cp932"))
    (desk / "empty.csv").write_bytes(b"")
    (desk / "empty.pdf").write_bytes(b"")
    (desk / "noise.xlsx").write_bytes(bytes(range(256)) * 40)
    (desk / "noise.docx").write_bytes(b"PK\x03\x04 and then nothing")
    (desk / "noise.txt").write_bytes(os.urandom(5000))
    encrypted_pdf(desk / "locked.pdf")
    (desk / "with space and 🍵.md").write_text("Tea at five.")
    (desk / "line\nbreak.txt").write_text("a name with a line break")
    (desk / ".hidden.txt").write_text("hidden")
    (desk / "folder.csv").mkdir()
    found = answers(
        home, brain,
        ("read_file", {"path": "latin.txt"}),
        ("query_table", {"tables": {"t": "顧客.csv"}, "sql": "SELECT sum(点数) AS total FROM t"}),
        ("describe_table", {"path": "顧客.csv"}),
        ("describe_table", {"path": "empty.csv"}),
        ("read_document", {"path": "empty.pdf"}),
        ("describe_table", {"path": "noise.xlsx"}),
        ("read_document", {"path": "noise.docx"}),
        ("read_file", {"path": "noise.txt"}),
        ("read_document", {"path": "locked.pdf"}),
        ("read_file", {"path": "with space and 🍵.md"}),
        ("list_files", {}),
        ("read_file", {"path": "folder.csv"}),
        ("read_file", {"path": "latin.tx"}),
    )  # fmt: skip
    for answer in found:
        assert "Traceback" not in answer
        assert "itself made a mistake" not in answer
    assert "Grüße aus Köln" in found[0]
    assert "12" in found[1]
    assert "山田太郎" in found[2]
    assert "empty" in found[3]
    assert "empty" in found[4] or "damaged" in found[4] or "not" in found[4]
    assert "password" in found[8]
    assert "Tea at five." in found[9]
    assert "line\\nbreak.txt" in found[10]
    assert "folder" in found[11]
    assert "Did you mean latin.txt?" in found[12]


def test_a_file_whose_name_is_no_unicode_is_renamed_attached_and_undone(home: Home, brain: MessagesServer) -> None:
    name = os.fsdecode(b"caf\xe9.txt")
    (home.desk / name).write_text("strange name")
    brain.script = task_doing(
        ("move_files", {"moves": [{"from": "caf\\udce9.txt", "to": "café.txt"}]}), finally_="Renamed."
    )
    outcome = home.send("rename the strange one")
    assert outcome["state"] == "done", outcome["text"]
    assert (home.desk / "café.txt").read_text() == "strange name"
    assert home.json("undo", outcome["tasks"][0]["id"])["refused"] == []
    assert (home.desk / name).exists()
    attached = home.json("send", "--attach", str(home.desk / name), "look")
    message = next(entry for entry in home.log() if entry["id"] == attached["id"])
    assert message["files"][0]["name"] == "caf?.txt"
    assert Path(message["files"][0]["path"]).read_text() == "strange name"


def test_links_and_dots_lead_nowhere_outside(home: Home, brain: MessagesServer, outside: Path) -> None:
    before = fingerprint(outside)
    (home.desk / "way out").symlink_to(outside)
    (home.desk / "bird.txt").symlink_to(outside / "canary.txt")
    (home.desk / "nowhere.txt").symlink_to(home.desk / "gone.txt")
    os.mkfifo(home.desk / "pipe.txt")
    (home.desk / "mine.txt").write_text("mine")
    tries: list[Call] = [
        ("read_file", {"path": f"../../{outside.name}/canary.txt"}),
        ("read_file", {"path": "bird.txt"}),
        ("read_file", {"path": "way out/deep/secret.csv"}),
        ("query_table", {"tables": {"t": str(outside / "deep" / "secret.csv")}, "sql": "SELECT * FROM t"}),
        ("write_file", {"path": "way out/new.txt", "content": "x"}),
        ("write_file", {"path": f"../../{outside.name}/new.txt", "content": "x"}),
        ("edit_file", {"path": "bird.txt", "old": "canary", "new": "cat"}),
        ("trash_files", {"paths": ["way out/canary.txt"]}),
        ("move_files", {"moves": [{"from": "mine.txt", "to": "way out/mine.txt"}]}),
        ("copy_file", {"from": "mine.txt", "to": str(outside / "copy.txt")}),
    ]
    for call in tries:
        brain.script = task_doing(call, finally_="I was not allowed to.")
        sent = ask_agent(home, op="send", text="try to get out")
        outcome = ask_agent(home, op="outcome", id=sent["id"], wait=True, timeout=20)
        (ask,) = outcome["asks"]
        assert ask["action"]["tool"] == "folder", call
        assert Path(ask["action"]["folder"]).is_relative_to(outside), call
        ask_agent(home, op="stop", task=ask["task"])
    planes = {"t": "airline-safety.csv"}
    found = answers(
        home, brain,
        ("query_table", {"tables": planes, "sql": "SELECT count(*) AS planes FROM t"}),
        ("read_file", {"path": "nowhere.txt"}),
        ("read_file", {"path": "pipe.txt"}),
        ("query_table", {"tables": planes, "sql": f"SELECT * FROM read_csv('{outside}/deep/secret.csv')"}),
        ("query_table", {"tables": planes, "sql": f"COPY t TO '{outside}/stolen.csv'"}),
        ("search_files", {"query": "canary"}),
        ("list_files", {"recursive": True}),
    )  # fmt: skip
    assert "56" in found[0]
    assert "sings" not in "".join(found)
    assert "me,all" not in "".join(found)
    assert fingerprint(outside) == before
    assert (home.desk / "mine.txt").read_text() == "mine"


def test_deskhands_own_state_is_invisible_to_every_tool(home: Home, brain: MessagesServer) -> None:
    state = str(home.state)
    (home.desk / "mine.txt").write_text("mine")
    (home.desk / "state link").symlink_to(home.state)
    database = (home.state / "agent.sqlite").stat().st_ino
    found = answers(
        home, brain,
        ("list_files", {"folder": state}),
        ("read_file", {"path": "../state/config.toml"}),
        ("read_file", {"path": f"{state}/agent.sqlite"}),
        ("read_file", {"path": "state link/agent.sqlite"}),
        ("write_file", {"path": f"{state}/config.toml", "content": "folders = ['/']"}),
        ("trash_files", {"paths": [f"{state}/agent.sqlite"]}),
        ("move_files", {"moves": [{"from": "mine.txt", "to": f"{state}/spool/x.json"}]}),
        ("search_files", {"query": "made-up"}),
    )  # fmt: skip
    assert all("Deskhand itself" in answer for answer in found[:7]), found
    assert not (home.state / "config.toml").exists()
    assert (home.state / "agent.sqlite").stat().st_ino == database


def test_a_folder_that_holds_the_state_may_be_allowed_and_the_state_stays_hidden(
    home: Home, brain: MessagesServer, base: Path
) -> None:
    (base / "beside.txt").write_text("beside the state")
    brain.script = task_doing(
        ("read_file", {"path": str(base / "beside.txt")}),
        ("read_file", {"path": str(home.state / "agent.lock")}),
        ("list_files", {"folder": str(base), "recursive": True}),
        ("trash_files", {"paths": [str(base / "state")]}),
    )
    (ask,) = home.send("read beside", check=4)["asks"]
    home.run("ask", "approve", ask["id"], "--scope", "task")
    text = home.json("tasks", "wait", ask["task"])["text"]
    assert "beside the state" in text
    assert text.count("Deskhand itself") == 2
    assert "agent.sqlite" not in text


def test_a_link_put_in_place_after_the_approval_is_not_followed(
    home: Home, brain: MessagesServer, outside: Path
) -> None:
    before = fingerprint(outside)
    names = [f"paper {number}.txt" for number in range(7)]
    for name in names:
        (home.desk / name).write_text(name)
    (home.desk / "Papers").mkdir()
    brain.script = task_doing(moves(names, "Papers"), finally_="Tried.")
    (ask,) = home.send("put the papers away", check=4)["asks"]
    (home.desk / "Papers").rmdir()
    (home.desk / "Papers").symlink_to(outside)
    home.run("ask", "approve", ask["id"])
    outcome = home.json("tasks", "wait", ask["task"], check=None)
    home.run("tasks", "stop", "all")
    assert outcome["state"] in {"waiting", "done", "failed"}
    assert fingerprint(outside) == before
    assert all((home.desk / name).read_text() == name for name in names)


def test_what_a_brain_makes_up_is_answered_and_never_run(home: Home, brain: MessagesServer) -> None:
    wrong: list[Any] = [
        ("read_file", {}),
        ("read_file", {"path": ["a", "b"]}),
        ("read_file", {"path": "mine.txt", "surprise": 1}),
        ("write_file", {"path": "", "content": "x"}),
        ("write_file", {"path": "a/" * 3000 + "x", "content": "x"}),
        ("write_file", {"path": "x" * 300, "content": "x"}),
        ("query_table", {"tables": {"t": "airline-safety.csv"}, "sql": "DROP TABLE t"}),
        ("query_table", {"tables": {}, "sql": ""}),
    ]
    found = answers(home, brain, *wrong)
    assert all(found)
    last = [message["content"] for message in brain.requests[-1]["messages"]]
    flags = [block.get("is_error") for blocks in last for block in blocks if block["type"] == "tool_result"]
    assert flags == [True] * len(wrong)

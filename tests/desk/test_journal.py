"""The journal over a real database, and the small stores beside it: spool, settings, names of received files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent.config import BadConfig, load, read_file, save
from agent.core.ports import Usage
from agent.core.task_state import Task
from agent.home.received import MAX_NAME_BYTES, free_place
from agent.journal.records import AskRecord, Call, TaskRecord, Waiting
from agent.spool import leave, read_spool
from tests.desk.conftest import Table


def a_task(number: int, state: Task = Task.QUEUED, of: str = "m") -> TaskRecord:
    return TaskRecord(
        f"t{number}", of, f"T{number}", "b", [{"text": "x", "state": "todo"}], state, "", 1.0, 0.0, Usage()
    )


def test_tasks_come_oldest_first_by_state_and_message(table: Table) -> None:
    tasks = table.journal.tasks
    with table.engine.begin() as tx:
        for number in range(5):
            tasks.add(tx, a_task(number, Task.RUNNING if number % 2 else Task.QUEUED, f"m{number // 2}"))
        assert [task.id for task in tasks.all(tx)] == ["t0", "t1", "t2", "t3", "t4"]
        assert [task.id for task in tasks.all(tx, Task.RUNNING)] == ["t1", "t3"]
        assert [task.id for task in tasks.all(tx, of="m1")] == ["t2", "t3"]
        assert [task.id for task in tasks.all(tx, limit=2)] == ["t3", "t4"]
        assert tasks.get(tx, "t9") is None


def test_a_task_comes_back_as_it_was_put_and_spends(table: Table) -> None:
    tasks = table.journal.tasks
    with table.engine.begin() as tx:
        tasks.add(tx, a_task(1))
        assert tasks.get(tx, "t1") == a_task(1)
        tasks.spend(tx, a_task(1), Usage(5, 6, 0.5), 2.5)
        tasks.change(tx, "t1", plan=[{"text": "y", "state": "done"}], state=Task.DONE, reason="r")
        found = tasks.get(tx, "t1")
    assert found is not None
    assert (found.usage, found.seconds, found.plan[0]["text"]) == (Usage(5, 6, 0.5), 2.5, "y")
    with table.engine.begin() as tx:
        tasks.spend(tx, found, Usage(1, 1, None), 1.0)
        found = tasks.get(tx, "t1")
    assert found is not None
    assert (found.usage, found.seconds) == (Usage(6, 7, None), 3.5)


def test_what_is_not_committed_did_not_happen(table: Table) -> None:
    with table.engine.connect() as tx:
        table.journal.tasks.add(tx, a_task(1))
        tx.rollback()
    with table.engine.begin() as tx:
        assert table.journal.tasks.all(tx) == []


def test_a_call_goes_from_intent_to_result_and_odd_names_survive(table: Table) -> None:
    calls = table.journal.calls
    odd = "caf\udce9 語.txt"
    with table.engine.begin() as tx:
        calls.intend(tx, Call("c1", "run", "use1", "move", {"a": odd}, "Move", "intent", at="now"))
        calls.intend(tx, Call("c2", "run", "use2", "move", {}, "Move", "intent", at="now"))
        assert calls.started(tx) == []
        calls.change(tx, "c1", state="start", foreign=[odd])
        assert [call.id for call in calls.started(tx)] == ["c1"]
        calls.change(tx, "c2", foreign=["/intended only"])
        assert calls.foreign(tx, "run") == {odd}
        calls.change(tx, "c1", state="result", output="done", files=[odd], not_done=["half"], failed=True)
        found = calls.find(tx, "run", "use1")
        assert calls.find(tx, "other run", "use1") is None
        assert [call.id for call in calls.of(tx, "run")] == ["c1", "c2"]
    assert found is not None
    assert (found.input, found.files, found.not_done, found.failed) == ({"a": odd}, [odd], ["half"], True)


def test_the_latest_ask_of_a_call_counts(table: Table) -> None:
    asks = table.journal.asks
    with table.engine.begin() as tx:
        for number in (3, 1, 2):  # ids are random: their order says nothing
            record = AskRecord(
                f"a{number}", "t", "c", "approval", 2, "d", {"title": "x"}, None, None, "open", None, None, None
            )
            asks.add(tx, record)
        latest = asks.latest_for(tx, "c")
        assert latest is not None
        assert latest.id == "a2"
        asks.change(tx, "a1", state="answered", seq=7)
        assert [ask.id for ask in asks.open(tx, "t")] == ["a3", "a2"]
        assert asks.open(tx, "other") == []
        found = asks.at_seq(tx, 7)
    assert found is not None
    assert found.id == "a1"


def test_grants_are_of_a_task_or_of_all(table: Table) -> None:
    grants = table.journal.grants
    with table.engine.begin() as tx:
        grants.add(tx, "g1", "folder", "/always", None, "")
        grants.add(tx, "g2", "folder", "/task", "t1", "")
        assert [grant["folder"] for grant in grants.of(tx, "t1")] == ["/always", "/task"]
        assert [grant["folder"] for grant in grants.of(tx, "t2")] == ["/always"]
        assert grants.remove(tx, "g1")
        assert not grants.remove(tx, "g1")


def test_the_inbox_takes_a_message_once_and_keeps_the_order_of_the_thread(table: Table) -> None:
    inbox = table.journal.inbox
    with table.engine.begin() as tx:
        for seq in (5, 3):
            assert inbox.add(tx, Waiting(f"m{seq}", seq, "", "x", [], None, 1.0, "received"))
        assert not inbox.add(tx, Waiting("m5", 9, "", "other", [], None, 1.0, "received"))
        assert [message.id for message in inbox.in_state(tx, "received", "started")] == ["m3", "m5"]


def test_facts_are_replaced_and_listed_in_the_order_they_were_set(table: Table) -> None:
    facts = table.journal.facts
    with table.engine.begin() as tx:
        for name in ("request:b", "request:a", "requestXc", "request_%"):
            facts.set(tx, name, name)
        facts.set(tx, "request:b", "again")
        assert facts.starting_with(tx, "request:") == [("request:a", "request:a"), ("request:b", "again")]
        facts.remove(tx, "request:a")
        assert facts.get(tx, "request:a") is None


def message(number: int, text: str = "x") -> dict[str, Any]:
    return {"id": f"{number:032x}", "type": "message", "via": "terminal", "text": text}


def test_the_spool_keeps_order_and_words_and_gives_each_message_until_it_is_taken(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    for order, number in enumerate((3, 1, 2)):
        leave(spool, message(number, f"no {number} ✓ \udce9"), order)
    assert [int(found.id, 16) for found, _ in read_spool(spool)] == [3, 1, 2]
    for found, done in read_spool(spool):
        assert found.text.startswith("no ")
        done()
    assert list(read_spool(spool)) == []
    assert list(read_spool(tmp_path / "none")) == []


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\xff", b"5", b"[]", b"null", b"{}", b'{"type": "message"}', b"[" * 100_000,
        json.dumps({**message(1), "type": "reply", "in_reply_to": "0" * 32}).encode(),
        json.dumps(message(1, "x" * 70_000)).encode(),
        json.dumps({**message(1), "text": 5}).encode(),
    ],
)  # fmt: skip
def test_a_broken_spool_file_is_set_aside_and_stops_nothing(tmp_path: Path, content: bytes) -> None:
    spool = tmp_path / "spool"
    leave(spool, message(7), 7)
    (spool / "0.json").write_bytes(content)
    assert [int(found.id, 16) for found, _ in read_spool(spool)] == [7]
    assert (spool / "0.broken").read_bytes() == content


def test_settings_environment_over_file_over_default(tmp_path: Path) -> None:
    env = {"DESKHAND_HOME": str(tmp_path)}
    plain = load(env)
    assert plain.rehearsal
    assert (plain.home.state, plain.folders) == (tmp_path / "state", (tmp_path / "desk",))
    plain.home.state.mkdir()
    plain.home.config.write_text('# mine\nmodel = "from file"\nfolders = ["/more"]\n')
    assert (load(env).model, load(env).folders[1:]) == ("from file", (Path("/more"),))
    assert load({**env, "DESKHAND_MODEL": "from env"}).model == "from env"
    assert not load({**env, "ANTHROPIC_BASE_URL": "http://localhost:1"}).rehearsal
    assert load({**env, "ANTHROPIC_API_KEY": ""}).rehearsal, "an empty variable is none"
    save(plain.home, relay="https://relay.example.org")
    assert "# mine" in plain.home.config.read_text()
    assert read_file(plain.home)["relay"] == "https://relay.example.org"
    plain.home.config.write_bytes(b"\xff")
    with pytest.raises(BadConfig, match=r"config\.toml"):
        load(env)


@pytest.mark.parametrize(
    ("name", "placed"),
    [
        ("a.csv", "a.csv"),
        ("../../etc/passwd", "passwd"),
        ("/absolute/x.txt", "x.txt"),
        ("..", "file"),
        ("", "file"),
        (".env", "env"),
        ("nul\0name.txt", "nulname.txt"),
        ("caf\udce9.txt", "caf?.txt"),
        ("taken.txt", "taken (2).txt"),
        ("link.txt", "link (2).txt"),
    ],
)
def test_a_received_file_gets_a_free_name_in_its_folder(tmp_path: Path, name: str, placed: str) -> None:
    (tmp_path / "taken.txt").write_text("mine")
    (tmp_path / "link.txt").symlink_to(tmp_path / "nowhere")
    assert free_place(tmp_path, name) == tmp_path / placed


@pytest.mark.parametrize("name", ["語" * 120 + ".xlsx", "x" * 300 + ".csv", "a." + "e" * 400, "🍵" * 90])
def test_a_long_name_is_cut_to_what_a_disk_takes_and_keeps_its_ending(tmp_path: Path, name: str) -> None:
    first = free_place(tmp_path, name)
    first.write_text("one")
    second = free_place(tmp_path, name)
    second.write_text("two")
    assert first != second
    assert len(first.name.encode()) <= MAX_NAME_BYTES
    if len(Path(name).suffix) < 10:
        assert first.suffix == second.suffix == Path(name).suffix

"""The outbox: nothing lost, nothing doubled, order kept, the same bytes at every retry."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.thread.outbox import MAX_REFUSALS, SealedItem
from relay.protocol import envelope
from relay.protocol.errors import Malformed
from relay.protocol.frames import Item
from relay.protocol.ids import EntryKid
from tests.agent_link.computer import Computer, reply

AT = "2026-01-02T03:04:05Z"
URL = "http://127.0.0.1:1"


@pytest.fixture
def computer(tmp_path: Path) -> Iterator[Computer]:
    made = Computer(tmp_path, URL)
    yield made
    made.engine.dispose()


def take(computer: Computer, limit: int = 100, from_n: int = 0) -> list[SealedItem]:
    with computer.engine.begin() as tx:
        return computer.outbox.next_to_send(tx, limit=limit, from_n=from_n)


def deliver(computer: Computer, *sealed: str) -> None:
    """What the relay stored comes back as the thread."""
    known = computer.mirror.known
    with computer.engine.begin() as tx:
        items = [Item(sealed=text, at=AT) for text in sealed]
        for received in computer.mirror.receive(tx, known.seq + 1, items, prev=known.head):
            computer.outbox.settle(tx, received.entry)


def test_a_crash_between_sealing_and_sending_sends_the_same_bytes(computer: Computer, tmp_path: Path) -> None:
    computer.say(reply("one"), reply("two"))
    before = take(computer)
    computer.engine.dispose()  # nothing was sent
    again = Computer(tmp_path, URL)
    again.say(reply("three"))
    after = take(again)
    assert after[:2] == before
    assert [item.n for item in after] == [1, 2, 3]
    again.engine.dispose()


def test_a_transaction_that_is_rolled_back_seals_nothing(computer: Computer) -> None:
    computer.say(reply("one"))
    with suppress(KeyError), computer.engine.begin() as tx:
        computer.outbox.next_to_send(tx, limit=1)
        raise KeyError
    assert take(computer)[0].n == 1


def test_an_item_leaves_only_when_it_is_verified_in_the_thread(computer: Computer) -> None:
    one = reply("one")
    computer.say(one)
    (sealed,) = take(computer)
    assert computer.waiting() == [one.id]
    deliver(computer, sealed.sealed)
    assert computer.waiting() == []
    computer.say(one)  # the same body id once more
    assert computer.waiting() == []


def test_an_own_void_entry_goes_back_with_the_next_number(computer: Computer) -> None:
    one = reply("one")
    computer.say(one)
    take(computer)
    known = computer.mirror.known
    kid = EntryKid(known.thread, 1, known.me, 1)
    plain = envelope.Plaintext(1, AT, 0, known.head, {"id": one.id, "type": "reply"})
    broken = envelope.seal_entry(plain, kid, computer.keys.thread_keys[1], computer.identity.device)
    deliver(computer, broken)
    stored = computer.mirror.get(1)
    assert stored is not None
    assert (stored.verdict, stored.n) == ("void", 1)
    (again,) = take(computer)
    assert (again.n, again.body_id) == (2, one.id)
    deliver(computer, again.sealed)
    assert computer.waiting() == []
    assert computer.said() == ["one"]


def test_a_number_that_the_thread_holds_for_another_body_is_adopted(computer: Computer, tmp_path: Path) -> None:
    twin_folder = tmp_path / "twin"
    twin_folder.mkdir()
    (twin_folder / "keys.json").write_bytes((tmp_path / "keys.json").read_bytes())
    twin = Computer(twin_folder, URL)
    twin.say(reply("by the other memory"))
    mine = reply("mine")
    computer.say(mine)
    take(computer)
    deliver(computer, take(twin)[0].sealed)
    (again,) = take(computer)
    assert (again.n, again.body_id) == (2, mine.id)
    deliver(computer, again.sealed)
    assert computer.said() == ["by the other memory", "mine"]
    twin.engine.dispose()


def test_what_is_refused_for_good_frees_its_number_and_is_remembered(computer: Computer) -> None:
    bad, good = reply("bad"), reply("good")
    computer.say(bad, good)
    versions = {take(computer)[0].sealed}
    for attempt in range(MAX_REFUSALS):
        with computer.engine.begin() as tx:
            aside = computer.outbox.refused(tx, 1, "no")
        assert (aside is None) == (attempt < MAX_REFUSALS - 1)
        versions.add(take(computer)[0].sealed)
    assert len(versions) == MAX_REFUSALS + 1
    (left,) = take(computer)
    assert (left.n, left.body_id) == (1, good.id)
    with computer.engine.begin() as tx:
        assert [item.body_id for item in computer.outbox.set_aside(tx)] == [bad.id]


def test_only_what_is_unsent_can_be_withdrawn(computer: Computer) -> None:
    one, two = reply("one"), reply("two")
    computer.say(one)
    take(computer)
    computer.say(two)
    with computer.engine.begin() as tx:
        assert not computer.outbox.withdraw(tx, one.id)
        assert computer.outbox.withdraw(tx, two.id)
    assert computer.waiting() == [one.id]


def test_a_body_too_large_is_refused_at_once_and_odd_text_is_made_whole(computer: Computer) -> None:
    with pytest.raises(Malformed, match="64 KiB"):
        computer.say(reply("x" * 70_000))
    computer.say(reply("a file named \udcff"))
    deliver(computer, take(computer)[0].sealed)
    assert computer.said() == ["a file named \ufffd"]


def test_a_notification_is_sealed_when_it_is_sent_and_cut_to_fit(computer: Computer) -> None:
    with computer.engine.begin() as tx:
        computer.outbox.put(tx, reply("one"), hint="result", push={"title": "Done", "text": "é" * 4000})
    (item,) = take(computer)
    opened = envelope.open_push(item.push or "", computer.keys.thread_keys[1], computer.identity.device.jwk)
    assert opened["title"] == "Done"
    assert opened["text"].startswith("éééé")
    assert opened["text"].endswith("…")


@settings(max_examples=12, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.just(("put", 0)),
            st.tuples(st.just("seal"), st.integers(1, 4)),
            st.tuples(st.just("deliver"), st.integers(1, 3)),
            st.just(("crash", 0)),
            st.tuples(st.just("refuse"), st.just(0)),
        ),
        max_size=14,
    )
)
def test_whatever_happens_everything_arrives_once_in_order(steps: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        computer = Computer(Path(folder), URL)
        texts: list[str] = []
        bytes_of: dict[int, str] = {}
        for step, count in [*steps, ("deliver", 100), ("deliver", 100)]:
            own_n = computer.mirror.known.members[computer.identity.device_id].n
            match step:
                case "put":
                    texts.append(str(len(texts)))
                    computer.say(reply(texts[-1]))
                case "seal":
                    for item in take(computer, count):
                        assert bytes_of.setdefault(item.n, item.sealed) == item.sealed
                case "deliver":
                    items = take(computer, count, own_n + 1)
                    for item in items:
                        assert bytes_of.setdefault(item.n, item.sealed) == item.sealed
                    if items:
                        deliver(computer, *(item.sealed for item in items))
                case "crash":
                    computer.engine.dispose()
                    computer = Computer(Path(folder), URL)
                case _:
                    bytes_of.pop(own_n + 1, None)
                    with computer.engine.begin() as tx:
                        if computer.outbox.refused(tx, own_n + 1, "no") is not None:
                            bytes_of.clear()
        with computer.engine.begin() as tx:
            aside = {item.body["text"] for item in computer.outbox.set_aside(tx)}
        assert computer.said() == [text for text in texts if text not in aside]
        assert computer.waiting() == []
        computer.engine.dispose()

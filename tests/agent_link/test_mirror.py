"""The mirror: judged, stored whole, searchable, and honest about the relay."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.thread.entries import DeviceAdded, Message
from agent.thread.mirror import Frozen, Received
from relay.protocol import envelope, transcript
from relay.protocol.envelope import new_hex_id
from relay.protocol.frames import Item
from tests.agent_link.computer import Computer, reply
from tests.agent_link.phone import Phone, message

AT = "2026-01-02T03:04:05Z"
URL = "http://127.0.0.1:1"


class Thread:
    """A thread with one phone, without any relay: what is written is received at once."""

    def __init__(self, folder: Path) -> None:
        self.computer = Computer(folder, URL)
        self.phone = Phone(URL)
        known = self.computer.mirror.known
        change = transcript.RosterChange(
            known.thread, 1, "added", self.phone.id, self.phone.key.jwk, "client", frozenset({"write"})
        )
        roster = transcript.sign_roster(change, self.computer.identity.root)
        self.computer.say(DeviceAdded(id=new_hex_id(), type="device.added", roster=roster, name="Phone"))
        self.from_computer()

    def from_computer(self) -> None:
        with self.computer.engine.begin() as tx:
            items = self.computer.outbox.next_to_send(tx, limit=100)
        self.receive(*(item.sealed for item in items))

    def seal(self, body: dict[str, Any], **options: Any) -> str:
        self.phone.known = replace(self.computer.mirror.known, me=self.phone.id)
        return self.phone.seal(body, **options)[1]

    def receive(self, *sealed: str, prev: str | None = None) -> list[Received]:
        known, mirror = self.computer.mirror.known, self.computer.mirror
        with self.computer.engine.begin() as tx:
            items = [Item(sealed=text, at=AT) for text in sealed]
            received = mirror.receive(tx, known.seq + 1, items, prev=known.head if prev is None else prev)
            for item in received:
                self.computer.outbox.settle(tx, item.entry)
            return received

    def write(self, *texts: str) -> None:
        for text in texts:
            self.receive(self.seal(message(text)))


@pytest.fixture
def thread(tmp_path: Path) -> Iterator[Thread]:
    made = Thread(tmp_path)
    yield made
    made.computer.engine.dispose()


def found(thread: Thread, query: str, limit: int = 10) -> list[str]:
    return [entry.body.text for entry in thread.computer.mirror.search(query, limit) if isinstance(entry.body, Message)]


def test_an_entry_is_kept_verbatim_with_what_an_answer_must_name(thread: Thread) -> None:
    body = message("hello")
    sealed = thread.seal(body)
    (received,) = thread.receive(sealed)
    mirror = thread.computer.mirror
    entry = mirror.get(2)
    assert entry == received.entry == mirror.by_body_id(body["id"]) == mirror.latest("message")
    assert entry is not None
    assert (entry.device, entry.n, entry.verdict, entry.at) == (thread.phone.id, 1, "genuine", AT)
    assert entry.body_raw == body
    assert entry.hash == hashlib.sha256(envelope.parse_entry(sealed).signed.signing_input).hexdigest()
    assert mirror.head_at(2) == received.after.head == mirror.known.head
    assert mirror.head_at(0) == transcript.first_head(mirror.known.thread)
    assert mirror.head_at(3) is None


def test_pages_and_types(thread: Thread) -> None:
    thread.write("a", "b", "c")
    mirror = thread.computer.mirror
    assert [entry.seq for entry in mirror.entries(1, 2)] == [2, 3]
    assert [entry.seq for entry in mirror.entries(0, 10, types={"device.added"})] == [1]
    assert [device.name for device in mirror.devices()] == ["", "Phone"]


def test_search_finds_words_whatever_their_case_accents_or_script(thread: Thread) -> None:
    thread.write("Résumé of the café", "über alles (100%)", "请总结这份报告", 'say "yes" AND go', "plain café")
    assert set(found(thread, "cafe")) == {"Résumé of the café", "plain café"}
    assert found(thread, "RESUME caf") == ["Résumé of the café"]
    assert found(thread, "uber") == ["über alles (100%)"]
    assert found(thread, "总结") == ["请总结这份报告"]
    assert found(thread, "总结 %") == ["请总结这份报告"]
    assert found(thread, '"yes"') == ['say "yes" AND go']
    assert found(thread, "AND") == ['say "yes" AND go']
    assert found(thread, 'NEAR( OR "') == []
    assert found(thread, "* ^ ()") == []
    assert len(found(thread, "cafe", limit=1)) == 1


def test_what_the_desk_says_is_found_too(thread: Thread) -> None:
    thread.computer.say(reply("the quarterly numbers"))
    thread.from_computer()
    assert [entry.seq for entry in thread.computer.mirror.search("quarterly", 5)] == [2]


def test_a_void_entry_is_kept_and_never_found(thread: Thread) -> None:
    stranger = thread.seal(message("trust me"))
    header, payload, signature = stranger.split(".")
    forged = f"{header}.{payload}.{'A' * 86}"
    (received,) = thread.receive(forged)
    assert (received.entry.verdict, received.entry.body, received.entry.at) == ("void", None, AT)
    assert signature not in forged
    assert found(thread, "trust") == []
    thread.write("genuine")
    assert thread.computer.mirror.known.seq == 3


def test_a_type_of_a_newer_version_is_kept_but_has_no_body(thread: Thread) -> None:
    (received,) = thread.receive(thread.seal({"id": new_hex_id(), "type": "hologram", "text": "hi"}))
    assert (received.entry.verdict, received.entry.body, received.entry.body_raw["type"]) == ("newer", None, "hologram")


def test_a_fault_freezes_after_what_came_before_it_and_survives_a_restart(thread: Thread, tmp_path: Path) -> None:
    good = thread.seal(message("good"))
    gap = thread.seal(message("gap"), n=5)
    received = thread.receive(good, gap, good)
    mirror = thread.computer.mirror
    assert [item.entry.seq for item in received] == [2]
    assert mirror.known.seq == 2
    assert mirror.frozen is not None
    assert mirror.frozen.seq == 3
    with pytest.raises(Frozen, match="missing"):
        thread.receive(good)
    again = Computer(tmp_path, URL)
    assert again.mirror.frozen is not None
    assert again.mirror.known == mirror.known
    with again.engine.begin() as tx:
        again.mirror.thaw(tx)
    assert again.mirror.frozen is None
    again.engine.dispose()


def test_another_history_than_the_verified_one_freezes(thread: Thread) -> None:
    assert thread.receive(thread.seal(message("x")), prev="0" * 64) == []
    assert thread.computer.mirror.frozen is not None
    assert "verified" in thread.computer.mirror.frozen.reason


def test_two_devices_shown_different_threads_freeze(thread: Thread) -> None:
    thread.write("one")
    thread.phone.known = replace(thread.computer.mirror.known, me=thread.phone.id, head="1" * 64)
    assert thread.receive(thread.phone.seal(message("elsewhere"))[1]) == []
    assert thread.computer.mirror.frozen is not None


def test_a_rolled_back_receive_leaves_no_trace(thread: Thread) -> None:
    mirror, before = thread.computer.mirror, thread.computer.mirror.known
    sealed = thread.seal(message("twice"))
    with suppress(KeyError), thread.computer.engine.begin() as tx:
        mirror.receive(tx, 2, [Item(sealed=sealed, at=AT)], prev=before.head)
        raise KeyError
    mirror.reload()
    assert mirror.known == before
    assert mirror.get(2) is None
    thread.receive(sealed)
    assert found(thread, "twice") == ["twice"]


def test_queries_join_an_open_transaction(thread: Thread) -> None:
    mirror, before = thread.computer.mirror, thread.computer.mirror.known
    with thread.computer.engine.begin() as tx:
        mirror.receive(tx, 2, [Item(sealed=thread.seal(message("inside")), at=AT)], prev=before.head)
        latest = mirror.latest("message", tx=tx)
        assert latest is not None
        assert latest.seq == 2
        assert [entry.seq for entry in mirror.search("inside", 5, tx=tx)] == [2]

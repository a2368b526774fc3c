"""The link against a relay that may misbehave."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from agent.thread.entries import Reply
from agent.thread.mirror import StoredEntry
from relay.protocol import frames
from relay.protocol.errors import ErrorCode
from tests.agent_link.computer import Computer, reply, until
from tests.agent_link.scripted import ScriptedRelay, scripted_relay


@pytest.fixture
async def relay() -> AsyncIterator[ScriptedRelay]:
    async with scripted_relay() as running:
        yield running


@pytest.fixture
async def computer(relay: ScriptedRelay, tmp_path: Path) -> AsyncIterator[Computer]:
    made = Computer(tmp_path, relay.url)
    relay.thread = made.identity.thread
    yield made
    await made.close()


async def test_what_is_said_is_verified_in_order_and_leaves_the_outbox(computer: Computer) -> None:
    texts = [f"line {i}" for i in range(100)]
    computer.say(*map(reply, texts))
    async with computer.running():
        await until(lambda: computer.said() == texts)
    assert computer.waiting() == []
    assert [entry.n for entry in computer.entries] == list(range(1, 101))
    assert computer.commits > 0


async def test_append_returns_the_verified_entry_and_what_is_known_right_after_it(computer: Computer) -> None:
    async with computer.running():
        first = await computer.link.append(reply("one"))
        second = await computer.link.append(reply("two"))
    assert (first.entry.seq, second.entry.seq, second.after.seq) == (1, 2, 2)
    assert second.after.head == computer.mirror.head_at(2)


async def test_a_refused_item_is_sealed_anew_then_set_aside_and_the_rest_goes_on(
    computer: Computer, relay: ScriptedRelay
) -> None:
    bad, good = reply("bad"), reply("good")

    def refuse(append: frames.Append) -> frames.Error | None:
        if append.n != len(relay.items) + 1:
            return frames.Error(code=ErrorCode.GAP, message="", n=append.n, next_n=len(relay.items) + 1)
        if append.hint == "failed":
            return frames.Error(code=ErrorCode.REFUSED, message="not that", n=append.n)
        return None

    relay.refuse = refuse
    with computer.engine.begin() as tx:
        computer.outbox.put(tx, bad, hint="failed")
        computer.outbox.put(tx, good)
    async with computer.running():
        await until(lambda: computer.said() == ["good"])
    assert [item.body_id for item in computer.aside] == [bad.id]
    assert len({append.sealed for append in relay.seen if append.hint == "failed"}) == 3
    assert computer.waiting() == []


async def test_rate_limited_appends_go_again_with_the_same_bytes_and_in_order(
    computer: Computer, relay: ScriptedRelay
) -> None:
    budget = [3]

    def refuse(append: frames.Append) -> frames.Error | None:
        if append.n != len(relay.items) + 1:
            return frames.Error(code=ErrorCode.GAP, message="", n=append.n, next_n=len(relay.items) + 1)
        if budget[0] == 0:
            budget[0] = 3
            return frames.Error(code=ErrorCode.RATE_LIMITED, message="", n=append.n, retry_after=0.01)
        budget[0] -= 1
        return None

    relay.refuse = refuse
    texts = [str(i) for i in range(10)]
    computer.say(*map(reply, texts))
    async with computer.running():
        await until(lambda: computer.said() == texts)
    by_n: dict[int, set[str]] = {}
    for append in relay.seen:
        by_n.setdefault(append.n, set()).add(append.sealed)
    assert all(len(versions) == 1 for versions in by_n.values())


async def test_a_tampered_head_freezes_the_thread_across_restarts(
    computer: Computer, relay: ScriptedRelay, tmp_path: Path
) -> None:
    async with computer.running():
        await computer.link.append(reply("one"))
        await computer.link.append(reply("two"))
    relay.items[1] = relay.items[0]
    computer.say(reply("three"))
    async with computer.running():
        await until(lambda: computer.link.state.kind == "connected")
        await until(lambda: computer.link.state.kind == "frozen")
    assert "doctor" in computer.link.state.next
    await computer.http.aclose()
    again = Computer(tmp_path, relay.url)
    before = len(relay.connections)
    await again.link.run()
    assert again.link.state.kind == "frozen"
    assert len(relay.connections) == before
    assert again.said() == ["one", "two"]
    await again.close()


async def test_a_relay_that_lost_entries_is_named(computer: Computer, relay: ScriptedRelay) -> None:
    async with computer.running():
        await computer.link.append(reply("one"))
    relay.items.clear()
    async with computer.running():
        await until(lambda: computer.link.state.kind == "frozen")
    assert "lost entries" in computer.link.state.reason


async def test_another_process_taking_over_stops_this_one(computer: Computer, relay: ScriptedRelay) -> None:
    relay.close_with = frames.CLOSE_REPLACED
    await computer.link.run()
    assert computer.link.state.kind == "replaced"
    assert len(relay.connections) == 1


async def test_being_refused_is_said_with_the_reason(computer: Computer, relay: ScriptedRelay) -> None:
    relay.welcome_error = frames.Error(code=ErrorCode.UNAUTHORIZED, message="Not known here.")
    async with computer.running():
        await until(lambda: computer.link.state.kind == "refused")
    assert computer.link.state.reason == "Not known here."


async def test_an_entry_whose_effect_fails_is_still_received_and_only_its_effect_is_undone(computer: Computer) -> None:
    def effect(tx: Connection, entry: StoredEntry) -> None:
        if isinstance(entry.body, Reply) and not entry.body.text.startswith("about"):
            computer.outbox.put(tx, reply(f"about {entry.body.text}"))
            if entry.body.text == "poison":
                raise RuntimeError("cannot apply")

    computer.before_entry = effect
    computer.say(reply("before"), reply("poison"), reply("after"))
    async with computer.running():
        await until(lambda: len(computer.said()) == 5 and not computer.waiting())
    assert sorted(computer.said()) == ["about after", "about before", "after", "before", "poison"]
    assert len(computer.entries) == 4


async def test_a_lost_connection_is_taken_up_again_and_live_frames_are_dropped_meanwhile(
    computer: Computer, relay: ScriptedRelay
) -> None:
    async with computer.running():
        await computer.link.append(reply("one"))
        await relay.connections[-1].close()
        await until(lambda: len(relay.connections) == 2)
        await until(lambda: computer.link.state.kind == "connected")
        await computer.link.append(reply("two"))
    assert [state.kind for state in computer.states] == [
        "connecting", "connected", "disconnected", "connecting", "connected",
    ]  # fmt: skip
    assert computer.said() == ["one", "two"]

"""Addresses, errors for people, live frames of others, and when to try again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from agent.link.address import BadAddress, RelayAddress
from agent.link.http import NotARelay, RelayHttp, RelayUnreachable
from agent.link.live import LiveReceiver, LiveSender
from agent.link.window import MAX_IN_FLIGHT, Backoff, Window
from agent.thread.live import LiveStatus, TailAsk
from relay.protocol.envelope import new_hex_id
from relay.protocol.errors import Malformed
from relay.protocol.frames import Live
from relay.protocol.ids import strict_json
from tests.agent_link.computer import Computer, now
from tests.agent_link.proxy import tcp_proxy
from tests.agent_link.scripted import scripted_relay


@pytest.mark.parametrize(
    ("url", "origin", "socket"),
    [
        ("http://127.0.0.1:8440", "http://127.0.0.1:8440", "ws://127.0.0.1:8440/v1/thread"),
        ("http://localhost:1/", "http://localhost:1", "ws://localhost:1/v1/thread"),
        ("https://Relay.Example.org/desk/", "https://relay.example.org", "wss://relay.example.org/desk/v1/thread"),
        ("http://[::1]:8440", "http://[::1]:8440", "ws://[::1]:8440/v1/thread"),
    ],
)
def test_an_address_in_its_forms(url: str, origin: str, socket: str) -> None:
    address = RelayAddress.parse(url)
    assert (address.origin, address.socket) == (origin, socket)


@pytest.mark.parametrize("url", ["relay.example.org", "ftp://x", "https://", "http://192.168.1.5:8440", "http://a.org"])
def test_an_address_that_is_none_or_is_not_protected_is_refused(url: str) -> None:
    with pytest.raises(BadAddress):
        RelayAddress.parse(url)


async def test_no_relay_and_no_relay_at_all_are_told_apart(tmp_path: Path) -> None:
    async with tcp_proxy() as nobody, RelayHttp(Computer(tmp_path / "a", nobody.url).identity) as http:
        with pytest.raises(RelayUnreachable, match="does not answer"):
            await http.challenge()
    async with scripted_relay() as something, RelayHttp(Computer(tmp_path / "b", something.url).identity) as http:
        with pytest.raises(NotARelay, match="not a Deskhand relay"):
            await http.challenge()


def test_only_fresh_live_frames_of_current_devices_are_shown(tmp_path: Path) -> None:
    computer = Computer(tmp_path, "http://127.0.0.1:1")
    sender = LiveSender(computer.identity, computer.keys.thread_keys, now)
    known, me = computer.mirror.known, computer.identity.device_id

    def send(stream: str = "tail") -> Live:
        sender.put(TailAsk(type="tail.ask", nonce=new_hex_id()), stream, keep=False, epoch=1)
        text = sender.take()
        assert text is not None
        return Live.model_validate({**strict_json(text.encode()), "from": me})

    first, second, other = send(), send(), send("other")
    receiver = LiveReceiver()
    assert receiver.open(second, known)[0] == me
    assert receiver.open(other, known)[0] == me
    for frame in (
        first,  # overtaken
        second,  # repeated
        other.model_copy(update={"stream": second.stream}),
        other.model_copy(update={"sender": new_hex_id()}),
    ):
        with pytest.raises(Malformed):
            receiver.open(frame, known)
    gone = replace(known, members={me: replace(known.members[me], to_seq=3)})
    later = replace(known, epoch=2, keys={**known.keys, 2: b"2" * 32})
    for state in (gone, later):
        with pytest.raises(Malformed):
            receiver.open(send(), state)
    computer.engine.dispose()


def test_a_slow_line_drops_the_oldest_live_frames(tmp_path: Path) -> None:
    computer = Computer(tmp_path, "http://127.0.0.1:1")
    sender = LiveSender(computer.identity, computer.keys.thread_keys, now)
    status = LiveStatus(type="status", name="", state="awake", running=0, queued=0, brain="")
    for _ in range(300):
        sender.put(status, "status", keep=True, epoch=1)
    assert sum(sender.take() is not None for _ in range(300)) == 256
    computer.engine.dispose()


def test_the_first_loss_is_mended_at_once_and_later_ones_ever_later() -> None:
    backoff, chance = Backoff(), Random(1)
    assert backoff.delay(1, chance) == 0
    delays = [backoff.delay(failures, chance) for failures in range(2, 12)]
    assert 0.25 <= delays[0] <= 0.5
    assert all(15 <= delay <= 30 for delay in delays[-3:])


def test_nothing_is_sent_until_all_in_flight_is_answered_after_a_refusal() -> None:
    window = Window(5)
    assert window.room(0) == (5, MAX_IN_FLIGHT)
    for n in (5, 6, 7):
        window.sent(n, 1)
    window.acked(5)
    assert window.refused(6, back_to=6) == 1
    assert window.room(0) == (8, 0)
    assert window.refused(7, back_to=6) == 1
    assert window.room(0) == (6, MAX_IN_FLIGHT)
    assert window.refused(7, back_to=7) is None
    assert [window.pause(10, None) - 10 for _ in range(3)] == [0.5, 1.0, 2.0]
    assert window.room(11)[1] == 0
    assert window.room(12)[1] == MAX_IN_FLIGHT
    window.acked(6)
    assert window.pause(20, None) == 20.5

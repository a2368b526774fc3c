"""The link, pairing and the phone against a real relay process."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from random import Random

import pytest

from agent.link.devices import NoSuchDevice
from agent.link.pairing import Pairing, PairingOver
from agent.thread.entries import Message
from agent.thread.live import LiveStatus
from relay.protocol import transcript
from relay.protocol.envelope import new_hex_id
from relay.protocol.errors import ErrorCode
from tests.agent_link.computer import Computer, reply, until
from tests.agent_link.phone import PairingRefused, Phone, RelaySays, message, pair
from tests.agent_link.proxy import tcp_proxy
from tests.agent_link.relay_process import RelayProcess, relay_process


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RelayProcess]:
    with relay_process(tmp_path_factory.mktemp("relay")) as running:
        yield running


@pytest.fixture
async def computer(relay: RelayProcess, tmp_path: Path) -> AsyncIterator[Computer]:
    made = Computer(tmp_path, relay.url)
    await made.create_thread()
    yield made
    await made.close()


def new_pairing(computer: Computer, **options: object) -> Pairing:
    return Pairing(computer.identity, computer.keys, computer.http, computer.devices, **options)  # type: ignore[arg-type]


async def paired_phone(computer: Computer, relay: RelayProcess, name: str = "Phone") -> Phone:
    phone = Phone(relay.url, name)
    await pair(phone, new_pairing(computer))
    return phone


def messages(computer: Computer) -> list[str]:
    return [entry.body.text for entry in computer.entries if isinstance(entry.body, Message)]


async def test_the_thread_begins_with_the_hosts_entry(computer: Computer) -> None:
    await computer.create_thread()  # a second call after a crash changes nothing
    async with computer.running():
        await until(lambda: computer.link.state.kind == "connected")
        received = await computer.link.append(reply("hello"))
    assert [entry.body.type for entry in computer.entries if entry.body] == ["host", "reply"]
    assert received.entry.n == 2
    assert computer.waiting() == []
    assert await computer.link.token()


async def test_a_phone_pairs_and_both_read_each_other(computer: Computer, relay: RelayProcess) -> None:
    async with computer.running():
        await computer.link.append(reply("before the phone"))
        phone = await paired_phone(computer, relay, "Ada’s phone")
        assert [device.name for device in computer.mirror.devices()] == ["Desk", "Ada’s phone"]
        assert (phone.grant["seq"], phone.grant["host_name"]) == (3, "Desk")
        assert phone.thread.head == computer.mirror.head_at(3)
        async with phone.connected() as socket:
            await socket.say(message("from the phone"))
            await until(lambda: messages(computer) == ["from the phone"])
            computer.say(reply("from the desk"))
            assert (await socket.until("reply"))[0]["text"] == "from the desk"
    assert phone.thread.head == computer.mirror.known.head


async def test_wrong_digits_end_the_pairing(computer: Computer, relay: RelayProcess) -> None:
    async with computer.running():
        phone, pairing = Phone(relay.url), new_pairing(computer)
        link = await pairing.start()
        waiting = asyncio.create_task(pairing.wait_for_device())
        attempt = await phone.offer(link)
        assert await waiting == "Phone"
        wrong = f"{(int(attempt.digits) + 1) % 10**6:06d}"
        assert not await pairing.confirm(wrong)
        with pytest.raises(PairingRefused, match="digits"):
            await phone.finish_pairing(attempt)
        with pytest.raises(PairingOver):
            await pairing.confirm(attempt.digits)
    assert len(computer.mirror.devices()) == 1


async def test_digits_may_be_typed_with_spaces(computer: Computer, relay: RelayProcess) -> None:
    async with computer.running():
        phone, pairing = Phone(relay.url), new_pairing(computer, scopes=())
        link = await pairing.start()
        waiting = asyncio.create_task(pairing.wait_for_device())
        attempt = await phone.offer(link)
        await waiting
        assert await pairing.confirm(f" {attempt.digits[:3]} {attempt.digits[3:]} ")
        await phone.finish_pairing(attempt)
    assert phone.thread.members[phone.id].scopes == frozenset()


async def test_this_computers_own_page_needs_no_digits(computer: Computer, relay: RelayProcess) -> None:
    async with computer.running():
        phone, pairing = Phone(relay.url), new_pairing(computer, digits=False)
        link = await pairing.start()
        waiting = asyncio.create_task(pairing.wait_for_device())
        await phone.finish_pairing(await phone.offer(link))
        await waiting
        assert pairing.state == "paired"
        async with phone.connected() as socket:
            await socket.say(message("hello"))


async def test_a_pairing_expires_and_can_be_cancelled(computer: Computer) -> None:
    async with computer.running():
        brief = new_pairing(computer, lifetime_s=0.05)
        await brief.start()
        with pytest.raises(PairingOver, match="expired"):
            await brief.wait_for_device()
        pairing = new_pairing(computer)
        await pairing.start()
        waiting = asyncio.create_task(pairing.wait_for_device())
        await asyncio.sleep(0)
        await pairing.cancel()
        with pytest.raises(PairingOver, match="cancelled"):
            await waiting


async def test_messages_sent_while_the_computer_is_off_arrive_once_and_in_order(
    computer: Computer, relay: RelayProcess, tmp_path: Path
) -> None:
    async with computer.running():
        phone = await paired_phone(computer, relay)
    async with phone.connected() as socket:
        await socket.say(message("first"))
        await socket.say(message("second"))
    async with computer.running():
        await until(lambda: messages(computer) == ["first", "second"])
    again = Computer(tmp_path, relay.url)
    async with again.running():
        await until(lambda: again.link.state.kind == "connected")
        await again.link.append(reply("both read"))
    assert messages(again) == []
    await again.close()


async def test_a_removed_device_is_refused_and_the_others_go_on_under_a_new_key(
    computer: Computer, relay: RelayProcess
) -> None:
    async with computer.running():
        lost = await paired_phone(computer, relay, "Lost")
        kept = await paired_phone(computer, relay, "Kept")
        async with lost.connected() as lost_socket, kept.connected() as kept_socket:
            removal = asyncio.create_task(computer.devices.remove(lost.id))
            with pytest.raises(RelaySays) as told:
                await lost_socket.until("never")
            await removal
            assert told.value.error.code == ErrorCode.REMOVED
            change = transcript.read_roster(told.value.error.roster or "", computer.identity.root.jwk)
            assert (change.op, change.device) == ("removed", lost.id)
            await kept_socket.until("device.removed")
            await kept_socket.say(message("still here"))
            await until(lambda: messages(computer) == ["still here"])
        with pytest.raises(RelaySays, match="removed"):
            async with lost.connected():
                pass
        with pytest.raises(NoSuchDevice):
            await computer.devices.remove(lost.id)
        with pytest.raises(NoSuchDevice):
            await computer.devices.add(lost.key.jwk, "Lost", (), b"")
    assert (computer.mirror.known.epoch, kept.thread.epoch) == (2, 2)


async def test_what_was_sealed_before_a_removal_is_sealed_anew_under_the_new_epoch(
    computer: Computer, relay: RelayProcess
) -> None:
    async with computer.running():
        phone = await paired_phone(computer, relay)
        removal = asyncio.create_task(computer.devices.remove(phone.id))
        await asyncio.sleep(0)
        texts = [f"after {i}" for i in range(20)]
        computer.say(*map(reply, texts))
        await removal
        await until(lambda: computer.said() == texts)
    assert computer.waiting() == []
    assert computer.mirror.known.epoch == 2


async def test_live_frames_reach_the_phone_and_the_phones_question_for_the_tail_is_answered(
    computer: Computer, relay: RelayProcess
) -> None:
    status = LiveStatus(type="status", name="Desk", state="awake", running=0, queued=0, brain="rehearsal")
    assert not computer.link.send_live(status, "status")
    async with computer.running():
        phone = await paired_phone(computer, relay)
        async with phone.connected() as socket:
            await until(lambda: phone.id in {present.device for present in computer.present})
            assert computer.link.send_live(status, "status", keep=True)
            assert (await socket.until_live("status"))["name"] == "Desk"
            nonce = new_hex_id()
            await socket.send_live({"type": "tail.ask", "nonce": nonce}, new_hex_id())
            tail = await socket.until_live("tail")
    known = computer.mirror.known
    assert tail == {
        "type": "tail", "nonce": nonce, "asker": phone.id, "gen": known.gen, "seq": known.seq, "head": known.head,
    }  # fmt: skip
    assert computer.live == []


async def test_thirty_cuts_at_any_byte_lose_and_double_nothing(tmp_path: Path) -> None:
    chance = Random(8)
    async with tcp_proxy() as proxy:
        with relay_process(tmp_path / "relay", origins=proxy.url) as relay:
            proxy.target = ("127.0.0.1", relay.port)
            computer = Computer(tmp_path, proxy.url)
            await computer.create_thread()
            texts = [f"line {i}" for i in range(30)]
            proxy.cut_at(chance.randrange(1000, 8000) for _ in range(30))
            async with computer.running():
                for text in texts:
                    computer.say(reply(text))
                    await asyncio.sleep(0)
                await until(lambda: proxy.cuts >= 30 or computer.said() == texts, within=20)
                for _ in itertools.repeat(None, max(0, 30 - proxy.cuts)):
                    await until(lambda: computer.link.state.kind == "connected")
                    proxy.cut()
                    await until(lambda: computer.link.state.kind != "connected")
                await until(lambda: computer.said() == texts and not computer.waiting(), within=20)
            assert proxy.cuts >= 30
            assert [entry.n for entry in computer.entries] == list(range(1, 32))
            await computer.close()


async def test_a_relay_killed_in_the_middle_goes_on_where_it_was(computer: Computer, relay: RelayProcess) -> None:
    texts = [f"line {i}" for i in range(150)]
    computer.say(*map(reply, texts))
    async with computer.running():
        await until(lambda: len(computer.entries) > 1)
        relay.kill()
        try:
            await until(lambda: computer.link.state.kind == "disconnected")
            lost = computer.link.state.since
            await until(lambda: len(computer.states) > 8)
            assert computer.link.state.since == lost
        finally:
            relay.start()
        await until(lambda: computer.said() == texts)
    assert computer.waiting() == []


async def test_a_device_whose_keys_cannot_be_handed_over_is_removed_again(
    computer: Computer, relay: RelayProcess
) -> None:
    async with computer.running():
        phone, pairing = Phone(relay.url), new_pairing(computer)
        link = await pairing.start()
        waiting = asyncio.create_task(pairing.wait_for_device())
        attempt = await phone.offer(link)
        await waiting
        relay.kill()  # it forgets open pairings
        relay.start()
        with pytest.raises(PairingOver, match="removed again"):
            await pairing.confirm(attempt.digits)
        assert computer.mirror.known.members[phone.id].to_seq is not None
        assert phone.id not in computer.keys.wrap_keys
        assert (await paired_phone(computer, relay)).thread.epoch == 2

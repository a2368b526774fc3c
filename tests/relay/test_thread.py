"""A thread over the real socket: storing, ordering, resuming, and every refusal (SPEC 3 and 5)."""

import asyncio
from dataclasses import replace

import pytest

from relay.core.fanout import FIRST_PAGE_CHARS
from relay.protocol import envelope, frames, jose
from relay.protocol.ids import EntryKid, b64, key_id
from relay.protocol.transcript import first_head
from tests.relay.device import HELLO_TYP, Device, Line, join, message, new_thread, open_line, sign_claim
from tests.relay.running import Running, running_relay


async def test_an_entry_reaches_everybody_its_author_too(host: Device, host_line: Line, phone: Device):
    async with phone.connect() as line:
        assert line.welcome["seq"] == 2
        assert (line.welcome["epoch"], line.welcome["n"]) == (1, 0)
        assert await line.append(phone.next(message("hello"))) == 3

        await phone.catch_up(line, 3)
        await host.catch_up(host_line, 3)

    assert host.texts() == phone.texts() == ["hello"]
    assert host.known.head == phone.known.head


async def test_two_writers_at_once_are_seen_in_one_order(host: Device, host_line: Line, phone: Device):
    async with phone.connect() as line:

        async def write(device: Device, over: Line, name: str) -> None:
            for index in range(40):
                await over.send(device.next(message(f"{name} {index}"), hint="none"))

        before = host.known
        await asyncio.gather(write(phone, line, "phone"), write(host, host_line, "host"))
        await phone.catch_up(line, 82)
        await host.catch_up(host_line, 82)

    assert before.seq == 2
    assert host.texts() == phone.texts()
    assert len(host.texts()) == 80
    assert host.known.head == phone.known.head


async def test_the_same_bytes_again_get_the_same_ack(phone: Device):
    append = phone.next(message("once"))
    async with phone.connect() as line:
        assert [await line.append(append) for _ in range(3)] == [3, 3, 3]
    async with phone.connect() as line:
        assert line.welcome["n"] == 1
        assert await line.append(append) == 3
        await phone.catch_up(line, 3)
        assert phone.texts() == ["once"]


async def test_other_bytes_under_the_same_number_are_a_conflict(phone: Device):
    async with phone.connect() as line:
        await line.append(phone.next(message("first")))
        error = await line.refusal(frames.Append(n=1, sealed=phone.seal(message("second"), n=1)))

    assert (error["code"], error["n"]) == ("conflict", 1)


async def test_a_gap_says_where_to_go_on(phone: Device):
    async with phone.connect() as line:
        error = await line.refusal(frames.Append(n=5, sealed=phone.seal(message("later"), n=5)))

    assert (error["code"], error["n"], error["next_n"]) == ("gap", 5, 1)


async def test_a_forged_entry_is_refused(phone: Device):
    append = phone.next(message("genuine"))
    start, _, _ = append.sealed.rpartition(".")
    async with phone.connect() as line:
        error = await line.refusal(append.model_copy(update={"sealed": f"{start}.{b64(bytes(64))}"}))
        assert (error["code"], error["n"]) == ("refused", 1)
        assert (await line.refusal(append.model_copy(update={"sealed": "nonsense"})))["code"] == "refused"
        assert await line.append(append) == 3


async def test_an_entry_of_another_device_or_thread_is_refused(host: Device, phone: Device, relay: Running):
    elsewhere = await new_thread(relay.url, relay.http)
    foreign = EntryKid(elsewhere.thread, 1, phone.id, 1)
    plain = envelope.Plaintext(1, "now", 0, first_head(elsewhere.thread), message("x"))
    async with phone.connect() as line:
        sealed = envelope.seal_entry(plain, foreign, phone.known.keys[1], phone.key)
        assert (await line.refusal(frames.Append(n=1, sealed=sealed)))["code"] == "refused"
        assert (await line.refusal(frames.Append(n=1, sealed=host.seal(message("x"), n=1))))["code"] == "refused"


async def test_a_removed_device_is_told_why_and_shut_out_everywhere(
    host: Device, host_line: Line, phone: Device, relay: Running
):
    token = await phone.token(relay.http)
    async with phone.connect() as line:
        removal = host.removed(phone)
        await host.catch_up(host_line, await host_line.append(removal))

        error = await line.expect("error")
        assert (error["code"], error["roster"]) == ("removed", removal.roster)
        assert await line.closed() == 4403

    assert host.known.epoch == 2
    async with open_line(relay.url) as line:
        nonce = (await line.expect("challenge"))["nonce"]
        jws = sign_claim(HELLO_TYP, phone.key, nonce, relay.url, phone.thread, phone.id)
        error = await line.refusal(frames.Hello(v=1, jws=jws))
        assert (error["code"], error["roster"]) == ("removed", removal.roster)
        assert await line.closed() == 4403
    answer = await relay.http.get("/v1/entries", headers=token)
    assert (answer.status_code, answer.json()["code"], answer.json()["roster"]) == (403, "removed", removal.roster)


async def test_an_entry_under_the_old_epoch_is_stale(host: Device, host_line: Line, phone: Device):
    tablet = await join(host, host_line)
    async with phone.connect() as line:
        await host_line.append(host.removed(tablet))
        error = await line.refusal(phone.next(message("too late")))

    assert (error["code"], error["n"]) == ("stale_epoch", 1)


async def test_a_removed_device_never_comes_back(host: Device, host_line: Line, phone: Device):
    await host.catch_up(host_line, await host_line.append(host.removed(phone)))
    error = await host_line.refusal(host.added(phone.key))

    assert error["code"] == "refused"


async def test_a_client_cannot_change_the_roster(host: Device, phone: Device):
    stolen = host.added(jose.PrivateKey.generate()).roster
    async with phone.connect() as line:
        assert (await line.refusal(phone.next(message("x"), roster=stolen)))["code"] == "refused"


async def test_a_long_thread_is_resumed_in_pages_by_cursor(host: Device, host_line: Line, phone: Device):
    text = "x" * 40_000
    for _ in range(40):
        await host_line.send(host.next(message(text)))
    await host.catch_up(host_line, 42)

    pages = []
    async with phone.connect() as line:
        while phone.known.seq < 42:
            page = await line.expect("entries")
            assert len(frames.dump(frames.Entries(**page))) <= frames.MAX_FRAME_BYTES
            pages.append(page)
            phone.judge(page)
    assert len(pages) > 3
    # A connection that breaks soon has brought the reader forward all the same.
    sizes = [len(frames.dump(frames.Entries(**page))) for page in pages]
    assert sizes[0] < 2 * FIRST_PAGE_CHARS or len(pages[0]["items"]) == 1
    assert max(sizes) > 4 * sizes[0]
    assert [page["first"] for page in pages] == sorted({page["first"] for page in pages})
    assert [page["prev"] for page in pages] == [host.heads[page["first"] - 1] for page in pages]
    assert phone.known.head == host.known.head

    await host_line.append(host.next(message("one more")))
    async with phone.connect() as line:
        page = await line.expect("entries")
        assert (page["first"], len(page["items"])) == (43, 1)


async def test_a_device_ahead_of_the_relay_is_told_so_and_may_still_write(phone: Device):
    async with phone.connect(resume=False) as line:
        error = await line.refusal(frames.Resume(after=50))
        assert error["code"] == "behind"
        assert await line.append(phone.next(message("all the same"))) == 3
        await line.send(frames.Resume(after=2))
        await phone.catch_up(line, 3)


async def test_a_new_connection_closes_the_older_one(phone: Device):
    async with phone.connect() as older, phone.connect() as newer:
        assert await older.closed() == frames.CLOSE_REPLACED
        assert await newer.append(phone.next(message("still here"))) == 3


async def test_a_socket_without_hello_is_closed(tmp_path):
    async with running_relay(tmp_path, hello_within_s=0.05) as relay, open_line(relay.url) as line:
        assert await line.closed() == frames.CLOSE_UNAUTHORIZED
        assert line.others[-1]["code"] == "unauthorized"


async def test_only_pages_of_this_relay_may_connect(relay: Running):
    from websockets.exceptions import InvalidStatus

    with pytest.raises(InvalidStatus) as caught:
        async with open_line(relay.url, Origin="https://evil.example"):
            pass
    assert caught.value.response.status_code == 403
    async with open_line(relay.url, Origin=relay.url) as line:
        await line.expect("challenge")


@pytest.mark.parametrize("wrong", ["nonce", "aud", "key", "device", "thread"])
async def test_a_hello_that_is_not_right_is_refused(wrong: str, phone: Device, relay: Running):
    async with open_line(relay.url) as line:
        claim = {
            "nonce": (await line.expect("challenge"))["nonce"],
            "aud": relay.url,
            "thread": phone.thread,
            "device": phone.id,
        }
        key = phone.key
        if wrong == "key":
            key = jose.PrivateKey.generate()
        elif wrong == "aud":
            claim["aud"] = "https://other.example"
        else:
            claim[wrong] = key_id(jose.PrivateKey.generate().jwk)
        jws = sign_claim(HELLO_TYP, key, **claim)
        error = await line.refusal(frames.Hello(v=1, jws=jws))
        assert error["code"] == "unauthorized"
        assert await line.closed() == frames.CLOSE_UNAUTHORIZED


@pytest.mark.parametrize("text", ["{", "[]", '{"type":"dance"}', '{"type":"append","n":0,"sealed":""}', b"\x00"])
async def test_what_is_no_frame_gets_bad_frame(text: str | bytes, phone: Device):
    async with phone.connect() as line:
        await line.socket.send(text)
        assert (await line.expect("error"))["code"] == "bad_frame"
        if text in ("{", b"\x00"):
            assert await line.closed() == frames.CLOSE_BAD_FRAME
        else:
            assert await line.append(phone.next(message("going on"))) == 3


async def test_what_is_too_large_is_refused_by_name(phone: Device):
    async with phone.connect() as line:
        await line.socket.send('{"type":"append","n":1,"sealed":"' + "x" * 600_000 + '"}')
        error = await line.expect("error")
        assert (error["code"], error["n"]) == ("too_large", 1)

        await line.socket.send('{"type":"append","n":1,"sealed":"' + "x" * 130_000 + '"}')
        error = await line.expect("error")
        assert (error["code"], error["n"]) == ("too_large", 1)

        await line.socket.send("x" * 3_000_000)
        assert await line.closed() == 1009


async def test_too_many_entries_wait(tmp_path):
    async with running_relay(tmp_path, appends_per_minute=3) as relay:
        host = await new_thread(relay.url, relay.http)
        async with host.connect() as line:
            for _ in range(3):
                await line.append(host.next(message("x")))
            error = await line.refusal(host.next(message("one too many")))
    assert (error["code"], error["n"]) == ("rate_limited", 5)
    assert 0 < error["retry_after"] <= 20


async def test_a_full_thread_says_so(tmp_path):
    async with running_relay(tmp_path, storage_bytes=1024 * 1024 + 100_000) as relay:
        host = await new_thread(relay.url, relay.http)
        async with host.connect() as host_line:
            phone = await join(host, host_line)
            async with phone.connect() as line:
                await line.append(phone.next(message("x" * 40_000)))
                error = await line.refusal(phone.next(message("x" * 40_000)))
                assert error["code"] == "storage_full"
                assert await host_line.append(host.next(message("x" * 40_000))) == 4


async def test_a_device_that_does_not_read_is_cut_off_and_loses_no_entry(tmp_path):
    """SPEC 5.10."""
    async with running_relay(tmp_path, slow_reader_s=0.2, live_per_second=10_000) as relay:
        host = await new_thread(relay.url, relay.http)
        async with host.connect() as host_line:
            phone = await join(host, host_line)
            stream = envelope.new_hex_id()
            live = frames.Live(stream=stream, sealed=host.seal_live({"text": "x" * 60_000}, stream, 1))
            async with phone.connect() as stuck:
                await stuck.append(phone.next(message("before")))
                stuck.socket.transport.pause_reading()
                for _ in range(200):  # more than the sockets' buffers hold
                    await host_line.send(live)
                await host_line.append(host.next(message("meanwhile")))
                here = [host.id, phone.id]
                while here != [host.id]:
                    here = [one["device"] for one in (await host_line.expect("presence"))["devices"]]
            async with phone.connect() as line:
                await phone.catch_up(line, 4)
    assert phone.texts() == ["before", "meanwhile"]


async def test_presence_tells_who_is_here_and_who_is_looking(host: Device, host_line: Line, phone: Device):
    async def until(expected: dict[str, bool]) -> None:
        while {one["device"]: one["looking"] for one in (await host_line.expect("presence"))["devices"]} != expected:
            pass

    async with phone.connect() as line:
        await until({host.id: False, phone.id: False})
        await line.send(frames.Looking(looking=True))
        await until({host.id: False, phone.id: True})
    await until({host.id: False})


async def test_live_frames_reach_the_others_and_snapshots_latecomers(host: Device, host_line: Line, phone: Device):
    status, text = envelope.new_hex_id(), envelope.new_hex_id()
    async with phone.connect() as line:
        await line.append(phone.next(message("resumed before this")))
        await host_line.send(frames.Live(stream=text, sealed=host.seal_live({"type": "text"}, text, 1)))
        got = await line.expect("live")
        assert (got["from"], got["stream"]) == (host.id, text)
        kid, body = envelope.open_live(got["sealed"], phone.known.keys[1], host.key.jwk)
        assert (kid.i, body) == (1, {"type": "text"})

        for i in (1, 2):
            live = frames.Live(stream=status, sealed=host.seal_live({"busy": i}, status, i), keep=True)
            await host_line.send(live)
            await line.expect("live")
    async with phone.connect() as line:
        got = await line.expect("live")
        assert envelope.open_live(got["sealed"], phone.known.keys[1], host.key.jwk)[1] == {"busy": 2}
        assert got["keep"] is True


async def test_a_live_frame_of_another_device_or_stream_is_refused(host: Device, phone: Device):
    stream = envelope.new_hex_id()
    async with phone.connect() as line:
        for sealed in (
            host.seal_live({}, stream, 1),
            phone.seal_live({}, envelope.new_hex_id(), 1),
            phone.seal(message("x")),
            "nonsense",
        ):
            assert (await line.refusal(frames.Live(stream=stream, sealed=sealed)))["code"] == "refused"


async def test_too_many_live_frames_are_dropped(tmp_path):
    async with running_relay(tmp_path, live_per_second=2) as relay:
        host = await new_thread(relay.url, relay.http)
        async with host.connect() as line:
            stream = envelope.new_hex_id()
            for i in range(1, 5):
                await line.send(frames.Live(stream=stream, sealed=host.seal_live({}, stream, i)))
            assert (await line.expect("error"))["code"] == "rate_limited"


async def test_connections_are_limited(tmp_path):
    async with running_relay(tmp_path, hellos_per_minute=2) as relay:
        host = await new_thread(relay.url, relay.http)  # took a challenge
        async with host.connect(), open_line(relay.url) as line:
            nonce = (await line.expect("challenge"))["nonce"]
            jws = sign_claim(HELLO_TYP, host.key, nonce, relay.url, host.thread, host.id)
            error = await line.refusal(frames.Hello(v=1, jws=jws))
    assert error["code"] == "rate_limited"
    assert replace(host.known).seq == 1

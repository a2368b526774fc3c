"""Somebody who has only read SPEC.md gets along with the real relay, and with our own judge."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import pytest
import websockets

from agent.thread.entries import ThreadBodies
from relay.protocol import jose, pairing, transcript
from tests.protocol import stranger
from tests.protocol.stranger_at_relay import PATIENCE_S, Socket, World

STREAM = "0f" * 16


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real relay, in a process of its own."""
    read, write = os.pipe()
    folder = tmp_path_factory.mktemp("relay")
    command = [sys.executable, "-m", "relay", "serve", "--port", "0", "--data-dir", folder, "--ready-fd", str(write)]
    limits = {"DESKHAND_RELAY_PAIRINGS_PER_HOUR": "3", "DESKHAND_RELAY_HELLOS_PER_MINUTE": "1000"}
    relay = subprocess.Popen(command, pass_fds=[write], stdout=subprocess.DEVNULL, env={**os.environ, **limits})
    os.close(write)
    with os.fdopen(read) as ready:
        port = int(ready.readline())
    yield f"http://localhost:{port}"
    relay.terminate()
    relay.wait(10)


@pytest.fixture
async def world(origin: str) -> AsyncIterator[World]:
    async with httpx2.AsyncClient(base_url=origin, trust_env=False) as http:
        made = World(origin, http)
        await made.begin()
        yield made


def code(answer: httpx2.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["message"]
    return answer.json()["code"]


async def test_a_strangers_thread_is_genuine_to_us(world: World):
    """SPEC 1.3, SPEC 2.1, SPEC 2.2, SPEC 2.7, SPEC 3.3, SPEC 3.14, SPEC 5.13, SPEC 5.14: bytes by the text alone."""
    phone = await world.add()
    await world.append(phone, "message", text="Grüße 👋")
    page = (await world.http.get("/v1/entries?after=0", headers=await world.token(phone))).json()
    known = transcript.begin(world.thread.certificate(world.host), world.thread.root.jwk, {1: world.thread.key})
    heads = [known.head]
    for seq, item in enumerate(page["items"], page["first"]):
        known, verdict = transcript.judge(known, seq, item["sealed"], ThreadBodies(), heads.__getitem__)
        heads.append(known.head)
        assert isinstance(verdict, transcript.Genuine), verdict

    assert (known.seq, known.head) == (3, world.thread.head.hex())
    assert verdict.plain.body["text"] == "Grüße 👋"


async def test_what_we_say_is_read_by_a_stranger(thread):
    """SPEC 2.1, SPEC 2.2, SPEC 2.7"""
    sealed = thread.seal(thread.body(text="Grüße 👋"))

    assert stranger.opened(sealed, thread.keys[1])["body"]["text"] == "Grüße 👋"


def test_a_strangers_phone_pairs_with_our_computer():
    """SPEC 4.1, SPEC 4.3, SPEC 4.4, SPEC 4.5, SPEC 4.6, SPEC 4.7, SPEC 4.8, SPEC 4.9"""
    root, ephemeral = jose.PrivateKey.generate(), jose.PrivateKey.generate()
    link = pairing.Link.fresh(root.jwk)
    host = pairing.host_slot(link.pairing, ephemeral.jwk, root)
    phone = stranger.Phone(link.fragment())
    offer = phone.offer(host)
    opened = pairing.read_offer_slot(offer, link, ephemeral)
    accept = pairing.accept_slot(link.pairing, offer, root)
    bound = pairing.transcript(host, offer, accept)

    assert (opened.device, opened.name) == (phone.device.jwk, "A stranger's phone")
    assert phone.digits(host, offer, accept) == pairing.digits(opened.shared, link.secret, bound)
    assert phone.grant(pairing.grant_slot(opened.shared, link, bound, {"seq": 3})) == {"seq": 3}


async def test_opening_a_thread_again_is_no_error(world: World):
    """SPEC 5.13"""
    assert (await world.open(world.thread.certificate(world.host))).status_code == 201


async def test_a_thread_is_opened_by_its_root_only(world: World):
    """SPEC 5.13"""
    world.thread.root = stranger.Key()

    assert code(await world.open(world.thread.certificate(stranger.Key()))) == "unauthorized"


async def test_the_relay_checks_in_the_order_of_the_text(world: World):
    """SPEC 3.2, SPEC 5.9, SPEC 5.12"""
    thread, host = world.thread, world.host
    bearer = await world.token(host)

    async def append(n: int, sealed: str, **more: Any) -> httpx2.Response:
        return await world.http.post("/v1/entries", json={"n": n, "sealed": sealed, **more}, headers=bearer)

    assert (await append(1, world.first)).json() == {"seq": 1}
    assert code(await append(1, thread.seal(host, 1, "pause", on=True))) == "conflict"
    assert code(await append(2, "nonsense")) == "refused"
    assert code(await append(2, thread.seal(stranger.Key(), 2, "pause", on=True))) == "refused"
    assert code(await append(2, thread.seal(host, 3, "pause", on=True))) == "refused"
    gap = await append(5, thread.seal(host, 5, "pause", on=True))
    assert (code(gap), gap.json()["n"], gap.json()["next_n"]) == ("gap", 5, 2)
    missing = await append(2, thread.seal(host, 2, "pause", on=True), blobs=[STREAM])
    assert code(missing) == "blobs_missing"
    thread.epoch = 2
    assert code(await append(2, thread.seal(host, 2, "pause", on=True))) == "stale_epoch"
    assert code(await append(5, thread.seal(host, 5, "pause", on=True))) == "stale_epoch"
    thread.epoch = 1
    assert (await world.append(host, "pause", on=True)).is_success


async def test_a_device_follows_the_thread(world: World):
    """SPEC 5.1, SPEC 5.3, SPEC 5.4, SPEC 5.5, SPEC 5.11"""
    thread = world.thread
    async with world.socket(world.host) as host:
        assert {name: host.welcome[name] for name in ("type", "v", "seq", "gen", "epoch", "n")} == {
            "type": "welcome", "v": 1, "seq": 1, "gen": 0, "epoch": 1, "n": 1,
        }  # fmt: skip
        assert set(host.welcome["limits"]) == {
            "frame_bytes", "sealed_chars", "appends_per_minute", "live_per_second", "blob_bytes", "storage_bytes",
        }  # fmt: skip
        await host.send("resume", after=0)
        first = await host.get("entries")
        assert [item["sealed"] for item in first["items"]] == [world.first]
        before = thread.head
        sealed = thread.seal(world.host, 2, "reply", in_reply_to=STREAM, text="Hello")
        await host.send("append", n=2, sealed=sealed, hint="result")
        frames = [await host.get("ack", "entries") for _ in range(2)]
    by_type = {frame["type"]: frame for frame in frames}

    assert by_type["ack"] == {"type": "ack", "n": 2, "seq": 2}
    assert (by_type["entries"]["first"], by_type["entries"]["prev"]) == (2, before.hex())
    assert by_type["entries"]["items"][0]["sealed"] == sealed


async def test_a_resume_beyond_the_end_says_that_entries_were_lost(world: World):
    """SPEC 5.4, SPEC 5.9"""
    async with world.socket(world.host) as host:
        await host.send("resume", after=9)

        assert (await host.get("error"))["code"] == "behind"


async def test_live_frames_reach_the_others_and_snapshots_latecomers(world: World):
    """SPEC 2.9, SPEC 5.6, SPEC 5.7"""
    phone = await world.add()
    body = {"type": "status", "name": "Desk", "state": "awake", "running": 0, "queued": 0, "brain": "rehearsal"}
    sealed = world.thread.live(world.host, STREAM, 1, body)
    async with world.socket(world.host) as host:
        await host.send("live", stream=STREAM, sealed=sealed, keep=True)
        await host.send("live", stream="00" * 16, sealed=sealed)
        assert (await host.get("error"))["code"] == "refused"
        async with world.socket(phone) as seen:
            await seen.send("resume", after=world.thread.seq)
            live = await seen.get("live")
            await seen.send("looking", looking=True)
            async with asyncio.timeout(PATIENCE_S):
                while {"device": phone.id, "looking": True} not in (json.loads(await host.wire.recv())["devices"]):
                    pass

    assert (live["from"], live["stream"], live["sealed"]) == (world.host.id, STREAM, sealed)
    assert stranger.opened(live["sealed"], world.thread.key)["body"] == body


async def test_a_newer_connection_closes_the_older(world: World):
    """SPEC 5.8"""
    async with world.socket(world.host) as older, world.socket(world.host):
        assert await older.ended() == 4409


@pytest.mark.parametrize(
    ("sent", "close"),
    [("not json", 4400), ('{"type":"resume","after":0}', 4401), ('{"type":"hello","v":1,"jws":"a.b.c"}', 4401)],
    ids=["no frame", "no hello", "a wrong hello"],
)
async def test_who_does_not_say_hello_is_shown_out(origin: str, sent: str, close: int):
    """SPEC 5.1, SPEC 5.2, SPEC 5.8"""
    async with websockets.connect(f"{origin.replace('http', 'ws')}/v1/thread", proxy=None) as wire:
        assert json.loads(await wire.recv())["type"] == "challenge"
        await wire.send(sent)
        said = json.loads(await wire.recv())

        assert said["type"] == "error"
        assert await Socket(wire).ended() == close


async def test_a_page_of_another_origin_gets_no_socket(origin: str):
    """SPEC 5.1"""
    url = f"{origin.replace('http', 'ws')}/v1/thread"
    with pytest.raises(websockets.InvalidStatus):
        await websockets.connect(url, proxy=None, origin=websockets.Origin("https://elsewhere.example"))


async def test_a_hello_for_another_relay_or_used_before_is_refused(world: World):
    """SPEC 5.1, SPEC 5.12"""
    nonce = await world.nonce()
    hello = world.host.sign(world.thread.claim(nonce, world.host), "deskhand-hello+jws")
    world.thread.origin = "https://elsewhere.example"
    misled = world.host.sign(world.thread.claim(await world.nonce(), world.host), "deskhand-hello+jws")

    assert (await world.http.post("/v1/token", json={"jws": hello})).is_success
    assert code(await world.http.post("/v1/token", json={"jws": hello})) == "unauthorized"
    assert code(await world.http.post("/v1/token", json={"jws": misled})) == "unauthorized"


async def test_a_removed_device_is_refused_everywhere_with_the_proof(world: World):
    """SPEC 4.13, SPEC 4.14, SPEC 5.8, SPEC 5.12"""
    phone = await world.add()
    bearer = await world.token(phone)
    async with world.socket(phone) as open_socket:
        proof = world.thread.roster("removed", phone)
        await world.remove(phone)
        told = await open_socket.get("error")
        assert await open_socket.ended() == 4403
    refused = await world.http.get("/v1/entries?after=0", headers=bearer)

    assert (told["code"], code(refused)) == ("removed", "removed")
    payloads = {stranger.unb64(text.split(".")[1]) for text in (told["roster"], refused.json()["roster"], proof)}
    assert len(payloads) == 1
    assert (await world.append(world.host, "pause", on=True)).is_success


async def test_pages_of_the_thread(world: World):
    """SPEC 5.14"""
    for _ in range(5):
        await world.append(world.host, "pause", on=True)
    bearer = await world.token(world.host)

    async def page(query: str) -> tuple[int, int]:
        answer = (await world.http.get(f"/v1/entries?{query}", headers=bearer)).json()
        return answer["first"], len(answer["items"])

    assert await page("after=1&limit=2") == (2, 2)
    assert await page("before=5&limit=2") == (3, 2)
    assert await page("after=5") == (6, 1)
    assert code(await world.http.get("/v1/entries?after=1&before=5", headers=bearer)) == "bad_frame"


async def test_the_slots_of_a_pairing(world: World):
    """SPEC 4.1, SPEC 4.2"""
    path, bearer = f"/v1/pairings/{os.urandom(16).hex()}", await world.token(world.host)
    put, get = world.http.put, world.http.get

    assert code(await get(f"{path}/host")) == "not_found"
    assert code(await put(f"{path}/host", content="h")) == "unauthorized"
    assert (await put(f"{path}/host", content="h", headers=bearer)).status_code == 201
    assert code(await put(f"{path}/accept", content="a", headers=bearer)) == "refused"
    assert (await get(f"{path}/offer")).status_code == 204
    waiting = asyncio.create_task(get(f"{path}/offer?wait=true"))
    assert (await put(f"{path}/offer", content="o", headers={})).status_code == 201
    assert (await waiting).text == "o"
    assert (await put(f"{path}/offer", content="o")).status_code == 201
    assert code(await put(f"{path}/offer", content="other")) == "conflict"
    assert code(await put(f"{path}/accept", content="a" * 131_073, headers=bearer)) == "too_large"


async def test_a_blob_arrives_in_pieces_and_is_kept_as_it_is(world: World):
    """SPEC 6.6, SPEC 6.7"""
    name, data = os.urandom(16).hex(), os.urandom(1000)
    path, bearer = f"/v1/blobs/{name}", await world.token(world.host)

    async def put(first: int, last: int) -> httpx2.Response:
        span = {"Content-Range": f"bytes {first}-{last}/1000"}
        return await world.http.put(path, content=data[first : last + 1], headers={**bearer, **span})

    assert (await put(0, 399)).status_code == 202
    assert code(await world.append(world.host, "pause", on=True, _blobs=[name])) == "blobs_missing"
    held = await world.http.head(path, headers=bearer)
    assert (held.status_code, held.headers["upload-offset"]) == (404, "400")
    assert (await put(400, 999)).status_code == 201
    assert (await world.http.get(path, headers=bearer)).content == data
    part = await world.http.get(path, headers={**bearer, "Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, data[10:20])
    assert code(await world.http.put(path, content=b"other", headers=bearer)) == "conflict"
    assert (await world.append(world.host, "pause", on=True, _blobs=[name])).is_success
    assert code(await world.http.get(path)) == "unauthorized"


async def test_a_subscription_belongs_to_its_device(world: World):
    """SPEC 7.4"""
    phone = await world.add()
    bearer = await world.token(phone)
    keys = {"p256dh": stranger.b64(b"\4" + os.urandom(64)), "auth": stranger.b64(os.urandom(16))}
    quiet = {"start": "22:00", "end": "07:00", "zone": "Europe/Vienna"}
    wanted = {"endpoint": "https://push.example/1", "keys": keys, "quiet": quiet}

    assert code(await world.http.get("/v1/push", headers=bearer)) == "not_found"
    assert (await world.http.put("/v1/push", json=wanted, headers=bearer)).status_code == 204
    assert (await world.http.get("/v1/push", headers=bearer)).json() == wanted
    inward = {**wanted, "endpoint": "http://127.0.0.1/1"}
    assert code(await world.http.put("/v1/push", json=inward, headers=bearer)) == "refused"
    assert (await world.http.get("/v1/push/log", headers=bearer)).json() == []
    assert (await world.http.delete("/v1/push", headers=bearer)).status_code == 204
    assert code(await world.http.put("/v1/push", json=wanted, headers=await world.token(world.host))) == "refused"

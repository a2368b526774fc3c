"""Web push to a real HTTP endpoint on this machine, whose payload is opened as a browser would (RFC 8291)."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import http_ece
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from relay.protocol import envelope, frames, jose
from relay.protocol.ids import PushKid, b64, unb64
from tests.relay.device import Device, Line, join, message, new_thread, now
from tests.relay.running import Running, running_relay


@dataclass
class PushService:
    """A push service with one browser behind it."""

    url: str = ""
    status: int = 201
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    received: asyncio.Queue[tuple[Mapping[str, str], dict[str, Any]]] = field(default_factory=asyncio.Queue)

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        plain = http_ece.decrypt(body, private_key=self.key, auth_secret=self.secret, version="aes128gcm")
        self.received.put_nowait((request.headers.copy(), json.loads(plain)))
        return web.Response(status=self.status, text="as the service says", headers={"Location": "/elsewhere"})

    def subscription(self, **more: Any) -> dict[str, Any]:
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {"endpoint": self.url, "keys": {"p256dh": b64(point), "auth": b64(self.secret)}, **more}

    async def next(self) -> tuple[Mapping[str, str], dict[str, Any]]:
        async with asyncio.timeout(10):
            return await self.received.get()


@pytest.fixture
async def service() -> AsyncIterator[PushService]:
    push = PushService()
    app = web.Application()
    app.router.add_post("/browser", push.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    push.url = f"http://127.0.0.1:{runner.addresses[0][1]}/browser"
    yield push
    await runner.cleanup()


async def subscribe(relay: Running, device: Device, service: PushService, **more: Any) -> dict[str, str]:
    headers = await device.token(relay.http)
    answer = await relay.http.put("/v1/push", json=service.subscription(**more), headers=headers)
    assert answer.status_code == 204, answer.text
    return headers


async def log(relay: Running, headers: dict[str, str], count: int) -> list[dict[str, Any]]:
    """The device's log once it has ``count`` lines, without times."""
    async with asyncio.timeout(10):
        while len(items := (await relay.http.get("/v1/push/log", headers=headers)).json()) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return [{name: value for name, value in item.items() if name != "at"} for item in items]


async def test_a_result_wakes_the_phone_with_a_text_only_it_can_read(
    relay: Running, host: Device, host_line: Line, phone: Device, service: PushService
):
    """SPEC 7.2."""
    headers = await subscribe(relay, phone, service)
    kid = PushKid(host.thread, 1, host.id, envelope.new_hex_id())
    sealed = envelope.seal_push({"text": "Done"}, now(), kid, host.known.keys[1], host.key)

    seq = await host_line.append(host.next(message("done"), hint="result", push=sealed))
    sent, payload = await service.next()

    assert payload == {"push": sealed, "hint": "result", "thread": host.thread, "seq": seq}
    assert envelope.open_push(payload["push"], phone.known.keys[1], host.key.jwk) == {"text": "Done"}
    assert (sent["Topic"], sent["Urgency"], sent["Content-Encoding"]) == ("result", "normal", "aes128gcm")
    assert int(sent["TTL"]) > 0
    scheme, _, rest = sent["Authorization"].partition(" ")
    parts = dict(part.split("=", 1) for part in rest.split(","))
    async with phone.connect() as line:
        assert parts["k"].strip() == line.welcome["push_key"]
    claims = json.loads(unb64(parts["t"].split(".")[1]))
    assert scheme == "vapid"
    assert claims["sub"] == "mailto:deskhand@localhost"
    assert claims["aud"] == service.url.removesuffix("/browser")
    assert await log(relay, headers, 1) == [{"outcome": "accepted", "status": 201, "reason": ""}]


async def test_who_looks_or_sleeps_or_wrote_it_is_not_woken(
    relay: Running, host: Device, host_line: Line, phone: Device, service: PushService
):
    """SPEC 7.1."""
    quiet = {"start": "00:00", "end": "23:59", "zone": "UTC"}
    headers = await subscribe(relay, phone, service, quiet=quiet)
    async with phone.connect() as line:
        await line.append(phone.next(message("mine"), hint="ask"))
        await host_line.append(host.next(message("a"), hint="ask"))
        assert [one["outcome"] for one in await log(relay, headers, 1)] == ["quiet"]
        await line.send(frames.Looking(looking=True))
        while {"device": phone.id, "looking": True} not in (await host_line.expect("presence"))["devices"]:
            pass
        await host_line.append(host.next(message("b"), hint="ask"))
        assert [one["outcome"] for one in await log(relay, headers, 2)] == ["looking", "quiet"]
        await host_line.append(host.next(message("no hint")))
    assert service.received.empty()


@pytest.mark.parametrize("status", [404, 410])
async def test_a_subscription_that_is_gone_is_pruned(
    status: int, relay: Running, host: Device, host_line: Line, phone: Device, service: PushService
):
    """SPEC 7.5."""
    headers = await subscribe(relay, phone, service)
    service.status = status
    await host_line.append(host.next(message("x"), hint="failed"))

    assert await log(relay, headers, 1) == [{"outcome": "gone", "status": status, "reason": "as the service says"}]
    assert (await relay.http.get("/v1/push", headers=headers)).status_code == 404


@pytest.mark.parametrize(
    ("status", "outcome"), [(403, "refused"), (500, "refused"), (307, "unreachable"), (202, "accepted")]
)
async def test_the_test_button_says_what_the_service_said(
    status: int, outcome: str, relay: Running, phone: Device, service: PushService
):
    headers = await subscribe(relay, phone, service)
    service.status = status
    answer = (await relay.http.post("/v1/push/test", json={"push": "sealed"}, headers=headers)).json()

    assert answer["outcome"] == outcome
    assert (await service.next())[1]["push"] == "sealed"
    assert [one["outcome"] for one in await log(relay, headers, 1)] == [outcome]
    assert (await relay.http.get("/v1/push", headers=headers)).json()["endpoint"] == service.url


async def test_a_service_that_does_not_answer_is_unreachable(relay: Running, phone: Device, service: PushService):
    service.url = "http://127.0.0.1:1/browser"
    headers = await subscribe(relay, phone, service)
    answer = (await relay.http.post("/v1/push/test", headers=headers)).json()
    assert answer["outcome"] == "unreachable"
    assert answer["reason"]


async def test_unsubscribing_ends_it(relay: Running, phone: Device, service: PushService):
    headers = await subscribe(relay, phone, service)
    assert (await relay.http.delete("/v1/push", headers=headers)).status_code == 204
    answer = await relay.http.post("/v1/push/test", json={}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "change",
    [
        {"endpoint": "http://push.example/1"},
        {"endpoint": "ftp://push.example/1"},
        {"endpoint": "https://user@push.example/1"},
        {"keys": {"p256dh": "short", "auth": "short"}},
        {"quiet": {"start": "22:00", "end": "07:00", "zone": "Nowhere/At_All"}},
    ],
)
async def test_a_subscription_that_cannot_work_is_refused(
    change: dict[str, Any], relay: Running, phone: Device, service: PushService
):
    headers = await phone.token(relay.http)
    answer = await relay.http.put("/v1/push", json={**service.subscription(), **change}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "refused")


async def test_the_computer_is_not_woken_by_push(relay: Running, host: Device, service: PushService):
    answer = await relay.http.put("/v1/push", json=service.subscription(), headers=await host.token(relay.http))
    assert answer.json()["code"] == "refused"


@pytest.mark.parametrize("endpoint", ["https://127.0.0.1:{port}/", "https://localhost:{port}/", "https://10.0.0.1/"])
async def test_private_networks_are_out_of_reach(endpoint: str, tmp_path, service: PushService):
    port = service.url.split(":")[2].split("/")[0]
    async with running_relay(tmp_path) as relay:
        host = await new_thread(relay.url, relay.http)
        async with host.connect() as line:
            phone = await join(host, line)
        service.url = endpoint.format(port=port)
        headers = await subscribe(relay, phone, service)
        answer = (await relay.http.post("/v1/push/test", json={}, headers=headers)).json()
    assert answer["outcome"] == "unreachable"
    assert "private network" in answer["reason"]


async def test_what_was_due_is_sent_after_a_restart(tmp_path, service: PushService):
    async with running_relay(tmp_path, push_allow_loopback=True) as relay:
        host = await new_thread(relay.url, relay.http)
        async with host.connect() as line:
            phone = await join(host, line)
            await subscribe(relay, phone, service)
            good, service.url = service.url, "http://127.0.0.1:1/"

    from relay.core.ports import Wake
    from relay.store import open_store
    from relay.store.push import insert_due

    store = open_store(tmp_path, storage_bytes=10**9, blob_bytes=10**6, now=now)
    await store._writer.submit(lambda tx: insert_due(tx, Wake(host.thread, 2, host.id, "ask", "sealed")))
    store.close()
    service.url = good
    async with running_relay(tmp_path, push_allow_loopback=True):
        _, payload = await service.next()
    assert payload == {"push": "sealed", "hint": "ask", "thread": host.thread, "seq": 2}


def test_a_push_token_key_is_a_p256_point():
    from relay.app import application_server_key

    point = unb64(application_server_key(jose.PrivateKey.generate()))
    ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)

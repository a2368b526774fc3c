"""The relay put together."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from fastapi import FastAPI, WebSocket

from relay.config import RelayConfig
from relay.core.limits import Limiter, Rate
from relay.edge import access, blobs, entries, ops, pairing, problems, push, socket, web
from relay.edge.auth import Doorkeeper, Nonces
from relay.edge.hub import Hub
from relay.edge.keys import load_key
from relay.edge.tokens import Tokens
from relay.intake import Intake
from relay.protocol.ids import b64, unb64
from relay.protocol.jose import PrivateKey
from relay.store import open_store


def utc_now() -> str:
    """The time, RFC 3339 in UTC with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def create_app(config: RelayConfig) -> FastAPI:
    """The relay over an opened and migrated data folder; it is closed when the app's lifespan ends.

    ``config.origins`` must be set (`RelayConfig.listening_at`).
    Raises `relay.store.engine.DataInUse` or `NewerDatabase`.
    """
    store = open_store(config.data_dir, storage_bytes=config.storage_bytes, blob_bytes=config.blob_bytes, now=utc_now)
    clock = time.monotonic
    signing_key, vapid_key = (load_key(config.data_dir / name) for name in ("token.key.json", "vapid.key.json"))
    origins = frozenset(config.origins)
    hub = Hub()
    pusher = push.Pusher(
        store.push, hub, vapid_key, config.subject, allow_loopback=config.push_allow_loopback, now=utc_now
    )
    intake = Intake(store.threads, hub, pusher, Limiter(Rate.per(60, config.appends_per_minute), clock))
    doorkeeper = Doorkeeper(store.threads, Tokens(signing_key, time.time), config.origins)
    nonces = Nonces(clock)
    hellos = Limiter(Rate.per(60, config.hellos_per_minute), clock)
    pairings = pairing.Pairings(
        clock, Limiter(Rate.per(3600, config.pairings_per_hour), clock), Limiter(Rate.per(60, 30), clock)
    )
    desk = socket.Desk(
        threads=store.threads,
        intake=intake,
        hub=hub,
        doorkeeper=doorkeeper,
        hellos=hellos,
        lives=Limiter(Rate.per(1, config.live_per_second), clock),
        limits=config.limits,
        push_key=application_server_key(vapid_key),
        hello_within_s=config.hello_within_s,
        slow_reader_s=config.slow_reader_s,
        now=utc_now,
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        pusher.start()
        yield
        await intake.close()
        await pusher.close()
        store.close()

    app = FastAPI(
        title="Deskhand relay", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url="/v1/openapi.json"
    )
    app.add_middleware(web.Shield, headers=web.security_headers(config.origins), unbounded="/v1/blobs/")
    problems.install(app)

    def registration(given: str | None) -> None:
        invite = None if config.invite is None else config.invite.get_secret_value()
        access.admit_registration(config.registration, invite, given)

    async def thread_socket(websocket: WebSocket) -> None:
        await socket.serve(websocket, desk, origins)

    app.add_api_websocket_route("/v1/thread", thread_socket)
    app.include_router(access.router(doorkeeper, nonces, intake, hellos, registration))
    app.include_router(entries.router(doorkeeper, intake, store.threads))
    app.include_router(pairing.router(doorkeeper, pairings, config.long_poll_s))
    app.include_router(blobs.router(doorkeeper, store.blobs))
    app.include_router(push.router(doorkeeper, store.push, pusher, allow_loopback=config.push_allow_loopback))
    app.include_router(ops.router(store.threads))
    app.include_router(web.router(config.page_dir))
    return app


def application_server_key(key: PrivateKey) -> str:
    """A public key as browsers want it for push: the uncompressed point, base64url (RFC 8292 §3.2)."""
    return b64(b"\x04" + unb64(key.jwk["x"]) + unb64(key.jwk["y"]))

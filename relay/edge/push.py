"""Web push: subscriptions, the test button, the log, and the bell that rings for entries with a hint.

What is due stands in the store, written with its entry; ringing only says "look". So a notification survives a
restart, and nothing queues up in memory.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from relay.config import is_loopback
from relay.core.notify import Choice, Subscriber, choose, manner
from relay.core.ports import Wake
from relay.edge.access import json_text
from relay.edge.auth import Doorkeeper
from relay.edge.hub import Hub
from relay.protocol.envelope import MAX_PUSH_CHARS
from relay.protocol.errors import ErrorCode, Malformed, Refused
from relay.protocol.frames import Frame, PushOutcome, PushSubscription
from relay.protocol.ids import unb64
from relay.protocol.jose import PrivateKey
from relay.store.push import PushStore

if TYPE_CHECKING:
    from relay.edge.webpush import Sender

MAX_WAKES = 16
"""Entries whose devices are being woken at the same time."""
_log = structlog.get_logger(__name__)


class Pusher:
    """Wakes devices. Start it once, close it once."""

    def __init__(
        self, store: PushStore, hub: Hub, key: PrivateKey, subject: str, *, allow_loopback: bool, now: Callable[[], str]
    ) -> None:
        self._store = store
        self._hub = hub
        self._key = key
        self._subject = subject
        self._allow_loopback = allow_loopback
        self._now = now
        self._rung = asyncio.Event()
        self._running: dict[tuple[str, int], asyncio.Task[None]] = {}
        self._sender: asyncio.Task[Sender] | None = None
        self._dispatcher: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, with what the last run left over."""
        self._sender = asyncio.create_task(self._make_sender())
        self._dispatcher = asyncio.create_task(self._dispatch())
        self._rung.set()

    async def close(self) -> None:
        """Stop at once; what is under way is due again at the next start."""
        tasks = [task for task in (self._dispatcher, *self._running.values()) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._sender is not None:
            await (await self._sender).close()

    def ring(self, wake: Wake) -> None:
        """See `relay.core.ports.Bell`."""
        self._rung.set()

    async def test(self, thread: str, device: str, push: str | None) -> PushOutcome:
        """Wake one device now and say how it went. Raises `Refused` where it has no subscription."""
        subscription = await self._store.subscription(thread, device)
        if subscription is None:
            raise Refused(ErrorCode.NOT_FOUND, "This device has no push subscription. Switch notifications on first.")
        wake = Wake(thread, 0, "", "result", push)
        outcome = await self._push(Subscriber(device, "client", member=True, subscription=subscription), wake)
        await self._store.done(wake, {device: outcome}, [device] if outcome.outcome == "gone" else [])
        return outcome

    async def _dispatch(self) -> None:
        while True:
            await self._rung.wait()
            self._rung.clear()
            for wake in await self._store.due():
                key = (wake.thread, wake.seq)
                if len(self._running) < MAX_WAKES and key not in self._running:
                    self._running[key] = asyncio.create_task(self._guard(key, wake))

    async def _guard(self, key: tuple[str, int], wake: Wake) -> None:
        try:
            await self._wake(wake)
        except Exception as error:  # noqa: BLE001 - it stays noted as running, so that it is not sent again and again
            _log.error("a notification failed", error=type(error).__name__)
        else:
            del self._running[key]
            self._rung.set()

    async def _wake(self, wake: Wake) -> None:
        looking = frozenset(self._hub.looking(wake.thread))
        subscribers = await self._store.subscribers(wake.thread)
        choices = choose(subscribers, wake.hint, wake.author, looking, datetime.now(UTC))
        results = await asyncio.gather(*(self._carry_out(choice, wake) for choice in choices))
        outcomes = {choice.subscriber.device: outcome for choice, outcome in zip(choices, results, strict=True)}
        gone = [device for device, outcome in outcomes.items() if outcome.outcome == "gone"]
        await self._store.done(wake, outcomes, gone)

    async def _carry_out(self, choice: Choice, wake: Wake) -> PushOutcome:
        if choice.skip is not None:
            return PushOutcome(at=self._now(), outcome=choice.skip)
        return await self._push(choice.subscriber, wake)

    async def _push(self, subscriber: Subscriber, wake: Wake) -> PushOutcome:
        if self._sender is None:
            raise RuntimeError("not started")
        sender = await asyncio.shield(self._sender)
        data = json.dumps({"push": wake.push, "hint": wake.hint, "thread": wake.thread, "seq": wake.seq})
        answer = await sender.send(subscriber.subscription, data, manner(wake.hint, wake.seq))
        return PushOutcome(at=self._now(), outcome=answer.outcome, status=answer.status, reason=answer.reason)

    async def _make_sender(self) -> Sender:
        sender = await asyncio.to_thread(_load)
        return sender(self._key, self._subject, allow_loopback=self._allow_loopback)


def _load() -> type[Sender]:
    from relay.edge.webpush import Sender

    return Sender


class PushTest(Frame):
    """``POST /v1/push/test``: ``push`` is a sealed notification text."""

    push: Annotated[str, Field(max_length=MAX_PUSH_CHARS)] | None = None


def check_subscription(subscription: PushSubscription, *, allow_loopback: bool) -> None:
    """Raise `Refused` for a subscription that cannot be used."""
    url = urlsplit(subscription.endpoint)
    loopback = allow_loopback and url.scheme == "http" and is_loopback(url.hostname or "")
    if not loopback and (url.scheme != "https" or not url.hostname or "@" in url.netloc):
        raise Refused(ErrorCode.REFUSED, "A push endpoint is an https address.")
    try:
        public, secret = unb64(subscription.keys.p256dh), unb64(subscription.keys.auth)
    except Malformed as error:
        raise Refused(ErrorCode.REFUSED, f"The subscription's keys are {error}.") from error
    if len(public) != 65 or len(secret) != 16:  # noqa: PLR2004 - RFC 8291 §3.1, §3.2
        raise Refused(ErrorCode.REFUSED, "The subscription's keys have the wrong length.")
    if subscription.quiet is not None:
        try:
            ZoneInfo(subscription.quiet.zone)
        except (KeyError, OSError, ValueError):  # ZoneInfoNotFoundError is a KeyError
            raise Refused(ErrorCode.REFUSED, "The time zone of the quiet hours is not known here.") from None


def router(doorkeeper: Doorkeeper, store: PushStore, pusher: Pusher, *, allow_loopback: bool) -> APIRouter:
    """``/v1/push``: each device its own subscription and log."""
    routes = APIRouter(prefix="/v1/push")

    @routes.put("")
    async def subscribe(request: Request, subscription: PushSubscription) -> Response:
        peer = await doorkeeper.bearer(request.headers.get("authorization"))
        if peer.device.role != "client":
            raise Refused(ErrorCode.REFUSED, "Only phones and browsers are woken by push.")
        check_subscription(subscription, allow_loopback=allow_loopback)
        await store.subscribe(peer.thread, peer.device.id, subscription)
        return Response(status_code=204)

    @routes.delete("")
    async def unsubscribe(request: Request) -> Response:
        peer = await doorkeeper.bearer(request.headers.get("authorization"))
        await store.unsubscribe(peer.thread, peer.device.id)
        return Response(status_code=204)

    @routes.get("")
    async def subscription(request: Request) -> Response:
        peer = await doorkeeper.bearer(request.headers.get("authorization"))
        held = await store.subscription(peer.thread, peer.device.id)
        if held is None:
            raise Refused(ErrorCode.NOT_FOUND, "This device has no push subscription.")
        return json_text(held)

    @routes.post("/test")
    async def test(request: Request, wanted: PushTest | None = None) -> Response:
        peer = await doorkeeper.bearer(request.headers.get("authorization"))
        return json_text(await pusher.test(peer.thread, peer.device.id, wanted.push if wanted else None))

    @routes.get("/log")
    async def log(request: Request) -> JSONResponse:
        peer = await doorkeeper.bearer(request.headers.get("authorization"))
        lines = await store.outcomes(peer.thread, peer.device.id)
        return JSONResponse([line.model_dump(exclude_none=True) for line in lines])

    return routes

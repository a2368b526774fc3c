"""Pairing slots ``/v1/pairings/{id}/{slot}``: texts that two sides leave for each other, for ten minutes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from relay.core.limits import Limiter
from relay.core.pairing import MAX_SLOT_BYTES, Pairing, Slot, Writer, not_found, write
from relay.edge.access import address
from relay.edge.auth import Doorkeeper
from relay.protocol.errors import ErrorCode, Refused

MAX_PAIRINGS = 1_000
PairingId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]


class Pairings:
    """Those that are open. They are kept in memory: after a restart a person makes a new code."""

    def __init__(self, clock: Callable[[], float], opened: Limiter, answered: Limiter) -> None:
        self._clock = clock
        self._opened = opened
        self._answered = answered
        self._open: dict[str, Pairing] = {}
        self._changed = asyncio.Condition()

    async def write(self, pairing: str, slot: Slot, text: str, writer: Writer | None, sender: str) -> None:
        """Fill a slot and tell those who wait for it. Raises `Refused`."""
        now = self._clock()
        self._open = {name: held for name, held in self._open.items() if held.expires > now}
        if writer is None:
            self._answered.admit(sender, "answers to pairing codes")
        elif pairing not in self._open:
            self._opened.admit(writer.thread, "pairing codes")
            if len(self._open) >= MAX_PAIRINGS:
                raise Refused(ErrorCode.UNAVAILABLE, "Too many pairings are open.")
        self._open[pairing] = write(self._open.get(pairing), slot, text, writer, now)
        async with self._changed:
            self._changed.notify_all()

    async def read(self, pairing: str, slot: Slot, wait_s: float) -> str | None:
        """The text in a slot, or None if it is still empty after ``wait_s``. Raises `Refused` (not_found)."""
        loop = asyncio.get_running_loop()
        until = loop.time() + wait_s
        async with self._changed:
            while True:
                held = self._open.get(pairing)
                if held is None or held.expires <= self._clock():
                    raise not_found()
                if slot in held.slots:
                    return held.slots[slot]
                left = until - loop.time()
                if left <= 0:
                    return None
                try:
                    async with asyncio.timeout(left):
                        await self._changed.wait()
                except TimeoutError:
                    return None


def router(doorkeeper: Doorkeeper, pairings: Pairings, long_poll_s: float) -> APIRouter:
    """``/v1/pairings``. Slots are raw texts: their hashes count."""
    routes = APIRouter(prefix="/v1/pairings")

    @routes.put("/{pairing}/{slot}")
    async def put(request: Request, pairing: PairingId, slot: Slot) -> JSONResponse:
        writer = None
        if slot != "offer":
            peer = await doorkeeper.bearer(request.headers.get("authorization"))
            writer = Writer(peer.thread, peer.device.id, peer.device.role)
        body = await request.body()
        if len(body) > MAX_SLOT_BYTES:
            raise Refused(ErrorCode.TOO_LARGE, f"A part of a pairing has at most {MAX_SLOT_BYTES} bytes.")
        try:
            text = body.decode()
        except UnicodeDecodeError:
            raise Refused(ErrorCode.BAD_FRAME, "A part of a pairing is text.") from None
        await pairings.write(pairing, slot, text, writer, address(request))
        return JSONResponse({"slot": slot}, 201)

    @routes.get("/{pairing}/{slot}")
    async def get(pairing: PairingId, slot: Slot, *, wait: bool = False) -> Response:
        text = await pairings.read(pairing, slot, long_poll_s if wait else 0.0)
        if text is None:
            return Response(status_code=204, headers={"Cache-Control": "no-store"})
        return PlainTextResponse(text, headers={"Cache-Control": "no-store"})

    return routes

"""For those who run the relay."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from relay.store.threads import Threads


def router(threads: Threads) -> APIRouter:
    """``/healthz``: answers 200 only if the store can be read."""
    routes = APIRouter()

    @routes.get("/healthz")
    async def health() -> JSONResponse:
        await threads.probe()
        return JSONResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})

    return routes

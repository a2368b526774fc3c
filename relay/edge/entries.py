"""HTTP twins of ``append`` and ``resume``."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from relay.core.fanout import PAGE_ITEMS
from relay.edge.access import json_text
from relay.edge.auth import Doorkeeper
from relay.edge.socket import entries_frame
from relay.intake import Intake
from relay.protocol.errors import ErrorCode, Refused
from relay.protocol.frames import Append
from relay.protocol.ids import MAX_SAFE_INTEGER
from relay.store.threads import Threads

Seq = Annotated[int | None, Query(ge=0, le=MAX_SAFE_INTEGER)]
PageLimit = Annotated[int, Query(ge=1, le=PAGE_ITEMS)]


def router(doorkeeper: Doorkeeper, intake: Intake, threads: Threads) -> APIRouter:
    """``/v1/entries``."""
    routes = APIRouter(prefix="/v1/entries")

    @routes.post("")
    async def append(request: Request, entry: Append) -> JSONResponse:
        peer = await doorkeeper.bearer(request.headers.get("authorization"))
        return JSONResponse({"seq": await intake.append(peer, entry)})

    @routes.get("")
    async def page(request: Request, after: Seq = None, before: Seq = None, limit: PageLimit = PAGE_ITEMS) -> Response:
        peer = await doorkeeper.bearer(request.headers.get("authorization"))
        if after is not None and before is not None:
            raise Refused(ErrorCode.BAD_FRAME, "Give `after` or `before`, not both.")
        if before is not None:
            first, prev, entries = await threads.before(peer.thread, before, limit)
        else:
            first = (after or 0) + 1
            prev, entries = await threads.after(peer.thread, first - 1, limit)
        return json_text(entries_frame(first, prev, entries))

    return routes

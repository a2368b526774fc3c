"""The one mapping of errors to HTTP answers and to ``error`` frames."""

from __future__ import annotations

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from relay.core.log import DeviceRemoved
from relay.protocol.errors import ErrorCode, Malformed, Refused
from relay.protocol.frames import Error

STATUS: dict[ErrorCode, int] = {
    ErrorCode.BAD_FRAME: 400,
    ErrorCode.UNAUTHORIZED: 401,
    ErrorCode.REMOVED: 403,
    ErrorCode.REFUSED: 422,
    ErrorCode.GAP: 409,
    ErrorCode.STALE_EPOCH: 409,
    ErrorCode.CONFLICT: 409,
    ErrorCode.TOO_LARGE: 413,
    ErrorCode.RATE_LIMITED: 429,
    ErrorCode.STORAGE_FULL: 507,
    ErrorCode.BLOBS_MISSING: 409,
    ErrorCode.BEHIND: 409,
    ErrorCode.UNAVAILABLE: 503,
    ErrorCode.CLOSED: 403,
    ErrorCode.NOT_FOUND: 404,
}
_FROM_STATUS = {404: ErrorCode.NOT_FOUND, 413: ErrorCode.TOO_LARGE}
_log = structlog.get_logger(__name__)


def frame(refused: Refused) -> Error:
    """An error as a frame."""
    return Error(
        code=refused.code,
        message=refused.message,
        n=refused.n,
        next_n=refused.next_n,
        retry_after=refused.retry_after,
        roster=refused.roster if isinstance(refused, DeviceRemoved) else None,
    )


def answer(refused: Refused) -> JSONResponse:
    """An error as an HTTP answer: the frame's members without ``type``."""
    headers = {"Cache-Control": "no-store"}
    if refused.retry_after is not None:
        headers["Retry-After"] = str(max(1, round(refused.retry_after)))
    if refused.code is ErrorCode.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    body = frame(refused).model_dump(mode="json", exclude_none=True, exclude={"type"})
    return JSONResponse(body, STATUS[refused.code], headers, "application/problem+json")


def from_validation(error: ValidationError | RequestValidationError, n: int | None = None) -> Refused:
    """What is wrong with a frame or body, without quoting it."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"] if part != "body")
    if first["type"] in ("string_too_long", "too_long"):
        return Refused(ErrorCode.TOO_LARGE, f"{where or 'It'} is too long.", n=n)
    return Refused(ErrorCode.BAD_FRAME, f"Not understood at {where or 'its beginning'}.", n=n)


def install(app: FastAPI) -> None:
    """Answer every error of the app's routes in the one form."""

    @app.exception_handler(Refused)
    async def _refused(_: Request, error: Refused) -> JSONResponse:
        return answer(error)

    @app.exception_handler(Malformed)
    async def _malformed(_: Request, error: Malformed) -> JSONResponse:
        return answer(Refused(ErrorCode.BAD_FRAME, f"Not accepted: {error}."))

    @app.exception_handler(RequestValidationError)
    async def _invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        return answer(from_validation(error))

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> JSONResponse:
        code = _FROM_STATUS.get(error.status_code, ErrorCode.BAD_FRAME)
        response = answer(Refused(code))
        response.status_code = error.status_code
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(ClientDisconnect)
    async def _gone(_: Request, __: ClientDisconnect) -> JSONResponse:
        return answer(Refused(ErrorCode.UNAVAILABLE, "The connection was lost."))  # read by nobody

    @app.exception_handler(Exception)
    async def _bug(request: Request, error: Exception) -> JSONResponse:
        _log.error("a request failed", path=request.url.path, error=type(error).__name__)
        response = answer(Refused(ErrorCode.UNAVAILABLE, "Something went wrong at the relay."))
        response.status_code = 500
        return response

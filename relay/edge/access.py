"""Getting in over HTTP: challenge, token, and opening a thread."""

from __future__ import annotations

import hmac
from collections.abc import Callable

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from relay.core.limits import Limiter
from relay.core.log import Device, Thread
from relay.edge.auth import THREAD_TYP, Doorkeeper, Nonces, read_claim
from relay.edge.tokens import LIFETIME_S
from relay.intake import Intake
from relay.protocol import jose
from relay.protocol.errors import ErrorCode, Malformed, Refused
from relay.protocol.frames import Challenge, Frame, ThreadRequest, Token, TokenRequest, dump
from relay.protocol.ids import key_id, public_jwk
from relay.protocol.transcript import first_head, read_host


def json_text(frame: Frame, status: int = 200) -> Response:
    """A frame as an HTTP answer that nobody keeps."""
    return Response(dump(frame), status, {"Cache-Control": "no-store"}, "application/json")


def address(request: Request) -> str:
    """Where a request comes from, for limits."""
    return request.client.host if request.client else ""


def admit_registration(registration: str, invite: str | None, given: str | None) -> None:
    """Raise `Refused` (closed) unless this relay takes a new thread from somebody with the invite ``given``."""
    if registration == "open":
        return
    if registration == "invite" and invite and given and hmac.compare_digest(invite.encode(), given.encode()):
        return
    raise Refused(ErrorCode.CLOSED, "" if registration == "closed" else "An invite is needed.")


def read_new_thread(wanted: ThreadRequest, doorkeeper: Doorkeeper, nonces: Nonces) -> tuple[Thread, Device]:
    """Check that the root key itself asks for its thread with this host. Raises `Refused` or `Malformed`."""
    root = public_jwk(wanted.root)
    claim = read_claim(wanted.proof, THREAD_TYP)
    doorkeeper.check_audience(claim.aud)
    nonces.spend(claim.nonce)
    certificate = read_host(wanted.cert, root)
    thread = key_id(root)
    if (claim.signed.kid, claim.thread, claim.device) != (thread, thread, certificate.device):
        raise Refused(ErrorCode.UNAUTHORIZED, "Proof and certificate are not of the same thread and computer.")
    if not jose.verify(claim.signed, root):
        raise Refused(ErrorCode.UNAUTHORIZED, "The proof is not signed by the thread's root key.")
    host = Device(thread, certificate.device, certificate.jwk, "host", n=0, from_seq=1)
    return Thread(thread, root, seq=0, head=first_head(thread), epoch=1, gen=0, stored_bytes=0), host


def router(
    doorkeeper: Doorkeeper,
    nonces: Nonces,
    intake: Intake,
    hellos: Limiter,
    registration: Callable[[str | None], None],
) -> APIRouter:
    """``/v1/challenge``, ``/v1/token``, ``/v1/threads``. ``registration`` raises `Refused` for a wrong invite."""
    routes = APIRouter(prefix="/v1")

    @routes.get("/challenge")
    async def challenge(request: Request) -> Response:
        hellos.admit(address(request), "connections")
        return json_text(Challenge(nonce=nonces.issue()))

    @routes.post("/token")
    async def token(wanted: TokenRequest) -> Response:
        peer = await doorkeeper.hello(wanted.jws, nonces.spend)
        return json_text(Token(token=doorkeeper.token(peer), expires_in=LIFETIME_S))

    @routes.post("/threads", status_code=201)
    async def threads(wanted: ThreadRequest) -> JSONResponse:
        registration(wanted.invite)
        try:
            thread, host = read_new_thread(wanted, doorkeeper, nonces)
        except Malformed as error:
            raise Refused(ErrorCode.UNAUTHORIZED, f"Not accepted: {error}.") from error
        seq = await intake.create(thread, host, wanted.sealed)
        return JSONResponse({"thread": thread.id, "seq": seq}, 201)

    return routes

"""Sending one web push message (RFC 8030, 8291, 8292). Imported late: its libraries take long to load."""

from __future__ import annotations

import errno
import ipaddress
import socket
from dataclasses import dataclass
from typing import Literal

import aiohttp
from py_vapid import Vapid02
from pywebpush import WebPushException, webpush_async

from relay.core.notify import Manner
from relay.protocol.frames import PushSubscription
from relay.protocol.jose import PrivateKey

TIMEOUT_S = 10
MAX_CONNECTIONS = 16
MAX_ANSWER_BYTES = 16 * 1024
MAX_REASON_CHARS = 200
_GONE = (404, 410)
_REDIRECT = range(300, 400)


class ForbiddenAddress(OSError):
    """The endpoint's name leads into a private network."""


class Redirected(aiohttp.ClientError):
    """Push services do not redirect; following one could lead anywhere."""


class _ShortResponse(aiohttp.ClientResponse):
    """Reads no more of an answer than is worth showing."""

    async def read(self) -> bytes:
        if self._body is None:
            self._body = await self.content.read(MAX_ANSWER_BYTES)
            self.close()
        return self._body


@dataclass(frozen=True, slots=True)
class Answer:
    """What the push service said."""

    outcome: Literal["accepted", "gone", "refused", "unreachable"]
    status: int | None = None
    reason: str = ""


class Sender:
    """Sends messages. Connects to public addresses only, and to loopback ones if ``allow_loopback``."""

    def __init__(self, key: PrivateKey, subject: str, *, allow_loopback: bool) -> None:
        self._vapid = Vapid02(private_key=key.secret)
        self._subject = subject
        self._allow_loopback = allow_loopback
        connector = aiohttp.TCPConnector(limit=MAX_CONNECTIONS, socket_factory=self._socket)
        self._session = aiohttp.ClientSession(
            connector=connector,
            response_class=_ShortResponse,
            middlewares=(_refuse_redirects,),
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    async def send(self, subscription: PushSubscription, data: str, manner: Manner) -> Answer:
        """Send ``data`` encrypted to a browser. Never raises: every failure is an answer."""
        try:
            response = await webpush_async(
                subscription.model_dump(include={"endpoint", "keys"}),
                data=data,
                vapid_private_key=self._vapid,
                vapid_claims={"sub": self._subject},
                ttl=manner.ttl,
                headers={"Topic": manner.topic, "Urgency": manner.urgency},
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
                aiohttp_session=self._session,
            )
        except WebPushException as error:
            status = error.status_code
            if status is None:
                return Answer("refused", None, _readable(error.message))
            reason = _readable(await error.response.text())
            return Answer("gone" if status in _GONE else "refused", status, reason)
        except TimeoutError:
            return Answer("unreachable", None, f"no answer within {TIMEOUT_S} s")
        except (aiohttp.ClientError, OSError) as error:
            return Answer("unreachable", None, _readable(str(error)))
        except Exception as error:  # noqa: BLE001 - keys and answers come from strangers
            return Answer("refused", None, f"the subscription cannot be used ({type(error).__name__})")
        return Answer("accepted", response.status)

    def _socket(self, address: aiohttp.AddrInfoType) -> socket.socket:
        """A socket for an address that was resolved just now, so that no second look-up can differ."""
        family, kind, protocol, _, target = address
        host = ipaddress.ip_address(str(target[0]).partition("%")[0])
        if not host.is_global and not (self._allow_loopback and host.is_loopback):
            raise ForbiddenAddress(errno.EACCES, "the endpoint is in a private network")
        return socket.socket(family, kind, protocol)


async def _refuse_redirects(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    response = await handler(request)
    if response.status in _REDIRECT:
        response.close()
        raise Redirected("the push service redirects")
    return response


def _readable(text: str) -> str:
    return "".join(char for char in text if char.isprintable())[:MAX_REASON_CHARS]

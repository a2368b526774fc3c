"""Serving the relay: one process, one event loop, from listening socket to graceful end."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from uvicorn import Config, Server
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from relay.app import create_app
from relay.config import RelayConfig
from relay.protocol.frames import MAX_FRAME_BYTES

GRACE_S = 1
PING_S = 20
BACKLOG = 512


class CutOff(WebSocketsSansIOProtocol):
    """Drops a connection whose peer reads no more when the relay is done with it, instead of waiting for it."""

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        """The application has finished with this socket."""
        super().on_task_complete(task)
        if not self.writable.is_set():
            self.transport.abort()


class RelayServer(Server):
    """A server that says when it listens, and ends well when it is asked to."""

    def __init__(self, config: Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell."""
        await super().startup(sockets)
        self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take SIGTERM and SIGINT as the wish to end, which is then fulfilled and not raised once more."""
        with super().capture_signals():
            yield
            self._captured_signals.clear()


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises `OSError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named TCP, or asyncio leaves Nagle's algorithm on, which holds every acknowledgement back for 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def make_server(config: RelayConfig, ready: Callable[[], None]) -> Server:
    """A server for a relay whose port is known (`RelayConfig.listening_at`). Run it in the current event loop."""
    return RelayServer(
        Config(
            create_app(config),
            loop="asyncio",
            http="h11",
            ws=CutOff,
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            forwarded_allow_ips=config.trusted_proxies,
            timeout_graceful_shutdown=GRACE_S,
            # Twice the limit, so that a device learns why its frame was refused; beyond that it is just closed.
            ws_max_size=2 * MAX_FRAME_BYTES,
            ws_ping_interval=PING_S,
            ws_ping_timeout=PING_S,
            ws_per_message_deflate=False,  # sealed bytes do not compress
        ),
        ready,
    )


async def serve(config: RelayConfig, announce: Callable[[RelayConfig], None]) -> None:
    """Listen, tell ``announce`` the settings with the real port, and serve until SIGTERM or SIGINT.

    Raises `OSError` where the port is taken, and what `create_app` raises.
    """
    with listen(config.host, config.port) as listener:
        actual = config.listening_at(listener.getsockname()[1])
        await make_server(actual, lambda: announce(actual)).serve([listener])

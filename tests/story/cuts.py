"""Messages sent from a phone whose connection is cut at random: none lost, none doubled, order kept."""

from __future__ import annotations

import asyncio
import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.agent_link.proxy import Proxy, tcp_proxy
from tests.story.home import eventually, running
from tests.story.living_phone import LivingPhone

CUT_AFTER_BYTES = (1_500, 30_000)
"""Small enough to hit every step of a connection, large enough that catching up comes to an end."""


@dataclass(frozen=True)
class CutOutcome:
    """What a round saw."""

    sends: int
    cuts: int


def cut_round(folder: Path, seed: int, sends: int) -> CutOutcome:
    """Send so many messages through random cuts; raises `AssertionError` where a promise is broken."""
    chance = random.Random(seed)
    relay_port = _free_port()
    with proxy_in_thread(relay_port) as proxy:
        origins = f"http://localhost:{relay_port},http://127.0.0.1:{relay_port},{proxy.url}"
        with running(folder, {"DESKHAND_RELAY_ORIGINS": origins}, port=relay_port) as home:
            phone = LivingPhone(home, proxy.url).pair()
            try:
                proxy.cut_at(iter(lambda: chance.randint(*CUT_AFTER_BYTES), 0))
                texts = [f"What can you do? ({number})" for number in range(sends)]
                ids = [phone.send(text) for text in texts]
                eventually(lambda: set(ids) <= {body["id"] for _, body in phone.bodies()}, "all are verified", 110)
                log = home.log()
                said = [entry for entry in log if entry["type"] == "message"]
                assert [entry["text"] for entry in said] == texts, "the thread holds other messages, or another order"
                assert [entry["id"] for entry in said] == ids
                received = [entry["target"] for entry in log if entry.get("kind") == "received"]
                assert len(received) == len(set(received)), "a message was taken twice"
                assert proxy.cuts > 0
                return CutOutcome(sends, proxy.cuts)
            finally:
                phone.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def proxy_in_thread(port: int) -> Iterator[Proxy]:
    """A cutting proxy before a port of this machine, in an event loop of its own."""
    loop = asyncio.new_event_loop()
    made: list[Proxy] = []
    ready, ended = threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with tcp_proxy(("127.0.0.1", port)) as proxy:
            made.append(proxy)
            ready.set()
            await ended.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield made[0]
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)
        loop.close()

"""A phone that stays in the thread through cuts and crashes, in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx2
from websockets.exceptions import WebSocketException

from relay.protocol import frames, transcript
from relay.protocol.envelope import new_hex_id
from tests.agent_link.phone import Phone, PhoneSocket, RelaySays
from tests.story.home import Home

_LOST = (OSError, WebSocketException, httpx2.HTTPError, RelaySays, EOFError)


class LivingPhone:
    """A phone that stays in the thread through everything, in a thread of its own."""

    def __init__(self, home: Home, base: str | None = None) -> None:
        self.phone = Phone(base or home.url)
        self._home = home
        self._loop = asyncio.new_event_loop()
        self._ended = threading.Event()
        self._to_say: list[dict[str, Any]] = []
        self._sealed: tuple[str, int, str] | None = None
        self._runner = threading.Thread(target=lambda: self._loop.run_until_complete(self._live()), daemon=True)

    def pair(self) -> LivingPhone:
        """Join the thread with digits, and stay."""
        self.join()
        self._runner.start()
        return self

    def join(self) -> None:
        """Join the thread with digits."""
        pairing = subprocess.Popen(
            [*self._home.command, "pair", "--print-link"],
            env=self._home.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        with pairing:
            assert pairing.stdout is not None
            link = pairing.stdout.readline().strip()

            async def give_digits() -> None:
                attempt = await self.phone.offer(link)
                assert pairing.stdin is not None
                pairing.stdin.write(attempt.digits + "\n")
                pairing.stdin.flush()
                await self.phone.finish_pairing(attempt)

            asyncio.run(give_digits())
            pairing.communicate()
            assert pairing.returncode == 0

    def send(self, text: str) -> str:
        """Put a message into the outbox; returns its body id."""
        body = {"id": new_hex_id(), "type": "message", "text": text, "files": [], "expires_in_s": 3600}
        self._to_say.append(body)
        return str(body["id"])

    def bodies(self) -> list[tuple[int, Mapping[str, Any]]]:
        """(seq, body) of what this phone verified, in order."""
        found = list(self.phone.verdicts)
        return [(item.seq, item.plain.body) for item in found if isinstance(item, transcript.Genuine)]

    def close(self) -> None:
        """Leave."""
        self._ended.set()
        self._runner.join(20)
        self._loop.close()

    async def _live(self) -> None:
        while not self._ended.is_set():
            with contextlib.suppress(*_LOST):
                async with self.phone.connected() as socket:
                    await self._talk(socket)
            await asyncio.sleep(0.05)

    async def _talk(self, socket: PhoneSocket) -> None:
        sent: str | None = None
        while not self._ended.is_set():
            mine = {body["id"] for _, body in self.bodies()}
            self._to_say = [body for body in self._to_say if body["id"] not in mine]
            if self._to_say and self.phone.thread.seq >= socket.welcome.seq:
                body = self._to_say[0]
                if self._sealed is None or self._sealed[0] != body["id"]:
                    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
                    self._sealed = (body["id"], *self.phone.seal(body, at=now))
                if sent != body["id"]:
                    # Once sealed, the same bytes are sent until they are verified in the thread.
                    _, n, sealed = self._sealed
                    await socket.socket.send(frames.dump(frames.Append(n=n, sealed=sealed)))
                    sent = body["id"]
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(socket.step(), 0.2)

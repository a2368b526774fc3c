"""Relays to test against: the real one, on a free port, over real files."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from relay.config import RelayConfig
from relay.server import listen, make_server


@dataclass(frozen=True)
class Running:
    """A relay that serves."""

    url: str
    config: RelayConfig
    http: httpx2.AsyncClient


@asynccontextmanager
async def running_relay(data_dir: Path, **settings: Any) -> AsyncIterator[Running]:
    """The relay in this event loop until the block ends."""
    config = RelayConfig(data_dir=data_dir, port=0, **settings)
    ready = asyncio.Event()
    with listen(config.host, 0) as listener:
        actual = config.listening_at(listener.getsockname()[1])
        server = make_server(actual, ready.set)
        task = asyncio.create_task(server._serve([listener]))  # without taking over the signals of pytest
        await ready.wait()
        url = actual.origins[1]
        async with httpx2.AsyncClient(base_url=url, trust_env=False) as http:
            yield Running(url, actual, http)
        server.should_exit = True
        await task


@dataclass
class Process:
    """A relay in a process of its own."""

    url: str
    process: subprocess.Popen[str]

    def kill(self) -> None:
        """As a power cut would: no chance to finish anything."""
        self.process.kill()
        self.process.communicate()


def start_process(data_dir: Path, *, port: int = 0, **environment: str) -> Process:
    """Start ``python -m relay serve`` and wait until it listens. The caller ends it."""
    read_fd, write_fd = os.pipe()
    command = [sys.executable, "-m", "relay", "serve", "--port", str(port), "--data-dir", str(data_dir)]
    process = subprocess.Popen(
        [*command, "--ready-fd", str(write_fd)],
        pass_fds=[write_fd],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    os.close(write_fd)
    with os.fdopen(read_fd) as ready:
        told = ready.read().strip()
    assert told, process.communicate()[1]
    return Process(f"http://127.0.0.1:{told}", process)

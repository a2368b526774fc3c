"""A relay for every test that asks for one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.relay.device import Device, Line, join, new_thread
from tests.relay.running import Running, running_relay


@pytest.fixture
async def relay(tmp_path: Path) -> AsyncIterator[Running]:
    """A relay with default settings."""
    async with running_relay(tmp_path / "relay", push_allow_loopback=True) as running:
        yield running


@pytest.fixture
async def host(relay: Running) -> Device:
    """A computer with a new thread."""
    return await new_thread(relay.url, relay.http)


@pytest.fixture
async def host_line(host: Device) -> AsyncIterator[Line]:
    """The computer's open line."""
    async with host.connect() as line:
        yield line


@pytest.fixture
async def phone(host: Device, host_line: Line) -> Device:
    """A phone that the computer let in as entry 2."""
    return await join(host, host_line)

"""Sealed files through a real relay and a line that breaks."""

from __future__ import annotations

import hashlib
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent.link.blobs import BlobTransfer, FileChanged
from relay.protocol.blobs import CHUNK_BYTES, BlobKey, sealed_size
from relay.protocol.envelope import new_hex_id
from relay.protocol.errors import Refused
from tests.agent_link.computer import Computer
from tests.agent_link.proxy import Proxy, tcp_proxy
from tests.agent_link.relay_process import RelayProcess, relay_process


@dataclass
class Line:
    computer: Computer
    proxy: Proxy
    relay: RelayProcess
    blobs: BlobTransfer
    folder: Path

    async def up(self, data: bytes) -> BlobKey:
        return await self.blobs.upload(io.BytesIO(data), size=len(data), sha256=digest(data))

    async def down(self, blob: BlobKey, data: bytes) -> bytes:
        target = self.folder / "arrived"
        await self.blobs.download(blob, sha256=digest(data), target=target)
        return target.read_bytes()


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[Line]:
    async with tcp_proxy() as proxy:
        with relay_process(tmp_path / "relay", origins=proxy.url) as relay:
            proxy.target = ("127.0.0.1", relay.port)
            computer = Computer(tmp_path, proxy.url)
            await computer.create_thread()
            blobs = BlobTransfer(computer.http, computer.identity.thread, tmp_path, first_pause_s=0.05)
            yield Line(computer, proxy, relay, blobs, tmp_path)
            await computer.close()


async def test_files_go_up_and_come_down_whole_and_resume_where_the_line_broke(line: Line) -> None:
    for size in (0, 1, CHUNK_BYTES, CHUNK_BYTES + 1):
        data = bytes(i % 251 for i in range(size))
        assert await line.down(await line.up(data), data) == data
    data = b"0123456789abcdef" * 192 * 1024
    total = sealed_size(len(data))
    before = line.proxy.passed_bytes
    line.proxy.cut_at(iter([2_500_000]))
    blob = await line.up(data)
    assert line.proxy.cuts == 1
    assert line.proxy.passed_bytes - before < total * 1.9
    before = line.proxy.passed_bytes
    line.proxy.cut_at(iter([2_500_000]))
    assert await line.down(blob, data) == data
    assert line.proxy.cuts == 2
    assert line.proxy.passed_bytes - before < total * 1.5
    assert [path.name for path in line.folder.iterdir() if path.name.startswith(".")] == []


async def test_what_changed_or_is_damaged_is_said_and_not_used(line: Line) -> None:
    data = b"the true content"
    with pytest.raises(FileChanged, match="changed"):
        await line.blobs.upload(io.BytesIO(data + b"!"), size=len(data), sha256=digest(data))
    blob = await line.up(data)
    with pytest.raises(FileChanged, match="not the one"):
        await line.blobs.download(blob, sha256=digest(b"other"), target=line.folder / "x")
    (stored,) = (path for path in (line.folder / "relay").rglob(blob.id) if path.is_file())
    stored.write_bytes(b"\0" * stored.stat().st_size)
    with pytest.raises(FileChanged, match="damaged"):
        await line.down(blob, data)
    missing = BlobKey.fresh(line.computer.identity.thread, new_hex_id(), 3)
    with pytest.raises(Refused, match="not, or not completely"):
        await line.down(missing, data)
    assert not (line.folder / "x").exists()
    assert not (line.folder / "arrived").exists()

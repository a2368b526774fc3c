"""`make bench`: send → ack, send → first streamed text, the time of `deskhand --help`."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from bench.results import record_bench
from relay.protocol import frames
from relay.protocol.envelope import new_hex_id
from tests.agent_link.phone import Phone, PhoneSocket
from tests.page.test_size import first_load_bytes
from tests.story.home import Home, running
from tests.story.living_phone import LivingPhone

ACKS = 500
REPLIES = 30
STARTS = 15
COMMAND = "make bench"


def _message(text: str) -> dict[str, object]:
    return {"id": new_hex_id(), "type": "message", "text": text, "files": [], "expires_in_s": 60}


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def _ack_ms(socket: PhoneSocket) -> float:
    """From sealing one entry to the relay's word that it is fsynced."""
    body = {"id": new_hex_id(), "type": "cancel", "target": new_hex_id()}
    started = time.perf_counter()
    n, sealed = socket.phone.seal(body, at=_now())
    await socket.socket.send(frames.dump(frames.Append(n=n, sealed=sealed)))
    acked = 0.0
    while not acked or socket.phone.thread.members[socket.phone.id].n < n:
        if isinstance(await socket.step(), frames.Ack):
            acked = (time.perf_counter() - started) * 1000
    return acked


async def _first_text_ms(socket: PhoneSocket) -> float:
    """From sealing a message to the first words of the answer, opened on the phone."""
    body = _message("What can you do?")
    seen = len(socket.phone.live)
    started = time.perf_counter()
    n, sealed = socket.phone.seal(body, at=_now())
    await socket.socket.send(frames.dump(frames.Append(n=n, sealed=sealed)))
    first = 0.0
    answered = False
    while not answered:
        await socket.step()
        texts = [item for _, item in socket.phone.live[seen:] if item["type"] == "text"]
        if texts and not first:
            first = (time.perf_counter() - started) * 1000
        receipts = socket.phone.genuine("receipt")
        answered = any(item["target"] == body["id"] and item["kind"] == "answered" for item in receipts)
    return first


async def _measure(phone: Phone) -> tuple[list[float], list[float]]:
    async with phone.connected() as socket:
        while phone.thread.seq < socket.welcome.seq:
            await socket.step()
        texts = [await _first_text_ms(socket) for _ in range(REPLIES)]
        acks = [await _ack_ms(socket) for _ in range(ACKS)]
    return acks, texts


def _help_ms() -> list[float]:
    command = [str(Path(sys.executable).with_name("deskhand")), "--help"]
    times = []
    for _ in range(STARTS):
        started = time.perf_counter()
        subprocess.run(command, capture_output=True, check=True)
        times.append((time.perf_counter() - started) * 1000)
    return times


def _pair(home: Home) -> Phone:
    living = LivingPhone(home)
    living.join()
    return living.phone


def main() -> None:
    """Measure and record."""
    with tempfile.TemporaryDirectory(prefix="deskhand-bench-") as folder:
        env = {"DESKHAND_RELAY_APPENDS_PER_MINUTE": "1000000", "DESKHAND_RELAY_LIVE_PER_SECOND": "100000"}
        with running(Path(folder), env) as home:
            acks, texts = asyncio.run(_measure(_pair(home)))
    helps = _help_ms()
    kilobytes = first_load_bytes() / 1000
    record_bench("JavaScript at first load, gzipped", value=kilobytes, unit="KB", bar=60.0, command=COMMAND)
    print(f"first load: {kilobytes:.1f} KB")
    figures = [
        ("send → ack, p50, loopback", acks, 8.0),
        ("send → first streamed text, p50, rehearsal brain", texts, 60.0),
        ("`deskhand --help`, median", helps, 300.0),
    ]
    for name, times, bar in figures:
        value = statistics.median(times)
        note = f"p95 {sorted(times)[int(len(times) * 0.95) - 1]:.1f} ms, {len(times)} samples"
        record_bench(name, value=value, unit="ms", bar=bar, command=COMMAND, note=note)
        print(f"{name}: {value:.1f} ms ({note}; bar {bar:g} ms)")


if __name__ == "__main__":
    main()

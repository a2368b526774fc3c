"""What survives: a relay killed in the middle of its work, and a data folder opened twice or by an older relay."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from pathlib import Path

import httpx2
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from relay.cli import main
from relay.server import listen
from relay.store import open_store
from relay.store.engine import DataInUse, NewerDatabase, open_engine
from relay.store.tables import RelayTable
from tests.relay.device import Closed, message, new_thread, now
from tests.relay.running import start_process


async def test_every_acknowledged_entry_is_there_after_kill_9(tmp_path: Path):
    """SPEC 3.4."""
    relay = start_process(tmp_path)
    port = int(relay.url.rsplit(":", 1)[1])
    async with httpx2.AsyncClient(base_url=relay.url, trust_env=False) as http:
        host = await new_thread(relay.url, http)
    try:
        sent = []
        for generation in range(3):
            acked: list[int] = []
            async with host.connect(resume=False) as line:
                host.n = line.welcome["n"]
                assert line.welcome["seq"] == 1 + host.n - 1
                with contextlib.suppress(Closed):
                    for index in range(200):
                        await line.send(host.next(message(f"{generation}.{index}")))
                    while True:
                        acked.append((await line.expect("ack"))["n"])
                        if len(acked) == 20:
                            os.kill(relay.process.pid, signal.SIGKILL)
            relay.kill()
            assert len(acked) >= 20
            sent.append(acked[-1])
            relay = start_process(tmp_path, port=port)
            async with host.connect(resume=False) as line:
                assert line.welcome["n"] >= acked[-1]
        async with host.connect() as line:
            await host.catch_up(line, line.welcome["seq"])
        assert host.known.seq >= sent[-1]
        assert host.known.members[host.id].n == line.welcome["n"]
    finally:
        relay.kill()


def test_sigterm_ends_it_well_within_two_seconds(tmp_path: Path):
    relay = start_process(tmp_path)
    relay.process.send_signal(signal.SIGTERM)
    out, err = relay.process.communicate(timeout=2)

    assert relay.process.returncode == 0
    assert out == f"Relay is ready at {relay.url.replace('127.0.0.1', 'localhost')}\n"
    assert err == ""


async def test_sigterm_does_not_wait_for_those_who_are_connected(tmp_path: Path):
    relay = start_process(tmp_path)
    try:
        async with httpx2.AsyncClient(base_url=relay.url, trust_env=False) as http:
            host = await new_thread(relay.url, http)
            headers = await host.token(http)
            await http.put(f"/v1/pairings/{'0' * 32}/host", content="h", headers=headers)
            poll = asyncio.create_task(http.get(f"/v1/pairings/{'0' * 32}/offer?wait=1"))
            async with host.connect() as line:
                relay.process.send_signal(signal.SIGTERM)
                assert await asyncio.to_thread(relay.process.wait, 2) == 0
                assert await line.closed() == 1012
            await asyncio.gather(poll, return_exceptions=True)
    finally:
        relay.kill()


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({"HOST": "0.0.0.0"}, "without encryption"),
        ({"ORIGINS": "http://relay.example.org"}, "not encrypted"),
        ({"ORIGINS": "https://relay.example.org/path"}, "without a path"),
        ({"REGISTRATION": "invite", "INVITE": "short"}, "at least 16"),
        ({"VAPID_SUBJECT": "me"}, "mailto:"),
        ({"PORT": "high"}, "port"),
    ],
)
def test_unsafe_settings_are_refused_with_the_reason(
    environment: dict[str, str], reason: str, tmp_path: Path, monkeypatch, capsys
):
    for name, value in environment.items():
        monkeypatch.setenv(f"DESKHAND_RELAY_{name}", value)

    assert main(["serve", "--data-dir", str(tmp_path)]) == 2
    assert reason in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_port_in_use_is_named(tmp_path: Path, capsys):
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        assert main(["serve", "--data-dir", str(tmp_path), "--port", str(port)]) == 1
    assert f"127.0.0.1:{port}" in capsys.readouterr().err


def open_here(folder: Path):
    return open_store(folder, storage_bytes=10**9, blob_bytes=10**6, now=now)


def test_a_data_folder_serves_one_relay(tmp_path: Path):
    store = open_here(tmp_path)
    with pytest.raises(DataInUse, match="Another relay"):
        open_here(tmp_path)
    store.close()
    open_here(tmp_path).close()


def test_migrations_make_exactly_the_tables(tmp_path: Path):
    open_here(tmp_path).close()
    engine = open_engine(tmp_path / "relay.db", writes=False)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), RelayTable.metadata) == []
        assert connection.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar_one() == 2
    engine.dispose()


def test_a_database_of_a_newer_relay_is_left_alone(tmp_path: Path):
    open_here(tmp_path).close()
    engine = open_engine(tmp_path / "relay.db", writes=True)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    for _ in range(2):  # the folder is free again after the first refusal
        with pytest.raises(NewerDatabase, match="Update the relay"):
            open_here(tmp_path)


def test_keys_are_readable_by_the_relay_alone(tmp_path: Path):
    relay = start_process(tmp_path)
    relay.kill()
    for name in ("token.key.json", "vapid.key.json", "relay.db"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0

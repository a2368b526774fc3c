"""Keys survive, are private, and say where they are."""

from __future__ import annotations

import stat
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend

from agent.link.keys import KeyStore, KeysUnavailable


class MemoryKeyring(KeyringBackend):
    """A keyring that works."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


class BrokenKeyring(KeyringBackend):
    """A keyring as a machine without a desktop has it."""

    priority = 1

    def get_password(self, service: str, username: str) -> str | None:
        raise RuntimeError("no D-Bus")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise RuntimeError("no D-Bus")


@pytest.fixture
def backend() -> object:
    before = keyring.get_keyring()
    made = MemoryKeyring()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


def test_keys_are_read_back_as_they_were_made(tmp_path: Path) -> None:
    made = KeyStore(tmp_path, keyring="file")
    assert made.load() is None
    identity = made.create("http://127.0.0.1:1/", "Desk")
    made.add_thread_key(2, b"2" * 32)
    made.add_wrap_key("phone", b"w" * 32)
    made.add_wrap_key("lost", b"l" * 32)
    made.drop_wrap_key("lost")
    again = KeyStore(tmp_path, keyring="file")
    loaded = again.load()
    assert loaded is not None
    assert (loaded.thread, loaded.device_id, loaded.name) == (identity.thread, identity.device_id, "Desk")
    assert loaded.relay_url == "http://127.0.0.1:1"
    assert again.thread_keys == made.thread_keys
    assert again.wrap_keys == {"phone": b"w" * 32}


def test_the_file_is_the_owners_alone_and_is_never_half_written(tmp_path: Path) -> None:
    store = KeyStore(tmp_path / "state", keyring="file")
    store.create("http://127.0.0.1:1", "Desk")
    path = tmp_path / "state" / "keys.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    (tmp_path / "state" / "keys.new").write_text("left by a crash")
    store.add_thread_key(2, b"2" * 32)
    assert KeyStore(tmp_path / "state", keyring="file").load() is not None
    assert str(path) in store.where
    assert "no system keyring" in store.where


def test_keys_are_never_replaced(tmp_path: Path) -> None:
    KeyStore(tmp_path, keyring="file").create("http://127.0.0.1:1", "Desk")
    with pytest.raises(FileExistsError):
        KeyStore(tmp_path, keyring="file").create("http://127.0.0.1:1", "Desk")


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text('{"format": 1, "keys": {"root": {}}}')
    with pytest.raises(KeysUnavailable, match="damaged"):
        KeyStore(tmp_path, keyring="file").load()


def test_a_working_keyring_guards_the_file(tmp_path: Path, backend: MemoryKeyring) -> None:
    made = KeyStore(tmp_path)
    identity = made.create("http://127.0.0.1:1", "Desk")
    assert "sealed by the system keyring" in made.where
    assert identity.root.private_jwk()["d"] not in (tmp_path / "keys.json").read_text()
    loaded = KeyStore(tmp_path).load()
    assert loaded is not None
    assert loaded.root.private_jwk() == identity.root.private_jwk()
    backend.kept.clear()
    with pytest.raises(KeysUnavailable, match="lost"):
        KeyStore(tmp_path).load()


def test_without_a_working_keyring_the_file_is_used(tmp_path: Path, backend: MemoryKeyring) -> None:
    keyring.set_keyring(BrokenKeyring())
    store = KeyStore(tmp_path)
    store.create("http://127.0.0.1:1", "Desk")
    assert "no system keyring" in store.where
    assert KeyStore(tmp_path).load() is not None

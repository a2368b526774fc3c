"""The agent's keys: root and device key, thread keys per epoch, wrap keys per device.

They live in one 0600 file. Where the system has a keyring, the file is sealed under a key kept there, so that a
stolen disk or backup opens nothing (and no keyring's size limit is met); elsewhere the file permissions guard it.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from relay.protocol import jose
from relay.protocol.errors import Malformed
from relay.protocol.ids import b64, canonical_json, key_id, unb64

FILE_NAME = "keys.json"
SERVICE = "Deskhand"
_FORMAT = 1
_SEAL_KID = "deskhand.keys"

KeyringMode = Literal["auto", "file"]


class KeysUnavailable(RuntimeError):
    """The keys are there but cannot be read. The text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who this computer is in its thread. ``created`` is RFC 3339 UTC; ``relay_url`` has no trailing slash."""

    root: jose.PrivateKey
    device: jose.PrivateKey
    thread: str
    relay_url: str
    name: str
    created: str

    @property
    def device_id(self) -> str:
        """Id of the agent's own device."""
        return key_id(self.device.jwk)


class KeyStore:
    """Keeps the keys of one agent in ``folder``; every change is on disk (fsynced) before the method returns.

    ``keyring="file"`` never touches the system's keyring.
    """

    def __init__(self, folder: Path, *, keyring: KeyringMode = "auto") -> None:
        self._path = folder / FILE_NAME
        self._mode = keyring
        self._identity: Identity | None = None
        self._thread_keys: dict[int, bytes] = {}
        self._wrap_keys: dict[str, bytes] = {}
        self._seal_key: bytes | None = None

    @property
    def where(self) -> str:
        """Where the keys are guarded, for people."""
        if self._seal_key is not None:
            return f"{self._path}, sealed by the system keyring"
        return f"{self._path}, readable only by you (no system keyring is used)"

    @property
    def thread_keys(self) -> Mapping[int, bytes]:
        """Thread keys by epoch: a live, read-only view."""
        return MappingProxyType(self._thread_keys)

    @property
    def wrap_keys(self) -> Mapping[str, bytes]:
        """Wrap keys by device: a live, read-only view."""
        return MappingProxyType(self._wrap_keys)

    def create(self, relay_url: str, name: str) -> Identity:
        """Make new keys, the thread key of epoch 1 included. Raises `FileExistsError` where keys are already kept."""
        if self._path.exists():
            raise FileExistsError(f"{self._path} already holds keys. Remove this computer's set-up first.")
        root, device = jose.PrivateKey.generate(), jose.PrivateKey.generate()
        created = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._identity = Identity(root, device, key_id(root.jwk), relay_url.rstrip("/"), name, created)
        self._thread_keys = {1: secrets.token_bytes(jose.KEY_BYTES)}
        if self._mode == "auto":
            self._seal_key = _new_keyring_key(self._identity.thread)
        self._save()
        return self._identity

    def load(self) -> Identity | None:
        """Read the keys; None where there are none yet. Raises `KeysUnavailable`."""
        try:
            outer = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise KeysUnavailable(f"{self._path} cannot be read. Restore it from a backup.") from error
        try:
            self._read(outer)
        except (Malformed, KeyError, TypeError, AttributeError, ValueError) as error:
            raise KeysUnavailable(f"{self._path} is damaged. Restore it from a backup.") from error
        return self._identity

    def add_thread_key(self, epoch: int, key: bytes) -> None:
        """Keep the thread key of an epoch, in place of one that never came into use."""
        self._thread_keys[epoch] = key
        self._save()

    def add_wrap_key(self, device: str, key: bytes) -> None:
        """Keep a device's wrap key."""
        self._wrap_keys[device] = key
        self._save()

    def drop_wrap_key(self, device: str) -> None:
        """Forget a removed device's wrap key."""
        if self._wrap_keys.pop(device, None) is not None:
            self._save()

    def _read(self, outer: dict[str, Any]) -> None:
        if "sealed" in outer:
            self._seal_key = _keyring_key(outer["thread"])
            inner = json.loads(jose.decrypt(outer["sealed"], self._seal_key, kid=_SEAL_KID))
        else:
            inner = outer["keys"]
        root, device = (jose.PrivateKey.from_jwk(inner[which]) for which in ("root", "device"))
        self._identity = Identity(root, device, key_id(root.jwk), inner["relay_url"], inner["name"], inner["created"])
        self._thread_keys = {int(epoch): unb64(key) for epoch, key in inner["thread_keys"].items()}
        self._wrap_keys = {device_id: unb64(key) for device_id, key in inner["wrap_keys"].items()}

    def _save(self) -> None:
        if self._identity is None:
            raise KeysUnavailable("There are no keys yet. Run `deskhand setup` first.")
        identity = self._identity
        inner = {
            "root": identity.root.private_jwk(),
            "device": identity.device.private_jwk(),
            "relay_url": identity.relay_url,
            "name": identity.name,
            "created": identity.created,
            "thread_keys": {str(epoch): b64(key) for epoch, key in self._thread_keys.items()},
            "wrap_keys": {device: b64(key) for device, key in self._wrap_keys.items()},
        }
        outer: dict[str, Any] = {"format": _FORMAT, "thread": identity.thread}
        if self._seal_key is None:
            outer["keys"] = inner
        else:
            outer["sealed"] = jose.encrypt(canonical_json(inner), self._seal_key, kid=_SEAL_KID)
        _write_private(self._path, canonical_json(outer))


def _write_private(path: Path, data: bytes) -> None:
    """Replace a file so that a crash leaves the old or the new one whole, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _new_keyring_key(account: str) -> bytes | None:
    """Put a fresh key into the system's keyring; None where there is no working one."""
    key = secrets.token_bytes(jose.KEY_BYTES)
    try:
        import keyring

        keyring.set_password(SERVICE, account, b64(key))
        kept = keyring.get_password(SERVICE, account)
    except Exception:  # noqa: BLE001 - backends raise whatever their platform raises; the file is the answer to all
        return None
    return key if kept == b64(key) else None


def _keyring_key(account: str) -> bytes:
    try:
        import keyring

        kept = keyring.get_password(SERVICE, account)
    except Exception as error:
        raise KeysUnavailable("The system keyring does not open. Unlock it, then start Deskhand again.") from error
    if kept is None:
        raise KeysUnavailable(
            "The system keyring has lost Deskhand's key. Restore it, or set this computer up again with `deskhand restore`."
        )
    return unb64(kept)

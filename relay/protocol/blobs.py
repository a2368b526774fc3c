"""Sealed files: AES-256-GCM in STREAM chunks (SPEC 6; Hoang, Reyhanitabar, Rogaway, Vizár 2015)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from relay.protocol.errors import Malformed
from relay.protocol.ids import b64, unb64

CHUNK_BYTES = 64 * 1024
TAG_BYTES = 16
PREFIX_BYTES = 7
KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class BlobKey:
    """What opens one blob; travels inside the sealed entry that names it."""

    thread: str
    id: str
    size: int
    key: bytes
    prefix: bytes

    @staticmethod
    def fresh(thread: str, blob_id: str, size: int) -> BlobKey:
        """A new key for a file of ``size`` plaintext bytes."""
        return BlobKey(thread, blob_id, size, secrets.token_bytes(KEY_BYTES), secrets.token_bytes(PREFIX_BYTES))

    @staticmethod
    def from_wire(thread: str, size: int, blob: dict[str, str]) -> BlobKey:
        """Read the ``blob`` member of a file reference. Raises `Malformed`."""
        key, prefix = unb64(blob["key"]), unb64(blob["prefix"])
        if len(key) != KEY_BYTES or len(prefix) != PREFIX_BYTES:
            raise Malformed("a blob key has the wrong length")
        return BlobKey(thread, blob["id"], size, key, prefix)

    def to_wire(self) -> dict[str, str]:
        """The ``blob`` member of a file reference."""
        return {"id": self.id, "key": b64(self.key), "prefix": b64(self.prefix)}

    def aad(self) -> bytes:
        """Associated data that binds every chunk to this thread, blob and size."""
        return f"deskhand-blob-v1|{self.thread}|{self.id}|{self.size}".encode("ascii")

    def nonce(self, index: int, *, last: bool) -> bytes:
        """Nonce of one chunk: prefix ‖ 4-byte big-endian counter ‖ last flag."""
        return self.prefix + index.to_bytes(4, "big") + bytes([last])


def chunk_count(size: int) -> int:
    """How many chunks a file of ``size`` bytes has; an empty file has one empty chunk."""
    return max(1, -(-size // CHUNK_BYTES))


def sealed_size(size: int) -> int:
    """Bytes on the wire of a file of ``size`` bytes."""
    return size + TAG_BYTES * chunk_count(size)


def seal_chunks(blob: BlobKey, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Seal plaintext chunks of exactly `CHUNK_BYTES` (the last may be shorter)."""
    cipher, aad, last = AESGCM(blob.key), blob.aad(), chunk_count(blob.size) - 1
    for index, chunk in enumerate(chunks):
        yield cipher.encrypt(blob.nonce(index, last=index == last), chunk, aad)


def open_chunks(blob: BlobKey, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Open sealed chunks (`CHUNK_BYTES` + 16 each); raise `Malformed` for a foreign, missing or extra one."""
    cipher, aad, count, opened = AESGCM(blob.key), blob.aad(), chunk_count(blob.size), 0
    for index, chunk in enumerate(chunks):
        try:
            plain = cipher.decrypt(blob.nonce(index, last=index == count - 1), chunk, aad)
        except InvalidTag as error:
            raise Malformed("a chunk of the file is not genuine") from error
        opened += 1
        yield plain
    if opened != count:
        raise Malformed("the file is not complete")

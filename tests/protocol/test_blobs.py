"""Sealed files (SPEC 6)."""

from __future__ import annotations

import dataclasses
import secrets

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.protocol.blobs import BlobKey, chunk_count, open_chunks, seal_chunks, sealed_size
from relay.protocol.errors import Malformed

CHUNK = 65_536
THREAD, ID = "a" * 32, "0f" * 16


def cut(data: bytes) -> list[bytes]:
    return [data[at : at + CHUNK] for at in range(0, len(data), CHUNK)] or [b""]


def sealed(data: bytes) -> tuple[BlobKey, list[bytes]]:
    blob = BlobKey.fresh(THREAD, ID, len(data))
    return blob, list(seal_chunks(blob, cut(data)))


@given(st.sampled_from([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 7]))
@settings(max_examples=10)
def test_a_file_opens_as_it_was_sealed(size: int):
    """SPEC 6.1"""
    data = secrets.token_bytes(size)
    blob, chunks = sealed(data)

    assert b"".join(open_chunks(blob, chunks)) == data
    assert len(chunks) == chunk_count(size)
    assert sum(map(len, chunks)) == sealed_size(size)
    assert all(len(chunk) == CHUNK + 16 for chunk in chunks[:-1])


def test_an_empty_file_is_one_empty_chunk():
    """SPEC 6.1"""
    blob, chunks = sealed(b"")

    assert [len(chunk) for chunk in chunks] == [16]
    assert list(open_chunks(blob, chunks)) == [b""]
    with pytest.raises(Malformed):
        list(open_chunks(blob, []))


def test_nonce_and_associated_data_are_as_the_text_says():
    """SPEC 6.2, SPEC 6.3"""
    data = secrets.token_bytes(CHUNK + 5)
    blob, chunks = sealed(data)
    aad = f"deskhand-blob-v1|{THREAD}|{ID}|{CHUNK + 5}".encode()
    cipher = AESGCM(blob.key)

    assert cipher.decrypt(blob.prefix + b"\0\0\0\0" + b"\0", chunks[0], aad) == data[:CHUNK]
    assert cipher.decrypt(blob.prefix + b"\0\0\0\1" + b"\1", chunks[1], aad) == data[CHUNK:]


def test_each_blob_has_its_own_key():
    """SPEC 6.4"""
    first, second = (BlobKey.fresh(THREAD, ID, 5) for _ in range(2))

    assert first.key != second.key
    assert first.prefix != second.prefix
    assert (len(first.key), len(first.prefix)) == (32, 7)
    assert BlobKey.from_wire(THREAD, 5, first.to_wire()) == first


@pytest.mark.parametrize(
    "change", [{"key": "AAAA"}, {"prefix": "AAAA"}, {"key": "*"}, {"prefix": "A" * 9 + "B"}], ids=str
)
def test_a_key_of_another_length_is_refused(change: dict[str, str]):
    """SPEC 6.4"""
    with pytest.raises(Malformed):
        BlobKey.from_wire(THREAD, 5, BlobKey.fresh(THREAD, ID, 5).to_wire() | change)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda chunks: chunks[:-1],
        lambda chunks: chunks[1:],
        lambda chunks: [],
        lambda chunks: [chunks[1], chunks[0], chunks[2]],
        lambda chunks: [chunks[0], chunks[0], chunks[2]],
        lambda chunks: [*chunks, chunks[2]],
        lambda chunks: [*chunks, b""],
        lambda chunks: [*chunks[:2], chunks[2][:-1]],
        lambda chunks: [*chunks[:2], b""],
        lambda chunks: [*chunks[:2], chunks[2][:15]],
        lambda chunks: [*chunks[:2], bytes([chunks[2][0] ^ 1]) + chunks[2][1:]],
        lambda chunks: [chunks[0][:-1] + bytes([chunks[0][-1] ^ 128]), *chunks[1:]],
    ],
    ids=[
        "last missing", "first missing", "all missing", "swapped", "doubled", "one too many", "an empty one too many",
        "cut", "emptied", "shorter than a tag", "first byte", "last bit",
    ],
)  # fmt: skip
def test_a_blob_that_is_not_whole_is_refused(spoil):
    """SPEC 6.5"""
    blob, chunks = sealed(secrets.token_bytes(2 * CHUNK + 9))

    with pytest.raises(Malformed):
        list(open_chunks(blob, spoil(chunks)))


@pytest.mark.parametrize(
    "other", [{"thread": "b" * 32}, {"id": "00" * 16}, {"size": 10}, {"key": bytes(32)}, {"prefix": bytes(7)}], ids=str
)
def test_a_blob_opens_in_its_own_place_only(other: dict[str, object]):
    """SPEC 6.3, SPEC 6.5"""
    blob, chunks = sealed(b"123456789")

    with pytest.raises(Malformed):
        list(open_chunks(dataclasses.replace(blob, **other), chunks))


def test_a_cut_file_cannot_pass_for_a_shorter_one():
    """SPEC 6.5: the flag of the last chunk, and the size."""
    blob, chunks = sealed(secrets.token_bytes(2 * CHUNK))

    with pytest.raises(Malformed):
        list(open_chunks(dataclasses.replace(blob, size=CHUNK), chunks[:1]))

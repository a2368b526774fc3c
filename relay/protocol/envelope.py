"""Sealing and opening: entries, live frames and notification texts (SPEC 2).

An entry is a JWS over a JWE: signed by its device, encrypted under the thread key of its epoch. The relay reads
only the outside (`parse_entry`).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from relay.protocol import jose
from relay.protocol.errors import Malformed
from relay.protocol.ids import EntryKid, LiveKid, PushKid, canonical_json, is_integer, parse_kid, strict_json

MAX_PLAINTEXT_BYTES = 64 * 1024
MAX_SEALED_CHARS = 120_000
MAX_PUSH_CHARS = 2_800
PUSH_PAD_BYTES = 1_280
"""Notification texts are padded to this length, so that their size says nothing."""

VERSION = 1
ENTRY_TYP = "deskhand-entry+jws"
LIVE_TYP = "deskhand-live+jws"
PUSH_TYP = "deskhand-push+jws"


@dataclass(frozen=True, slots=True)
class SealedEntry:
    """An entry as everybody can see it, keys or not."""

    kid: EntryKid
    signed: jose.SignedText

    @property
    def jwe(self) -> str:
        """The inner JWE."""
        return self.signed.payload.decode("ascii")


@dataclass(frozen=True, slots=True)
class Plaintext:
    """What an opened entry says: times are RFC 3339 UTC, ``seen_head`` is a 64-digit hex head."""

    n: int
    at: str
    seen_seq: int
    seen_head: str
    body: Mapping[str, Any]


def parse_entry(sealed: str) -> SealedEntry:
    """Check the form of a sealed entry without any key. Raises `Malformed`."""
    if len(sealed) > MAX_SEALED_CHARS:
        raise Malformed("a sealed entry is too long")
    signed, kid = _parse(sealed, ENTRY_TYP)
    if not isinstance(kid, EntryKid):
        raise Malformed("not an entry's key id")
    return SealedEntry(kid, signed)


def seal_entry(plain: Plaintext, kid: EntryKid, thread_key: bytes, device: jose.PrivateKey) -> str:
    """Seal and sign one entry. Raises `Malformed` where the body is larger than `MAX_PLAINTEXT_BYTES`."""
    data = canonical_json(
        {
            "v": VERSION,
            "n": plain.n,
            "at": plain.at,
            "seen": {"seq": plain.seen_seq, "head": plain.seen_head},
            "body": plain.body,
        }
    )
    if len(data) > MAX_PLAINTEXT_BYTES:
        raise Malformed("an entry is larger than 64 KiB; send it as a file")
    return _seal(data, str(kid), kid.device, thread_key, device, ENTRY_TYP)


def open_entry(entry: SealedEntry, thread_key: bytes) -> Plaintext:
    """Open an entry whose signature was checked before. Raises `Malformed`; the body's own schema is not checked."""
    data = jose.decrypt(entry.jwe, thread_key, kid=str(entry.kid))
    if len(data) > MAX_PLAINTEXT_BYTES:
        raise Malformed("an entry is larger than 64 KiB")
    value = strict_json(data)
    match value:
        case {
            "v": int(version),
            "n": int(n),
            "at": str(at),
            "seen": {"seq": int(seq), "head": str(head)},
            "body": {"id": str(), "type": str()} as body,
        } if all(map(is_integer, (version, n, seq))) and version == VERSION and n == entry.kid.n and seq >= 0:
            return Plaintext(n, at, seq, head, body)
    raise Malformed("not an entry of version 1")


def seal_live(body: Mapping[str, Any], at: str, kid: LiveKid, thread_key: bytes, device: jose.PrivateKey) -> str:
    """Seal and sign a live frame: worth seeing now, never stored."""
    data = canonical_json({"v": VERSION, "at": at, "body": body})
    if len(data) > MAX_PLAINTEXT_BYTES:
        raise Malformed("a live frame is larger than 64 KiB")
    return _seal(data, str(kid), kid.device, thread_key, device, LIVE_TYP)


def open_live(sealed: str, thread_key: bytes, sender: dict[str, str]) -> tuple[LiveKid, Mapping[str, Any]]:
    """Verify and open a live frame by the device whose public key is ``sender``. Raises `Malformed`."""
    signed, kid = _parse(sealed, LIVE_TYP)
    if not isinstance(kid, LiveKid) or not jose.verify(signed, sender):
        raise Malformed("not a live frame of this device")
    return kid, _open_body(signed, str(kid), thread_key)


def seal_push(text: Mapping[str, Any], at: str, kid: PushKid, thread_key: bytes, device: jose.PrivateKey) -> str:
    """Seal a notification text, padded so that its length says nothing. Raises `Malformed` where it is too long."""
    bare = canonical_json({"v": VERSION, "at": at, "body": text, "pad": ""})
    if len(bare) > PUSH_PAD_BYTES:
        raise Malformed("a notification text is too long")
    padded = canonical_json({"v": VERSION, "at": at, "body": text, "pad": " " * (PUSH_PAD_BYTES - len(bare))})
    sealed = _seal(padded, str(kid), kid.device, thread_key, device, PUSH_TYP)
    if len(sealed) > MAX_PUSH_CHARS:
        raise Malformed("a sealed notification is too long")
    return sealed


def open_push(sealed: str, thread_key: bytes, sender: dict[str, str]) -> Mapping[str, Any]:
    """Verify and open a notification text. Raises `Malformed`."""
    signed, kid = _parse(sealed, PUSH_TYP)
    if not isinstance(kid, PushKid) or not jose.verify(signed, sender):
        raise Malformed("not a notification of this device")
    return _open_body(signed, str(kid), thread_key)


def new_hex_id() -> str:
    """128 random bits in hex: a body, blob, stream or pairing id."""
    return secrets.token_hex(16)


def _parse(sealed: str, typ: str) -> tuple[jose.SignedText, EntryKid | LiveKid | PushKid]:
    signed = jose.parse_signed(sealed, typ=typ)
    try:
        kid = parse_kid(jose.jwe_kid(signed.payload.decode("ascii")))
    except UnicodeDecodeError as error:
        raise Malformed("the payload is not a JWE") from error
    if kid.device != signed.kid:
        raise Malformed("sealed by one device, signed by another")
    return signed, kid


def _seal(data: bytes, kid: str, device_id: str, thread_key: bytes, device: jose.PrivateKey, typ: str) -> str:
    inner = jose.encrypt(data, thread_key, kid=kid)
    return jose.sign(inner.encode("ascii"), device, kid=device_id, typ=typ)


def _open_body(signed: jose.SignedText, kid: str, thread_key: bytes) -> Mapping[str, Any]:
    value = strict_json(jose.decrypt(signed.payload.decode("ascii"), thread_key, kid=kid))
    match value:
        case {"v": int(version), "at": str(), "body": dict() as body} if is_integer(version) and version == VERSION:
            return body
    raise Malformed("not of version 1")

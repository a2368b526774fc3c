"""Names of the protocol: strict base64url, key thumbprints, thread and device ids, key ids (SPEC 1)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from relay.protocol.errors import Malformed

MAX_SAFE_INTEGER = 2**53 - 1
"""Largest integer that both Python and JavaScript carry exactly."""

_ID = re.compile(r"[a-z2-7]{32}")
_HEX_ID = re.compile(r"[0-9a-f]{32}")
_COUNT = re.compile(r"[1-9][0-9]{0,15}")
_EC_MEMBERS = ("crv", "kty", "x", "y")
_EC_COORDINATE_BYTES = 32


def b64(data: bytes) -> str:
    """Base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def unb64(text: str) -> bytes:
    """Decode canonical base64url; raise `Malformed` for padding, foreign characters or stray tail bits."""
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as error:
        raise Malformed("not base64url") from error
    if b64(data) != text:
        raise Malformed("base64url is not canonical")
    return data


def canonical_json(value: object) -> bytes:
    """The one spelling of a JSON value: members sorted, no spaces, UTF-8.

    Raises `Malformed` for an unpaired surrogate or a number that is not finite.
    """
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    except ValueError as error:
        raise Malformed("not a JSON value") from error


def is_integer(value: object) -> bool:
    """Whether a parsed JSON value is an integer; ``true`` and ``false`` are none."""
    return type(value) is int


def public_jwk(jwk: object) -> dict[str, str]:
    """Check a P-256 public key and return exactly its four required members.

    Raises `Malformed` for anything else, a private member included.
    """
    if not isinstance(jwk, dict) or sorted(jwk) != list(_EC_MEMBERS):
        raise Malformed("not a public P-256 JWK")
    if jwk["kty"] != "EC" or jwk["crv"] != "P-256":
        raise Malformed("not a P-256 key")
    for member in ("x", "y"):
        if not isinstance(jwk[member], str) or len(unb64(jwk[member])) != _EC_COORDINATE_BYTES:
            raise Malformed("a coordinate is not 32 bytes")
    return {member: jwk[member] for member in _EC_MEMBERS}


def thumbprint(jwk: dict[str, str]) -> bytes:
    """Raw 32-byte SHA-256 thumbprint of a public key (RFC 7638)."""
    return hashlib.sha256(canonical_json(public_jwk(jwk))).digest()


def key_id(jwk: dict[str, str]) -> str:
    """The id of a key: for the root key the thread id, for a device key the device id."""
    digest = hashlib.sha256(thumbprint(jwk)).digest()
    return base64.b32encode(digest).decode("ascii").lower()[:32]


def is_key_id(text: object) -> bool:
    """Whether ``text`` has the form of a thread or device id."""
    return isinstance(text, str) and _ID.fullmatch(text) is not None


def is_hex_id(text: object) -> bool:
    """Whether ``text`` has the form of a body, blob, pairing or stream id: 128 bits in lower-case hex."""
    return isinstance(text, str) and _HEX_ID.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class EntryKid:
    """Key id of an entry's inner JWE: whose ``n``-th entry, in which thread, under which epoch's key."""

    thread: str
    epoch: int
    device: str
    n: int

    def __str__(self) -> str:
        return f"{self.thread}.{self.epoch}.{self.device}.{self.n}"


@dataclass(frozen=True, slots=True)
class LiveKid:
    """Key id of a live frame: the ``i``-th frame of one stream of one device."""

    thread: str
    epoch: int
    device: str
    stream: str
    i: int

    def __str__(self) -> str:
        return f"{self.thread}.{self.epoch}.{self.device}.live.{self.stream}.{self.i}"


@dataclass(frozen=True, slots=True)
class PushKid:
    """Key id of a sealed notification text; ``id`` is random."""

    thread: str
    epoch: int
    device: str
    id: str

    def __str__(self) -> str:
        return f"{self.thread}.{self.epoch}.{self.device}.push.{self.id}"


def _count(text: str) -> int:
    if _COUNT.fullmatch(text) is None or int(text) > MAX_SAFE_INTEGER:
        raise Malformed("a counter of a key id is not a positive integer")
    return int(text)


def parse_kid(kid: str) -> EntryKid | LiveKid | PushKid:
    """Read the key id of an inner JWE; raise `Malformed` for any other text."""
    parts = kid.split(".")
    if len(parts) < 4 or not is_key_id(parts[0]) or not is_key_id(parts[2]):  # noqa: PLR2004
        raise Malformed("not a key id")
    thread, epoch, device = parts[0], _count(parts[1]), parts[2]
    match parts[3:]:
        case [n]:
            return EntryKid(thread, epoch, device, _count(n))
        case ["live", stream, i] if is_hex_id(stream):
            return LiveKid(thread, epoch, device, stream, _count(i))
        case ["push", name] if is_hex_id(name):
            return PushKid(thread, epoch, device, name)
        case _:
            raise Malformed("not a key id")


MAX_DEPTH = 64
"""Deepest nesting of a sealed JSON text, the outermost object counted."""


def _number(text: str) -> int | float:
    value = float(text)
    if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124
        raise Malformed("a number is not finite")
    return int(value) if value.is_integer() else value


def _reject_constant(text: str) -> Any:
    raise Malformed(f"{text} is not JSON")


def strict_json(data: bytes) -> dict[str, Any]:
    """Parse a JSON object so that Python and JavaScript agree on every input (SPEC 2.6).

    Raises `Malformed` for invalid UTF-8, a byte order mark, nesting over `MAX_DEPTH`, NaN and infinities,
    integers outside ±(2^53 - 1), unpaired surrogates, and anything that is not an object.
    Numbers with an integral value become ``int`` however they are spelled.
    """
    try:
        text = data.decode("utf-8")
        _check_depth(text)
        value = json.loads(text, parse_float=_number, parse_constant=_reject_constant)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        if isinstance(error, Malformed):
            raise
        raise Malformed("not JSON in UTF-8") from error
    if not isinstance(value, dict):
        raise Malformed("not a JSON object")
    _check_values(value)
    return value


def _check_depth(text: str) -> None:
    depth, quoted, escaped = 0, False, False
    for char in text:
        if quoted:
            if escaped:
                escaped = False
            elif char == "\\":
                escaped = True
            elif char == '"':
                quoted = False
        elif char == '"':
            quoted = True
        elif char in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise Malformed("nested too deeply")
        elif char in "]}":
            depth -= 1


def _check_values(value: object) -> None:
    match value:
        case dict():
            for name, item in value.items():
                _check_values(name)
                _check_values(item)
        case list():
            for item in value:
                _check_values(item)
        case str():
            if any("\ud800" <= char <= "\udfff" for char in value):
                raise Malformed("unpaired surrogate")
        case bool() | None:
            pass
        case int() | float():
            if isinstance(value, int) and abs(value) > MAX_SAFE_INTEGER:
                raise Malformed("an integer is too large")
        case _:
            raise TypeError(type(value))

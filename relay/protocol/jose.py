"""The one strict wrapper around python-jose (SPEC 2). Nothing else may import ``jose``.

python-jose accepts algorithms nobody asked for, duplicate and unknown header members and non-canonical base64.
Here a header is rebuilt from its parsed members and must equal the received bytes, every part must be canonical,
and only ES256 signatures and ``dir`` + A256GCM encryption exist.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from jose import jwe, jws, jwt
from jose.backends import ECKey
from jose.exceptions import JOSEError

from relay.protocol.errors import Malformed
from relay.protocol.ids import b64, canonical_json, public_jwk, unb64

KEY_BYTES = 32
IV_BYTES = 12
TAG_BYTES = 16
SIGNATURE_BYTES = 64
MAX_JWE_CHARS = 250_000
"""Below python-jose's own limit, which it enforces when decrypting only."""

_KID = re.compile(r"[a-z0-9._-]{1,200}")
_TYPES = frozenset(
    {
        "deskhand-entry+jws",
        "deskhand-live+jws",
        "deskhand-push+jws",
        "deskhand-hello+jws",
        "deskhand-host+jws",
        "deskhand-roster+jws",
        "deskhand-checkpoint+jws",
        "deskhand-thread+jws",
        "deskhand-pair-host+jws",
        "deskhand-pair-accept+jws",
    }
)


@dataclass(frozen=True, slots=True)
class SignedText:
    """A JWS whose form is right; its signature is not yet checked. ``signing_input`` is what is hashed and signed."""

    kid: str
    typ: str
    payload: bytes
    signing_input: bytes
    compact: str


@dataclass(frozen=True)
class PrivateKey:
    """A P-256 private key: ``jwk`` is its public part."""

    secret: ec.EllipticCurvePrivateKey
    jwk: dict[str, str]

    @staticmethod
    def generate() -> PrivateKey:
        """Make a new key."""
        return _private_key(ec.generate_private_key(ec.SECP256R1()))

    @staticmethod
    def from_jwk(jwk: dict[str, str]) -> PrivateKey:
        """Read a private JWK; raise `Malformed` if its parts do not belong together."""
        public = public_jwk({name: value for name, value in jwk.items() if name != "d"})
        try:
            key = ec.derive_private_key(int.from_bytes(unb64(jwk["d"]), "big"), ec.SECP256R1())
        except (KeyError, ValueError) as error:
            raise Malformed("not a private P-256 JWK") from error
        made = _private_key(key)
        if made.jwk != public:
            raise Malformed("private and public part differ")
        return made

    def private_jwk(self) -> dict[str, str]:
        """The JWK with its private member ``d``: for key storage only."""
        number = self.secret.private_numbers().private_value
        return {**self.jwk, "d": b64(number.to_bytes(KEY_BYTES, "big"))}

    def exchange(self, peer: dict[str, str]) -> bytes:
        """ECDH with a public key: the 32-byte x coordinate."""
        return self.secret.exchange(ec.ECDH(), public_key(peer))


def _private_key(secret: ec.EllipticCurvePrivateKey) -> PrivateKey:
    numbers = secret.public_key().public_numbers()
    x, y = (b64(value.to_bytes(KEY_BYTES, "big")) for value in (numbers.x, numbers.y))
    return PrivateKey(secret, {"crv": "P-256", "kty": "EC", "x": x, "y": y})


def public_key(jwk: dict[str, str]) -> ec.EllipticCurvePublicKey:
    """Build a public key; raise `Malformed` for a point that is not on the curve."""
    checked = public_jwk(jwk)
    x, y = (int.from_bytes(unb64(checked[member]), "big") for member in ("x", "y"))
    try:
        return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    except ValueError as error:
        raise Malformed("not a point on P-256") from error


def checked_jwk(jwk: object) -> dict[str, str]:
    """A public key from outside: exactly its four members, its point on the curve. Raises `Malformed`."""
    checked = public_jwk(jwk)
    public_key(checked)
    return checked


def sign(payload: bytes, key: PrivateKey, *, kid: str, typ: str) -> str:
    """Sign ``payload`` with ES256 into a compact JWS with exactly the members alg, kid and typ."""
    _check_header_text(kid, typ)
    signer = ECKey(key.secret, "ES256")
    return str(jws.sign(payload, signer, headers={"kid": kid, "typ": typ}, algorithm="ES256"))


def parse_signed(compact: str, *, typ: str) -> SignedText:
    """Check the form of a compact JWS of one type, without any key. Raises `Malformed`."""
    parts = compact.split(".")
    if len(parts) != 3:  # noqa: PLR2004 - a compact JWS has three parts (RFC 7515 §7.1)
        raise Malformed("not a compact JWS")
    header = _header(parts[0], ("alg", "kid", "typ"))
    if header["alg"] != "ES256" or header["typ"] != typ:
        raise Malformed("wrong algorithm or type")
    _check_header_text(header["kid"], header["typ"])
    if len(unb64(parts[2])) != SIGNATURE_BYTES:
        raise Malformed("a signature is 64 bytes")
    payload = unb64(parts[1])
    signing_input = f"{parts[0]}.{parts[1]}".encode("ascii")
    return SignedText(header["kid"], typ, payload, signing_input, compact)


def verify(signed: SignedText, jwk: dict[str, str]) -> bool:
    """Whether the signature of a parsed JWS is by this key."""
    verifier = ECKey(public_key(jwk), "ES256")
    try:
        jws.verify(signed.compact, verifier, algorithms=["ES256"])
    except JOSEError:
        return False
    return True


def verified(compact: str, jwk: dict[str, str], *, typ: str, kid: str) -> bytes:
    """Parse and verify in one go; return the payload or raise `Malformed`."""
    signed = parse_signed(compact, typ=typ)
    if signed.kid != kid or not verify(signed, jwk):
        raise Malformed("the signature is not by this key")
    return signed.payload


def encrypt(plaintext: bytes, key: bytes, *, kid: str) -> str:
    """Encrypt with ``dir`` + A256GCM into a compact JWE with exactly the members alg, enc and kid."""
    if len(key) != KEY_BYTES or _KID.fullmatch(kid) is None:
        raise Malformed("key or key id has the wrong form")
    compact: bytes = jwe.encrypt(plaintext, key, encryption="A256GCM", algorithm="dir", kid=kid)
    return compact.decode("ascii")


def jwe_kid(compact: str) -> str:
    """Check the form of a compact JWE without any key and return its key id. Raises `Malformed`."""
    if len(compact) > MAX_JWE_CHARS:
        raise Malformed("a JWE is too long")
    parts = compact.split(".")
    if len(parts) != 5:  # noqa: PLR2004 - a compact JWE has five parts (RFC 7516 §7.1)
        raise Malformed("not a compact JWE")
    header = _header(parts[0], ("alg", "enc", "kid"))
    if header["alg"] != "dir" or header["enc"] != "A256GCM" or _KID.fullmatch(header["kid"]) is None:
        raise Malformed("wrong algorithm or key id")
    if parts[1] or len(unb64(parts[2])) != IV_BYTES or len(unb64(parts[4])) != TAG_BYTES:
        raise Malformed("wrong key, IV or tag length")
    unb64(parts[3])
    return header["kid"]


def decrypt(compact: str, key: bytes, *, kid: str) -> bytes:
    """Open a compact JWE that must carry exactly this key id. Raises `Malformed` for a wrong key or form."""
    if jwe_kid(compact) != kid or len(key) != KEY_BYTES:
        raise Malformed("sealed under another key")
    try:
        plaintext: bytes | None = jwe.decrypt(compact, key)
    except (JOSEError, InvalidTag) as error:
        raise Malformed("does not open with this key") from error
    if plaintext is None:
        raise Malformed("does not open with this key")
    return plaintext


def _header(encoded: str, members: tuple[str, ...]) -> dict[str, str]:
    raw = unb64(encoded)
    try:
        header: Any = json.loads(raw)
        canonical = canonical_json(header)
    except (ValueError, RecursionError) as error:
        raise Malformed("the header is not JSON") from error
    if not isinstance(header, dict) or tuple(sorted(header)) != members:
        raise Malformed("the header has other members")
    if not all(isinstance(value, str) for value in header.values()) or canonical != raw:
        raise Malformed("the header is not in canonical form")
    return header


def _check_header_text(kid: str, typ: str) -> None:
    if typ not in _TYPES or _KID.fullmatch(kid) is None:
        raise Malformed("unknown type or bad key id")


def sign_token(claims: dict[str, str | int], key: PrivateKey) -> str:
    """A JWT (RFC 7519) signed with ES256: the relay's own bearer token, opaque to devices."""
    return str(jwt.encode(claims, ECKey(key.secret, "ES256"), algorithm="ES256"))


def read_token(token: str, jwk: dict[str, str], now: int) -> dict[str, Any]:
    """Verify a JWT of this key that has not expired at ``now`` (seconds since 1970). Raises `Malformed`.

    Which other claims must stand in it is the caller's to check.
    """
    try:
        claims: dict[str, Any] = jwt.decode(
            token, ECKey(public_key(jwk), "ES256"), algorithms=["ES256"], options={"require_exp": True}
        )
    except (JOSEError, ValueError) as error:
        raise Malformed("not a token of this relay") from error
    if not isinstance(claims["exp"], int) or claims["exp"] <= now:
        raise Malformed("the token has expired")
    return claims

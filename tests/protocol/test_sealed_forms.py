"""Signatures and encryptions: only the one form there is (SPEC 2.1 to SPEC 2.5)."""

from __future__ import annotations

import json
import zlib

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st
from jose import jwe, jws

from relay.protocol import jose
from relay.protocol.errors import Malformed
from relay.protocol.ids import b64, unb64

KEY = bytes(range(32))
SIGNER = jose.PrivateKey.generate()
TYP = "deskhand-hello+jws"
SIGNED = jose.sign(b'{"a":1}', SIGNER, kid="device", typ=TYP)
SEALED = jose.encrypt(b"hello", KEY, kid="name")
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def signed(payload: bytes = b"{}") -> str:
    return jose.sign(payload, SIGNER, kid="device", typ=TYP)


def signed_with(header: bytes | dict[str, object]) -> str:
    """A JWS with any header; the signature is good."""
    raw = header if isinstance(header, bytes) else json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    bare = jws.sign(b"{}", {"k": "AAAA", "kty": "oct"}, algorithm="HS256")
    signing_input = f"{b64(raw)}.{bare.split('.')[1]}"
    signer = jose.ECKey(SIGNER.secret, "ES256")
    return f"{signing_input}.{b64(signer.sign(signing_input.encode()))}"


def sealed_with(header: bytes | dict[str, object], *, encrypted_key: bytes = b"", iv: bytes = bytes(12)) -> str:
    """A JWE with any header; it opens with `KEY`."""
    raw = header if isinstance(header, bytes) else json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    box = AESGCM(KEY).encrypt(iv, b"hello", b64(raw).encode())
    return ".".join((b64(raw), b64(encrypted_key), b64(iv), b64(box[:-16]), b64(box[-16:])))


def stray_tail(part: str) -> str:
    """The same bytes in base64url with a tail bit set that nobody reads."""
    return part[:-1] + ALPHABET[ALPHABET.index(part[-1]) | 1]


JWS_HEADER: dict[str, object] = {"alg": "ES256", "kid": "device", "typ": TYP}
JWE_HEADER: dict[str, object] = {"alg": "dir", "enc": "A256GCM", "kid": "name"}


@given(st.binary(max_size=300))
@settings(max_examples=25)
def test_what_was_signed_is_verified(payload: bytes):
    """SPEC 2.1"""
    compact = signed(payload)

    assert jose.verified(compact, SIGNER.jwk, typ=TYP, kid="device") == payload
    assert json.loads(unb64(compact.split(".")[0])) == JWS_HEADER
    assert len(unb64(compact.split(".")[2])) == 64


def test_a_hand_made_signature_passes():
    """SPEC 2.1: so that the refusals below are for the reason they name."""
    assert jose.verified(signed_with(JWS_HEADER), SIGNER.jwk, typ=TYP, kid="device") == b"{}"


@pytest.mark.parametrize(
    "header",
    [
        {**JWS_HEADER, "alg": "none"},
        {**JWS_HEADER, "alg": "HS256"},
        {**JWS_HEADER, "alg": "ES384"},
        {**JWS_HEADER, "alg": "es256"},
        {**JWS_HEADER, "crit": ["exp"], "exp": 1},
        {**JWS_HEADER, "b64": False},
        {**JWS_HEADER, "jwk": SIGNER.jwk},
        {**JWS_HEADER, "kid": 5},
        {**JWS_HEADER, "kid": None},
        {**JWS_HEADER, "kid": "UPPER"},
        {**JWS_HEADER, "kid": ""},
        {**JWS_HEADER, "kid": "x" * 201},
        {**JWS_HEADER, "typ": "JWT"},
        {**JWS_HEADER, "typ": "deskhand-entry+jws"},
        {"alg": "ES256", "kid": "device"},
        {"alg": "ES256", "typ": TYP},
        b'{"alg":"ES256","alg":"ES256","kid":"device","typ":"deskhand-hello+jws"}',
        b'{"alg":"none","alg":"ES256","kid":"device","typ":"deskhand-hello+jws"}',
        b'{"alg": "ES256","kid":"device","typ":"deskhand-hello+jws"}',
        b'{"kid":"device","alg":"ES256","typ":"deskhand-hello+jws"}',
        b'{"alg":"ES256","kid":"devic\\u0065","typ":"deskhand-hello+jws"}',
        b'{"alg":"ES256","kid":"device","typ":"deskhand-hello+jws"}\n',
        b'\xef\xbb\xbf{"alg":"ES256","kid":"device","typ":"deskhand-hello+jws"}',
        '{"alg":"ES256","kid":"device","typ":"deskhand-hello+jws"}'.encode("utf-16"),
        b'["alg","kid","typ"]',
        b"[" * 100_000,
        b"\xff",
        b"",
    ],
    ids=lambda header: str(header)[:60],
)
def test_every_other_signature_header_is_refused(header: bytes | dict[str, object]):
    """SPEC 2.1, SPEC 2.3, SPEC 2.5"""
    with pytest.raises(Malformed):
        jose.parse_signed(signed_with(header), typ=TYP)


def test_a_symmetric_signature_with_the_public_key_is_refused():
    """SPEC 2.1: the oldest confusion of algorithms."""
    secret = json.dumps(SIGNER.jwk)
    forged = jws.sign(b"{}", secret, headers={"kid": "device", "typ": TYP}, algorithm="HS256")

    with pytest.raises(Malformed):
        jose.verified(forged, SIGNER.jwk, typ=TYP, kid="device")


def test_an_unsigned_text_is_refused():
    """SPEC 2.1"""
    header, payload, _ = signed_with({**JWS_HEADER, "alg": "none"}).split(".")

    for text in (f"{header}.{payload}.", f"{header}.{payload}", f"{header}.{payload}.{payload}.{payload}"):
        with pytest.raises(Malformed):
            jose.parse_signed(text, typ=TYP)


@pytest.mark.parametrize("signature", [b"", bytes(63), bytes(65), bytes(72)], ids=len)
def test_a_signature_has_64_bytes(signature: bytes):
    """SPEC 2.1"""
    with pytest.raises(Malformed):
        jose.parse_signed(f"{signed().rsplit('.', 1)[0]}.{b64(signature)}", typ=TYP)


@pytest.mark.parametrize("signature", [bytes(64), b"\xff" * 64, bytes(63) + b"\1"], ids=("zero", "ones", "one"))
def test_a_signature_out_of_range_is_not_a_signature(signature: bytes):
    """SPEC 2.1"""
    parsed = jose.parse_signed(f"{signed().rsplit('.', 1)[0]}.{b64(signature)}", typ=TYP)

    assert not jose.verify(parsed, SIGNER.jwk)


def test_a_signature_holds_for_its_type_its_name_and_its_key_only():
    """SPEC 2.5"""
    compact = signed()

    for key, typ, kid in (
        (jose.PrivateKey.generate(), TYP, "device"),
        (SIGNER, "deskhand-live+jws", "device"),
        (SIGNER, TYP, "other"),
    ):
        with pytest.raises(Malformed):
            jose.verified(compact, key.jwk, typ=typ, kid=kid)


@pytest.mark.parametrize(("kid", "typ"), [("device", "JWT"), ("Device", TYP), ("", TYP), ("x" * 201, TYP)])
def test_nothing_is_signed_under_another_type_or_name(kid: str, typ: str):
    """SPEC 2.5"""
    with pytest.raises(Malformed):
        jose.sign(b"{}", SIGNER, kid=kid, typ=typ)


@pytest.mark.parametrize("part", [0, 1, 2], ids=("header", "payload", "signature"))
@pytest.mark.parametrize("spoil", [lambda text: text + "=", lambda text: text + "\n", lambda text: "é" + text])
def test_no_part_of_a_signature_has_a_second_spelling(part: int, spoil):
    """SPEC 2.4"""
    parts = signed(b'{"a":1}').split(".")
    parts[part] = spoil(parts[part])

    with pytest.raises(Malformed):
        jose.parse_signed(".".join(parts), typ=TYP)


def test_stray_bits_at_the_end_of_a_signature_are_refused():
    """SPEC 2.4"""
    rest, signature = signed().rsplit(".", 1)

    assert unb64(signature)
    with pytest.raises(Malformed):
        jose.parse_signed(f"{rest}.{stray_tail(signature)}", typ=TYP)


@given(st.binary(max_size=300))
@settings(max_examples=25)
def test_what_was_encrypted_is_opened(plaintext: bytes):
    """SPEC 2.2"""
    compact = jose.encrypt(plaintext, KEY, kid="name")
    header, encrypted_key, iv, ciphertext, tag = compact.split(".")

    assert jose.decrypt(compact, KEY, kid="name") == plaintext
    assert unb64(header) == b'{"alg":"dir","enc":"A256GCM","kid":"name"}'
    assert (encrypted_key, len(unb64(iv)), len(unb64(tag))) == ("", 12, 16)
    assert len(unb64(ciphertext)) == len(plaintext)


def test_a_hand_made_encryption_passes():
    """SPEC 2.2: so that the refusals below are for the reason they name."""
    assert jose.decrypt(sealed_with(JWE_HEADER), KEY, kid="name") == b"hello"


def test_the_same_text_is_never_sealed_alike():
    """SPEC 2.2"""
    assert len({jose.encrypt(b"yes", KEY, kid="name").split(".")[2] for _ in range(20)}) == 20


@pytest.mark.parametrize(
    "header",
    [
        {**JWE_HEADER, "alg": "A256KW"},
        {**JWE_HEADER, "alg": "RSA-OAEP"},
        {**JWE_HEADER, "enc": "A128GCM"},
        {**JWE_HEADER, "enc": "A256CBC-HS512"},
        {**JWE_HEADER, "zip": "DEF"},
        {**JWE_HEADER, "crit": ["zip"]},
        {**JWE_HEADER, "cty": "json"},
        {**JWE_HEADER, "kid": "Name"},
        {**JWE_HEADER, "kid": 1},
        {"alg": "dir", "enc": "A256GCM"},
        b'{"alg":"dir","enc":"A256GCM","enc":"A256GCM","kid":"name"}',
        b'{"alg":"A256KW","alg":"dir","enc":"A256GCM","kid":"name"}',
        b'{"alg":"dir","enc":"A256GCM","kid":"name" }',
        b'{"enc":"A256GCM","alg":"dir","kid":"name"}',
    ],
    ids=lambda header: str(header)[:60],
)
def test_every_other_encryption_header_is_refused(header: bytes | dict[str, object]):
    """SPEC 2.2, SPEC 2.3"""
    with pytest.raises(Malformed):
        jose.decrypt(sealed_with(header), KEY, kid="name")


def test_a_wrapped_key_is_refused_although_it_would_open():
    """SPEC 2.2: python-jose opens this."""
    wrapped = jwe.encrypt(b"hello", KEY, algorithm="A256KW", encryption="A256GCM", kid="name").decode()

    assert jwe.decrypt(wrapped, KEY) == b"hello"
    with pytest.raises(Malformed):
        jose.decrypt(wrapped, KEY, kid="name")


def test_a_compressed_text_is_refused():
    """SPEC 2.2: no bomb is ever unpacked."""
    raw = b'{"alg":"dir","enc":"A256GCM","kid":"name","zip":"DEF"}'
    box = AESGCM(KEY).encrypt(bytes(12), zlib.compress(b"a" * 1_000_000)[2:-4], b64(raw).encode())

    with pytest.raises(Malformed):
        jose.decrypt(f"{b64(raw)}..{b64(bytes(12))}.{b64(box[:-16])}.{b64(box[-16:])}", KEY, kid="name")


def test_an_encrypted_key_must_be_empty():
    """SPEC 2.2"""
    for encrypted_key in (bytes(1), bytes(40)):
        with pytest.raises(Malformed):
            jose.jwe_kid(sealed_with(JWE_HEADER, encrypted_key=encrypted_key))


@pytest.mark.parametrize("length", [0, 11, 13, 16])
def test_an_iv_has_12_bytes(length: int):
    """SPEC 2.2"""
    parts = sealed_with(JWE_HEADER).split(".")
    parts[2] = b64(bytes(length))

    with pytest.raises(Malformed):
        jose.jwe_kid(".".join(parts))


@pytest.mark.parametrize("length", [0, 4, 12, 15])
def test_a_tag_has_16_bytes(length: int):
    """SPEC 2.2"""
    parts = sealed_with(JWE_HEADER).split(".")
    parts[4] = b64(unb64(parts[4])[:length])

    with pytest.raises(Malformed):
        jose.decrypt(".".join(parts), KEY, kid="name")


@pytest.mark.parametrize("part", [3, 4], ids=("ciphertext", "tag"))
def test_stray_bits_in_an_encryption_are_refused(part: int):
    """SPEC 2.4"""
    parts = sealed_with(JWE_HEADER).split(".")
    parts[part] = stray_tail(parts[part])

    with pytest.raises(Malformed):
        jose.jwe_kid(".".join(parts))


def test_a_text_opens_with_its_own_key_and_name_only():
    """SPEC 2.2"""
    compact = jose.encrypt(b"hello", KEY, kid="name")

    for key, kid in ((bytes(32), "name"), (KEY, "other"), (KEY[:16], "name"), (b"", "name")):
        with pytest.raises(Malformed):
            jose.decrypt(compact, key, kid=kid)


@pytest.mark.parametrize(("key", "kid"), [(KEY[:31], "name"), (KEY, "Name"), (KEY, "")])
def test_nothing_is_encrypted_under_a_bad_key_or_name(key: bytes, kid: str):
    """SPEC 2.2, SPEC 2.5"""
    with pytest.raises(Malformed):
        jose.encrypt(b"", key, kid=kid)


def test_a_text_that_is_too_long_is_refused_unread():
    """SPEC 2.2"""
    jose.decrypt(jose.encrypt(bytes(180_000), KEY, kid="name"), KEY, kid="name")
    with pytest.raises(Malformed):
        jose.decrypt(jose.encrypt(bytes(190_000), KEY, kid="name"), KEY, kid="name")


def changed(compact: str) -> st.SearchStrategy[str]:
    """The text with one character replaced."""
    places = st.tuples(st.integers(0, len(compact) - 1), st.characters() | st.sampled_from(ALPHABET))
    texts = places.map(lambda place: compact[: place[0]] + place[1] + compact[place[0] + 1 :])
    return texts.filter(lambda text: text != compact)


@given(changed(SIGNED))
@settings(max_examples=150)
def test_a_changed_signature_never_passes(text: str):
    """SPEC 2.1, SPEC 2.4"""
    with pytest.raises(Malformed):
        jose.verified(text, SIGNER.jwk, typ=TYP, kid="device")


@given(changed(SEALED))
@settings(max_examples=150)
def test_a_changed_encryption_never_opens(text: str):
    """SPEC 2.2, SPEC 2.4"""
    with pytest.raises(Malformed):
        jose.decrypt(text, KEY, kid="name")


@given(st.text(max_size=80))
def test_reading_any_text_fails_in_one_way_only(text: str):
    """SPEC 2.3"""
    for read in (lambda: jose.parse_signed(text, typ=TYP), lambda: jose.jwe_kid(text)):
        with pytest.raises(Malformed):
            read()

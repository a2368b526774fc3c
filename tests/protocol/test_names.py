"""Keys and names (SPEC 1)."""

from __future__ import annotations

import base64
import contextlib
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.protocol import jose, transcript
from relay.protocol.errors import Malformed
from relay.protocol.ids import (
    EntryKid,
    LiveKid,
    PushKid,
    b64,
    canonical_json,
    is_hex_id,
    is_key_id,
    key_id,
    parse_kid,
    public_jwk,
    thumbprint,
    unb64,
)

# RFC 7517 appendix A.1; the thumbprint was computed with `sha256sum` over the canonical text.
JWK = {
    "kty": "EC",
    "crv": "P-256",
    "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
    "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
}
THREAD, DEVICE, STREAM = "a" * 32, "b" * 32, "0f" * 16


@given(st.binary(max_size=100))
def test_base64url_round_trips(data: bytes):
    """SPEC 1.1"""
    assert unb64(b64(data)) == data


@pytest.mark.parametrize("text", ["YQ==", "Y Q", "YQ\n", "Y+", "YR", "YWJ", "A", "é", "\ud800", "YQ.", "-_-+"])
def test_base64url_with_another_spelling_is_refused(text: str):
    """SPEC 1.1"""
    with pytest.raises(Malformed):
        unb64(text)


def test_a_public_key_is_its_four_members():
    """SPEC 1.2"""
    assert public_jwk(JWK) == JWK
    assert jose.checked_jwk(JWK) == JWK


@pytest.mark.parametrize(
    "change",
    [
        {"d": "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"},
        {"kid": "1"},
        {"crv": "P-384"},
        {"kty": "OKP"},
        {"x": JWK["x"][:-2]},
        {"y": JWK["y"] + "AA"},
        {"x": 5},
        {"x": JWK["x"] + "="},
        {"x": JWK["y"]},
        {"x": b64(bytes(32)), "y": b64(bytes(32))},
        {"x": b64(b"\xff" * 32)},
    ],
    ids="-".join,
)
def test_a_key_with_other_members_or_off_the_curve_is_refused(change: dict[str, object]):
    """SPEC 1.2"""
    with pytest.raises(Malformed):
        jose.checked_jwk({**JWK, **change})


@pytest.mark.parametrize("missing", JWK)
def test_a_key_without_a_member_is_refused(missing: str):
    """SPEC 1.2"""
    with pytest.raises(Malformed):
        public_jwk({name: value for name, value in JWK.items() if name != missing})


def test_a_private_key_keeps_its_secret_part_apart():
    """SPEC 1.2"""
    key = jose.PrivateKey.generate()

    assert "d" not in key.jwk
    assert jose.PrivateKey.from_jwk(key.private_jwk()).jwk == key.jwk
    with pytest.raises(Malformed):
        jose.PrivateKey.from_jwk({**key.private_jwk(), "d": jose.PrivateKey.generate().private_jwk()["d"]})


def test_canonical_json_has_one_spelling():
    """SPEC 1.3"""
    value = {"b": [1, True, None], "a": 'é\u2028\x1f\n"/\U0001f600'}

    assert canonical_json(value) == '{"a":"é\u2028\\u001f\\n\\"/\U0001f600","b":[1,true,null]}'.encode()


def test_ids_follow_from_the_key_alone():
    """SPEC 1.3, SPEC 1.4"""
    digest = hashlib.sha256(thumbprint(JWK)).digest()

    assert thumbprint(JWK).hex() == "727f88fd634c0a57a1895a79d62ff4569384356d6ea447ab03cb046a6e619feb"
    assert key_id(JWK) == base64.b32encode(digest).decode().lower()[:32] == "7nuf6dsthcauapsl2qaraddutqu2evda"
    assert is_key_id(key_id(JWK))


@pytest.mark.parametrize("text", ["0F" * 16, "0f" * 15, "0f" * 17, "0g" * 16, "0f" * 16 + "\n", 5, None])
def test_random_ids_are_32_hex_digits(text: object):
    """SPEC 1.5"""
    assert is_hex_id(STREAM)
    assert not is_hex_id(text)


@pytest.mark.parametrize(
    "kid",
    [
        EntryKid(THREAD, 1, DEVICE, 1),
        EntryKid(THREAD, 2**53 - 1, DEVICE, 2**53 - 1),
        LiveKid(THREAD, 3, DEVICE, STREAM, 9),
        PushKid(THREAD, 3, DEVICE, STREAM),
    ],
    ids=str,
)
def test_key_ids_round_trip(kid: EntryKid | LiveKid | PushKid):
    """SPEC 1.7"""
    assert parse_kid(str(kid)) == kid


@pytest.mark.parametrize("count", ["0", "01", "-1", "+1", "1.0", "", " 1", "1 ", "١", str(2**53), "9" * 40])
def test_counters_of_a_key_id_have_one_spelling(count: str):
    """SPEC 1.6"""
    for kid in (
        f"{THREAD}.{count}.{DEVICE}.1",
        f"{THREAD}.1.{DEVICE}.{count}",
        f"{THREAD}.1.{DEVICE}.live.{STREAM}.{count}",
    ):
        with pytest.raises(Malformed):
            parse_kid(kid)


@pytest.mark.parametrize(
    "kid",
    [
        "",
        "....",
        f"{THREAD}.1.{DEVICE}",
        f"{THREAD}.1.{DEVICE}.1.1",
        f"{THREAD}.1.{DEVICE}.live.1",
        f"{THREAD}.1.{DEVICE}.live.{STREAM}",
        f"{THREAD}.1.{DEVICE}.push.{STREAM}.1",
        f"{THREAD}.1.{DEVICE}.wrap",
        f"{THREAD.upper()}.1.{DEVICE}.1",
        f"{'1' * 32}.1.{DEVICE}.1",
        f"{THREAD}.1.{DEVICE[:-1]}.1",
        f"{THREAD}.1.{DEVICE}.live.{STREAM.upper()}.1",
    ],
)
def test_no_other_form_of_key_id_exists(kid: str):
    """SPEC 1.7"""
    with pytest.raises(Malformed):
        parse_kid(kid)


@given(st.text(max_size=60))
def test_reading_a_key_id_never_fails_otherwise(text: str):
    """SPEC 1.7"""
    with contextlib.suppress(Malformed):
        assert str(parse_kid(text)) == text


def test_the_root_key_cannot_stand_in_for_a_device(thread):
    """SPEC 1.8"""
    thread.host.key = thread.root

    assert isinstance(thread.judge(thread.seal(thread.body())), transcript.Void)


def test_a_device_key_cannot_stand_in_for_root(thread):
    """SPEC 1.8"""
    forger = thread.host.key
    certificate = transcript.HostCertificate(thread.id, 2, thread.host.id, thread.host.key.jwk)
    roster = transcript.RosterChange(thread.id, 1, "added", thread.host.id, forger.jwk, "client", frozenset())

    with pytest.raises(Malformed):
        transcript.read_host(transcript.sign_host(certificate, forger), thread.root.jwk)
    with pytest.raises(Malformed):
        transcript.read_roster(transcript.sign_roster(roster, forger), thread.root.jwk)

"""Entries, live frames and notification texts, sealed and opened (SPEC 2.7 to SPEC 2.12)."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.protocol import envelope, jose
from relay.protocol.envelope import Plaintext
from relay.protocol.errors import Malformed
from relay.protocol.ids import EntryKid, LiveKid, PushKid, canonical_json, key_id, unb64

AT = "2026-11-22T14:00:00Z"
KEY = secrets.token_bytes(32)
DEVICE = jose.PrivateKey.generate()
ME, THREAD, STREAM = key_id(DEVICE.jwk), "a" * 32, "0f" * 16
ENTRY, LIVE, PUSH = EntryKid(THREAD, 1, ME, 7), LiveKid(THREAD, 1, ME, STREAM, 3), PushKid(THREAD, 1, ME, STREAM)
HEAD = "0" * 64
BODY = {"id": STREAM, "type": "pause", "on": True}
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


def sign(data: bytes, kid: object = ENTRY, typ: str = envelope.ENTRY_TYP, signer: str = ME) -> str:
    return jose.sign(jose.encrypt(data, KEY, kid=str(kid)).encode(), DEVICE, kid=signer, typ=typ)


def plaintext(**change: object) -> dict[str, object]:
    return {"v": 1, "n": 7, "at": AT, "seen": {"seq": 2, "head": HEAD}, "body": BODY, **change}


@given(text, st.integers(1, 2**53 - 1), st.integers(0, 2**53 - 1), st.dictionaries(text, text, max_size=3))
@settings(max_examples=40)
def test_an_entry_opens_as_it_was_sealed(said: str, n: int, seen: int, more: dict[str, str]):
    """SPEC 2.7"""
    plain = Plaintext(n, AT, seen, HEAD, {**more, "id": STREAM, "type": "message", "text": said})
    sealed = envelope.seal_entry(plain, EntryKid(THREAD, 1, ME, n), KEY, DEVICE)
    entry = envelope.parse_entry(sealed)

    assert entry.kid == EntryKid(THREAD, 1, ME, n)
    assert jose.verify(entry.signed, DEVICE.jwk)
    assert envelope.open_entry(entry, KEY) == plain
    assert entry.signed.signing_input == sealed.rpartition(".")[0].encode()


def test_other_members_of_a_plaintext_are_ignored():
    """SPEC 2.7"""
    data = canonical_json(plaintext(later=[1], seen={"seq": 2, "head": HEAD, "more": 1}))

    assert envelope.open_entry(envelope.parse_entry(sign(data)), KEY).body == BODY


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"v": True},
        {"v": "1"},
        {"n": 8},
        {"n": "7"},
        {"at": 5},
        {"at": None},
        {"seen": {"seq": -1, "head": HEAD}},
        {"seen": {"seq": True, "head": HEAD}},
        {"seen": {"seq": "2", "head": HEAD}},
        {"seen": {"seq": 2}},
        {"seen": None},
        {"body": {"id": STREAM}},
        {"body": {"type": "pause"}},
        {"body": {"id": STREAM, "type": 5}},
        {"body": {"id": 5, "type": "pause"}},
        {"body": [BODY]},
    ],
    ids=str,
)
def test_a_plaintext_of_another_form_is_refused(change: dict[str, object]):
    """SPEC 2.7"""
    with pytest.raises(Malformed):
        envelope.open_entry(envelope.parse_entry(sign(canonical_json(plaintext(**change)))), KEY)


@pytest.mark.parametrize("missing", ["v", "n", "at", "seen", "body"])
def test_a_plaintext_lacks_nothing(missing: str):
    """SPEC 2.7"""
    data = canonical_json({name: value for name, value in plaintext().items() if name != missing})

    with pytest.raises(Malformed):
        envelope.open_entry(envelope.parse_entry(sign(data)), KEY)


def test_true_is_not_the_number_one():
    """SPEC 2.6, SPEC 2.7"""
    first = EntryKid(THREAD, 1, ME, 1)

    with pytest.raises(Malformed):
        envelope.open_entry(envelope.parse_entry(sign(canonical_json(plaintext(n=True)), first)), KEY)


def test_an_entry_holds_64_kib_and_no_more():
    """SPEC 2.7"""
    room = 65_536 - len(canonical_json(plaintext(body={**BODY, "text": ""})))
    fits, too_long = (Plaintext(7, AT, 2, HEAD, {**BODY, "text": "x" * size}) for size in (room, room + 1))

    sealed = envelope.seal_entry(fits, ENTRY, KEY, DEVICE)
    assert len(sealed) <= 120_000
    assert envelope.open_entry(envelope.parse_entry(sealed), KEY) == fits
    with pytest.raises(Malformed):
        envelope.seal_entry(too_long, ENTRY, KEY, DEVICE)
    with pytest.raises(Malformed):
        envelope.open_entry(envelope.parse_entry(sign(canonical_json(plaintext(body=too_long.body)))), KEY)


def test_a_sealed_entry_has_120000_characters_at_most():
    """SPEC 2.7"""
    with pytest.raises(Malformed):
        envelope.parse_entry(sign(bytes(70_000)))


@pytest.mark.parametrize("kid", [LIVE, PUSH, "name", f"{THREAD}.1.{ME}.wrap", f"{THREAD}.1.{'b' * 32}.7"], ids=str)
def test_an_entry_has_an_entrys_key_id_of_its_own_device(kid: object):
    """SPEC 1.7, SPEC 2.8"""
    with pytest.raises(Malformed):
        envelope.parse_entry(sign(b"{}", kid))


def test_the_payload_is_an_encryption():
    """SPEC 2.7"""
    for payload in (b"{}", b"\xff\xfe", b""):
        with pytest.raises(Malformed):
            envelope.parse_entry(jose.sign(payload, DEVICE, kid=ME, typ=envelope.ENTRY_TYP))


def test_a_live_frame_opens_as_it_was_sealed():
    """SPEC 2.9"""
    sealed = envelope.seal_live({"type": "tail.ask", "nonce": STREAM}, AT, LIVE, KEY, DEVICE)

    assert envelope.open_live(sealed, KEY, DEVICE.jwk) == (LIVE, {"type": "tail.ask", "nonce": STREAM})
    with pytest.raises(Malformed):
        envelope.open_live(sealed, KEY, jose.PrivateKey.generate().jwk)
    with pytest.raises(Malformed):
        envelope.seal_live({"type": "text", "text": "x" * 65_536}, AT, LIVE, KEY, DEVICE)


def test_entry_live_frame_and_notification_never_stand_in_for_one_another():
    """SPEC 1.7, SPEC 2.5, SPEC 2.9, SPEC 2.10"""
    data = canonical_json(plaintext())

    for typ, kid in ((envelope.ENTRY_TYP, LIVE), (envelope.LIVE_TYP, ENTRY), (envelope.LIVE_TYP, PUSH)):
        sealed = sign(data, kid, typ)
        with pytest.raises(Malformed):
            envelope.open_live(sealed, KEY, DEVICE.jwk)
        with pytest.raises(Malformed):
            envelope.open_push(sealed, KEY, DEVICE.jwk)
        with pytest.raises(Malformed):
            envelope.parse_entry(sealed)


@pytest.mark.parametrize("change", [{"v": True}, {"v": 2}, {"at": 1}, {"body": []}], ids=str)
def test_a_live_frame_of_another_form_is_refused(change: dict[str, object]):
    """SPEC 2.9"""
    sealed = sign(canonical_json({"v": 1, "at": AT, "body": {}, **change}), LIVE, envelope.LIVE_TYP)

    with pytest.raises(Malformed):
        envelope.open_live(sealed, KEY, DEVICE.jwk)


def test_the_size_of_a_notification_says_nothing():
    """SPEC 2.10"""
    short = envelope.seal_push({"title": "Done"}, AT, PUSH, KEY, DEVICE)
    longer = envelope.seal_push({"title": "Done", "text": "Überraschung: " + "x" * 900}, AT, PUSH, KEY, DEVICE)
    inner = jose.parse_signed(short, typ=envelope.PUSH_TYP).payload.decode()

    assert len(short) == len(longer) <= 2_800
    assert len(unb64(inner.split(".")[3])) == 1_280
    assert envelope.open_push(short, KEY, DEVICE.jwk) == {"title": "Done"}
    with pytest.raises(Malformed):
        envelope.seal_push({"title": "x" * 1_280}, AT, PUSH, KEY, DEVICE)
    with pytest.raises(Malformed):
        envelope.open_push(short, KEY, jose.PrivateKey.generate().jwk)


@pytest.mark.parametrize("said", ["\ud800", float("nan")], ids=repr)
def test_what_is_not_well_formed_is_not_sealed(said: object):
    """SPEC 2.12"""
    with pytest.raises(Malformed):
        envelope.seal_entry(Plaintext(7, AT, 2, HEAD, {**BODY, "text": said}), ENTRY, KEY, DEVICE)


def test_the_relay_never_opens_what_it_stores():
    """SPEC 2.7: it has no key; nor does it try."""
    relay = Path(envelope.__file__).parents[1]
    sources = [path for path in relay.rglob("*.py") if path.parent.name != "protocol"]
    opening = re.compile(r"\b(open_entry|open_live|open_push|decrypt)\b")

    assert sources
    assert [path.name for path in sources if opening.search(path.read_text("utf-8"))] == []

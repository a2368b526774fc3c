"""A phone joins: link, host, offer, accept, digits, grant (SPEC 4.1 to SPEC 4.10)."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.protocol import jose, pairing
from relay.protocol.errors import Malformed
from relay.protocol.ids import b64, canonical_json, key_id, strict_json, thumbprint
from relay.protocol.pairing import Link

GRANT = {"epoch": 1, "seq": 12}


@dataclass
class Computer:
    """The agent's side."""

    root: jose.PrivateKey = field(default_factory=jose.PrivateKey.generate)
    ephemeral: jose.PrivateKey = field(default_factory=jose.PrivateKey.generate)

    def __post_init__(self) -> None:
        self.link = Link.fresh(self.root.jwk)
        self.host = pairing.host_slot(self.link.pairing, self.ephemeral.jwk, self.root)

    def accept(self, offer: str) -> str:
        self.offer = pairing.read_offer_slot(offer, self.link, self.ephemeral)
        slot = pairing.accept_slot(self.link.pairing, offer, self.root)
        self.bound = pairing.transcript(self.host, offer, slot)
        return slot

    def digits(self) -> str:
        return pairing.digits(self.offer.shared, self.link.secret, self.bound)

    def grant(self) -> str:
        return pairing.grant_slot(self.offer.shared, self.link, self.bound, GRANT)


@dataclass
class Phone:
    """The browser's side; all it starts from is the link's fragment."""

    fragment: str
    name: str = "Ada's phone"
    device: jose.PrivateKey = field(default_factory=jose.PrivateKey.generate)
    ephemeral: jose.PrivateKey = field(default_factory=jose.PrivateKey.generate)

    def make_offer(self, host: str) -> str:
        self.link = Link.parse(self.fragment)
        self.host = host
        self.root, agent = pairing.read_host_slot(host, self.link)
        self.shared = self.ephemeral.exchange(agent)
        self.offer = pairing.offer_slot(self.link, agent, self.ephemeral, self.device.jwk, self.name)
        return self.offer

    def read_accept(self, accept: str) -> str:
        pairing.read_accept_slot(accept, self.link.pairing, self.offer, self.root)
        self.bound = pairing.transcript(self.host, self.offer, accept)
        return pairing.digits(self.shared, self.link.secret, self.bound)

    def read_grant(self, grant: str) -> dict[str, object]:
        return pairing.read_grant_slot(grant, self.shared, self.link, self.bound)


@pytest.fixture
def computer() -> Computer:
    return Computer()


@pytest.fixture
def phone(computer: Computer) -> Phone:
    return Phone(computer.link.fragment())


def test_an_honest_pairing_ends_with_a_grant(computer: Computer, phone: Phone):
    """SPEC 4.4, SPEC 4.5, SPEC 4.6, SPEC 4.8, SPEC 4.9"""
    shown = phone.read_accept(computer.accept(phone.make_offer(computer.host)))

    assert shown == computer.digits()
    assert (len(shown), shown.isdigit()) == (6, True)
    assert phone.root == computer.root.jwk
    assert (computer.offer.device, computer.offer.name) == (phone.device.jwk, "Ada's phone")
    assert phone.read_grant(computer.grant()) == GRANT


def test_a_link_holds_all_that_the_relay_must_not_know(computer: Computer):
    """SPEC 4.1"""
    link = computer.link

    assert link.fragment() == f"pair=1.{link.pairing}.{b64(link.secret)}.{b64(thumbprint(computer.root.jwk))}"
    assert Link.parse(link.fragment()) == Link.parse("#" + link.fragment()) == link
    assert len(link.secret) == 32
    assert pairing.LIFETIME_S == 600


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: "",
        lambda text: text.replace("=1.", "=2."),
        lambda text: text + ".x",
        lambda text: text[:-1],
        lambda text: text.rsplit(".", 1)[0],
        lambda text: text.rsplit(".", 1)[0] + "." + b64(bytes(31)),
        lambda text: text.replace(text.split(".")[1], "A" * 32),
        lambda text: text.replace(text.split(".")[2], ""),
        lambda text: text + "=",
    ],
)
def test_a_link_that_was_cut_or_changed_is_refused(computer: Computer, spoil):
    """SPEC 4.1"""
    with pytest.raises(Malformed):
        Link.parse(spoil(computer.link.fragment()))


def hkdf(key: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869 without salt, written out."""
    extracted = hmac.digest(bytes(32), key, "sha256")
    return hmac.digest(extracted, info + b"\1", "sha256")[:length]


def test_keys_are_drawn_as_the_text_says():
    """SPEC 4.3"""
    shared, secret, bound = (secrets.token_bytes(32) for _ in range(3))

    for name in ("deskhand-pair-offer-v1", "deskhand-pair-grant-v1", "deskhand-pair-digits-v1"):
        expected = hkdf(shared + secret, name.encode() + bound, 32)
        assert pairing.derive(shared, secret, name, bound) == expected
    assert pairing.derive(shared, secret, "deskhand-pair-offer-v1") == hkdf(
        shared + secret, b"deskhand-pair-offer-v1", 32
    )


def test_digits_are_drawn_as_the_text_says():
    """SPEC 4.8"""
    shared, secret, bound = (secrets.token_bytes(32) for _ in range(3))
    number = int.from_bytes(hkdf(shared + secret, b"deskhand-pair-digits-v1" + bound, 8), "big")

    assert pairing.digits(shared, secret, bound) == str(number % 1_000_000).zfill(6)


def test_the_transcript_binds_all_three_slots():
    """SPEC 4.7"""
    parts = b"".join(hashlib.sha256(slot).digest() for slot in (b"host", b"offer", b"accept"))

    assert pairing.transcript("host", "offer", "accept") == hashlib.sha256(parts).digest()


def test_the_relay_cannot_put_its_own_computer_in_the_place_of_the_real_one(computer: Computer, phone: Phone):
    """SPEC 4.4"""
    impostor = Computer()
    impostor.link = dataclasses.replace(impostor.link, pairing=computer.link.pairing)
    host = pairing.host_slot(computer.link.pairing, impostor.ephemeral.jwk, impostor.root)

    with pytest.raises(Malformed, match="another computer"):
        phone.make_offer(host)


@pytest.mark.parametrize("how", ["ephemeral", "pairing", "root", "signature", "not signed"])
def test_the_relay_cannot_change_a_word_of_the_host_slot(computer: Computer, phone: Phone, how: str):
    """SPEC 4.4"""
    other, signer, kid = jose.PrivateKey.generate(), computer.root, key_id(computer.root.jwk)
    payload = {"pairing": computer.link.pairing, "root": computer.root.jwk, "ephemeral": other.jwk}
    match how:
        case "ephemeral":
            header, _, signature = computer.host.split(".")
            slot = f"{header}.{b64(canonical_json(payload))}.{signature}"
        case "pairing":
            slot = pairing.host_slot(secrets.token_hex(16), computer.ephemeral.jwk, computer.root)
        case "root":
            slot = jose.sign(canonical_json(payload), other, kid=kid, typ=pairing.HOST_TYP)
        case "signature":
            slot = jose.sign(canonical_json(payload), signer, kid=key_id(other.jwk), typ=pairing.HOST_TYP)
        case _:
            slot = canonical_json(payload).decode()

    with pytest.raises(Malformed):
        phone.make_offer(slot)


def test_an_offer_without_the_secret_does_not_open(computer: Computer):
    """SPEC 4.5: the relay knows the pairing id and both public keys, never the secret."""
    relay = Phone(dataclasses.replace(computer.link, secret=bytes(32)).fragment())

    with pytest.raises(Malformed):
        computer.accept(relay.make_offer(computer.host))


def test_an_offer_for_another_pairing_does_not_open(computer: Computer, phone: Phone):
    """SPEC 4.5"""
    offer = phone.make_offer(computer.host)
    other = dataclasses.replace(computer.link, pairing=secrets.token_hex(16))

    with pytest.raises(Malformed):
        pairing.read_offer_slot(offer, other, computer.ephemeral)


OFF_CURVE = {"kty": "EC", "crv": "P-256", "x": b64(b"\1" * 32), "y": b64(b"\2" * 32)}


def offer_with(computer: Computer, inner: dict[str, object]) -> str:
    """Any offer by somebody who has the link."""
    key = jose.PrivateKey.generate()
    shared = key.exchange(computer.ephemeral.jwk)
    derived = pairing.derive(shared, computer.link.secret, "deskhand-pair-offer-v1")
    sealed = jose.encrypt(canonical_json(inner), derived, kid=f"{computer.link.pairing}.offer")
    return canonical_json({"ephemeral": key.jwk, "sealed": sealed}).decode()


@pytest.mark.parametrize(
    "inner",
    [
        {},
        {"device": jose.PrivateKey.generate().jwk},
        {"device": OFF_CURVE, "name": "x"},
        {"device": jose.PrivateKey.generate().private_jwk(), "name": "x"},
        {"device": "x", "name": "x"},
        {"device": jose.PrivateKey.generate().jwk, "name": 5},
    ],
    ids=str,
)
def test_an_offer_of_another_form_is_refused(computer: Computer, inner: dict[str, object]):
    """SPEC 1.2, SPEC 4.5"""
    with pytest.raises(Malformed):
        computer.accept(offer_with(computer, inner))


def test_any_text_as_an_offer_fails_in_one_way_only(computer: Computer):
    """SPEC 4.5"""

    @given(st.text(max_size=50))
    def check(text: str):
        for slot in (text, f'{{"ephemeral":{{}},"sealed":"{text}"}}', '{"a":"\ud800"}', "\ud800"):
            with pytest.raises(Malformed):
                pairing.read_offer_slot(slot, computer.link, computer.ephemeral)

    check()


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("  Ada's phone ", "Ada's phone"),
        ("", "Phone"),
        ("\x1b[2J\u202eenohp\n", "[2Jenohp"),
        ("x" * 100, "x" * 60),
        ("手机", "手机"),
    ],
)
def test_a_name_cannot_play_tricks_with_the_terminal(computer: Computer, phone: Phone, name: str, clean: str):
    """SPEC 4.5"""
    phone.name = name
    computer.accept(phone.make_offer(computer.host))

    assert computer.offer.name == clean


def test_a_second_phone_learns_that_another_used_the_code(computer: Computer, phone: Phone):
    """SPEC 4.6: it shows no digits that the person could type."""
    late = Phone(computer.link.fragment())
    late.make_offer(computer.host)
    accept = computer.accept(phone.make_offer(computer.host))

    with pytest.raises(Malformed, match="another device"):
        late.read_accept(accept)


@pytest.mark.parametrize("how", ["other root", "other pairing", "host slot", "nonsense"])
def test_an_accept_by_anybody_else_is_refused(computer: Computer, phone: Phone, how: str):
    """SPEC 4.6"""
    offer = phone.make_offer(computer.host)
    slots = {
        "other root": lambda: pairing.accept_slot(computer.link.pairing, offer, jose.PrivateKey.generate()),
        "other pairing": lambda: pairing.accept_slot(secrets.token_hex(16), offer, computer.root),
        "host slot": lambda: computer.host,
        "nonsense": lambda: "a.b.c",
    }

    with pytest.raises(Malformed):
        phone.read_accept(slots[how]())


def test_an_accept_names_the_offer_and_a_fresh_nonce(computer: Computer, phone: Phone):
    """SPEC 4.6"""
    offer = phone.make_offer(computer.host)
    payloads = [
        strict_json(jose.parse_signed(computer.accept(offer), typ=pairing.ACCEPT_TYP).payload) for _ in range(2)
    ]

    assert payloads[0]["offer"] == b64(hashlib.sha256(offer.encode()).digest())
    assert payloads[0]["nonce"] != payloads[1]["nonce"]
    assert len(base64.urlsafe_b64decode(payloads[0]["nonce"] + "==")) == 16


def test_two_accepts_of_one_offer_show_different_digits_or_grants(computer: Computer, phone: Phone):
    """SPEC 4.7: a grant is bound to the accept that the phone saw."""
    offer = phone.make_offer(computer.host)
    phone.read_accept(computer.accept(offer))
    computer.accept(offer)

    with pytest.raises(Malformed):
        phone.read_grant(computer.grant())


def test_a_grant_opens_for_the_phone_it_was_made_for_only(computer: Computer, phone: Phone):
    """SPEC 4.9"""
    accept = computer.accept(phone.make_offer(computer.host))
    phone.read_accept(accept)
    thief = Phone(computer.link.fragment())
    thief.make_offer(computer.host)
    thief.bound = phone.bound

    with pytest.raises(Malformed):
        thief.read_grant(computer.grant())


def test_a_refusal_is_a_grant_too(computer: Computer, phone: Phone):
    """SPEC 4.9"""
    phone.read_accept(computer.accept(phone.make_offer(computer.host)))
    refused = pairing.grant_slot(computer.offer.shared, computer.link, computer.bound, {"refused": "wrong digits"})

    assert phone.read_grant(refused) == {"refused": "wrong digits"}

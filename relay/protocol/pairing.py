"""Adding a device: link, offer, accept, digits, grant (SPEC 4). Pure; the slots travel over HTTP."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from relay.protocol import jose
from relay.protocol.errors import Malformed
from relay.protocol.ids import b64, canonical_json, is_hex_id, key_id, public_jwk, strict_json, thumbprint, unb64

SECRET_BYTES = 32
LIFETIME_S = 600
DIGITS = 6
HOST_TYP = "deskhand-pair-host+jws"
ACCEPT_TYP = "deskhand-pair-accept+jws"
MAX_NAME_CHARS = 60


@dataclass(frozen=True, slots=True)
class Link:
    """What stands behind ``#`` in a pairing link. It never leaves the browser."""

    pairing: str
    secret: bytes
    root_thumbprint: bytes

    def fragment(self) -> str:
        """``pair=1.<pairing id>.<secret>.<root thumbprint>``."""
        return f"pair=1.{self.pairing}.{b64(self.secret)}.{b64(self.root_thumbprint)}"

    @staticmethod
    def fresh(root: dict[str, str]) -> Link:
        """A new one-time link to the thread of this root key."""
        return Link(secrets.token_hex(16), secrets.token_bytes(SECRET_BYTES), thumbprint(root))

    @staticmethod
    def parse(fragment: str) -> Link:
        """Read a link's fragment. Raises `Malformed`."""
        parts = fragment.removeprefix("#").removeprefix("pair=").split(".")
        if len(parts) != 4 or parts[0] != "1" or not is_hex_id(parts[1]):  # noqa: PLR2004
            raise Malformed("this is not a pairing link")
        secret, root = unb64(parts[2]), unb64(parts[3])
        if len(secret) != SECRET_BYTES or len(root) != SECRET_BYTES:
            raise Malformed("this pairing link is incomplete")
        return Link(parts[1], secret, root)


def derive(shared: bytes, secret: bytes, info: str, transcript: bytes = b"", length: int = 32) -> bytes:
    """HKDF-SHA-256 over ECDH x ‖ link secret, no salt; info = ASCII name ‖ transcript hash (RFC 5869)."""
    return HKDF(hashes.SHA256(), length, None, info.encode("ascii") + transcript).derive(shared + secret)


def host_slot(pairing: str, ephemeral: dict[str, str], root: jose.PrivateKey) -> str:
    """First slot, by the agent: root-signed {pairing, root, ephemeral}."""
    payload = {"pairing": pairing, "root": root.jwk, "ephemeral": ephemeral}
    return jose.sign(canonical_json(payload), root, kid=key_id(root.jwk), typ=HOST_TYP)


def read_host_slot(slot: str, link: Link) -> tuple[dict[str, str], dict[str, str]]:
    """Check the first slot against the link; return (root key, agent's ephemeral key). Raises `Malformed`."""
    signed = jose.parse_signed(slot, typ=HOST_TYP)
    value = strict_json(signed.payload)
    match value:
        case {"pairing": str(pairing), "root": dict() as root, "ephemeral": dict() as ephemeral} if (
            pairing == link.pairing
        ):
            root = public_jwk(root)
            if thumbprint(root) == link.root_thumbprint and signed.kid == key_id(root) and jose.verify(signed, root):
                return root, public_jwk(ephemeral)
    raise Malformed("the relay answered with another computer's key")


def offer_slot(link: Link, agent: dict[str, str], ephemeral: jose.PrivateKey, device: dict[str, str], name: str) -> str:
    """Second slot, by the phone: its ephemeral key, and {device, name} sealed for the agent."""
    key = derive(ephemeral.exchange(agent), link.secret, "deskhand-pair-offer-v1")
    sealed = jose.encrypt(canonical_json({"device": device, "name": name}), key, kid=f"{link.pairing}.offer")
    return canonical_json({"ephemeral": ephemeral.jwk, "sealed": sealed}).decode()


@dataclass(frozen=True, slots=True)
class Offer:
    """An opened offer: the new device's public key, its name, and the ECDH result with it."""

    device: dict[str, str]
    name: str
    shared: bytes


def read_offer_slot(slot: str, link: Link, ephemeral: jose.PrivateKey) -> Offer:
    """Open an offer. Raises `Malformed` where it was not made with the link's secret."""
    outer = strict_json(slot.encode("utf-8", "surrogatepass"))
    match outer:
        case {"ephemeral": dict() as peer, "sealed": str(sealed)}:
            shared = ephemeral.exchange(public_jwk(peer))
            key = derive(shared, link.secret, "deskhand-pair-offer-v1")
            inner = strict_json(jose.decrypt(sealed, key, kid=f"{link.pairing}.offer"))
            match inner:
                case {"device": dict() as device, "name": str(name)}:
                    clean = "".join(char for char in name if char.isprintable()).strip()[:MAX_NAME_CHARS]
                    return Offer(jose.checked_jwk(device), clean or "Phone", shared)
                case _:
                    pass
        case _:
            pass
    raise Malformed("not an offer")


def accept_slot(pairing: str, offer: str, root: jose.PrivateKey) -> str:
    """Third slot, by the agent: root-signed {pairing, SHA-256(offer), nonce}."""
    digest = b64(hashlib.sha256(offer.encode()).digest())
    payload = {"pairing": pairing, "offer": digest, "nonce": b64(secrets.token_bytes(16))}
    return jose.sign(canonical_json(payload), root, kid=key_id(root.jwk), typ=ACCEPT_TYP)


def read_accept_slot(slot: str, pairing: str, offer: str, root: dict[str, str]) -> None:
    """Check that the agent took this very offer. Raises `Malformed` where another device used the code."""
    value = strict_json(jose.verified(slot, root, typ=ACCEPT_TYP, kid=key_id(root)))
    if value.get("pairing") != pairing or value.get("offer") != b64(hashlib.sha256(offer.encode()).digest()):
        raise Malformed("another device used this code")


def transcript(host: str, offer: str, accept: str) -> bytes:
    """SHA-256 over the SHA-256 of each of the three slots: what the digits and the grant are bound to."""
    parts = (hashlib.sha256(slot.encode()).digest() for slot in (host, offer, accept))
    return hashlib.sha256(b"".join(parts)).digest()


def digits(shared: bytes, secret: bytes, bound: bytes) -> str:
    """The six digits that the person types at the computer."""
    number = int.from_bytes(derive(shared, secret, "deskhand-pair-digits-v1", bound, 8), "big")
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def grant_slot(shared: bytes, link: Link, bound: bytes, grant: Mapping[str, Any]) -> str:
    """Last slot, by the agent: keys and roster, or ``{"refused": reason}``, sealed for the new device."""
    key = derive(shared, link.secret, "deskhand-pair-grant-v1", bound)
    return jose.encrypt(canonical_json(grant), key, kid=f"{link.pairing}.grant")


def read_grant_slot(slot: str, shared: bytes, link: Link, bound: bytes) -> dict[str, Any]:
    """Open the grant. Raises `Malformed`."""
    key = derive(shared, link.secret, "deskhand-pair-grant-v1", bound)
    return strict_json(jose.decrypt(slot, key, kid=f"{link.pairing}.grant"))

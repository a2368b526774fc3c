"""The protocol as somebody reads it in SPEC.md who has never seen our code: nothing here is imported from it."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

AT = "2026-11-22T14:00:00Z"


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def id_of(jwk: dict[str, str]) -> str:
    thumbprint = hashlib.sha256(canonical(jwk)).digest()
    return base64.b32encode(hashlib.sha256(thumbprint).digest()).decode().lower()[:32]


class Key:
    """A P-256 key pair."""

    def __init__(self) -> None:
        self.secret = ec.generate_private_key(ec.SECP256R1())
        numbers = self.secret.public_key().public_numbers()
        x, y = (b64(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
        self.jwk = {"crv": "P-256", "kty": "EC", "x": x, "y": y}
        self.id = id_of(self.jwk)

    def sign(self, payload: bytes, typ: str) -> str:
        header = canonical({"alg": "ES256", "kid": self.id, "typ": typ})
        signing_input = f"{b64(header)}.{b64(payload)}"
        r, s = decode_dss_signature(self.secret.sign(signing_input.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signing_input}.{b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def encrypt(plaintext: bytes, key: bytes, kid: str) -> str:
    header, iv = b64(canonical({"alg": "dir", "enc": "A256GCM", "kid": kid})), os.urandom(12)
    box = AESGCM(key).encrypt(iv, plaintext, header.encode())
    return ".".join((header, "", b64(iv), b64(box[:-16]), b64(box[-16:])))


def decrypt(compact: str, key: bytes) -> Any:
    header, _, iv, text, tag = compact.split(".")
    return json.loads(AESGCM(key).decrypt(unb64(iv), unb64(text) + unb64(tag), header.encode()))


def opened(sealed: str, key: bytes) -> Any:
    """The plaintext of an entry or live frame."""
    return decrypt(unb64(sealed.split(".")[1]).decode(), key)


@dataclass
class Thread:
    """A thread's keys, and its head as every device counts it."""

    origin: str
    root: Key = field(default_factory=Key)
    key: bytes = field(default_factory=lambda: os.urandom(32))
    epoch: int = 1
    seq: int = 0

    def __post_init__(self) -> None:
        self.head = hashlib.sha256(self.root.id.encode()).digest()

    def claim(self, nonce: str, device: Key) -> bytes:
        return canonical({"nonce": nonce, "aud": self.origin, "thread": self.root.id, "device": device.id})

    def certificate(self, host: Key) -> str:
        payload = {"thread": self.root.id, "host_epoch": 1, "device": host.id, "jwk": host.jwk}
        return self.root.sign(canonical(payload), "deskhand-host+jws")

    def roster(self, op: str, device: Key) -> str:
        payload = {
            "thread": self.root.id,
            "epoch": self.epoch,
            "op": op,
            "device": device.id,
            "jwk": device.jwk,
            "role": "client",
            "scopes": ["approve", "write"],
        }
        return self.root.sign(canonical(payload), "deskhand-roster+jws")

    def seal(self, author: Key, n: int, kind: str, **members: Any) -> str:
        plaintext = {
            "v": 1,
            "n": n,
            "at": AT,
            "seen": {"seq": self.seq, "head": self.head.hex()},
            "body": {"id": os.urandom(16).hex(), "type": kind, **members},
        }
        inner = encrypt(canonical(plaintext), self.key, f"{self.root.id}.{self.epoch}.{author.id}.{n}")
        return author.sign(inner.encode(), "deskhand-entry+jws")

    def live(self, author: Key, stream: str, i: int, body: dict[str, Any]) -> str:
        kid = f"{self.root.id}.{self.epoch}.{author.id}.live.{stream}.{i}"
        inner = encrypt(canonical({"v": 1, "at": AT, "body": body}), self.key, kid)
        return author.sign(inner.encode(), "deskhand-live+jws")

    def follow(self, sealed: str) -> None:
        """Count an entry that the relay has sent."""
        signing_input = sealed.rpartition(".")[0].encode()
        self.head = hashlib.sha256(self.head + hashlib.sha256(signing_input).digest()).digest()
        self.seq += 1


def derive(shared: bytes, secret: bytes, name: str, transcript: bytes = b"", length: int = 32) -> bytes:
    """HKDF-SHA-256 without salt."""
    return HKDF(hashes.SHA256(), length, None, name.encode() + transcript).derive(shared + secret)


def agreed(own: Key, other: dict[str, str]) -> bytes:
    """ECDH: the x coordinate."""
    x, y = (int.from_bytes(unb64(other[name]), "big") for name in ("x", "y"))
    return own.secret.exchange(ec.ECDH(), ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key())


class Phone:
    """A new device that has scanned a link."""

    def __init__(self, fragment: str) -> None:
        _, self.pairing, secret, self.root_thumbprint = fragment.removeprefix("pair=").split(".")
        self.secret = unb64(secret)
        self.device, self.ephemeral = Key(), Key()

    def offer(self, host: str) -> str:
        slot = json.loads(unb64(host.split(".")[1]))
        assert slot["pairing"] == self.pairing
        assert b64(hashlib.sha256(canonical(slot["root"])).digest()) == self.root_thumbprint
        self.shared = agreed(self.ephemeral, slot["ephemeral"])
        inner = canonical({"device": self.device.jwk, "name": "A stranger's phone"})
        sealed = encrypt(inner, derive(self.shared, self.secret, "deskhand-pair-offer-v1"), f"{self.pairing}.offer")
        return json.dumps({"sealed": sealed, "ephemeral": self.ephemeral.jwk})

    def digits(self, host: str, offer: str, accept: str) -> str:
        slot = json.loads(unb64(accept.split(".")[1]))
        assert slot["offer"] == b64(hashlib.sha256(offer.encode()).digest())
        parts = [hashlib.sha256(text.encode()).digest() for text in (host, offer, accept)]
        self.transcript = hashlib.sha256(b"".join(parts)).digest()
        drawn = derive(self.shared, self.secret, "deskhand-pair-digits-v1", self.transcript, 8)
        return f"{int.from_bytes(drawn, 'big') % 1_000_000:06d}"

    def grant(self, slot: str) -> Any:
        return decrypt(slot, derive(self.shared, self.secret, "deskhand-pair-grant-v1", self.transcript))

"""Where the relay is, and what this computer signs to be let in (SPEC 5.1)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from agent.link.keys import Identity
from relay.protocol import jose
from relay.protocol.ids import canonical_json

HELLO_TYP = "deskhand-hello+jws"
THREAD_TYP = "deskhand-thread+jws"


class BadAddress(ValueError):
    """The relay's address cannot be used. The text says why and what to do."""


@dataclass(frozen=True, slots=True)
class RelayAddress:
    """A relay's address in its forms: ``origin`` is what is signed, ``base`` has no trailing slash."""

    origin: str
    base: str
    socket: str
    loopback: bool

    @staticmethod
    def parse(url: str) -> RelayAddress:
        """Read an http(s) address. Raises `BadAddress`; plain http is for this very machine only."""
        parts = urlsplit(url.strip())
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise BadAddress(f"{url} is not the address of a relay. It looks like https://relay.example.org.")
        loopback = _is_loopback(parts.hostname)
        if parts.scheme == "http" and not loopback:
            raise BadAddress(f"{url} is not protected. A relay on another machine needs an https:// address.")
        origin = f"{parts.scheme}://{parts.netloc.lower()}"
        base = origin + parts.path.rstrip("/")
        return RelayAddress(origin, base, f"ws{base.removeprefix('http')}/v1/thread", loopback)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def sign_hello(identity: Identity, nonce: str) -> str:
    """The device's answer to a challenge."""
    return jose.sign(_claim(identity, nonce), identity.device, kid=identity.device_id, typ=HELLO_TYP)


def sign_thread_proof(identity: Identity, nonce: str) -> str:
    """Root's proof that opens a thread."""
    return jose.sign(_claim(identity, nonce), identity.root, kid=identity.thread, typ=THREAD_TYP)


def _claim(identity: Identity, nonce: str) -> bytes:
    aud = RelayAddress.parse(identity.relay_url).origin
    return canonical_json({"nonce": nonce, "aud": aud, "thread": identity.thread, "device": identity.device_id})

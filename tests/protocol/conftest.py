"""A thread at work, without relay or disk: whoever takes part, what they seal, and how each entry is judged."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import settings

from agent.thread.entries import ThreadBodies
from relay.protocol import envelope, jose, transcript
from relay.protocol.ids import EntryKid, canonical_json, key_id

settings.register_profile("deskhand", deadline=None)  # a busy machine is no failure
settings.load_profile("deskhand")

AT = "2026-11-22T14:00:00Z"
CLIENT = frozenset({"write", "approve"})


@dataclass
class Writer:
    """A device that seals entries."""

    key: jose.PrivateKey
    n: int = 0

    @property
    def id(self) -> str:
        return key_id(self.key.jwk)


@dataclass
class Thread:
    """The thread as the host knows it, and the means to go on writing it."""

    root: jose.PrivateKey = field(default_factory=jose.PrivateKey.generate)
    host: Writer = field(default_factory=lambda: Writer(jose.PrivateKey.generate()))
    keys: dict[int, bytes] = field(default_factory=lambda: {1: secrets.token_bytes(32)})
    heads: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.id = key_id(self.root.jwk)
        self.cert = transcript.sign_host(
            transcript.HostCertificate(self.id, 1, self.host.id, self.host.key.jwk), self.root
        )
        self.known = transcript.begin(self.cert, self.root.jwk, self.keys)
        self.heads.append(self.known.head)

    def body(self, kind: str = "message", **members: Any) -> dict[str, Any]:
        if kind == "message":
            members = {"text": "Compare the two offers", **members}
        return {"id": secrets.token_hex(16), "type": kind, **members}

    def plaintext(self, body: dict[str, Any], n: int, **seen: Any) -> dict[str, Any]:
        return {
            "v": 1,
            "n": n,
            "at": AT,
            "seen": {"seq": self.known.seq, "head": self.known.head, **seen},
            "body": body,
        }

    def seal(self, body: dict[str, Any], by: Writer | None = None, *, n: int | None = None, **kid: Any) -> str:
        """The next entry of a device, or one with another number, epoch or thread."""
        by = by or self.host
        number = by.n + 1 if n is None else n
        return self.seal_json(self.plaintext(body, number), by, n=number, **kid)

    def seal_json(self, plaintext: Any, by: Writer | None = None, *, n: int | None = None, **kid: Any) -> str:
        """Seal any plaintext, in order or not."""
        by = by or self.host
        data = plaintext if isinstance(plaintext, bytes) else canonical_json(plaintext)
        epoch = kid.get("epoch", self.known.epoch)
        name = str(EntryKid(kid.get("thread", self.id), epoch, kid.get("device", by.id), n or by.n + 1))
        inner = jose.encrypt(data, kid.get("key", self.keys.get(epoch, bytes(32))), kid=name)
        return jose.sign(inner.encode(), by.key, kid=kid.get("signer", by.id), typ=envelope.ENTRY_TYP)

    def head_at(self, seq: int) -> str | None:
        return self.heads[seq] if seq < len(self.heads) else None

    def judge(self, sealed: str, seq: int | None = None) -> transcript.Verdict:
        """What the host makes of an entry, without taking it in."""
        return transcript.judge(self.known, seq or self.known.seq + 1, sealed, ThreadBodies(), self.head_at)[1]

    def take(self, sealed: str, seq: int | None = None) -> transcript.Verdict:
        """Judge an entry and go on from there."""
        self.known, verdict = transcript.judge(
            self.known, seq or self.known.seq + 1, sealed, ThreadBodies(), self.head_at
        )
        if not isinstance(verdict, transcript.Fault):
            self.heads.append(self.known.head)
        return verdict

    def write(self, body: dict[str, Any], by: Writer | None = None) -> transcript.Genuine:
        """Append an entry that must be genuine."""
        by = by or self.host
        verdict = self.take(self.seal(body, by))
        assert isinstance(verdict, transcript.Genuine), verdict
        by.n += 1
        return verdict

    def change(self, op: str, device: Writer, scopes: frozenset[str] = CLIENT, **other: Any) -> str:
        """A roster change by root."""
        values = {
            "thread": self.id,
            "epoch": self.known.epoch,
            "op": op,
            "device": device.id,
            "jwk": device.key.jwk,
            "role": "client",
            "scopes": scopes,
            **other,
        }
        return transcript.sign_roster(transcript.RosterChange(**values), self.root)

    def add(self, scopes: frozenset[str] = CLIENT) -> Writer:
        """Add a phone."""
        phone = Writer(jose.PrivateKey.generate())
        self.write(self.body("device.added", roster=self.change("added", phone, scopes), name="Phone"))
        return phone

    def remove(self, device: Writer, wraps: dict[str, str] | None = None) -> transcript.Genuine:
        """Remove a device; the host makes the next key first."""
        epoch = self.known.epoch + 1
        self.keys[epoch] = secrets.token_bytes(32)
        self.known = transcript.replace(self.known, keys=dict(self.keys))
        roster = self.change("removed", device)
        return self.write(self.body("device.removed", roster=roster, wraps=wraps or {}))


@pytest.fixture
def thread() -> Thread:
    """A thread whose host has said hello."""
    made = Thread()
    made.write(made.body("host", host_epoch=1, cert=made.cert, name="Desk"))
    return made

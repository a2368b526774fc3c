"""Vectors of the judge: threads as a phone follows them, entry by entry, good and bad."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from agent.thread.entries import ThreadBodies
from relay.protocol import jose, transcript
from relay.protocol.envelope import Plaintext, seal_entry
from relay.protocol.ids import EntryKid, b64, key_id
from relay.protocol.transcript import Genuine, HostCertificate, Known, RosterChange, Void, judge

ROOT, AGENT, PHONE, TABLET, STRANGER = (jose.PrivateKey.generate() for _ in range(5))
THREAD, HOST, ME, READER = key_id(ROOT.jwk), key_id(AGENT.jwk), key_id(PHONE.jwk), key_id(TABLET.jwk)
NAMES = {HOST: "agent", ME: "phone", READER: "tablet"}
KEYS = {epoch: bytes([epoch]) * 32 for epoch in (1, 2, 3)}
WRAP = bytes([9]) * 32
NOW = "2026-03-01T12:00:00Z"


class Story:
    """A thread told step by step; each step is judged by a phone and its verdict recorded."""

    def __init__(self, name: str, what: str) -> None:
        self.name, self.what = name, what
        self.steps: list[dict[str, Any]] = []
        cert = transcript.sign_host(HostCertificate(THREAD, 1, HOST, AGENT.jwk), ROOT)
        self.cert = cert
        self.known = replace(transcript.begin(cert, ROOT.jwk, {1: KEYS[1]}), me=ME, wrap_key=WRAP)
        self.heads = {0: self.known.head}
        self.next = {HOST: 1, ME: 1, READER: 1}
        self.start = dump(self.known)
        self.say(AGENT, {"type": "host", "host_epoch": 1, "cert": cert, "name": "Desk"})

    def seal(self, key: jose.PrivateKey, body: dict[str, Any], **other: Any) -> str:
        device = key_id(key.jwk)
        n = other.get("n", self.next.get(device, 1))
        seen = other.get("seen", (self.known.seq, self.known.head))
        kid = EntryKid(other.get("thread", THREAD), other.get("epoch", self.known.epoch), device, n)
        plain = Plaintext(other.get("says", n), NOW, *seen, {"id": f"{len(self.steps):032x}", **body})
        return seal_entry(plain, kid, other.get("secret", KEYS[self.known.epoch]), other.get("signer", key))

    def say(self, key: jose.PrivateKey, body: dict[str, Any], expect: str = "genuine", **other: Any) -> str:
        sealed = self.seal(key, body, **other)
        self.receive(sealed, expect)
        return sealed

    def receive(self, sealed: str, expect: str, seq: int | None = None) -> None:
        place = self.known.seq + 1 if seq is None else seq
        known, verdict = judge(self.known, place, sealed, ThreadBodies(), self.heads.get)
        step: dict[str, Any] = {"seq": place, "sealed": sealed}
        match verdict:
            case Genuine():
                step |= {
                    "verdict": "genuine",
                    "device": verdict.device,
                    "newer": verdict.newer,
                    "body": verdict.plain.body,
                }
            case Void():
                step |= {"verdict": "void", "device": verdict.device, "counted": verdict.counted}
            case _:
                step |= {"verdict": "fault"}
        if step["verdict"] != expect:
            raise AssertionError(f"{self.name}: {verdict}")
        step |= {"reason": getattr(verdict, "reason", None), "after": brief(known)}
        self.steps.append(step)
        self.known = known
        self.heads[known.seq] = known.head
        self.next = {name: member.n + 1 for name, member in known.members.items()} | {
            name: 1 for name in (HOST, ME, READER) if name not in known.members
        }

    def add(self, key: jose.PrivateKey, *scopes: str, expect: str = "genuine", **other: Any) -> None:
        jwk = other.pop("jwk", key.jwk)
        change = RosterChange(
            other.pop("of", THREAD), other.pop("since", self.known.epoch), other.pop("op", "added"),
            other.pop("device", key_id(key.jwk)), jwk, "client", frozenset(scopes),
        )  # fmt: skip
        roster = transcript.sign_roster(change, other.pop("root", ROOT))
        self.say(other.pop("by", AGENT), {"type": "device.added", "roster": roster, "name": "x"}, expect, **other)

    def remove(self, key: jose.PrivateKey, expect: str = "genuine", **other: Any) -> None:
        device, epoch = key_id(key.jwk), self.known.epoch + 1
        change = RosterChange(THREAD, self.known.epoch, "removed", device, key.jwk, "client", frozenset({"write"}))
        roster = transcript.sign_roster(change, ROOT)
        wrap_key, kid = other.pop("wrap", WRAP), transcript.wrap_kid(THREAD, epoch, ME)
        wraps = other.pop("wraps", {ME: jose.encrypt(other.pop("new_key", KEYS[epoch]), wrap_key, kid=kid)})
        self.say(AGENT, {"type": "device.removed", "roster": roster, "wraps": wraps}, expect)

    def dump(self) -> dict[str, Any]:
        return {"name": self.name, "what": self.what, "start": self.start, "steps": self.steps}


def dump(known: Known) -> dict[str, Any]:
    """Knowledge as JSON."""
    return {
        "thread": known.thread, "root": known.root, "me": known.me, "host_epoch": known.host_epoch, "gen": known.gen,
        "wrap_key": b64(known.wrap_key or b""), "keys": {str(epoch): b64(key) for epoch, key in known.keys.items()},
        **brief(known),
        "members": [
            {"id": member.id, "jwk": member.jwk, "role": member.role, "scopes": sorted(member.scopes),
             "from_seq": member.from_seq, "to_seq": member.to_seq, "n": member.n}
            for member in known.members.values()
        ],
    }  # fmt: skip


def brief(known: Known) -> dict[str, Any]:
    """What a verdict may change."""
    return {
        "seq": known.seq,
        "head": known.head,
        "epoch": known.epoch,
        "has_keys": sorted(known.keys),
        "counts": {member.id: [member.n, member.from_seq, member.to_seq] for member in known.members.values()},
    }


MESSAGE = {"type": "message", "text": "Tidy my desk"}
REPLY = {"type": "reply", "in_reply_to": "0" * 32, "text": "On it"}
ANSWER = {"type": "answer", "ask_seq": 1, "ask_hash": "0" * 64, "verdict": "deny"}


def paired(name: str, what: str) -> Story:
    story = Story(name, what)
    story.add(PHONE, "write", "approve")
    return story


def vectors() -> list[dict[str, Any]]:
    return [story.dump() for story in (*usual(), *voids(), *faults(), *epochs())]


def usual() -> list[Story]:
    story = paired("a day", "messages, answers and what a newer version says")
    story.say(PHONE, MESSAGE)
    story.say(AGENT, REPLY, seen=(1, story.heads[1]))
    story.say(PHONE, ANSWER)
    story.say(AGENT, {"type": "weather", "sun": True})
    story.say(PHONE, {"type": "weather", "sun": True})
    story.say(AGENT, {"type": "notice", "code": "x", "text": "é😀", "next": "\u2028", "more": {"deep": [1.5, None]}})
    story.say(AGENT, MESSAGE)
    return [story]


def voids() -> list[Story]:
    story = paired("voids", "entries that could not be verified leave the thread alive")
    for text in ("", "rubbish", "a.b.c", "\ud800", "é" * 10):
        story.receive(text, "void")
    good = story.say(PHONE, MESSAGE)
    story.receive(good, "void")
    story.say(STRANGER, MESSAGE, "void")
    story.say(PHONE, MESSAGE, "void", signer=STRANGER)
    story.say(PHONE, MESSAGE, "void", thread=key_id(STRANGER.jwk))
    story.say(PHONE, MESSAGE, "void", epoch=2)
    story.say(PHONE, MESSAGE)
    story.say(PHONE, MESSAGE, "void", epoch=2, n=99)
    story.say(PHONE, MESSAGE, "void", n=1)
    story.say(PHONE, MESSAGE, "void", secret=KEYS[3])
    story.say(PHONE, MESSAGE, "void", says=77)
    story.say(PHONE, REPLY, "void")
    story.say(PHONE, {"type": "message"}, "void")
    story.say(PHONE, {"text": "no type", "type": 1}, "void")
    story.say(PHONE, MESSAGE, "void", seen=(-1, "0" * 64))
    story.say(PHONE, MESSAGE, "void", seen=(True, "0" * 64))
    story.say(AGENT, {"type": "host", "host_epoch": 2, "cert": "x"}, "void")
    story.say(AGENT, {"type": "host", "host_epoch": 1, "cert": story.cert})
    story.say(PHONE, MESSAGE)

    scopes = paired("scopes", "a shared tablet may read, or write, or approve")
    scopes.add(TABLET)
    scopes.say(TABLET, MESSAGE, "void")
    scopes.say(TABLET, ANSWER, "void")
    scopes.say(TABLET, {"type": "weather"})
    return [story, scopes]


def faults() -> list[Story]:
    order = paired("order", "an entry out of its place freezes")
    order.receive(order.seal(PHONE, MESSAGE), "fault", seq=2)
    order.receive(order.seal(PHONE, MESSAGE), "fault", seq=4)
    order.say(PHONE, MESSAGE, "fault", n=3)
    order.say(PHONE, MESSAGE)

    seen = paired("seen", "two devices were shown different threads")
    seen.say(PHONE, MESSAGE, "fault", seen=(1, "0" * 64))
    seen.say(PHONE, MESSAGE, "fault", seen=(seen.known.seq + 1, "0" * 64))
    seen.say(PHONE, MESSAGE, "fault", seen=(seen.known.seq, seen.known.head.upper()))
    seen.say(PHONE, MESSAGE, seen=(0, seen.heads[0]))
    return [order, seen]


def epochs() -> list[Story]:
    roster = paired("roster", "only root changes who belongs")
    roster.add(TABLET, "write", by=PHONE, expect="void")
    roster.add(TABLET, "write", root=STRANGER, expect="void")
    roster.add(TABLET, "write", since=2, expect="void")
    roster.add(TABLET, "write", op="removed", expect="void")
    roster.add(TABLET, "write", jwk=STRANGER.jwk, expect="void")
    roster.add(TABLET, "write", jwk={**TABLET.jwk, "y": STRANGER.jwk["y"]}, expect="void")
    roster.add(TABLET, "rule", expect="void")
    roster.say(TABLET, MESSAGE, "void")
    roster.add(TABLET, "write")
    roster.say(TABLET, MESSAGE)
    roster.add(TABLET, "write", expect="void")
    roster.remove(TABLET)
    roster.say(TABLET, MESSAGE, "void", epoch=1, secret=KEYS[1])
    roster.say(PHONE, MESSAGE, "void", epoch=1, secret=KEYS[1])
    roster.say(PHONE, MESSAGE)
    roster.add(TABLET, "write", expect="void")
    roster.remove(TABLET, "void")

    lost = paired("lost key", "a wrap that does not open: the next entry says so")
    lost.add(TABLET, "write")
    lost.remove(TABLET, wrap=bytes(32))
    lost.say(AGENT, REPLY, "fault")

    none = paired("no wrap", "a wrap that is not there")
    none.add(TABLET, "write")
    none.remove(TABLET, wraps={})
    none.say(AGENT, REPLY, "fault")

    short = paired("short key", "a wrap that holds no key")
    short.add(TABLET, "write")
    short.remove(TABLET, new_key=b"short")
    short.say(AGENT, REPLY, "fault")

    gone = paired("removed", "this very device is removed")
    gone.remove(PHONE, wraps={})
    gone.say(AGENT, REPLY, "fault")
    return [roster, lost, none, short, gone]

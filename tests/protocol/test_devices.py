"""Who belongs to the thread, and who may say what (SPEC 1.9, SPEC 1.10, SPEC 4.11 to SPEC 4.16)."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from agent.thread import entries
from agent.thread.entries import APPROVE_TYPES, CLIENT_TYPES, HOST_TYPES, ThreadBodies, dump_body, parse_body
from relay.protocol import jose, transcript
from relay.protocol.errors import Malformed
from relay.protocol.ids import b64, canonical_json, key_id
from relay.protocol.transcript import Fault, Genuine, Void

ID, OTHER, DIGEST, DEVICE = "0" * 32, "1" * 32, "a" * 64, "b" * 32
USAGE = {"input_tokens": 1, "output_tokens": 2, "usd": None, "seconds": 0.5}
ACTION = {"title": "Run a script", "tool": "shell", "argv": ["ls"]}

SMALLEST: dict[str, dict[str, Any]] = {
    "message": {"text": "Hello"},
    "edit": {"target": OTHER, "text": "Hello"},
    "cancel": {"target": OTHER},
    "stop": {},
    "pause": {"on": True},
    "answer": {"ask_seq": 4, "ask_hash": DIGEST, "verdict": "approve"},
    "request.undo": {"task": OTHER},
    "request.device_remove": {"device": DEVICE},
    "request.memory": {"base_sha256": DIGEST, "text": "Tea, no coffee"},
    "request.settings": {"name": "budget.day_usd", "value": 5},
    "request.grant_revoke": {"grant": OTHER},
    "request.schedule": {"op": "add"},
    "request.fetch": {"what": "steps", "of": OTHER},
    "host": {"host_epoch": 1, "cert": "…"},
    "checkpoint": {"jws": "…"},
    "device.added": {"roster": "…", "name": "Phone"},
    "device.removed": {"roster": "…", "wraps": {}},
    "receipt": {"target": OTHER, "kind": "received"},
    "reply": {"in_reply_to": OTHER, "text": "Hello"},
    "task.created": {"task": OTHER, "kind": "work", "title": "t", "brief": "b", "in_reply_to": OTHER},
    "task.state": {"task": OTHER, "state": "running"},
    "task.plan": {"task": OTHER, "plan": [{"text": "Read", "state": "now"}]},
    "ask": {"task": OTHER, "kind": "approval", "level": 2, "action": ACTION, "digest": DIGEST, "reversible": False},
    "ask.closed": {"ask_seq": 4, "reason": "answered"},
    "result": {"task": OTHER, "in_reply_to": OTHER, "text": "Done", "seconds": 2, "usage": USAGE},
    "undo.done": {"task": OTHER, "restored": ["a.txt"]},
    "memory": {"text": "Tea", "sha256": DIGEST},
    "schedule": {"schedule": OTHER, "rule": "daily 08:00", "zone": "UTC", "text": "Briefing", "state": "active"},
    "settings": {"values": {"budget.day_usd": 5}},
    "grants": {"items": []},
    "fetched": {"target": OTHER, "files": []},
    "blob.dropped": {"blobs": [OTHER]},
    "notice": {"code": "budget", "text": "The budget is used up.", "next": "Raise it in the settings."},
}


def bound(thread, device, /, **change: object) -> str:
    """A roster change with one member altered, signed by root all the same."""
    value = {
        "thread": thread.id,
        "epoch": 1,
        "op": "added",
        "device": device.id,
        "jwk": device.key.jwk,
        "role": "client",
        "scopes": ["write"],
        **change,
    }
    bare = {name: item for name, item in value.items() if item is not ...}
    return jose.sign(canonical_json(bare), thread.root, kid=thread.id, typ=transcript.ROSTER_TYP)


def certified(thread, /, **change: object) -> str:
    """A host certificate with one member altered, signed by root all the same."""
    value = {"thread": thread.id, "host_epoch": 1, "device": thread.host.id, "jwk": thread.host.key.jwk, **change}
    bare = {name: item for name, item in value.items() if item is not ...}
    return jose.sign(canonical_json(bare), thread.root, kid=thread.id, typ=transcript.HOST_TYP)


OFF_CURVE = {"kty": "EC", "crv": "P-256", "x": b64(b"\1" * 32), "y": b64(b"\2" * 32)}


def test_a_roster_change_is_read_as_it_was_signed(thread):
    """SPEC 4.11"""
    device = type(thread.host)(jose.PrivateKey.generate())
    change = transcript.RosterChange(
        thread.id, 3, "removed", device.id, device.key.jwk, "client", frozenset({"write", "approve"})
    )

    assert transcript.read_roster(transcript.sign_roster(change, thread.root), thread.root.jwk) == change


@pytest.mark.parametrize(
    "change",
    [
        {"thread": "c" * 32},
        {"epoch": "1"},
        {"epoch": True},
        {"op": "host"},
        {"device": "c" * 32},
        {"jwk": OFF_CURVE, "device": key_id(OFF_CURVE)},
        {"jwk": {}},
        {"role": "host"},
        {"scopes": ["write", "own"]},
        {"scopes": "write"},
        {"scopes": ...},
        {"name": "Phone"},
    ],
    ids=str,
)
def test_a_roster_change_of_another_form_is_refused(thread, change: dict[str, object]):
    """SPEC 1.2, SPEC 4.11"""
    device = type(thread.host)(jose.PrivateKey.generate())

    transcript.read_roster(bound(thread, device), thread.root.jwk)
    with pytest.raises(Malformed):
        transcript.read_roster(bound(thread, device, **change), thread.root.jwk)


@pytest.mark.parametrize(
    "change",
    [
        {"thread": "c" * 32},
        {"host_epoch": 0},
        {"host_epoch": True},
        {"device": "c" * 32},
        {"jwk": OFF_CURVE, "device": key_id(OFF_CURVE)},
        {"host_epoch": ...},
        {"scopes": []},
    ],
    ids=str,
)
def test_a_host_certificate_of_another_form_is_refused(thread, change: dict[str, object]):
    """SPEC 1.2, SPEC 4.12"""
    transcript.read_host(certified(thread), thread.root.jwk)
    with pytest.raises(Malformed):
        transcript.read_host(certified(thread, **change), thread.root.jwk)


def test_a_certificate_is_no_roster_change(thread):
    """SPEC 2.5, SPEC 4.12"""
    with pytest.raises(Malformed):
        transcript.read_roster(thread.cert, thread.root.jwk)


def test_a_thread_begins_with_its_one_host(thread):
    """SPEC 1.10, SPEC 4.12"""
    start = transcript.begin(thread.cert, thread.root.jwk, thread.keys)

    assert start.thread == key_id(thread.root.jwk)
    assert [(member.id, member.role) for member in start.members.values()] == [(thread.host.id, "host")]
    with pytest.raises(Malformed):
        transcript.begin(thread.cert, jose.PrivateKey.generate().jwk, thread.keys)


def test_a_host_entry_repeats_the_authors_own_certificate(thread):
    """SPEC 4.13"""
    other = jose.PrivateKey.generate()
    foreign = transcript.HostCertificate(thread.id, 1, key_id(other.jwk), other.jwk)
    later = transcript.HostCertificate(thread.id, 2, thread.host.id, thread.host.key.jwk)

    for certificate in (foreign, later):
        cert = transcript.sign_host(certificate, thread.root)
        assert isinstance(thread.judge(thread.seal(thread.body("host", host_epoch=1, cert=cert))), Void)
    assert isinstance(thread.judge(thread.seal(thread.body("host", host_epoch=1, cert=thread.cert))), Genuine)


def test_a_device_may_write_from_the_entry_after_the_one_that_added_it(thread):
    """SPEC 4.13"""
    phone = thread.add()
    member = thread.known.members[phone.id]

    assert (member.from_seq, member.to_seq, member.n) == (thread.known.seq + 1, None, 0)
    assert thread.known.epoch == 1
    thread.write(thread.body(), phone)


def test_a_device_is_added_once_for_the_current_epoch_and_by_the_host(thread):
    """SPEC 4.13"""
    phone = thread.add()
    new = type(phone)(jose.PrivateKey.generate())
    again = thread.body("device.added", roster=thread.change("added", phone), name="x")
    late = thread.body("device.added", roster=thread.change("added", new, epoch=2), name="x")
    wrong = thread.body("device.added", roster=thread.change("removed", phone), name="x")
    right = thread.body("device.added", roster=thread.change("added", new), name="x")

    for body in (again, late, wrong):
        assert isinstance(thread.judge(thread.seal(body)), Void)
    assert isinstance(thread.judge(thread.seal(right, phone)), Void)
    assert isinstance(thread.judge(thread.seal(right)), Genuine)


def test_a_removed_device_is_void_from_the_next_entry_on_and_for_ever(thread):
    """SPEC 3.8, SPEC 4.13"""
    phone = thread.add()
    thread.write(thread.body(), phone)
    thread.remove(phone)

    assert thread.known.members[phone.id].to_seq == thread.known.seq
    for epoch in (1, 2):
        verdict = thread.judge(thread.seal(thread.body(), phone, epoch=epoch))
        assert isinstance(verdict, Void)
        assert not verdict.counted
    again = thread.body("device.added", roster=thread.change("added", phone), name="x")
    assert isinstance(thread.judge(thread.seal(again)), Void)


def test_a_removal_begins_the_next_epoch(thread):
    """SPEC 3.8, SPEC 4.13"""
    lost, kept = thread.add(), thread.add()
    thread.remove(lost)

    assert thread.known.epoch == 2
    assert isinstance(thread.judge(thread.seal(thread.body(), kept, epoch=1)), Void)
    thread.write(thread.body(), kept)


def test_only_a_member_is_removed_and_only_once(thread):
    """SPEC 4.13"""
    phone = thread.add()
    stranger = type(phone)(jose.PrivateKey.generate())
    removal = thread.body("device.removed", roster=thread.change("removed", stranger), wraps={})

    assert isinstance(thread.judge(thread.seal(removal)), Void)
    thread.remove(phone)
    again = thread.body("device.removed", roster=thread.change("removed", phone), wraps={})
    assert isinstance(thread.judge(thread.seal(again)), Void)


def as_seen_by(thread, device, wrap_key: bytes) -> transcript.Known:
    """What a device that was granted all so far knows."""
    return transcript.replace(thread.known, me=device.id, wrap_key=wrap_key, keys={1: thread.keys[1]})


def removal_seen_by(thread, gone, device, wrap) -> tuple[transcript.Known, transcript.Verdict, str]:
    """Remove one device and judge that, and the next entry, as another one does."""
    wrap_key = secrets.token_bytes(32)
    known = as_seen_by(thread, device, wrap_key)
    thread.keys[2] = secrets.token_bytes(32)
    wraps = wrap(wrap_key)
    sealed = thread.seal(thread.body("device.removed", roster=thread.change("removed", gone), wraps=wraps))
    thread.known = transcript.replace(thread.known, keys=dict(thread.keys))
    thread.take(sealed)
    thread.host.n += 1
    known, verdict = transcript.judge(known, known.seq + 1, sealed, ThreadBodies(), thread.head_at)
    return known, verdict, thread.seal(thread.body())


def test_the_next_key_reaches_those_who_stay(thread):
    """SPEC 1.9, SPEC 4.13"""
    gone, kept = thread.add(), thread.add()

    def wrap(wrap_key: bytes) -> dict[str, str]:
        kid = f"{thread.id}.2.{kept.id}.wrap"
        return {kept.id: jose.encrypt(thread.keys[2], wrap_key, kid=kid)}

    known, verdict, after = removal_seen_by(thread, gone, kept, wrap)

    assert isinstance(verdict, Genuine)
    assert known.keys[2] == thread.keys[2]
    assert isinstance(transcript.judge(known, known.seq + 1, after, ThreadBodies(), thread.head_at)[1], Genuine)


@pytest.mark.parametrize("how", ["none", "nonsense", "other key", "other name", "short"])
def test_a_key_that_does_not_arrive_stops_the_device_and_forks_nothing(thread, how: str):
    """SPEC 1.9, SPEC 3.10, SPEC 4.13"""
    gone, kept = thread.add(), thread.add()
    name = transcript.wrap_kid(thread.id, 2, kept.id)

    def wrap(wrap_key: bytes) -> dict[str, str]:
        made = {
            "none": lambda: "",
            "nonsense": lambda: "nonsense",
            "other key": lambda: jose.encrypt(bytes(32), bytes(32), kid=name),
            "other name": lambda: jose.encrypt(bytes(32), wrap_key, kid="other"),
            "short": lambda: jose.encrypt(bytes(16), wrap_key, kid=name),
        }
        return {kept.id: made[how]()} if how != "none" else {}

    known, verdict, after = removal_seen_by(thread, gone, kept, wrap)

    assert isinstance(verdict, Genuine)
    assert (known.epoch, known.head) == (thread.known.epoch, thread.known.head)
    following = transcript.judge(known, known.seq + 1, after, ThreadBodies(), thread.head_at)[1]
    assert isinstance(following, Fault)
    assert "pair it anew" in following.reason


def test_a_checkpoint_changes_nothing_yet(thread):
    """SPEC 4.13: its body is reserved."""
    before = thread.known

    thread.write(thread.body("checkpoint", jws="…"))

    assert (thread.known.epoch, thread.known.gen, len(thread.known.members)) == (before.epoch, before.gen, 1)


def test_the_list_of_bodies_is_closed():
    """SPEC 4.16"""
    assert set(SMALLEST) == CLIENT_TYPES | HOST_TYPES
    assert not CLIENT_TYPES & HOST_TYPES


@pytest.mark.parametrize("kind", SMALLEST)
def test_a_body_has_all_its_members(kind: str):
    """SPEC 4.16"""
    body = {"id": ID, "type": kind, **SMALLEST[kind]}

    assert dump_body(parse_body(body)).items() >= {"id": ID, "type": kind}.items()
    for missing in {"id", *SMALLEST[kind]}:
        with pytest.raises(Malformed):
            parse_body({name: value for name, value in body.items() if name != missing})


@pytest.mark.parametrize("kind", SMALLEST)
def test_a_member_that_nobody_knows_is_kept(kind: str):
    """SPEC 4.16"""
    body = {"id": ID, "type": kind, **SMALLEST[kind], "later": {"a": [1]}}

    assert dump_body(parse_body(body))["later"] == {"a": [1]}


@pytest.mark.parametrize(
    "file",
    [
        {"name": "a.csv", "bytes": 5, "sha256": DIGEST, "mime": "text/csv", "bytes_more": 1},
        {
            "name": "a.csv",
            "bytes": 5,
            "sha256": DIGEST,
            "mime": "text/csv",
            "blob": {"id": ID, "key": "A" * 43, "prefix": "A" * 10},
        },
    ],
    ids=("known", "sealed"),
)
def test_a_file_may_be_at_the_relay_or_not(file: dict[str, Any]):
    """SPEC 4.16, SPEC 6.4"""
    body = parse_body({"id": ID, "type": "message", "text": "", "files": [file]})

    assert isinstance(body, entries.Message)
    assert (body.files[0].blob is not None) == ("blob" in file)
    assert body.expires_in_s == 72 * 3600


@pytest.mark.parametrize(
    "member",
    [
        {"expires_in_s": 0},
        {"expires_in_s": 2**53},
        {"expires_in_s": "1"},
        {"not_before": "tomorrow"},
        {"not_before": "2026-11-22T14:00:00+01:00"},
        {"task": "A" * 32},
        {"via": "phone"},
        {"text": 5},
        {
            "files": [
                {
                    "name": "a",
                    "bytes": 1,
                    "sha256": DIGEST,
                    "mime": "x",
                    "blob": {"id": ID, "key": "A" * 42, "prefix": "A" * 10},
                }
            ]
        },
    ],
    ids=str,
)
def test_a_member_of_the_wrong_form_is_refused(member: dict[str, Any]):
    """SPEC 4.16"""
    with pytest.raises(Malformed):
        parse_body({"id": ID, "type": "message", "text": "Hello", **member})


@pytest.mark.parametrize("kind", SMALLEST)
def test_each_role_writes_what_the_list_says(kind: str):
    """SPEC 1.10, SPEC 4.15"""
    may = ThreadBodies().allowed
    both, write, approve, none = (frozenset(scopes) for scopes in (("write", "approve"), ("write",), ("approve",), ()))

    assert may("host", none, kind)
    assert may("client", both, kind) == (kind in CLIENT_TYPES)
    assert may("client", write, kind) == (kind in CLIENT_TYPES - APPROVE_TYPES)
    assert may("client", approve, kind) == (kind in {"answer", "request.grant_revoke"})
    assert not may("client", none, kind)


def test_what_a_device_may_not_write_is_void(thread):
    """SPEC 3.11, SPEC 4.15"""
    tablet, helper = thread.add(frozenset()), thread.add(frozenset({"write"}))
    answer = thread.body("answer", ask_seq=1, ask_hash=DIGEST, verdict="approve")

    assert isinstance(thread.judge(thread.seal(thread.body(), tablet)), Void)
    assert isinstance(thread.judge(thread.seal(thread.body(), helper)), Genuine)
    assert isinstance(thread.judge(thread.seal(answer, helper)), Void)
    assert isinstance(thread.judge(thread.seal(thread.body("reply", in_reply_to=ID, text="x"), helper)), Void)
    assert isinstance(thread.judge(thread.seal(thread.body(via="terminal"))), Genuine)

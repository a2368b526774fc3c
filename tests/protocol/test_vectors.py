"""Python's side of the golden vectors; `mobile_web/tests/vectors.test.ts` is the other. Both must agree with them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from agent.thread.entries import ThreadBodies
from agent.thread.live import live_adapter
from relay.protocol import envelope, jose, pairing
from relay.protocol.blobs import CHUNK_BYTES, BlobKey, open_chunks, seal_chunks
from relay.protocol.errors import Malformed
from relay.protocol.ids import key_id, parse_kid, strict_json, unb64
from relay.protocol.transcript import Genuine, Known, Member, Void, judge

VECTORS = Path(__file__).parent.parent / "vectors"


def load(name: str) -> Any:
    return json.loads((VECTORS / f"{name}.json").read_text())


FORMS, STORIES, JOINING = load("forms"), load("thread"), load("joining")


def expect(case: dict[str, Any], check: Any) -> None:
    if case["ok"]:
        assert check() == case["value"]
    else:
        with pytest.raises(Malformed):
            check()


@pytest.mark.parametrize("case", FORMS["base64url"], ids=lambda case: repr(case["text"]))
def test_base64url(case: dict[str, Any]):
    expect(case, lambda: unb64(case["text"]).hex())


@pytest.mark.parametrize("case", FORMS["json"], ids=lambda case: case["data"][:40])
def test_json(case: dict[str, Any]):
    expect(case, lambda: strict_json(bytes.fromhex(case["data"])))


@pytest.mark.parametrize("case", FORMS["kid"], ids=lambda case: case["text"][-30:])
def test_key_ids(case: dict[str, Any]):
    expect(case, lambda: str(parse_kid(case["text"])))


@pytest.mark.parametrize("case", FORMS["jwk"])
def test_public_keys(case: dict[str, Any]):
    expect(case, lambda: key_id(jose.checked_jwk(case["jwk"])))


@pytest.mark.parametrize("case", FORMS["jws"], ids=lambda case: case["name"])
def test_signed_texts(case: dict[str, Any]):
    jwk, typ = FORMS["signed_by"]["jwk"], FORMS["signed_by"]["typ"]

    def check() -> str:
        signed = jose.parse_signed(case["compact"], typ=typ)
        if not jose.verify(signed, jwk):
            raise Malformed("not by this key")
        return f"{signed.kid} {signed.payload.hex()}"

    expect(case, check)


@pytest.mark.parametrize("case", FORMS["jwe"], ids=lambda case: case["name"])
def test_sealed_texts(case: dict[str, Any]):
    key, kid = unb64(FORMS["sealed_with"]["key"]), FORMS["sealed_with"]["kid"]
    expect(case, lambda: jose.decrypt(case["compact"], key, kid=kid).hex())


def test_a_text_longer_than_the_library_takes_is_refused_before_it():
    with pytest.raises(Malformed, match="too long"):
        jose.jwe_kid("A" * (jose.MAX_JWE_CHARS + 1))
    with pytest.raises(Malformed, match="too long"):
        envelope.parse_entry("A" * (envelope.MAX_SEALED_CHARS + 1))


@pytest.mark.parametrize("case", FORMS["body"], ids=lambda case: case["body"]["type"])
def test_bodies(case: dict[str, Any]):
    if case["verdict"] == "malformed":
        with pytest.raises(Malformed):
            ThreadBodies().check(case["body"])
    else:
        assert ThreadBodies().check(case["body"]) is (case["verdict"] == "known")


@pytest.mark.parametrize("case", FORMS["live"])
def test_live_bodies(case: dict[str, Any]):
    if case["ok"]:
        live_adapter.validate_python(case["body"])
    else:
        with pytest.raises(ValidationError):
            live_adapter.validate_python(case["body"])


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story["name"])
def test_a_thread_is_judged_entry_by_entry(story: dict[str, Any]):
    known = read_known(story["start"])
    heads = {known.seq: known.head}
    for step in story["steps"]:
        known, verdict = judge(known, step["seq"], step["sealed"], ThreadBodies(), heads.get)
        heads[known.seq] = known.head
        match verdict:
            case Genuine():
                said = {
                    "verdict": "genuine",
                    "device": verdict.device,
                    "newer": verdict.newer,
                    "body": verdict.plain.body,
                }
            case Void():
                said = {"verdict": "void", "device": verdict.device, "counted": verdict.counted}
            case _:
                said = {"verdict": "fault"}
        assert said == {name: step[name] for name in said}, step["reason"]
        assert brief(known) == step["after"]


def read_known(start: dict[str, Any]) -> Known:
    members = [
        Member(one["id"], one["jwk"], one["role"], frozenset(one["scopes"]), one["from_seq"], one["to_seq"], one["n"])
        for one in start["members"]
    ]
    return Known(
        thread=start["thread"],
        root=start["root"],
        me=start["me"],
        seq=start["seq"],
        head=start["head"],
        epoch=start["epoch"],
        host_epoch=start["host_epoch"],
        members={member.id: member for member in members},
        keys={int(epoch): unb64(key) for epoch, key in start["keys"].items()},
        wrap_key=unb64(start["wrap_key"]),
        gen=start["gen"],
    )


def brief(known: Known) -> dict[str, Any]:
    counts = {member.id: [member.n, member.from_seq, member.to_seq] for member in known.members.values()}
    return {
        "seq": known.seq,
        "head": known.head,
        "epoch": known.epoch,
        "has_keys": sorted(known.keys),
        "counts": counts,
    }


@pytest.mark.parametrize("case", JOINING["links"], ids=lambda case: repr(case["text"]))
def test_pairing_links(case: dict[str, Any]):
    expect(case, lambda: pairing.Link.parse(case["text"]).pairing)


def test_a_pairing_from_end_to_end():
    case = JOINING["pairing"]
    link = pairing.Link.parse(case["fragment"])
    agent, phone = jose.PrivateKey.from_jwk(case["agent"]), jose.PrivateKey.from_jwk(case["ephemeral"])

    root, ephemeral = pairing.read_host_slot(case["host"], link)
    assert (root, ephemeral) == (case["root"], agent.jwk)
    offer = pairing.read_offer_slot(case["offer"], link, agent)
    assert (offer.device, offer.name, offer.shared.hex()) == (case["device"], "Anna's phone", case["shared"])
    assert phone.exchange(ephemeral) == offer.shared
    pairing.read_accept_slot(case["accept"], link.pairing, case["offer"], root)
    bound = pairing.transcript(case["host"], case["offer"], case["accept"])
    assert bound.hex() == case["bound"]
    assert pairing.digits(offer.shared, link.secret, bound) == case["digits"]
    assert pairing.read_grant_slot(case["grant"], offer.shared, link, bound)["thread"] == key_id(root)
    assert "refused" in pairing.read_grant_slot(case["refused"], offer.shared, link, bound)


def test_a_pairing_that_somebody_else_answers_is_refused():
    case = JOINING["pairing"]
    link = pairing.Link.parse(case["fragment"])
    for slot in case["bad_hosts"]:
        with pytest.raises(Malformed):
            pairing.read_host_slot(slot, link)
    for slot in case["bad_accepts"]:
        with pytest.raises(Malformed):
            pairing.read_accept_slot(slot, link.pairing, case["offer"], case["root"])
    for slot in case["bad_grants"][:2]:
        with pytest.raises(Malformed):
            pairing.read_grant_slot(slot, bytes.fromhex(case["shared"]), link, bytes.fromhex(case["bound"]))


@pytest.mark.parametrize("case", JOINING["blobs"], ids=lambda case: str(case["size"]))
def test_sealed_files(case: dict[str, Any]):
    blob = BlobKey.from_wire(case["thread"], case["size"], case["wire"])
    chunks = [bytes(min(CHUNK_BYTES, case["size"] - at)) for at in range(0, max(case["size"], 1), CHUNK_BYTES)]
    sealed = list(seal_chunks(blob, chunks))
    assert hashlib.sha256(b"".join(sealed)).hexdigest() == case["sha256"]
    assert list(open_chunks(blob, sealed)) == chunks
    bigger = replace(blob, size=case["size"] + 1)
    with pytest.raises(Malformed):
        list(open_chunks(bigger, sealed))


@pytest.mark.parametrize("use", ["live", "push"])
def test_live_frames_and_notification_texts(use: str):
    def opened(case: dict[str, Any]) -> Any:
        key = unb64(case["key"])
        if use == "push":
            return envelope.open_push(case["sealed"], key, case["jwk"])
        return envelope.open_live(case["sealed"], key, case["jwk"])[1]

    for case in JOINING[use]:
        expect(case, lambda case=case: opened(case))

"""Python and the page give the same verdict on the same bytes (SPEC 2), whatever the bytes: seeded random damage."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from agent.thread.entries import ThreadBodies
from agent.thread.live import live_adapter
from relay.protocol import envelope, jose
from relay.protocol.errors import Malformed
from relay.protocol.ids import EntryKid, b64, canonical_json, key_id, parse_kid, strict_json, unb64

ROOT = Path(__file__).parent.parent.parent
NODE = Path(sys.prefix) / "bin/node"
KEY = jose.PrivateKey.generate()
SECRET = bytes(range(32))
KID = "a.b"
FORMS = json.loads((ROOT / "tests/vectors/forms.json").read_text())
ROUNDS = 400
ALPHABET = 'ABCabc019-_.= +/{}[]",:\\\n\x00é😀\ufeff'


def damaged(text: str, chance: random.Random) -> str:
    """The text with one to three small wounds."""
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(text) + 1)
        match chance.randrange(5):
            case 0:
                text = text[:at] + chance.choice(ALPHABET) + text[at:]
            case 1:
                text = text[:at] + text[at + 1 :]
            case 2:
                text = text[:at] + chance.choice(ALPHABET) + text[at + 1 :]
            case 3:
                text = text[:at] + text[at : at + chance.randrange(8)] + text[at:]
            case _:
                parts = text.split(".")
                chance.shuffle(parts)
                text = ".".join(parts)
    return text


def reheaded(compact: str, chance: random.Random) -> str:
    """The same text under a damaged header: the damage is inside the base64url."""
    head, rest = compact.split(".", 1)
    return f"{b64(damaged(unb64(head).decode(), chance).encode())}.{rest}"


def damaged_value(value: Any, chance: random.Random) -> Any:
    """A JSON value with one of its parts replaced or left out."""
    strange: tuple[Any, ...] = (None, True, 0, -1, 1.5, 2**53 - 1, 1e13, "", "x", "0" * 32, [], ["x"], {}, {"type": 1})
    if isinstance(value, dict) and value and chance.random() < 0.8:
        name = chance.choice(sorted(value))
        if chance.random() < 0.2:
            return {key: part for key, part in value.items() if key != name}
        return {**value, name: damaged_value(value[name], chance)}
    if isinstance(value, list) and value and chance.random() < 0.6:
        at = chance.randrange(len(value))
        return [*value[:at], damaged_value(value[at], chance), *value[at + 1 :]]
    return chance.choice(strange)


def make_cases(chance: random.Random) -> list[dict[str, Any]]:
    device = key_id(KEY.jwk)
    kid = EntryKid(device, 1, device, 1)
    plain = envelope.Plaintext(1, "2026-03-01T12:00:00Z", 0, "0" * 64, {"id": "0" * 32, "type": "pause", "on": True})
    entry = envelope.seal_entry(plain, kid, SECRET, KEY)
    jws, jwe = jose.sign(b"{}", KEY, kid=device, typ=envelope.ENTRY_TYP), jose.encrypt(b"{}", SECRET, kid=KID)
    json_texts = [bytes.fromhex(case["data"]) for case in FORMS["json"] if case["ok"]]
    cases: list[dict[str, Any]] = []
    for _ in range(ROUNDS):
        cases += [
            {"kind": "base64url", "text": damaged(b64(chance.randbytes(chance.randrange(6))), chance)},
            {"kind": "kid", "text": damaged(str(kid), chance)},
            {"kind": "jws", "text": damaged(jws, chance)},
            {"kind": "jws", "text": reheaded(jws, chance)},
            {"kind": "jwe", "text": damaged(jwe, chance)},
            {"kind": "jwe", "text": reheaded(jwe, chance)},
            {"kind": "entry", "text": damaged(entry, chance)},
            {"kind": "entry", "text": reheaded(entry, chance)},
            {"kind": "json", "text": damaged(chance.choice(json_texts).decode(), chance).encode().hex()},
            {"kind": "json", "text": bytes([*chance.choice(json_texts)[:9], chance.randrange(256)]).hex()},
        ]
        for kind, good in (("body", "known"), ("live", True)):
            known = [case["body"] for case in FORMS[kind] if good in (case.get("verdict"), case.get("ok"))]
            body = damaged_value(chance.choice(known), chance)
            if isinstance(body, dict) and isinstance(body.get("type"), str):
                cases.append({"kind": kind, "body": strict_json(canonical_json(body))})  # as it comes out of an entry
    return cases


def verdict(case: dict[str, Any]) -> Any:
    text = case.get("text", "")
    match case["kind"]:
        case "base64url":
            return unb64(text).hex()
        case "kid":
            return str(parse_kid(text))
        case "json":
            return strict_json(bytes.fromhex(text))
        case "jws":
            signed = jose.parse_signed(text, typ=envelope.ENTRY_TYP)
            return signed.payload.hex() if jose.verify(signed, KEY.jwk) else None
        case "jwe":
            return jose.decrypt(text, SECRET, kid=KID).hex()
        case "entry":
            return str(envelope.parse_entry(text).kid)
        case "body":
            return ThreadBodies().check(case["body"])
        case "live":
            try:
                live_adapter.validate_python(case["body"])
            except ValidationError:
                return False
            return True
    raise ValueError(case)


@pytest.mark.parametrize("seed", range(1, 4))
def test_both_languages_say_the_same(seed: int):
    cases = make_cases(random.Random(seed))
    asked = {"jwk": KEY.jwk, "key": b64(SECRET), "kid": KID, "typ": envelope.ENTRY_TYP, "cases": cases}
    script = ROOT / "mobile_web/tests/support/verdicts.ts"
    ran = subprocess.run([NODE, script], input=json.dumps(asked), capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr

    accepted = 0
    for case, (ok, value) in zip(cases, json.loads(ran.stdout), strict=True):
        try:
            mine = verdict(case)
        except Malformed:
            assert not ok, case
            continue
        assert ok, case
        theirs = json.loads(value) if case["kind"] == "json" else value
        assert mine == theirs, case
        accepted += 1
    assert accepted > ROUNDS, "hardly anything was accepted: the damage is too great to tell"

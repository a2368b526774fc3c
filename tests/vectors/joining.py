"""Vectors of pairing, sealed files, live frames and notification texts."""

from __future__ import annotations

import hashlib
from typing import Any

from forms import ID, judged

from relay.protocol import envelope, jose, pairing
from relay.protocol.blobs import CHUNK_BYTES, BlobKey, seal_chunks
from relay.protocol.ids import LiveKid, PushKid, b64, canonical_json, key_id, thumbprint

ROOT, HOST, PHONE, OTHER = (jose.PrivateKey.generate() for _ in range(4))
THREAD = key_id(ROOT.jwk)
KEY = bytes(range(32))
NOW = "2026-03-01T12:00:00Z"


def vectors() -> dict[str, Any]:
    return {"links": links(), "pairing": whole_pairing(), "blobs": blobs(), "live": lives(), "push": pushes()}


def links() -> list[dict[str, Any]]:
    good = pairing.Link(ID, bytes(32), thumbprint(ROOT.jwk)).fragment()
    texts = [
        good, f"#{good}", good.removeprefix("pair="), good.replace("=1.", "=2."), good[:-1], f"{good}.x", f"{good}=",
        good.replace(ID, ID.upper()), good.replace(ID, ID[:-1]), "", "#", "pair=", "pair=1...", f"pair={good}",
    ]  # fmt: skip
    return [{"text": text, **judged(lambda text=text: pairing.Link.parse(text).pairing)} for text in texts]


def whole_pairing() -> dict[str, Any]:
    """A pairing from end to end, with the phone's private parts so that it can be followed, and what must be refused."""
    link = pairing.Link.fresh(ROOT.jwk)
    agent, phone = jose.PrivateKey.generate(), jose.PrivateKey.generate()
    host = pairing.host_slot(link.pairing, agent.jwk, ROOT)
    offer = pairing.offer_slot(link, agent.jwk, phone, PHONE.jwk, "Anna's phone")
    taken = pairing.read_offer_slot(offer, link, agent)
    accept = pairing.accept_slot(link.pairing, offer, ROOT)
    bound = pairing.transcript(host, offer, accept)
    grant = {
        "thread": THREAD, "relay": "https://relay.example", "root": ROOT.jwk, "wrap_key": b64(bytes(32)),
        "keys": {"1": b64(KEY)}, "gen": 0, "epoch": 1, "host_epoch": 1, "seq": 2, "head": "ab" * 32, "host_name": "Desk",
        "devices": [
            {"id": key_id(HOST.jwk), "jwk": HOST.jwk, "role": "host", "scopes": [], "name": "Desk",
             "from_seq": 1, "to_seq": None, "n": 2},
            {"id": key_id(PHONE.jwk), "jwk": PHONE.jwk, "role": "client", "scopes": ["approve", "write"],
             "name": "Anna's phone", "from_seq": 3, "to_seq": None, "n": 0},
        ],
    }  # fmt: skip
    stranger = pairing.Link(link.pairing, bytes(32), link.root_thumbprint)
    return {
        "fragment": link.fragment(),
        "device": PHONE.jwk,
        "ephemeral": phone.private_jwk(),
        "agent": agent.private_jwk(),
        "root": ROOT.jwk,
        "host": host,
        "bad_hosts": [
            pairing.host_slot(ID, agent.jwk, ROOT),
            pairing.host_slot(link.pairing, agent.jwk, OTHER),
            jose.sign(
                canonical_json({"pairing": link.pairing, "root": ROOT.jwk, "ephemeral": agent.jwk}),
                OTHER,
                kid=THREAD,
                typ=pairing.HOST_TYP,
            ),
            "rubbish",
        ],
        "offer": offer,
        "shared": taken.shared.hex(),
        "accept": accept,
        "bad_accepts": [
            pairing.accept_slot(link.pairing, offer + " ", ROOT),
            pairing.accept_slot(ID, offer, ROOT),
            pairing.accept_slot(link.pairing, offer, OTHER),
            host,
        ],
        "bound": bound.hex(),
        "digits": pairing.digits(taken.shared, link.secret, bound),
        "grant": pairing.grant_slot(taken.shared, link, bound, grant),
        "refused": pairing.grant_slot(taken.shared, link, bound, {"refused": "the digits were wrong"}),
        "bad_grants": [
            pairing.grant_slot(taken.shared, stranger, bound, grant),
            pairing.grant_slot(taken.shared, link, bytes(32), grant),
            *(pairing.grant_slot(taken.shared, link, bound, {**grant, **change}) for change in bad_changes(grant)),
        ],
    }


def bad_changes(grant: dict[str, Any]) -> list[dict[str, Any]]:
    host, phone = grant["devices"]
    return [
        {"root": OTHER.jwk},
        {"thread": key_id(OTHER.jwk)},
        {"head": "ab"},
        {"seq": "2"},
        {"keys": {"2": b64(KEY)}},
        {"keys": {"1": b64(KEY[:-1])}},
        {"devices": [host]},
        {"devices": [host, {**phone, "jwk": OTHER.jwk}]},
        {"wrap_key": "AA"},
    ]


def blobs() -> list[dict[str, Any]]:
    cases = []
    for size in (0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1):
        blob = BlobKey.fresh(THREAD, ID, size)
        chunks = [bytes(min(CHUNK_BYTES, size - at)) for at in range(0, max(size, 1), CHUNK_BYTES)]
        sealed = b"".join(seal_chunks(blob, chunks))
        cases.append(
            {"thread": THREAD, "size": size, "wire": blob.to_wire(), "sha256": hashlib.sha256(sealed).hexdigest()}
            | ({"sealed": sealed.hex()} if size < 2 else {})
        )
    return cases


def lives() -> list[dict[str, Any]]:
    body = {"type": "tail.ask", "nonce": ID}
    kid = LiveKid(THREAD, 1, key_id(PHONE.jwk), ID, 1)
    good = envelope.seal_live(body, NOW, kid, KEY, PHONE)
    push = envelope.seal_push(body, NOW, PushKid(THREAD, 1, key_id(PHONE.jwk), ID), KEY, PHONE)
    other = envelope.seal_live(body, NOW, LiveKid(THREAD, 1, key_id(OTHER.jwk), ID, 1), KEY, OTHER)
    lent = envelope.seal_live(body, NOW, kid, KEY, OTHER)
    dark = envelope.seal_live(body, NOW, kid, bytes(32), PHONE)
    return [
        {
            "sealed": sealed,
            "key": b64(KEY),
            "jwk": PHONE.jwk,
            **judged(lambda sealed=sealed: dict(envelope.open_live(sealed, KEY, PHONE.jwk)[1])),
        }
        for sealed in (good, push, other, lent, dark)
    ]


def pushes() -> list[dict[str, Any]]:
    body = {"title": "Desk", "text": "Ready: table.xlsx", "seq": 7}
    kid = PushKid(THREAD, 1, key_id(HOST.jwk), ID)
    good = envelope.seal_push(body, NOW, kid, KEY, HOST)
    live = envelope.seal_live(body, NOW, LiveKid(THREAD, 1, key_id(HOST.jwk), ID, 1), KEY, HOST)
    lent = envelope.seal_push(body, NOW, kid, KEY, OTHER)
    return [
        {
            "sealed": sealed,
            "key": b64(KEY),
            "jwk": HOST.jwk,
            **judged(lambda sealed=sealed: dict(envelope.open_push(sealed, KEY, HOST.jwk))),
        }
        for sealed in (good, live, lent, good[:-2])
    ]

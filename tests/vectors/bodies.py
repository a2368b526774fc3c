"""Vectors of entry bodies and live bodies: of a known type, of a newer version, broken."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from agent.thread.entries import ThreadBodies
from agent.thread.live import live_adapter
from relay.protocol import jose
from relay.protocol.errors import Malformed
from relay.protocol.ids import key_id

ID = "0123456789abcdef" * 2
KID = key_id(jose.PrivateKey.generate().jwk)


def body_verdict(body: dict[str, Any]) -> str:
    try:
        return "known" if ThreadBodies().check(body) else "newer"
    except Malformed:
        return "malformed"


def live_verdict(body: dict[str, Any]) -> bool:
    try:
        live_adapter.validate_python(body)
    except ValidationError:
        return False
    return True


DIGEST = "ab" * 32
USAGE = {"input_tokens": 1, "output_tokens": 2, "usd": None, "seconds": 0.5}
FILE = {"name": "a.pdf", "bytes": 3, "sha256": DIGEST, "mime": "application/pdf"}
ACTION = {"title": "Move", "tool": "files.move", "changes": [{"op": "move", "before": "a", "after": "b"}]}
ASK = {
    "type": "ask",
    "task": ID,
    "kind": "approval",
    "level": 2,
    "action": ACTION,
    "digest": DIGEST,
    "reversible": True,
}
RESULT = {"type": "result", "task": ID, "in_reply_to": ID, "text": "Done", "seconds": 3, "usage": USAGE}


def bodies() -> list[dict[str, Any]]:
    message = {"type": "message", "text": "hello"}
    good = [
        message,
        {
            **message,
            "files": [{**FILE, "blob": {"id": ID, "key": "A" * 43, "prefix": "A" * 10}}],
            "task": ID,
            "in_reply_to": None,
        },
        {**message, "not_before": "2026-01-02T03:04:05.6Z", "expires_in_s": 1, "via": "terminal", "invented": [1]},
        {"type": "stop"},
        {"type": "stop", "all": True},
        {"type": "answer", "ask_seq": 1, "ask_hash": DIGEST, "verdict": "approve", "scope": "once"},
        {"type": "request.settings", "name": "budget", "value": 1.5},
        {"type": "request.settings", "name": "budget", "value": False},
        {"type": "host", "host_epoch": 1, "cert": "x", "wraps": {"a": "b"}},
        ASK,
        {**ASK, "kind": "question", "choices": ["a", "b"], "scopes": ["once", "task"]},
        RESULT,
        {
            **RESULT,
            "undo": {"changes": 0, "until": "2026-01-02T03:04:05Z"},
            "steps_blob": FILE,
            "usage": {**USAGE, "usd": 0},
        },
        {"type": "grants", "items": [{"anything": {"goes": [None]}}]},
        {"type": "settings", "values": {"a": 1, "b": None, "c": "x"}},
        {"type": "surprise"},
        {"type": "surprise", "text": 1},
    ]
    bad = [
        {"type": "message"},
        {**message, "text": None},
        {**message, "text": 1},
        {**message, "files": {}},
        {**message, "files": [{**FILE, "bytes": -1}]},
        {**message, "files": [{**FILE, "bytes": 1.5}]},
        {**message, "files": [{**FILE, "bytes": True}]},
        {**message, "files": [{**FILE, "bytes": "3"}]},
        {**message, "files": [{**FILE, "sha256": DIGEST.upper()}]},
        {**message, "files": [{**FILE, "previews": [{"kind": "movie"}]}]},
        {**message, "files": [{**FILE, "blob": {"id": ID, "key": "A" * 42, "prefix": "A" * 10}}]},
        {**message, "files": [FILE, None]},
        {**message, "task": ""},
        {**message, "task": ID + "\n"},
        {**message, "expires_in_s": 0},
        {**message, "not_before": "2026-01-02 03:04:05Z"},
        {**message, "via": "phone"},
        {**message, "id": ID[:-1]},
        {"type": "answer", "ask_seq": 0, "ask_hash": DIGEST, "verdict": "approve"},
        {"type": "answer", "ask_seq": 1, "ask_hash": DIGEST, "verdict": "Approve"},
        {"type": "pause", "on": 1},
        {"type": "pause", "on": "yes"},
        {"type": "request.settings", "name": "a", "value": []},
        {"type": "request.settings", "name": "a"},
        {"type": "host", "host_epoch": 1, "cert": "x", "wraps": {"a": 1}},
        {"type": "host", "host_epoch": 1, "cert": "x", "wraps": []},
        {**ASK, "level": -1},
        {**ASK, "action": {"title": "x"}},
        {**ASK, "scopes": ["ever"]},
        {**ASK, "reversible": None},
        {**RESULT, "seconds": -1},
        {**RESULT, "seconds": True},
        {**RESULT, "seconds": 1e13},
        {**RESULT, "usage": {**USAGE, "usd": "1"}},
        {**RESULT, "usage": None},
        {**RESULT, "undo": {"changes": 1}},
        {"type": "grants", "items": [1]},
        {"type": "settings", "values": {"a": []}},
        {"type": "task.state", "task": ID, "state": "lost"},
    ]
    return [{"id": ID, **body} for body in good + bad]


def lives() -> list[dict[str, Any]]:
    text = {"type": "text", "in_reply_to": ID, "offset": 0, "text": "x"}
    step = {"type": "step", "task": ID, "step": ID, "tool": "t", "title": "T", "state": "ok"}
    tail = {"type": "tail", "nonce": ID, "asker": KID, "gen": 0, "seq": 0, "head": DIGEST}
    status = {"type": "status", "name": "desk", "state": "busy", "running": 1, "queued": 0, "brain": "x"}
    good = [text, {**text, "task": ID}, step, tail, status, {"type": "tail.ask", "nonce": ID}]
    bad = [
        {**text, "offset": -1},
        {**step, "state": "done"},
        {**tail, "asker": ID},
        {**status, "running": None},
        {"type": "x"},
        {},
    ]
    return good + bad

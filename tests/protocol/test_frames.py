"""Frames of the socket: read as they were written, and nothing else (SPEC 5)."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from agent.thread.live import live_adapter
from relay.protocol import frames
from relay.protocol.errors import REMEDY, ErrorCode, Refused
from relay.protocol.frames import dump, from_device, from_relay

DEVICE, STREAM, HEAD = "b" * 32, "0f" * 16, "0" * 64
PRESENT = frames.Present(device=DEVICE, looking=True)
TO_RELAY: list[frames.Frame] = [
    frames.Hello(v=1, jws="a.b.c"),
    frames.Resume(after=0),
    frames.Append(n=1, sealed="a.b.c"),
    frames.Append(n=2**53 - 1, sealed="a.b.c", hint="ask", push="p", blobs=[STREAM], roster="r"),
    frames.Live(stream=STREAM, sealed="a.b.c", keep=True),
    frames.Looking(looking=False),
]
FROM_RELAY: list[frames.Frame] = [
    frames.Challenge(nonce="x"),
    frames.Welcome(
        seq=0, gen=0, epoch=1, n=0, token="t", limits=frames.Limits(), push_key="k", time="2026-11-22T14:00:00Z"
    ),
    frames.Ack(n=1, seq=1),
    frames.Entries(first=1, prev=HEAD, items=[frames.Item(sealed="a.b.c", at="2026-11-22T14:00:00Z")]),
    frames.Live(stream=STREAM, sealed="a.b.c", sender=DEVICE),
    frames.Presence(devices=[PRESENT]),
    frames.Error(code=ErrorCode.GAP, message="…", n=9, next_n=4),
    frames.Error(code=ErrorCode.REMOVED, message="…", roster="a.b.c"),
    frames.Error(code=ErrorCode.RATE_LIMITED, message="…", retry_after=1.5),
]


def kind(frame: BaseModel) -> str:
    return type(frame).__name__


@pytest.mark.parametrize("frame", TO_RELAY, ids=kind)
def test_a_frame_of_a_device_is_read_as_it_was_written(frame: frames.Frame):
    """SPEC 5.1, SPEC 5.4, SPEC 5.5, SPEC 5.6, SPEC 5.7"""
    assert from_device.validate_json(dump(frame)) == frame


@pytest.mark.parametrize("frame", FROM_RELAY, ids=kind)
def test_a_frame_of_the_relay_is_read_as_it_was_written(frame: frames.Frame):
    """SPEC 5.1, SPEC 5.3, SPEC 5.4, SPEC 5.5, SPEC 5.6, SPEC 5.7, SPEC 5.9"""
    assert from_relay.validate_json(dump(frame)) == frame


@pytest.mark.parametrize("frame", [*TO_RELAY, *FROM_RELAY], ids=kind)
def test_a_frame_names_its_type_and_holds_no_null(frame: frames.Frame):
    """SPEC 5.2"""
    members = json.loads(dump(frame))

    assert next(iter(members)) == "type"
    assert None not in members.values()


def test_the_sender_of_a_live_frame_is_called_from():
    """SPEC 5.6"""
    assert json.loads(dump(frames.Live(stream=STREAM, sealed="x", sender=DEVICE)))["from"] == DEVICE


@pytest.mark.parametrize("frame", [*TO_RELAY, *FROM_RELAY], ids=kind)
def test_members_of_a_newer_peer_are_ignored(frame: frames.Frame):
    """SPEC 5.2"""
    text = json.dumps({**json.loads(dump(frame)), "later": 1})
    adapter = from_device if frame in TO_RELAY else from_relay

    assert adapter.validate_json(text) == frame


def test_the_least_append_stands_for_no_hint_and_no_blobs():
    """SPEC 5.5"""
    assert from_device.validate_json('{"type":"append","n":1,"sealed":"x"}') == frames.Append(n=1, sealed="x")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        '{"type":"welcome"}',
        '{"type":"later"}',
        '{"type":"append","n":0,"sealed":"x"}',
        '{"type":"append","n":1.5,"sealed":"x"}',
        '{"type":"append","n":true,"sealed":"x"}',
        '{"type":"append","n":"1","sealed":"x"}',
        '{"type":"append","n":9007199254740992,"sealed":"x"}',
        '{"type":"append","n":1}',
        '{"type":"append","n":1,"sealed":"%s"}' % ("x" * 120_001),
        '{"type":"append","n":1,"sealed":"x","hint":"urgent"}',
        '{"type":"append","n":1,"sealed":"x","push":"%s"}' % ("x" * 2_801),
        '{"type":"append","n":1,"sealed":"x","blobs":["X"]}',
        '{"type":"append","n":1,"sealed":"\\ud800"}',
        '{"type":"resume","after":-1}',
        '{"type":"looking","looking":1}',
        '{"type":"live","stream":"x","sealed":"x"}',
        '{"type":"hello","v":1,"jws":"%s"}' % ("x" * 4_097),
    ],
    ids=lambda text: text[:48],
)
def test_what_is_no_frame_of_a_device_is_refused(text: str):
    """SPEC 5.2, SPEC 5.5"""
    with pytest.raises(ValidationError):
        from_device.validate_json(text)


@given(st.text(max_size=60) | st.binary(max_size=60))
def test_any_text_as_a_frame_fails_in_one_way_only(text: str | bytes):
    """SPEC 5.2"""
    for adapter in (from_device, from_relay):
        with pytest.raises(ValidationError):
            adapter.validate_json(text)


def test_every_error_says_what_to_do_next():
    """SPEC 5.9"""
    assert set(REMEDY) == set(ErrorCode)
    assert Refused(ErrorCode.GAP).message == REMEDY[ErrorCode.GAP]
    assert Refused(ErrorCode.GAP, "Entry 4 comes next.").message == f"Entry 4 comes next. {REMEDY[ErrorCode.GAP]}"


LIVE_BODIES = [
    {"type": "text", "in_reply_to": STREAM, "offset": 0, "text": "The "},
    {"type": "text", "in_reply_to": STREAM, "task": STREAM, "offset": 4, "text": "offers"},
    {"type": "step", "task": STREAM, "step": STREAM, "tool": "read", "title": "Reading a.csv", "state": "running"},
    {"type": "status", "name": "Desk", "state": "awake", "running": 0, "queued": 2, "brain": "rehearsal"},
    {"type": "tail.ask", "nonce": STREAM},
    {"type": "tail", "nonce": STREAM, "asker": DEVICE, "gen": 0, "seq": 3, "head": HEAD},
]


@pytest.mark.parametrize("body", LIVE_BODIES, ids=lambda body: body["type"])
def test_a_live_body_is_read_as_it_was_written(body: dict[str, object]):
    """SPEC 3.21, SPEC 5.6"""
    assert live_adapter.validate_python(body).model_dump(exclude_none=True) == body
    with pytest.raises(ValidationError):
        live_adapter.validate_python({name: value for name, value in body.items() if name != list(body)[-1]})

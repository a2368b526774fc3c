"""Whatever arrives, the judge gives a verdict, and only what was written is genuine (SPEC 3.5, SPEC 3.14)."""

from __future__ import annotations

import json
import secrets

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.thread.entries import ThreadBodies
from relay.protocol import transcript
from relay.protocol.transcript import Fault, Genuine, Void

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


def story(make):
    """A thread with a phone, one entry of it, and what the host knows before that entry."""
    thread = make()
    thread.write(thread.body("host", host_epoch=1, cert=thread.cert))
    phone = thread.add()
    return thread, phone, thread.seal(thread.body(text="Book the train"), phone)


def judge(thread, sealed: str, seq: int = 3) -> transcript.Verdict:
    return transcript.judge(thread.known, seq, sealed, ThreadBodies(), thread.head_at)[1]


def test_any_text_gets_a_verdict(thread):
    """SPEC 3.5"""

    @given(st.text() | st.text(alphabet="abcXYZ019-_.=\ud800é", max_size=60), st.integers(-2, 5))
    def check(text: str, seq: int):
        verdict = judge(thread, text, seq)
        assert isinstance(verdict, Void if seq == 2 else Fault)

    check()


def test_a_changed_entry_is_never_genuine(thread):
    """SPEC 3.5, SPEC 3.14: one character anywhere, or two parts of two entries."""
    world, phone, sealed = story(type(thread))
    other = world.seal(world.body(text="Cancel the train"), phone)

    @given(st.integers(0, len(sealed) - 1), st.characters() | st.sampled_from("abcXYZ019-_."))
    @settings(max_examples=150)
    def one_character(at: int, char: str):
        changed = sealed[:at] + char + sealed[at + 1 :]
        assert isinstance(judge(world, changed), Genuine) == (changed == sealed)

    @given(st.tuples(*(st.sampled_from(pair) for pair in zip(sealed.split("."), other.split("."), strict=True))))
    def swapped_parts(parts: tuple[str, ...]):
        text = ".".join(parts)
        assert isinstance(judge(world, text), Genuine) == (text in {sealed, other})

    @given(st.integers(0, len(sealed)))
    @settings(max_examples=50)
    def cut(length: int):
        assert isinstance(judge(world, sealed[:length]), Genuine) == (length == len(sealed))

    assert isinstance(judge(world, sealed), Genuine)
    one_character()
    swapped_parts()
    cut()


def test_any_sealed_plaintext_gets_a_verdict(thread):
    """SPEC 3.5, SPEC 3.11: a device of the thread may write nonsense."""
    world, phone, _ = story(type(thread))
    form = st.fixed_dictionaries(
        {
            "v": st.just(1) | anything,
            "n": st.just(1) | anything,
            "at": st.text(max_size=5) | anything,
            "seen": st.fixed_dictionaries({"seq": st.integers(-1, 4) | anything, "head": anything}) | anything,
            "body": st.fixed_dictionaries({"id": anything, "type": anything}) | anything,
        }
    )

    @given(form | anything)
    @settings(max_examples=80)
    def check(value: object):
        data = json.dumps(value).encode()
        assert isinstance(judge(world, world.seal_json(data, phone, n=1)), Genuine | Void | Fault)

    check()


def test_any_body_of_a_known_type_gets_a_verdict(thread):
    """SPEC 3.5, SPEC 4.16"""
    from agent.thread.entries import CLIENT_TYPES, HOST_TYPES

    world, phone, _ = story(type(thread))
    names = st.sampled_from(["roster", "wraps", "cert", "jws", "text", "files", "target", "values", "items", "action"])
    bodies = st.tuples(st.sampled_from(sorted(CLIENT_TYPES | HOST_TYPES)), st.dictionaries(names, anything, max_size=4))

    @given(bodies, st.booleans())
    @settings(max_examples=80)
    def check(body: tuple[str, dict[str, object]], by_host: bool):
        writer = world.host if by_host else phone
        plain = {
            "v": 1,
            "n": writer.n + 1,
            "at": "",
            "seen": {"seq": 0, "head": ""},
            "body": {**body[1], "id": secrets.token_hex(16), "type": body[0]},
        }
        sealed = world.seal_json(json.dumps(plain).encode(), writer, n=writer.n + 1)
        assert isinstance(judge(world, sealed), Genuine | Void | Fault)

    check()


def test_every_delivery_of_a_dishonest_relay_is_a_prefix_of_the_truth(thread):
    """SPEC 3.6, SPEC 3.8, SPEC 3.9, SPEC 3.15: repeated, left out or reordered, nothing but a true prefix is genuine."""
    world = type(thread)()
    start = world.known
    texts: list[str] = []
    for _ in range(6):
        texts.append(world.seal(world.body(), world.host))
        assert isinstance(world.take(texts[-1]), Genuine)
        world.host.n += 1

    @given(st.lists(st.integers(0, 5), max_size=9))
    @settings(max_examples=80)
    def check(delivery: list[int]):
        known, genuine, heads = start, [], [start.head]
        for position, which in enumerate(delivery, 1):
            known, verdict = transcript.judge(
                known, position, texts[which], ThreadBodies(), lambda seq: heads[seq] if seq < len(heads) else None
            )
            if isinstance(verdict, Fault):
                break
            heads.append(known.head)
            if isinstance(verdict, Genuine):
                genuine.append(which)
        assert genuine == list(range(len(genuine)))

    check()

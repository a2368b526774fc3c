"""The order of the thread and the judgement of its entries (SPEC 3)."""

from __future__ import annotations

import hashlib
import secrets

import pytest

from agent.thread.entries import ThreadBodies
from relay.protocol import jose, transcript
from relay.protocol.ids import key_id
from relay.protocol.transcript import Fault, Genuine, Void


def head_after(heads: list[str], signing_input: bytes) -> str:
    return hashlib.sha256(bytes.fromhex(heads[-1]) + hashlib.sha256(signing_input).digest()).hexdigest()


def test_the_order_is_that_of_seq(thread):
    """SPEC 3.1, SPEC 3.14"""
    verdicts = [thread.write(thread.body(text=str(count))) for count in range(5)]

    assert [verdict.seq for verdict in verdicts] == [2, 3, 4, 5, 6]
    assert [verdict.plain.body["text"] for verdict in verdicts] == list("01234")
    assert thread.known.members[thread.host.id].n == 6


def test_the_head_of_an_empty_thread_is_its_name(thread):
    """SPEC 3.3"""
    assert thread.heads[0] == hashlib.sha256(thread.id.encode()).hexdigest()


def test_the_head_sums_up_every_entry(thread):
    """SPEC 3.3"""
    sealed = thread.seal(thread.body())
    expected = head_after(thread.heads, sealed.rpartition(".")[0].encode())

    thread.take(sealed)

    assert thread.known.head == expected


def test_the_head_does_not_depend_on_the_signature(thread):
    """SPEC 3.3: whoever can sign can sign the same text twice."""
    sealed = thread.seal(thread.body())
    inner = jose.parse_signed(sealed, typ="deskhand-entry+jws").payload
    again = jose.sign(inner, thread.host.key, kid=thread.host.id, typ="deskhand-entry+jws")

    heads = {
        transcript.judge(thread.known, 2, text, ThreadBodies(), thread.head_at)[0].head for text in (sealed, again)
    }

    assert sealed != again
    assert len(heads) == 1


@pytest.mark.parametrize("text", ["", "nonsense", "a.b.c", "é.\ud800.x"])
def test_what_is_no_entry_at_all_is_void_and_enters_the_head(thread, text: str):
    """SPEC 3.1, SPEC 3.3, SPEC 3.7"""
    expected = head_after(thread.heads, text.encode("utf-8", "surrogatepass"))

    assert isinstance(thread.take(text), Void)
    assert (thread.known.seq, thread.known.head) == (2, expected)


@pytest.mark.parametrize("seq", [0, 1, 3, 100])
def test_a_wrong_seq_is_the_relays_fault(thread, seq: int):
    """SPEC 3.5, SPEC 3.6"""
    before = thread.known

    known, verdict = transcript.judge(before, seq, thread.seal(thread.body()), ThreadBodies(), thread.head_at)

    assert isinstance(verdict, Fault)
    assert known is before


def test_a_stranger_is_void(thread):
    """SPEC 3.8"""
    stranger = type(thread.host)(jose.PrivateKey.generate())

    assert isinstance(thread.judge(thread.seal(thread.body(), stranger)), Void)


def test_a_stranger_under_a_members_name_is_void_and_takes_no_number(thread):
    """SPEC 3.8, SPEC 3.12"""
    sealed = thread.seal(thread.body())
    stranger = type(thread.host)(jose.PrivateKey.generate(), thread.host.n)
    forged = thread.seal(thread.body(), stranger, device=thread.host.id, signer=thread.host.id)

    verdict = thread.take(forged)

    assert isinstance(verdict, Void)
    assert not verdict.counted
    assert isinstance(thread.judge(sealed), Genuine)


@pytest.mark.parametrize("n", [1, 50], ids=("repeated", "held back"))
def test_nobody_without_a_key_can_freeze_a_device(thread, n: int):
    """SPEC 3.8: what makes void comes before what freezes."""
    stranger = type(thread.host)(jose.PrivateKey.generate())

    assert isinstance(
        thread.judge(thread.seal(thread.body(), stranger, n=n, device=thread.host.id, signer=thread.host.id)), Void
    )


def test_an_entry_of_another_thread_is_void(thread):
    """SPEC 3.8"""
    assert isinstance(thread.judge(thread.seal(thread.body(), thread="c" * 32)), Void)


@pytest.mark.parametrize("epoch", [2, 9])
def test_another_epoch_is_void_but_takes_its_number(thread, epoch: int):
    """SPEC 3.8, SPEC 3.12"""
    verdict = thread.take(thread.seal(thread.body(), epoch=epoch))

    assert isinstance(verdict, Void)
    assert verdict.counted
    assert thread.known.members[thread.host.id].n == thread.host.n + 1


def test_another_epoch_far_ahead_is_void_and_freezes_nobody(thread):
    """SPEC 3.8, SPEC 3.12"""
    verdict = thread.take(thread.seal(thread.body(), epoch=2, n=40))

    assert isinstance(verdict, Void)
    assert not verdict.counted


def test_a_repetition_is_void_and_changes_no_counter(thread):
    """SPEC 3.8, SPEC 3.12"""
    sealed = thread.seal(thread.body())
    thread.take(sealed)
    counters = thread.known.members

    verdict = thread.take(sealed)

    assert verdict == Void(3, "a repetition", thread.host.id)
    assert thread.known.members == counters
    assert thread.known.seq == 3


def test_a_gap_in_a_devices_numbers_is_the_relays_fault(thread):
    """SPEC 3.9"""
    verdict = thread.judge(thread.seal(thread.body(), n=thread.host.n + 2))

    assert isinstance(verdict, Fault)
    assert "missing" in verdict.reason


def test_without_the_key_of_the_epoch_a_device_stops(thread):
    """SPEC 3.10"""
    sealed = thread.seal(thread.body())
    thread.known = transcript.replace(thread.known, keys={})

    verdict = thread.take(sealed)

    assert isinstance(verdict, Fault)
    assert "pair it anew" in verdict.reason


def spoiled(thread, how: str) -> str:
    n = thread.host.n + 1
    match how:
        case "other key":
            return thread.seal(thread.body(), key=secrets.token_bytes(32))
        case "not json":
            return thread.seal_json(b"hello", n=n)
        case "other number":
            return thread.seal_json(thread.plaintext(thread.body(), n + 1), n=n)
        case "true for one":
            return thread.seal_json({**thread.plaintext(thread.body(), n), "v": True}, n=n)
        case "broken body":
            return thread.seal(thread.body("stop", all="yes"))
        case "member missing":
            return thread.seal({"id": secrets.token_hex(16), "type": "message"})
        case "bad id":
            return thread.seal({**thread.body(), "id": "1"})
        case _:
            return thread.seal(thread.body("device.added", roster="nonsense", name="x"))


@pytest.mark.parametrize(
    "how",
    ["other key", "not json", "other number", "true for one", "broken body", "member missing", "bad id", "bad roster"],
)
def test_what_was_signed_and_makes_no_sense_is_void_and_takes_its_number(thread, how: str):
    """SPEC 3.11, SPEC 3.12"""
    verdict = thread.take(spoiled(thread, how))

    assert isinstance(verdict, Void)
    assert verdict.counted
    thread.host.n += 1
    thread.write(thread.body())


def test_the_reason_of_a_void_entry_does_not_quote_it(thread):
    """SPEC 3.11"""
    verdict = thread.judge(thread.seal(thread.body("stop", all="the secret plan")))

    assert isinstance(verdict, Void)
    assert "secret" not in verdict.reason


@pytest.mark.parametrize("seq", [2, 3, 1000])
def test_who_has_seen_the_future_was_shown_another_thread(thread, seq: int):
    """SPEC 3.13"""
    plain = thread.plaintext(thread.body(), 2, seq=seq)

    assert isinstance(thread.judge(thread.seal_json(plain)), Fault)


def test_two_devices_that_were_shown_different_threads_notice(thread):
    """SPEC 3.13, SPEC 3.15"""
    thread.write(thread.body())
    plain = thread.plaintext(thread.body(), 3, head=secrets.token_hex(32))
    before = thread.known

    verdict = thread.take(thread.seal_json(plain))

    assert verdict == Fault(3, "two devices were shown different threads at entry 2")
    assert thread.known is before


def test_being_behind_is_fine(thread):
    """SPEC 3.13"""
    thread.write(thread.body())
    thread.write(thread.body())
    plain = thread.plaintext(thread.body(), 4, seq=0, head=thread.heads[0])

    assert isinstance(thread.judge(thread.seal_json(plain)), Genuine)


def test_what_a_new_phone_never_held_is_not_compared(thread):
    """SPEC 3.13"""
    thread.write(thread.body())
    plain = thread.plaintext(thread.body(), 3, seq=1, head=secrets.token_hex(32))
    known, verdict = transcript.judge(thread.known, 3, thread.seal_json(plain), ThreadBodies(), lambda _: None)

    assert isinstance(verdict, Genuine)
    assert known.seq == 3


def test_a_fork_is_noticed_at_the_first_entry_of_the_other_side(thread):
    """SPEC 3.13: the relay shows the host and a phone two different entries 3."""
    phone = thread.add()
    shown_to_host = thread.seal(thread.body(text="for the host"))
    other = transcript.judge(
        thread.known, 3, thread.seal(thread.body(text="for the phone")), ThreadBodies(), thread.head_at
    )
    by_phone = {**thread.plaintext(thread.body(), 1), "seen": {"seq": 3, "head": other[0].head}}
    thread.take(shown_to_host)

    verdict = thread.take(thread.seal_json(by_phone, phone))

    assert isinstance(verdict, Fault)
    assert "different threads" in verdict.reason


def test_what_a_newer_version_says_is_kept_and_never_acted_on(thread):
    """SPEC 2.11, SPEC 3.14"""
    verdict = thread.take(thread.seal(thread.body("hologram", depth=3)))

    assert isinstance(verdict, Genuine)
    assert verdict.newer
    assert verdict.plain.body["depth"] == 3


def test_a_member_of_a_newer_version_is_kept(thread):
    """SPEC 2.11"""
    verdict = thread.take(thread.seal(thread.body("pause", on=True, until="tonight")))

    assert isinstance(verdict, Genuine)
    assert not verdict.newer
    assert verdict.plain.body["until"] == "tonight"


def test_knowledge_is_replaced_and_never_changed(thread):
    """SPEC 3.5"""
    before, members = thread.known, dict(thread.known.members)

    thread.add()

    assert before.members == members
    assert key_id(thread.root.jwk) == before.thread

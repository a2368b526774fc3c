"""The decision to store an entry (SPEC 3.3), without any store."""

from dataclasses import replace

import pytest

from relay.core.log import (
    HOST_RESERVE_BYTES,
    Accepted,
    Again,
    Candidate,
    Device,
    DeviceRemoved,
    Found,
    SignedRoster,
    Thread,
    decide,
)
from relay.protocol.errors import ErrorCode, Refused
from relay.protocol.ids import EntryKid
from relay.protocol.transcript import RosterChange, first_head, next_head

T, HOST, PHONE = "t" * 32, "h" * 32, "p" * 32
ROOM = 10 * HOST_RESERVE_BYTES
THREAD = Thread(T, {}, seq=7, head=first_head(T), epoch=2, gen=0, stored_bytes=1000)
phone = Device(T, PHONE, {}, "client", n=4, from_seq=2)
host = Device(T, HOST, {}, "host", n=2, from_seq=1)


def candidate(n: int, *, device: str = PHONE, epoch: int = 2, **more) -> Candidate:
    given = {"signed": True, "signing_input": b"bytes", "sealed": "sealed", **more}
    return Candidate(n, EntryKid(T, epoch, device, n), **given)


def found(device: Device = phone, **more) -> Found:
    return Found(**{"thread": THREAD, "device": device, "same_n": None, "missing_blobs": (), "named": None, **more})


def roster(op: str, *, epoch: int = 2, device: str = PHONE) -> SignedRoster:
    return SignedRoster(RosterChange(T, epoch, op, device, {}, "client", frozenset()), "signed")


def code(entry: Candidate, standing: Found, room: int = ROOM) -> ErrorCode:
    with pytest.raises(Refused) as caught:
        decide(entry, standing, room)
    assert caught.value.message
    return caught.value.code


def test_the_next_entry_moves_head_and_counters():
    accepted = decide(candidate(5), found(), ROOM)

    assert isinstance(accepted, Accepted)
    assert (accepted.thread.seq, accepted.thread.epoch, accepted.device.n) == (8, 2, 5)
    assert accepted.thread.head == next_head(THREAD.head, b"bytes")
    assert accepted.thread.stored_bytes == 1000 + len("sealed")


def test_the_same_bytes_get_the_same_answer_even_after_epoch_and_membership_ended():
    entry = candidate(3, epoch=1)
    removed = replace(phone, removed="roster")

    assert decide(entry, found(removed, same_n=(6, entry.digest)), ROOM) == Again(6)


def test_the_signature_may_differ_in_a_repetition():
    first, second = candidate(3, sealed="a"), candidate(3, sealed="b")

    assert decide(second, found(same_n=(6, first.digest)), ROOM) == Again(6)


def test_other_bytes_under_a_known_number_are_a_conflict():
    assert code(candidate(3), found(same_n=(6, b"other"))) is ErrorCode.CONFLICT


# Each row breaks one rule and every later one: the earlier is what the device hears.
@pytest.mark.parametrize(
    ("entry", "standing", "expected"),
    [
        (candidate(9, device=HOST, epoch=1), found(replace(phone, removed="roster")), ErrorCode.REMOVED),
        (candidate(9, device=HOST, epoch=1, signed=False), found(), ErrorCode.REFUSED),
        (candidate(9, epoch=1, signed=False), found(), ErrorCode.STALE_EPOCH),
        (candidate(9, signed=False), found(missing_blobs=("b",)), ErrorCode.GAP),
        (candidate(5, signed=False), found(missing_blobs=("b",)), ErrorCode.REFUSED),
        (candidate(5, roster=roster("added")), found(missing_blobs=("b",)), ErrorCode.REFUSED),
        (candidate(5), found(missing_blobs=("b",)), ErrorCode.BLOBS_MISSING),
    ],
)
def test_the_order_of_the_checks(entry: Candidate, standing: Found, expected: ErrorCode):
    assert code(entry, standing, room=0) is expected


def test_a_removed_device_is_given_the_proof():
    with pytest.raises(DeviceRemoved) as caught:
        decide(candidate(5), found(replace(phone, removed="root's word")), ROOM)

    assert caught.value.roster == "root's word"


def test_a_gap_names_the_entry_to_go_on_from():
    with pytest.raises(Refused) as caught:
        decide(candidate(7), found(), ROOM)

    assert (caught.value.n, caught.value.next_n) == (7, 5)


def test_the_last_megabyte_is_the_hosts():
    full = ROOM - HOST_RESERVE_BYTES - THREAD.stored_bytes
    entry = candidate(5, sealed="x" * (full + 1))

    assert code(entry, found()) is ErrorCode.STORAGE_FULL
    assert isinstance(decide(candidate(3, device=HOST, sealed="x" * (full + 1)), found(host), ROOM), Accepted)


def test_adding_lets_a_device_in_from_the_next_seq_and_keeps_the_epoch():
    new = "n" * 32
    accepted = decide(candidate(3, device=HOST, roster=roster("added", device=new)), found(host), ROOM)

    assert isinstance(accepted, Accepted)
    assert accepted.joined == Device(T, new, {}, "client", n=0, from_seq=9)
    assert accepted.thread.epoch == 2


def test_removing_ends_membership_with_this_seq_and_raises_the_epoch():
    accepted = decide(candidate(3, device=HOST, roster=roster("removed")), found(host, named=phone), ROOM)

    assert isinstance(accepted, Accepted)
    assert accepted.left == replace(phone, to_seq=8, removed="signed")
    assert accepted.thread.epoch == 3


@pytest.mark.parametrize(
    ("entry", "standing", "expected"),
    [
        (candidate(5, roster=roster("removed")), found(named=phone), ErrorCode.REFUSED),
        (candidate(3, device=HOST, roster=roster("added", epoch=1)), found(host), ErrorCode.STALE_EPOCH),
        (candidate(3, device=HOST, roster=roster("added")), found(host, named=phone), ErrorCode.REFUSED),
        (candidate(3, device=HOST, roster=roster("removed")), found(host, named=None), ErrorCode.REFUSED),
        (
            candidate(3, device=HOST, roster=roster("removed")),
            found(host, named=replace(phone, removed="r")),
            ErrorCode.REFUSED,
        ),
        (candidate(3, device=HOST, roster=roster("removed", device=HOST)), found(host, named=host), ErrorCode.REFUSED),
    ],
)
def test_roster_changes_that_do_not_fit(entry: Candidate, standing: Found, expected: ErrorCode):
    assert code(entry, standing) is expected

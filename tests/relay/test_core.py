"""Limits, pages, live frames, notifications and pairing slots: decisions without IO."""

from datetime import UTC, datetime

import pytest

from relay.core import fanout, notify, pairing
from relay.core.limits import Limiter, Rate
from relay.protocol.errors import ErrorCode, Refused
from relay.protocol.frames import PushKeys, PushSubscription, Quiet


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


# --- limits ---


def test_a_bucket_empties_says_how_long_to_wait_and_refills():
    clock = Clock()
    limiter = Limiter(Rate.per(60, 3), clock)
    for _ in range(3):
        limiter.admit("phone", "entries")

    with pytest.raises(Refused) as caught:
        limiter.admit("phone", "entries", n=4)
    assert caught.value.code is ErrorCode.RATE_LIMITED
    assert (caught.value.n, caught.value.retry_after) == (4, 20.0)

    limiter.admit("tablet", "entries")
    clock.now += 20
    limiter.admit("phone", "entries")


# --- fan-out ---


def entry(seq: int, size: int = 10) -> fanout.StoredEntry:
    return fanout.StoredEntry(seq, f"head {seq - 1}", "x" * size, "now")


def seqs(entries: list[fanout.StoredEntry]) -> list[int]:
    return [one.seq for one in entries]


def test_a_page_ends_before_it_is_too_large_and_holds_at_least_one():
    third = fanout.PAGE_CHARS // 3

    assert seqs(fanout.page_of(entry(seq, third) for seq in range(1, 9))) == [1, 2]
    assert seqs(fanout.page_of([entry(1, 2 * fanout.PAGE_CHARS), entry(2)])) == [1]
    assert len(fanout.page_of(entry(seq, 1) for seq in range(1, 1000))) == fanout.PAGE_ITEMS


def test_the_tail_gives_what_follows_and_leaves_the_rest_to_the_store():
    tail = fanout.Tail()
    for seq in range(5, 9):
        tail.add(entry(seq))

    assert seqs(tail.after(4)) == [5, 6, 7, 8]
    assert seqs(tail.after(7)) == [8]
    assert tail.after(3) == []


def test_the_tail_is_bounded_and_never_has_a_hole():
    tail = fanout.Tail()
    for seq in range(1, 11):
        tail.add(entry(seq, fanout.TAIL_CHARS // 4))
    assert tail.after(6) != []
    assert tail.after(5) == []

    tail.add(entry(20))
    assert tail.after(10) == []
    assert seqs(tail.after(19)) == [20]


def test_live_frames_to_a_slow_reader_are_dropped_oldest_first():
    queue = fanout.LiveQueue()
    for index in range(10):
        queue.push(str(index) * (fanout.LIVE_CHARS // 4))

    assert [(queue.pop() or "")[0] for _ in range(4)] == ["6", "7", "8", "9"]
    assert queue.pop() is None


def test_snapshots_are_kept_one_a_stream_and_end_with_their_device():
    kept = fanout.Kept()
    kept.put("agent", "a", "old")
    kept.put("agent", "a", "new")
    kept.put("phone", "b", "other")

    assert kept.for_latecomer("tablet") == ["new", "other"]
    assert kept.for_latecomer("agent") == ["other"]
    kept.forget("agent")
    assert kept.for_latecomer("tablet") == ["other"]

    for index in range(100):
        kept.put("phone", f"stream {index}", "x")
    assert len(kept.for_latecomer("tablet")) == fanout.KEPT_PER_DEVICE


# --- notifications ---

NOON = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


def subscriber(device: str, *, role: str = "client", member: bool = True, quiet: Quiet | None = None):
    keys = PushKeys(p256dh="x", auth="y")
    subscription = PushSubscription(endpoint="https://push.example/1", keys=keys, quiet=quiet)
    return notify.Subscriber(device, role, member, subscription)


def test_an_entry_wakes_the_other_clients_where_nobody_looks():
    night = Quiet(start="13:00", end="15:00", zone="Europe/Berlin")
    devices = [
        subscriber("phone"),
        subscriber("tablet"),
        subscriber("sleeper", quiet=night),
        subscriber("author"),
        subscriber("gone", member=False),
        subscriber("agent", role="host"),
    ]

    choices = notify.choose(devices, "ask", "author", {"tablet"}, NOON)

    assert {one.subscriber.device: one.skip for one in choices} == {
        "phone": None,
        "tablet": "looking",
        "sleeper": "quiet",
    }


def test_an_entry_without_a_hint_wakes_nobody():
    assert notify.choose([subscriber("phone")], "none", "author", set(), NOON) == []


@pytest.mark.parametrize(
    ("start", "end", "hour", "expected"),
    [
        ("22:00", "07:00", 23, True),
        ("22:00", "07:00", 3, True),
        ("22:00", "07:00", 7, False),
        ("09:00", "09:00", 9, False),
    ],
)
def test_quiet_hours_may_span_midnight(start: str, end: str, hour: int, expected: bool):
    assert notify.is_quiet(Quiet(start=start, end=end, zone="UTC"), NOON.replace(hour=hour)) is expected


def test_asks_are_urgent_and_stand_for_themselves():
    assert notify.manner("ask", 5) != notify.manner("ask", 6)
    assert notify.manner("ask", 5).urgency == "high"
    assert notify.manner("result", 5).topic == notify.manner("result", 6).topic


# --- pairing ---

AGENT = pairing.Writer("thread", "agent", "host")
OTHER = pairing.Writer("other thread", "other agent", "host")
PHONE = pairing.Writer("thread", "phone", "client")


def test_slots_are_filled_one_after_the_other_and_once():
    held = pairing.write(None, "host", "h", AGENT, 0)
    held = pairing.write(held, "offer", "o", None, 1)
    held = pairing.write(held, "offer", "o", None, 2)
    held = pairing.write(held, "accept", "a", AGENT, 3)
    held = pairing.write(held, "grant", "g", AGENT, 4)

    assert held.slots == {"host": "h", "offer": "o", "accept": "a", "grant": "g"}


@pytest.mark.parametrize(
    ("filled", "slot", "writer", "at", "expected"),
    [
        ((), "offer", None, 0, ErrorCode.NOT_FOUND),
        ((), "host", PHONE, 0, ErrorCode.UNAUTHORIZED),
        ((), "host", None, 0, ErrorCode.UNAUTHORIZED),
        (("host",), "offer", None, 600, ErrorCode.NOT_FOUND),
        (("host",), "accept", AGENT, 1, ErrorCode.REFUSED),
        (("host", "offer"), "offer", None, 1, ErrorCode.CONFLICT),
        (("host", "offer"), "accept", PHONE, 1, ErrorCode.UNAUTHORIZED),
        (("host", "offer"), "accept", OTHER, 1, ErrorCode.UNAUTHORIZED),
        (("host", "offer"), "host", OTHER, 1, ErrorCode.UNAUTHORIZED),
    ],
)
def test_slots_that_may_not_be_written(filled, slot, writer, at, expected):
    held = pairing.Pairing("thread", 600, dict.fromkeys(filled, "first")) if filled else None

    with pytest.raises(Refused) as caught:
        pairing.write(held, slot, "second", writer, at)
    assert caught.value.code is expected


def test_a_slot_is_bounded():
    with pytest.raises(Refused) as caught:
        pairing.write(None, "host", "x" * (pairing.MAX_SLOT_BYTES + 1), AGENT, 0)
    assert caught.value.code is ErrorCode.TOO_LARGE

"""Whom an entry wakes by web push, and how urgently (SPEC 7)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, time
from typing import Literal
from zoneinfo import ZoneInfo

from relay.protocol.frames import Hint, PushSubscription, Quiet

Outcome = Literal["accepted", "gone", "refused", "unreachable", "quiet", "looking"]
DAY_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class Manner:
    """How the push service shall treat a message (RFC 8030 §5.2-5.4).

    A later message of the same ``topic`` replaces one that still waits at the push service; ``ttl`` in seconds.
    """

    topic: str
    urgency: Literal["normal", "high"]
    ttl: int


def manner(hint: Hint, seq: int) -> Manner:
    """Asks wait for a person, so each stands for itself and comes at once; of the others only the last matters."""
    match hint:
        case "ask":
            return Manner(f"ask-{seq}", "high", 3 * DAY_S)
        case "failed":
            return Manner("failed", "high", 3 * DAY_S)
        case "result" | "none":
            return Manner("result", "normal", 3 * DAY_S)


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A device with a push subscription."""

    device: str
    role: str
    member: bool
    subscription: PushSubscription


@dataclass(frozen=True, slots=True)
class Choice:
    """What to do about one subscriber: push where ``skip`` is None, else log why not."""

    subscriber: Subscriber
    skip: Literal["quiet", "looking"] | None


def choose(
    subscribers: Iterable[Subscriber], hint: Hint, author: str, looking: Collection[str], now: datetime
) -> list[Choice]:
    """Decide for each subscriber. ``looking``: devices where a person has the thread before them right now."""
    if hint == "none":
        return []
    return [
        Choice(one, _skip(one, looking, now))
        for one in subscribers
        if one.member and one.role == "client" and one.device != author
    ]


def _skip(one: Subscriber, looking: Collection[str], now: datetime) -> Literal["quiet", "looking"] | None:
    if one.device in looking:
        return "looking"
    quiet = one.subscription.quiet
    return "quiet" if quiet is not None and is_quiet(quiet, now) else None


def is_quiet(quiet: Quiet, now: datetime) -> bool:
    """Whether ``now`` (with its zone) lies in the quiet hours; they may span midnight, and start = end means none."""
    local = now.astimezone(ZoneInfo(quiet.zone)).time()
    start, end = time.fromisoformat(quiet.start), time.fromisoformat(quiet.end)
    return start <= local < end if start <= end else local >= start or local < end

"""How much of something is allowed: token buckets with an injected clock."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from relay.protocol.errors import ErrorCode, Refused

MAX_BUCKETS = 10_000
"""Buckets kept at once; the one unused for longest is forgotten, which gives its owner a full one."""


@dataclass(frozen=True, slots=True)
class Rate:
    """``burst`` at once, refilled at ``per_second``."""

    per_second: float
    burst: float

    @staticmethod
    def per(seconds: float, count: float) -> Rate:
        """``count`` in any ``seconds``, all of them at once if need be."""
        return Rate(count / seconds, count)


@dataclass(frozen=True, slots=True)
class Bucket:
    """``tokens`` were left at ``at`` (seconds of a monotonic clock)."""

    tokens: float
    at: float


def take(bucket: Bucket, rate: Rate, now: float) -> tuple[Bucket, float]:
    """Take one token. Returns the bucket afterwards, and the seconds to wait (0: taken)."""
    tokens = min(rate.burst, bucket.tokens + (now - bucket.at) * rate.per_second)
    if tokens >= 1:
        return Bucket(tokens - 1, now), 0.0
    return Bucket(tokens, now), (1 - tokens) / rate.per_second


class Limiter:
    """One bucket for each key, all of one rate."""

    def __init__(self, rate: Rate, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._clock = clock
        self._buckets: OrderedDict[Hashable, Bucket] = OrderedDict()

    def admit(self, key: Hashable, what: str, *, n: int | None = None) -> None:
        """Count one more of ``what``; raise `Refused` (rate_limited) with the time to wait where it is too many."""
        now = self._clock()
        bucket, wait = take(self._buckets.pop(key, Bucket(self._rate.burst, now)), self._rate, now)
        self._buckets[key] = bucket
        if len(self._buckets) > MAX_BUCKETS:
            self._buckets.popitem(last=False)
        if wait:
            raise Refused(ErrorCode.RATE_LIMITED, f"Too many {what}.", n=n, retry_after=round(wait, 2))

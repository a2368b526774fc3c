"""When to connect and which appends may be sent now: several in flight, in the order of their numbers, going back when one is refused.

Pure: times are seconds of the loop's clock. After any refusal nothing is sent until every append in flight is
answered, so that an old answer is never taken for a new one's.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

MAX_IN_FLIGHT = 64
FIRST_PAUSE_S = 0.5
MAX_PAUSE_S = 30.0


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds between attempts to connect: none after the first loss, then ``first``, doubling up to ``most``."""

    first: float = 0.5
    most: float = 30.0

    def delay(self, failures: int, random: Random) -> float:
        """How long to wait after so many failures in a row, with jitter."""
        if failures <= 1:
            return 0.0
        return min(self.first * 2.0 ** (failures - 2), self.most) * random.uniform(0.5, 1.0)


class Window:
    """The sending side of one connection, whose first append has the number ``next_n``."""

    def __init__(self, next_n: int) -> None:
        self._next_n = next_n
        self._in_flight: dict[int, int] = {}
        self._back_to: int | None = None
        self._paused_until = 0.0
        self._fruitless = 0
        self.stale: tuple[int, int] | None = None
        """Items from this number must be sealed anew, as soon as the thread shows an epoch above this one."""
        self.adopt_n: int | None = None
        """Wait until the thread shows what it holds of this device under this number."""

    @property
    def going_back(self) -> bool:
        """Whether it waits for answers before it sends again from an earlier number."""
        return self._back_to is not None

    def room(self, now: float) -> tuple[int, int]:
        """(first number, how many) that may be sent now."""
        if self._back_to is not None and not self._in_flight:
            self._next_n, self._back_to = self._back_to, None
        waits = self._back_to is not None or self.stale is not None or self.adopt_n is not None
        if waits or now < self._paused_until:
            return self._next_n, 0
        return self._next_n, MAX_IN_FLIGHT - len(self._in_flight)

    def sent(self, n: int, epoch: int) -> None:
        """Append ``n``, sealed under ``epoch``, is on its way."""
        self._in_flight[n] = epoch
        self._next_n = n + 1

    def acked(self, n: int) -> None:
        """Append ``n`` is stored at the relay."""
        self._in_flight.pop(n, None)
        self._fruitless = 0

    def refused(self, n: int, *, back_to: int) -> int | None:
        """Append ``n`` was not taken: go on from ``back_to`` once everything in flight is answered.

        Returns the epoch under which it was sealed; None, and nothing changes, where it was not in flight.
        """
        epoch = self._in_flight.pop(n, None)
        if epoch is not None:
            self._back_to = back_to if self._back_to is None else min(back_to, self._back_to)
        return epoch

    def pause(self, now: float, seconds: float | None) -> float:
        """Send nothing for a while: as long as asked, else longer each time nothing gets through. Returns until when."""
        if seconds is None:
            seconds = min(FIRST_PAUSE_S * 2**self._fruitless, MAX_PAUSE_S)
            self._fruitless += 1
        self._paused_until = max(self._paused_until, now + seconds)
        return self._paused_until

"""The wish of a signal to end, safe to set at any moment."""

from __future__ import annotations

import os
import select


class Ending:
    """Set by a signal, waited for by the program.

    Not a `threading.Event`: a signal's handler runs in the middle of the thread that waits, which may hold the event's
    own lock at that moment, and then both wait for ever.
    """

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        self._set = False

    def set(self, *_signal: object) -> None:
        """Say that it is time; also as a signal's handler."""
        if not self._set:
            self._set = True
            os.write(self._write, b"!")

    def is_set(self) -> bool:
        """Whether it is time."""
        return self._set

    def wait(self, seconds: float) -> bool:
        """Wait for it, at most so long; whether it is time."""
        select.select([self._read], [], [], seconds)
        return self._set

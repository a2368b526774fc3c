"""Errors of the protocol.

ProtocolError
├── Malformed       bytes that are not what they should be: never retry them
└── Refused         the relay says no, with a code, a text for people and what to do next
"""

from __future__ import annotations

from enum import StrEnum


class ProtocolError(ValueError):
    """Base of all protocol errors."""


class Malformed(ProtocolError):
    """A text that breaks a rule of SPEC. The message says which, without quoting secret content."""


class ErrorCode(StrEnum):
    """Codes of the ``error`` frame and of HTTP problem bodies (SPEC 5.9)."""

    BAD_FRAME = "bad_frame"
    UNAUTHORIZED = "unauthorized"
    REMOVED = "removed"
    REFUSED = "refused"
    GAP = "gap"
    STALE_EPOCH = "stale_epoch"
    CONFLICT = "conflict"
    TOO_LARGE = "too_large"
    RATE_LIMITED = "rate_limited"
    STORAGE_FULL = "storage_full"
    BLOBS_MISSING = "blobs_missing"
    BEHIND = "behind"
    UNAVAILABLE = "unavailable"
    CLOSED = "closed"
    NOT_FOUND = "not_found"


REMEDY: dict[ErrorCode, str] = {
    ErrorCode.BAD_FRAME: "Update Deskhand on this device; the relay could not understand it.",
    ErrorCode.UNAUTHORIZED: "Connect again. If it stays, pair this device anew with `deskhand pair` at the computer.",
    ErrorCode.REMOVED: "This device was removed. Pair it anew with `deskhand pair` at the computer.",
    ErrorCode.REFUSED: "Read the reason and send something else.",
    ErrorCode.GAP: "Send the kept entries again, in order, from next_n.",
    ErrorCode.STALE_EPOCH: "Fetch the thread, then seal the entry anew under the current epoch.",
    ErrorCode.CONFLICT: "Fetch the thread and adopt the entry stored under this number.",
    ErrorCode.TOO_LARGE: "Send less at once, or send it as a file.",
    ErrorCode.RATE_LIMITED: "Wait retry_after seconds and send again.",
    ErrorCode.STORAGE_FULL: "Free space at the relay, or raise its storage limit.",
    ErrorCode.BLOBS_MISSING: "Upload the named files completely, then send again.",
    ErrorCode.BEHIND: "The relay has lost entries this device holds. Put its newest data back; nothing newer runs until then.",
    ErrorCode.UNAVAILABLE: "Try again in a moment.",
    ErrorCode.CLOSED: "This relay takes no new threads. Ask whoever runs it, or run your own.",
    ErrorCode.NOT_FOUND: "Check the address; nothing of that name is here.",
}


class Refused(ProtocolError):
    """The relay refuses a request.

    ``code`` and ``message`` go to the peer as they are. ``n`` names the entry, ``next_n`` the first one to send
    again, ``retry_after`` is in seconds.
    """

    def __init__(
        self,
        code: ErrorCode,
        message: str = "",
        *,
        n: int | None = None,
        next_n: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message or REMEDY[code])
        self.code = code
        self.message = f"{message} {REMEDY[code]}".strip()
        self.n = n
        self.next_n = next_n
        self.retry_after = retry_after

"""The four slots through which a new device and the computer speak before they trust each other (SPEC 4.2).

Slots are written once and in order. The relay cannot read what stands in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from relay.protocol.errors import ErrorCode, Refused
from relay.protocol.pairing import LIFETIME_S

Slot = Literal["host", "offer", "accept", "grant"]
ORDER: tuple[Slot, ...] = ("host", "offer", "accept", "grant")
MAX_SLOT_BYTES = 128 * 1024


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes a slot: a device known by its token. The new device has none."""

    thread: str
    device: str
    role: str


@dataclass(frozen=True, slots=True)
class Pairing:
    """One pairing, opened by the host of ``thread``; gone at ``expires`` (seconds of a monotonic clock)."""

    thread: str
    expires: float
    slots: Mapping[Slot, str] = field(default_factory=dict)


def write(pairing: Pairing | None, slot: Slot, text: str, writer: Writer | None, now: float) -> Pairing:
    """Fill a slot; ``pairing`` is None where none of that id exists. The same text again changes nothing.

    Raises `Refused`.
    """
    if len(text.encode()) > MAX_SLOT_BYTES:
        raise Refused(ErrorCode.TOO_LARGE, f"A part of a pairing has at most {MAX_SLOT_BYTES} bytes.")
    if slot != "offer" and (writer is None or writer.role != "host"):
        raise Refused(ErrorCode.UNAUTHORIZED, "Only the computer may write this part of a pairing.")
    if pairing is None or now >= pairing.expires:
        if slot != "host" or writer is None:
            raise not_found()
        return Pairing(writer.thread, now + LIFETIME_S, {slot: text})
    if slot != "offer" and writer is not None and writer.thread != pairing.thread:
        raise Refused(ErrorCode.UNAUTHORIZED, "This pairing belongs to another computer.")
    held = pairing.slots.get(slot)
    if held is not None and held != text:
        raise Refused(ErrorCode.CONFLICT, "Another device has used this code.")
    if held is None and ORDER.index(slot) != len(pairing.slots):
        raise Refused(ErrorCode.REFUSED, "The steps of a pairing come one after the other.")
    return replace(pairing, slots={**pairing.slots, slot: text})


def not_found() -> Refused:
    """The answer for a pairing that expired or never was."""
    return Refused(ErrorCode.NOT_FOUND, "This code has expired. Make a new one with `deskhand pair`.")

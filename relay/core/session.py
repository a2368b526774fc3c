"""One connection of a device as a state machine: awaiting_hello → ready → closed.

`step` is total: every event has an answer in every state. The shell performs the effects in order and feeds back
what comes of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

from relay.protocol.errors import ErrorCode, Refused
from relay.protocol.frames import (
    CLOSE_BAD_FRAME,
    CLOSE_REMOVED,
    CLOSE_REPLACED,
    CLOSE_SLOW,
    CLOSE_UNAUTHORIZED,
    Append,
    Hello,
    Live,
    Looking,
    Resume,
)

CLOSE_GONE = 1000
CLOSE_TRY_LATER = 1013


@dataclass(frozen=True, slots=True)
class AwaitingHello:
    """The challenge is out; nothing but a hello counts."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The device is who it says. ``following``: entries and live frames are sent to it."""

    following: bool = False


@dataclass(frozen=True, slots=True)
class Closed:
    """Over. What is still to be said is said, then the connection is closed with ``code``."""

    code: int


State = AwaitingHello | Ready | Closed


@dataclass(frozen=True, slots=True)
class Received:
    """The device sent a frame."""

    frame: Hello | Resume | Append | Live | Looking


@dataclass(frozen=True, slots=True)
class Garbled:
    """The device sent what is no frame. ``hopeless``: not even JSON."""

    refused: Refused
    hopeless: bool


@dataclass(frozen=True, slots=True)
class Admitted:
    """The hello was right."""


@dataclass(frozen=True, slots=True)
class Denied:
    """The hello was wrong, or the device is removed."""

    refused: Refused


@dataclass(frozen=True, slots=True)
class HelloOverdue:
    """No hello within the time given."""


@dataclass(frozen=True, slots=True)
class Following:
    """The resume was possible; entries flow."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """The same device has connected anew."""


@dataclass(frozen=True, slots=True)
class Stuck:
    """The device has read nothing for too long."""


@dataclass(frozen=True, slots=True)
class PeerGone:
    """The connection is lost or was closed by the device."""


Event = Received | Garbled | Admitted | Denied | HelloOverdue | Following | Replaced | Stuck | PeerGone


@dataclass(frozen=True, slots=True)
class CheckHello:
    """Verify the hello; answer with `Admitted` or `Denied`."""

    hello: Hello


@dataclass(frozen=True, slots=True)
class Greet:
    """Send the welcome and make the device present."""


@dataclass(frozen=True, slots=True)
class Follow:
    """Send what comes after ``after``; answer with `Following`, or say why not."""

    after: int


@dataclass(frozen=True, slots=True)
class Store:
    """Store an entry and acknowledge it."""

    append: Append


@dataclass(frozen=True, slots=True)
class Pass:
    """Pass a live frame on."""

    live: Live


@dataclass(frozen=True, slots=True)
class Look:
    """Note whether a person has the thread visible on the device."""

    looking: bool


@dataclass(frozen=True, slots=True)
class Say:
    """Send an error frame."""

    refused: Refused


Effect = CheckHello | Greet | Follow | Store | Pass | Look | Say


def step(state: State, event: Event) -> tuple[State, tuple[Effect, ...]]:
    """The state after an event, and what is to be done."""
    match state:
        case Closed():
            return state, ()
        case AwaitingHello():
            return _awaiting_hello(state, event)
        case Ready():
            return _ready(state, event)
        case _:
            assert_never(state)


def _awaiting_hello(state: AwaitingHello, event: Event) -> tuple[State, tuple[Effect, ...]]:
    match event:
        case Received(Hello() as hello):
            return state, (CheckHello(hello),)
        case Received():
            refused = Refused(ErrorCode.UNAUTHORIZED, "The first frame of a device is its hello.")
            return _close(CLOSE_UNAUTHORIZED, refused)
        case Garbled(refused):
            return _close(CLOSE_BAD_FRAME, refused)
        case Admitted():
            return Ready(), (Greet(),)
        case Denied(refused):
            return _deny(refused)
        case HelloOverdue():
            return _close(CLOSE_UNAUTHORIZED, Refused(ErrorCode.UNAUTHORIZED, "No hello came in time."))
        case PeerGone():
            return Closed(CLOSE_GONE), ()
        case Stuck():
            return _close(CLOSE_SLOW)
        case Replaced():
            return _close(CLOSE_REPLACED)
        case Following():
            return state, ()
        case _:
            assert_never(event)


def _ready(state: Ready, event: Event) -> tuple[State, tuple[Effect, ...]]:
    match event:
        case Received(frame):
            return _frame(state, frame)
        case Garbled(refused, hopeless):
            return _close(CLOSE_BAD_FRAME, refused) if hopeless else (state, (Say(refused),))
        case Denied(refused):
            return _deny(refused)
        case Following():
            return replace(state, following=True), ()
        case Replaced():
            return _close(CLOSE_REPLACED)
        case Stuck():
            return _close(CLOSE_SLOW)
        case PeerGone():
            return Closed(CLOSE_GONE), ()
        case Admitted() | HelloOverdue():
            return state, ()
        case _:
            assert_never(event)


def _frame(state: Ready, frame: Hello | Resume | Append | Live | Looking) -> tuple[State, tuple[Effect, ...]]:
    match frame:
        case Hello():
            return state, (Say(Refused(ErrorCode.REFUSED, "This connection has had its hello.")),)
        case Resume(after=after):
            if state.following:
                return state, (Say(Refused(ErrorCode.REFUSED, "This connection was resumed before.")),)
            return state, (Follow(after),)
        case Append():
            return state, (Store(frame),)
        case Live():
            return state, (Pass(frame),)
        case Looking(looking=looking):
            return state, (Look(looking),)
        case _:
            assert_never(frame)


def _deny(refused: Refused) -> tuple[State, tuple[Effect, ...]]:
    match refused.code:
        case ErrorCode.REMOVED:
            return _close(CLOSE_REMOVED, refused)
        case ErrorCode.UNAUTHORIZED:
            return _close(CLOSE_UNAUTHORIZED, refused)
        case _:
            return _close(CLOSE_TRY_LATER, refused)


def _close(code: int, refused: Refused | None = None) -> tuple[State, tuple[Effect, ...]]:
    return Closed(code), () if refused is None else (Say(refused),)

"""What the link says about itself, for people, and why a conversation with the relay ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from relay.protocol.errors import REMEDY, ErrorCode

LinkKind = Literal["connecting", "connected", "disconnected", "frozen", "refused", "replaced"]


@dataclass(frozen=True, slots=True)
class LinkState:
    """How the link to the relay is, since when (UTC), why, and what the person can do next.

    ``since`` counts from the loss while it tries to connect again.
    """

    kind: LinkKind
    since: datetime
    reason: str = ""
    next: str = ""


class Over(Exception):
    """A conversation with the relay is over. ``final``: do not connect again by yourself."""

    kind: LinkKind = "disconnected"
    final = False

    def __init__(self, reason: str, next_step: str = "Deskhand connects again by itself.") -> None:
        super().__init__(reason)
        self.reason = reason
        self.next = next_step


class Lost(Over):
    """The connection broke, or could not be made."""


class Denied(Over):
    """The relay does not let this computer in; asking again later is cheap and may help."""

    kind = "refused"


class Behind(Over):
    """The relay has lost entries that this computer has verified."""

    kind = "frozen"

    def __init__(self) -> None:
        super().__init__("The relay has lost entries that this computer holds.", REMEDY[ErrorCode.BEHIND])


class TakenOver(Over):
    """Another process with this computer's key has connected."""

    kind = "replaced"
    final = True

    def __init__(self) -> None:
        super().__init__(
            "Another Deskhand process on this computer's key took over the connection.",
            "Stop one of the two, then start Deskhand again.",
        )


class FrozenThread(Over):
    """The relay shows a thread that is not the true one."""

    kind = "frozen"
    final = True

    def __init__(self, reason: str) -> None:
        super().__init__(reason, "Run `deskhand doctor` at the computer. Nothing new is carried out until then.")

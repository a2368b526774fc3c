"""Live frames: sealing what is worth seeing now, opening what others send."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from pydantic import ValidationError

from agent.link.keys import Identity
from agent.thread.live import LiveBody, live_adapter
from relay.protocol import envelope
from relay.protocol.errors import Malformed
from relay.protocol.frames import Live, dump
from relay.protocol.ids import LiveKid
from relay.protocol.transcript import Known

MAX_WAITING = 256
"""Live frames kept for a slow connection; the oldest is dropped first."""
MAX_STREAMS = 512
"""Streams remembered in each direction; the one unused for longest is forgotten."""


class LiveSender:
    """Numbers and seals live frames. A caller's stream gets a random id, fresh at every start."""

    def __init__(self, identity: Identity, keys: Mapping[int, bytes], clock: Callable[[], datetime]) -> None:
        self._identity = identity
        self._keys = keys
        self._clock = clock
        self._streams: OrderedDict[str, tuple[str, int]] = OrderedDict()
        self._waiting: deque[str] = deque(maxlen=MAX_WAITING)

    def put(self, body: LiveBody, stream: str, *, keep: bool, epoch: int) -> None:
        """Seal a frame and queue it. Raises `Malformed` where it is larger than 64 KiB."""
        wire_id, last = self._streams.pop(stream, (envelope.new_hex_id(), 0))
        kid = LiveKid(self._identity.thread, epoch, self._identity.device_id, wire_id, last + 1)
        at = self._clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        wire = body.model_dump(mode="json", exclude_none=True)
        sealed = envelope.seal_live(wire, at, kid, self._keys[epoch], self._identity.device)
        self._streams[stream] = (wire_id, last + 1)
        if len(self._streams) > MAX_STREAMS:
            self._streams.popitem(last=False)
        self._waiting.append(dump(Live(stream=wire_id, sealed=sealed, keep=keep)))

    def take(self) -> str | None:
        """The oldest waiting frame as text, or None."""
        return self._waiting.popleft() if self._waiting else None

    def drop(self) -> None:
        """Forget what waits: it is not worth seeing later."""
        self._waiting.clear()


class LiveReceiver:
    """Opens live frames of other devices; an old or repeated one is not shown."""

    def __init__(self) -> None:
        self._last: OrderedDict[tuple[str, str], int] = OrderedDict()

    def open(self, frame: Live, known: Known) -> tuple[str, LiveBody]:
        """Verify a frame; return the sending device and what it says. Raises `Malformed`."""
        member = known.members.get(frame.sender or "")
        if member is None or member.to_seq is not None:
            raise Malformed("not a live frame of a device of this thread")
        kid, raw = envelope.open_live(frame.sealed, known.keys[known.epoch], member.jwk)
        if (kid.thread, kid.epoch, kid.device, kid.stream) != (known.thread, known.epoch, member.id, frame.stream):
            raise Malformed("a live frame of another place or time")
        name = (member.id, kid.stream)
        if kid.i <= self._last.get(name, 0):
            raise Malformed("a repeated live frame")
        try:
            body = live_adapter.validate_python(dict(raw))
        except ValidationError:
            raise Malformed("a live frame of an unknown form") from None
        self._last.pop(name, None)
        self._last[name] = kid.i
        if len(self._last) > MAX_STREAMS:
            self._last.popitem(last=False)
        return member.id, body

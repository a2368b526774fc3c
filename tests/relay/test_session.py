"""The connection's machine as a table: every state, every event."""

import pytest

from relay.core import session as s
from relay.core.log import DeviceRemoved
from relay.protocol.errors import ErrorCode, Refused
from relay.protocol.frames import Append, Hello, Live, Looking, Resume

NO = Refused(ErrorCode.UNAUTHORIZED)
REMOVED = DeviceRemoved("roster")
BUSY = Refused(ErrorCode.RATE_LIMITED)
HELLO, RESUME = Hello(v=1, jws="x"), Resume(after=3)
APPEND, LIVE, LOOKING = Append(n=1, sealed="x"), Live(stream="0" * 32, sealed="x"), Looking(looking=True)

AWAITING = [
    (s.Received(HELLO), s.AwaitingHello(), (s.CheckHello(HELLO),)),
    (s.Received(RESUME), s.Closed(4401), "say"),
    (s.Received(APPEND), s.Closed(4401), "say"),
    (s.Received(LIVE), s.Closed(4401), "say"),
    (s.Received(LOOKING), s.Closed(4401), "say"),
    (s.Garbled(NO, hopeless=False), s.Closed(4400), (s.Say(NO),)),
    (s.Garbled(NO, hopeless=True), s.Closed(4400), (s.Say(NO),)),
    (s.Admitted(), s.Ready(), (s.Greet(),)),
    (s.Denied(NO), s.Closed(4401), (s.Say(NO),)),
    (s.Denied(REMOVED), s.Closed(4403), (s.Say(REMOVED),)),
    (s.Denied(BUSY), s.Closed(1013), (s.Say(BUSY),)),
    (s.HelloOverdue(), s.Closed(4401), "say"),
    (s.Following(), s.AwaitingHello(), ()),
    (s.Replaced(), s.Closed(4409), ()),
    (s.Stuck(), s.Closed(4408), ()),
    (s.PeerGone(), s.Closed(1000), ()),
]
READY = [
    (s.Received(HELLO), s.Ready(), "say"),
    (s.Received(RESUME), s.Ready(), (s.Follow(3),)),
    (s.Received(APPEND), s.Ready(), (s.Store(APPEND),)),
    (s.Received(LIVE), s.Ready(), (s.Pass(LIVE),)),
    (s.Received(LOOKING), s.Ready(), (s.Look(looking=True),)),
    (s.Garbled(NO, hopeless=False), s.Ready(), (s.Say(NO),)),
    (s.Garbled(NO, hopeless=True), s.Closed(4400), (s.Say(NO),)),
    (s.Admitted(), s.Ready(), ()),
    (s.Denied(NO), s.Closed(4401), (s.Say(NO),)),
    (s.Denied(REMOVED), s.Closed(4403), (s.Say(REMOVED),)),
    (s.Denied(BUSY), s.Closed(1013), (s.Say(BUSY),)),
    (s.HelloOverdue(), s.Ready(), ()),
    (s.Following(), s.Ready(following=True), ()),
    (s.Replaced(), s.Closed(4409), ()),
    (s.Stuck(), s.Closed(4408), ()),
    (s.PeerGone(), s.Closed(1000), ()),
]
FOLLOWING = [
    (event, s.Ready(following=True), "say")
    if event == s.Received(RESUME)
    else (event, s.Ready(following=True) if after == s.Ready() else after, effects)
    for event, after, effects in READY
]
CLOSED = [(event, s.Closed(4409), ()) for event, _, _ in READY]

TABLE = [
    (state, *row)
    for state, rows in (
        (s.AwaitingHello(), AWAITING),
        (s.Ready(), READY),
        (s.Ready(following=True), FOLLOWING),
        (s.Closed(4409), CLOSED),
    )
    for row in rows
]


@pytest.mark.parametrize(("state", "event", "after", "effects"), TABLE)
def test_every_event_in_every_state(state: s.State, event: s.Event, after: s.State, effects: object):
    got_state, got = s.step(state, event)

    assert got_state == after
    if effects == "say":
        assert [type(effect) for effect in got] == [s.Say]
    else:
        assert got == effects

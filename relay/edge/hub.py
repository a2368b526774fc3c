"""Who is connected, and leaving them word: "the head is N", a live frame, who else is there. Nothing here waits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from relay.core.fanout import Kept, StoredEntry, Tail
from relay.core.log import Device, DeviceRemoved
from relay.core.session import Denied, Replaced
from relay.protocol.frames import Live, Presence, Present, dump


class Link(Protocol):
    """A connection of a device, as the hub sees it. Every call returns at once."""

    @property
    def device(self) -> Device:
        """Whose connection it is."""

    @property
    def looking(self) -> bool:
        """Whether a person has the thread visible there."""

    def interrupt(self, event: Replaced | Denied) -> None:
        """End the connection."""

    def call(self) -> None:
        """Something has changed in the room."""

    def offer(self, live: str) -> None:
        """A live frame, to be sent if the reader keeps up."""

    def presence_changed(self) -> None:
        """Somebody came, went or looked."""


class Room:
    """A thread while anybody is connected to it."""

    def __init__(self, thread: str) -> None:
        self.thread = thread
        self.seq = 0
        self.tail = Tail()
        self.kept = Kept()
        self.links: dict[str, Link] = {}

    def reached(self, seq: int) -> None:
        """The thread has at least ``seq`` entries."""
        if seq > self.seq:
            self.seq = seq
            for link in self.links.values():
                link.call()

    def presence(self) -> str:
        """The frame that says who is here."""
        return dump(
            Presence(devices=[Present(device=name, looking=link.looking) for name, link in sorted(self.links.items())])
        )

    def tell_presence(self) -> None:
        """Have every connection send who is here."""
        for link in self.links.values():
            link.presence_changed()


class Hub:
    """All rooms of this process."""

    def __init__(self) -> None:
        self._rooms: dict[str, Room] = {}

    def join(self, link: Link) -> Room:
        """Let a connection in; an older one of the same device is ended."""
        thread, device = link.device.thread, link.device.id
        room = self._rooms.setdefault(thread, Room(thread))
        older = room.links.pop(device, None)
        room.links[device] = link
        if older is not None:
            older.interrupt(Replaced())
        room.tell_presence()
        return room

    def leave(self, link: Link) -> None:
        """A connection has ended; one that was replaced changes nothing."""
        room = self._rooms.get(link.device.thread)
        if room is None or room.links.get(link.device.id) is not link:
            return
        del room.links[link.device.id]
        room.kept.forget(link.device.id)
        if room.links:
            room.tell_presence()
        else:
            del self._rooms[room.thread]

    def announce(self, thread: str, entry: StoredEntry) -> None:
        """See `relay.core.ports.Audience`."""
        room = self._rooms.get(thread)
        if room is not None:
            room.tail.add(entry)
            room.reached(entry.seq)

    def dismiss(self, device: Device) -> None:
        """See `relay.core.ports.Audience`."""
        room = self._rooms.get(device.thread)
        link = None if room is None else room.links.get(device.id)
        if link is not None and device.removed is not None:
            link.interrupt(Denied(DeviceRemoved(device.removed)))

    def pass_on(self, sender: Link, room: Room, live: Live) -> None:
        """Offer a live frame to all others."""
        text = dump(Live(stream=live.stream, sealed=live.sealed, keep=live.keep, sender=sender.device.id))
        if live.keep:
            room.kept.put(sender.device.id, live.stream, text)
        for link in room.links.values():
            if link is not sender:
                link.offer(text)

    def looking(self, thread: str) -> Iterable[str]:
        """Devices where a person has the thread visible right now."""
        room = self._rooms.get(thread)
        return [] if room is None else [name for name, link in room.links.items() if link.looking]

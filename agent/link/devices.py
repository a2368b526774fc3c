"""Who belongs to the thread: adding and removing devices, one change at a time (SPEC 4.4)."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Collection

from sqlalchemy import Engine

from agent.link.client import Link
from agent.link.keys import Identity, KeyStore
from agent.thread.entries import DeviceAdded, DeviceRemoved
from agent.thread.mirror import Device, Mirror, Received
from agent.thread.outbox import Outbox
from relay.protocol import jose, transcript
from relay.protocol.envelope import new_hex_id
from relay.protocol.ids import key_id
from relay.protocol.transcript import Known, RosterChange, wrap_kid


class NoSuchDevice(LookupError):
    """The device is not one of the thread, or not any more; or it cannot be added again."""


class Devices:
    """Changes the roster. Keys are on disk before the thread speaks of them."""

    def __init__(
        self, identity: Identity, keys: KeyStore, mirror: Mirror, outbox: Outbox, engine: Engine, link: Link
    ) -> None:
        self._identity = identity
        self._keys = keys
        self._mirror = mirror
        self._outbox = outbox
        self._engine = engine
        self._link = link
        self._one_at_a_time = asyncio.Lock()

    def all(self) -> list[Device]:
        """All devices the thread ever had."""
        return self._mirror.devices()

    async def add(self, jwk: dict[str, str], name: str, scopes: Collection[str], wrap_key: bytes) -> Received:
        """Let a device in; returns once its entry is verified in the thread. Cancelled early enough, it never is.

        Raises `NoSuchDevice` for a device that was in the thread before: an id never returns.
        """
        async with self._one_at_a_time:
            known = await self._settled()
            device = key_id(jwk)
            if device in known.members:
                raise NoSuchDevice("This device was paired before. Reset it in its browser, then pair it again.")
            self._keys.add_wrap_key(device, wrap_key)
            change = RosterChange(known.thread, known.epoch, "added", device, jwk, "client", frozenset(scopes))
            roster = transcript.sign_roster(change, self._identity.root)
            body = DeviceAdded(id=new_hex_id(), type="device.added", roster=roster, name=name)
            try:
                return await self._link.append(body, roster=roster)
            except asyncio.CancelledError:
                with self._engine.begin() as tx:
                    self._outbox.withdraw(tx, body.id)
                raise

    async def remove(self, device: str) -> Received:
        """Shut a device out and change the thread's key; returns once that is verified in the thread.

        Raises `NoSuchDevice`.
        """
        async with self._one_at_a_time:
            known = await self._settled()
            member = known.members.get(device)
            if member is None or member.to_seq is not None or member.role == "host":
                raise NoSuchDevice("There is no such device to remove. `deskhand devices` lists them.")
            change = RosterChange(known.thread, known.epoch, "removed", device, member.jwk, member.role, member.scopes)
            roster = transcript.sign_roster(change, self._identity.root)
            wraps = self._next_epoch(known, leaving=device)
            body = DeviceRemoved(id=new_hex_id(), type="device.removed", roster=roster, wraps=wraps)
            received = await self._link.append(body, roster=roster)
            self._keys.drop_wrap_key(device)
            return received

    def _next_epoch(self, known: Known, *, leaving: str) -> dict[str, str]:
        """Make the next thread key and wrap it for all who stay.

        Always a new one: a key of a removal that came to nothing may have reached the device that leaves now.
        """
        epoch, key = known.epoch + 1, secrets.token_bytes(jose.KEY_BYTES)
        self._keys.add_thread_key(epoch, key)
        return {
            member.id: jose.encrypt(key, self._keys.wrap_keys[member.id], kid=wrap_kid(known.thread, epoch, member.id))
            for member in known.members.values()
            if member.id != leaving and member.to_seq is None and member.id in self._keys.wrap_keys
        }

    async def _settled(self) -> Known:
        """Wait until no other roster change is under way: each is signed for the epoch that the last one left."""
        while self._waiting():
            await self._link.changed()
        return self._mirror.known

    def _waiting(self) -> bool:
        with self._engine.begin() as tx:
            return self._outbox.roster_waiting(tx)

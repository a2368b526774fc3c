"""Push subscriptions, notifications that are due, and what became of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from sqlalchemy import Connection, delete, insert, select

from relay.core.notify import Subscriber
from relay.core.ports import Wake
from relay.protocol.frames import Hint, PushOutcome, PushSubscription
from relay.store.tables import DeviceRow, OutcomeRow, RelayTable, SubscriptionRow, WakeRow
from relay.store.writer import Reader, Writer

_tables = RelayTable.metadata.tables
DEVICE, SUBSCRIPTION, DUE, OUTCOME = (
    _tables[str(row.__tablename__)] for row in (DeviceRow, SubscriptionRow, WakeRow, OutcomeRow)
)
KEPT_OUTCOMES = 50
"""Lines of the log kept for each device."""


def delete_subscription(tx: Connection, thread: str, device: str) -> None:
    """Forget where to wake a device."""
    tx.execute(delete(SUBSCRIPTION).where(SUBSCRIPTION.c.thread == thread, SUBSCRIPTION.c.device == device))


def insert_due(tx: Connection, wake: Wake) -> None:
    """Note a notification in the transaction of its entry."""
    names = ("thread", "seq", "author", "hint", "push")
    tx.execute(insert(DUE), {name: getattr(wake, name) for name in names})


class PushStore:
    """Where to wake devices, and how it went; ``now`` gives RFC 3339 UTC."""

    def __init__(self, writer: Writer, reader: Reader, now: Callable[[], str]) -> None:
        self._writer = writer
        self._reader = reader
        self._now = now

    async def subscribe(self, thread: str, device: str, subscription: PushSubscription) -> None:
        """Wake a device here from now on."""

        def work(tx: Connection) -> None:
            delete_subscription(tx, thread, device)
            row = {"thread": thread, "device": device, "subscription": subscription.model_dump_json()}
            tx.execute(insert(SUBSCRIPTION), row)

        await self._writer.submit(work)

    async def unsubscribe(self, thread: str, device: str) -> None:
        """Wake it no longer."""
        await self._writer.submit(lambda tx: delete_subscription(tx, thread, device))

    async def subscription(self, thread: str, device: str) -> PushSubscription | None:
        """Where a device is woken."""
        found = [one for one in await self.subscribers(thread) if one.device == device]
        return found[0].subscription if found else None

    async def subscribers(self, thread: str) -> list[Subscriber]:
        """All devices of a thread with a subscription."""

        def work(tx: Connection) -> list[Subscriber]:
            rows = tx.execute(
                select(SUBSCRIPTION.c.device, SUBSCRIPTION.c.subscription, DEVICE.c.role, DEVICE.c.removed)
                .join(DEVICE, (DEVICE.c.thread == SUBSCRIPTION.c.thread) & (DEVICE.c.id == SUBSCRIPTION.c.device))
                .where(SUBSCRIPTION.c.thread == thread)
            )
            return [
                Subscriber(
                    row.device,
                    row.role,
                    row.removed is None,
                    PushSubscription.model_validate_json(row.subscription),
                )
                for row in rows
            ]

        return await self._reader.run(work)

    async def due(self) -> list[Wake]:
        """Notifications whose outcomes are not known: after a start, those the last run did not get to."""

        def work(tx: Connection) -> list[Wake]:
            rows = tx.execute(select(DUE).order_by(DUE.c.thread, DUE.c.seq))
            return [Wake(row.thread, row.seq, row.author, cast("Hint", row.hint), row.push) for row in rows]

        return await self._reader.run(work)

    async def done(self, wake: Wake, outcomes: dict[str, PushOutcome], gone: list[str]) -> None:
        """Log the outcome for each device, forget subscriptions that are gone, and the wake with them."""

        def work(tx: Connection) -> None:
            for device, outcome in outcomes.items():
                _record(tx, wake.thread, device, outcome)
            for device in gone:
                delete_subscription(tx, wake.thread, device)
            tx.execute(delete(DUE).where(DUE.c.thread == wake.thread, DUE.c.seq == wake.seq))

        await self._writer.submit(work)

    async def outcomes(self, thread: str, device: str) -> list[PushOutcome]:
        """The log of a device, newest first."""

        def work(tx: Connection) -> list[PushOutcome]:
            mine = select(OUTCOME).where(OUTCOME.c.thread == thread, OUTCOME.c.device == device)
            rows: Any = tx.execute(mine.order_by(OUTCOME.c.id.desc()).limit(KEPT_OUTCOMES))
            return [PushOutcome(at=row.at, outcome=row.outcome, status=row.status, reason=row.reason) for row in rows]

        return await self._reader.run(work)


def _record(tx: Connection, thread: str, device: str, outcome: PushOutcome) -> None:
    tx.execute(insert(OUTCOME), {"thread": thread, "device": device, **outcome.model_dump()})
    mine = (OUTCOME.c.thread == thread) & (OUTCOME.c.device == device)
    kept = select(OUTCOME.c.id).where(mine).order_by(OUTCOME.c.id.desc()).limit(KEPT_OUTCOMES)
    tx.execute(delete(OUTCOME).where(mine, OUTCOME.c.id.not_in(kept)))

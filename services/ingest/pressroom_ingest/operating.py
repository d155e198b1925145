"""What ingest runs so that the whole can be operated: it hears the sinks, sends replays, watches and alerts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pressroom_ingest.adopting import Adoptions
from pressroom_ingest.alerts import Watch
from pressroom_ingest.desk import Desk, Work
from pressroom_ingest.inventories import Inventories
from pressroom_ingest.replayer import Replayer
from pressroom_ingest.replays import Replays, Selection
from pressroom_shared.clock import SystemClock
from pressroom_shared.events import InventoryReported, ReplayRequested
from pressroom_shared.keys import OPERATIONS, SINKS
from pressroom_shared.running import Runnable
from pressroom_shared.streams import Consumer


async def on_replay_requested(event: ReplayRequested, work: Work) -> None:
    """A group was made, or made again: it gets everything. Where nothing was ever published there is nothing to do."""
    replays = Replays(work.connection, SystemClock())
    if event.data.group not in SINKS or not sum(await replays.count(Selection())):
        return
    await replays.ask(Selection(), [event.data.group], reason=f"{event.data.group}: {event.data.reason}")


async def on_inventory_reported(event: InventoryReported, work: Work) -> None:
    """One page of what a sink holds, or of what is taken back from it."""
    if event.data.documents:
        await Adoptions(work).take(event.data)
        return
    await Inventories(work.connection, SystemClock()).record(event.data)


def operation_parts(desk: Desk) -> list[Runnable]:
    """The parts of ingest's process that operate the whole."""

    @asynccontextmanager
    async def unit_of_work() -> AsyncIterator[Work]:
        async with desk.begin() as work:
            yield work

    operations = Consumer(desk.settings, group="operations", stream=OPERATIONS, unit_of_work=unit_of_work)
    operations.on(ReplayRequested, on_replay_requested)
    operations.on(InventoryReported, on_inventory_reported)
    return [operations, Replayer(desk), Watch(desk)]

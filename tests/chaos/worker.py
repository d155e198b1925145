"""A worker of the chaos: a consumer of one group whose effects are rows, in a process of its own.

`python -m tests.chaos.worker GROUP REDIS_URL DATABASE_URL SEED`. It fails now and then, as its seed says, and may be
killed at any point.
"""

from __future__ import annotations

import asyncio
import faulthandler
import random
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_shared.clock import SystemClock
from pressroom_shared.database import Database, insert, open_database
from pressroom_shared.events import ArticlePublished, Outcome
from pressroom_shared.outbox import OutcomeOutbox
from pressroom_shared.running import run_until_stopped
from pressroom_shared.settings import Settings
from pressroom_shared.streams import Consumer, Poison, Relay, Transient
from tests.chaos.tables import effect, held

TRANSIENT_PERCENT = 10


@dataclass(frozen=True, slots=True)
class Work:
    connection: AsyncConnection
    outcomes: OutcomeOutbox


def is_poison(article_id: str) -> bool:
    """Two in a hundred, by their number."""
    return int(article_id.rpartition("-")[2]) % 50 == 7


class Sink:
    """Applies at `>` and notes each effect: an effect that shows twice is a row of count 2."""

    def __init__(self, group: str, luck: random.Random) -> None:
        self._group = group
        self._luck = luck

    async def __call__(self, event: ArticlePublished, work: Work) -> Outcome | None:
        data = event.data
        if is_poison(data.id):
            raise Poison("The article has no language.")
        if self._luck.random() * 100 < TRANSIENT_PERCENT:
            raise Transient("The disk is full.")
        statement = insert(work.connection, held).values(id=data.id, version=data.version)
        applied = await work.connection.execute(
            statement.on_conflict_do_update(
                index_elements=[held.c.id], set_={"version": data.version}, where=held.c.version < data.version
            )
        )
        status = "done"
        if applied.rowcount:
            await work.connection.execute(
                insert(work.connection, effect)
                .values(id=data.id, version=data.version, count=1)
                .on_conflict_do_update(
                    index_elements=[effect.c.id, effect.c.version], set_={"count": effect.c.count + 1}
                )
            )
        else:
            newest = await work.connection.scalar(sa.select(held.c.version).where(held.c.id == data.id))
            status = "done" if newest == data.version else "stale"
        if self._luck.random() * 100 < TRANSIENT_PERCENT / 2:
            raise Transient("The effect was there, but could not be committed.")
        return Outcome.model_validate(
            {
                "service": self._group,
                "article_id": data.id,
                "version": data.version,
                "status": status,
                "at": event.time,
                "took_ms": 0,
            }
        )


def parts(group: str, settings: Settings, database: Database, seed: int) -> tuple[Consumer[Work], Relay]:
    @asynccontextmanager
    async def unit() -> AsyncIterator[Work]:
        async with database.begin() as connection:
            yield Work(connection, OutcomeOutbox(connection, SystemClock(), f"/{group}"))

    consumer: Consumer[Work] = Consumer(settings, group=group, unit_of_work=unit)
    consumer.on(ArticlePublished, Sink(group, random.Random(seed)))
    return consumer, Relay(database, settings, source=f"/{group}")


def say_where_all_stand() -> None:
    """For the log, of one that does not stop."""
    for task in asyncio.all_tasks():
        task.print_stack(file=sys.stderr)


async def main(group: str, redis_url: str, database_url: str, seed: int) -> None:
    settings = Settings(
        redis_url=redis_url,
        data_dir=Path(),
        streams_sweep_s=0.2,
        streams_backoff_base_s=0.05,
        streams_deliveries_max=50,  # what is transient must get through, however unlucky
        streams_stop_s=3,
    )
    faulthandler.register(signal.SIGUSR1)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR2, say_where_all_stand)
    async with open_database(database_url, durable=False) as database:
        await run_until_stopped(*parts(group, settings, database, seed))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))

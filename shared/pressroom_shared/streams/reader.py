"""FastStream's part: it reads a stream for a group in batches and hands them on. It is started again when it stops.

FastStream stops a subscriber for good when its group is gone, and reports health all the same; the consumer's watch
asks `running` and calls `restart`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Awaitable, Callable
from typing import Any

os.environ.setdefault("FASTSTREAM_SUPERVISOR_DISABLED", "1")  # the consumer's watch restarts, with a pause

from faststream.middlewares import AckPolicy
from faststream.redis import RedisBroker, StreamSub
from faststream.redis.message import FAKE_CONSUMER, RedisBatchStreamMessage

from pressroom_shared.settings import Settings
from pressroom_shared.streams.client import FOREVER, READ_BLOCK_MS, retry
from pressroom_shared.streams.entries import Raw

log = logging.getLogger("pressroom_shared.streams.faststream")
log.setLevel(logging.WARNING)  # below it, a line for every message


def _is_news(record: logging.LogRecord) -> bool:
    """A reader that is stopped is cancelled where it waits: FastStream takes that for an error of ours."""
    return not (record.exc_info and record.exc_info[0] and issubclass(record.exc_info[0], asyncio.CancelledError))


log.addFilter(_is_news)

Deliver = Callable[[Raw], Awaitable[None]]


class Reader:
    """Reads at most `entries_max` entries at a time; reads on only after `deliver` has taken them."""

    def __init__(
        self, settings: Settings, *, stream: str, group: str, consumer: str, entries_max: int, deliver: Deliver
    ) -> None:
        self._broker = RedisBroker(
            settings.redis_url,
            retry=retry(FOREVER),
            apply_types=False,
            logger=log,
            graceful_timeout=None,
        )
        self._subscriber = self._broker.subscriber(
            stream=StreamSub(
                stream,
                group=group,
                consumer=consumer,
                batch=True,
                max_records=entries_max,
                polling_interval=READ_BLOCK_MS,
            ),
            ack_policy=AckPolicy.MANUAL,
            parser=_parse,
            decoder=_decode,
        )
        self._subscriber(self._taken)
        self._deliver = deliver
        self.started_once = False

    async def _taken(self, entries: Raw) -> None:
        await self._deliver(entries)

    @property
    def running(self) -> bool:
        tasks = self._subscriber.tasks
        return bool(self._subscriber.running and tasks and not any(task.done() for task in tasks))

    async def restart(self) -> None:
        """Start it; or stop and start it, when it has stopped reading. The group must be there."""
        with contextlib.suppress(Exception):
            await self._subscriber.stop()
        if not self.started_once:
            await self._broker.connect()
        await self._subscriber.start()
        self.started_once = True

    async def stop(self) -> None:
        """Read no more."""
        await self._broker.stop()


async def _parse(raw: dict[str, Any]) -> RedisBatchStreamMessage:
    """Our entries carry CloudEvents, not FastStream's own envelope: nothing is unpacked here."""
    return RedisBatchStreamMessage(raw_message=raw, body=b"", consumer=FAKE_CONSUMER, group=None)


async def _decode(message: RedisBatchStreamMessage) -> Raw:
    raw: Any = message.raw_message
    return list(zip(raw["message_ids"], raw["data"], strict=True))

"""Whether Redis still holds what it was given. A word written once goes with FLUSHALL; a new `run_id` is a restart.

After a flush everything of the last day is sent again; after a restart the last moments before it are, for an
append-only file that is synced each second may lack them. Consumers meet a repeat as a no-op.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from redis.asyncio import Redis

from pressroom_shared.ids import new_id
from pressroom_shared.keys import EPOCH

FLUSHED_WINDOW = timedelta(hours=24)
RESTARTED_WINDOW = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Epoch:
    """One life of one data set. Kept as text with the relay's lease."""

    word: str
    run_id: str

    def __str__(self) -> str:
        return f"{self.word} {self.run_id}"

    @classmethod
    def parse(cls, text: str | None) -> Epoch | None:
        word, _, run_id = (text or "").partition(" ")
        return cls(word, run_id) if run_id else None


async def current_epoch(redis: Redis) -> Epoch:
    """The epoch that Redis is in; begins one where there is none."""
    async with redis.pipeline(transaction=True) as pipe:
        pipe.set(EPOCH, new_id(), nx=True)
        pipe.get(EPOCH)
        pipe.info("server")
        _, word, server = await pipe.execute()
    return Epoch(word.decode(), str(server["run_id"]))


def lost_since(held: Epoch | None, now_in: Epoch, *, last_answer: datetime, now: datetime) -> datetime | None:
    """From which moment on what was relayed may be lost; None when nothing is."""
    if held is None or held == now_in:
        return None
    if held.word != now_in.word:
        return now - FLUSHED_WINDOW
    return last_answer - RESTARTED_WINDOW

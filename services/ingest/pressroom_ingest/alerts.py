"""Alerts: one plain message when something is wrong, and one when it is over. Of several replicas one watches."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Mapping
from datetime import timedelta

import sqlalchemy as sa
from redis.asyncio import Redis
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_ingest.desk import Desk
from pressroom_ingest.operation_tables import alert
from pressroom_shared.alarms import alarms, full_disk
from pressroom_shared.database import insert
from pressroom_shared.ids import new_id
from pressroom_shared.keys import ARTICLES
from pressroom_shared.leases import Lease
from pressroom_shared.messengers import Messengers
from pressroom_shared.streams.bounds import SAMPLES
from pressroom_shared.streams.client import RedisError, connect
from pressroom_shared.streams.status import GroupStatus, all_statuses, expose
from pressroom_shared.wakeups import pause

log = logging.getLogger(__name__)

TURN_S = 5.0
LEASE_S = 30
BEHIND_S = 300
FULL_PART = 0.8
MISSED = "Scheduled publications were missed and wait for an editor; `GET /api/v1/articles?held=true` lists them."
LATE_TOLD = timedelta(hours=1)
"""So long after the last one the operator is told that nothing goes out late any more."""


class Watch:
    """Looks at everything every few seconds, shows it to Prometheus, and tells the operator what changed."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        site = desk.site
        self._messengers = Messengers(desk.settings, newspaper=site.title, sender=site.sender.address)
        owner = f"{socket.gethostname()}-{os.getpid()}-{new_id()[-6:]}"
        self._lease = Lease("alerts", owner, ttl_s=LEASE_S, clock=desk.clock)

    async def run(self, stop: asyncio.Event) -> None:
        redis = connect(self._desk.settings.redis_url, tries=1)
        try:
            while not stop.is_set():
                try:
                    await self.turn(redis)
                except SQLAlchemyError as error:
                    log.warning("alerts wait for the database: %s", error)
                await pause(stop, TURN_S)
        finally:
            await redis.aclose()

    async def turn(self, redis: Redis) -> None:
        """One look. What could not be told is told at the next."""
        wrong = await self._wrong_in_streams(redis) | await self._wrong_here()
        async with self._desk.database.begin(wake=False) as connection:
            if not await self._lease.take(connection):
                return
            told = await told_of(connection)
        for name, text in wrong.items():
            if name not in told and await self._messengers.tell(text, text):
                log.warning("alert: %s", text)
                async with self._desk.database.begin(wake=False) as connection:
                    await remember(connection, name, text, self._desk)
        for name, text in told.items():
            if name not in wrong and await self._messengers.tell(f"Over: {text}", f"It is over: {text}"):
                log.warning("alert is over: %s", text)
                async with self._desk.database.begin(wake=False) as connection:
                    await connection.execute(sa.delete(alert).where(alert.c.name == name))

    async def _wrong_in_streams(self, redis: Redis) -> dict[str, str]:
        try:
            statuses = await all_statuses(redis)
            said = await alarms(redis, now=self._desk.clock.now())
            used = int(await redis.memory_usage(ARTICLES, samples=SAMPLES) or 0)
        except (RedisError, ConnectionError, TimeoutError):
            return {"redis": "Redis does not answer: editors can publish, and readers see it when Redis is back."}
        for each in statuses:
            expose(each)
        if used > self._desk.settings.stream_bytes_max * FULL_PART:
            slowest = max(statuses, key=lambda each: each.oldest_s)
            said["full"] = f"The stream of articles is nearly full; {slowest.group} is what has not read it."
        return wrong_with(statuses) | said

    async def _wrong_here(self) -> dict[str, str]:
        found: dict[str, str] = {}
        disk = await asyncio.to_thread(full_disk, self._desk.settings)
        if disk is not None:
            found["disk:ingest"] = disk
        async with self._desk.read() as work:
            held = await work.schedules.held()
            since = self._desk.clock.now() - LATE_TOLD
            late = await work.schedules.went_out_late(timedelta(seconds=self._desk.settings.late_after_s), since=since)
        if held:
            found["schedules"] = MISSED
        if late:
            found["late"] = went_out_late(late)
        return found


def went_out_late(count: int) -> str:
    """It is told once, while the scheduler may still be at it: the list has the rest."""
    return f"Scheduled articles went out late, {count} so far; `GET /api/v1/articles?late=true` lists them."


def wrong_with(statuses: list[GroupStatus]) -> dict[str, str]:
    """What an operator must know of the groups, by name. The text stays the same while it lasts."""
    found: dict[str, str] = {}
    for each in statuses:
        if each.dead:
            look = f"pressroom dead list --group {each.group}"
            found[f"dead:{each.group}"] = f"There are dead letters of {each.group}; look with `{look}`."
        if each.oldest_s > BEHIND_S:
            found[f"behind:{each.group}"] = f"{each.group} is more than {BEHIND_S // 60} minutes behind."
    return found


async def told_of(connection: AsyncConnection) -> Mapping[str, str]:
    """What the operator was told of, and not yet that it is over."""
    return {row.name: row.text for row in await connection.execute(sa.select(alert))}


async def remember(connection: AsyncConnection, name: str, text: str, desk: Desk) -> None:
    statement = insert(connection, alert).values(name=name, text=text, since=desk.clock.now())
    await connection.execute(statement.on_conflict_do_nothing())

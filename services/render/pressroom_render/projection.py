"""Render's own copy of what is public: the newest version of each article, tombstones among them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_render.tables import article as table
from pressroom_render.tables import former
from pressroom_render.teasers import Teaser, read_teaser, teaser_hash, teaser_of
from pressroom_shared.among import Several, among
from pressroom_shared.database import Insert, insert, on_both
from pressroom_shared.events import Article, ArticlePublished, ArticleUnpublished, Outcome, Withdrawal


@dataclass(frozen=True, slots=True)
class Held:
    """What the projection holds of one article."""

    id: str
    version: int
    path: str
    article: Article | None
    withdrawal: Withdrawal | None
    teaser: str
    received_at: datetime
    outcome: Outcome | None


class Version(NamedTuple):
    """Which version of a live article is held, where it stands, and the hash of its teaser."""

    number: int
    path: str
    teaser: str


@dataclass(frozen=True, slots=True)
class Unsaid:
    """What the projection holds of an article of which nothing has been said yet."""

    id: str
    version: int
    path: str
    live: bool
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Applied:
    """A newer version was taken in."""

    before: Held | None
    after: Held


@dataclass(frozen=True, slots=True)
class Repeat:
    """The held version came again; `outcome` is what was said of it, if anything yet."""

    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class Stale:
    """The event is older than what is held."""

    held: int


def _upsert(put: Insert, *, replay: bool) -> Insert:
    """Newer wins; of a replay, as new wins too."""
    newer = put.excluded.version >= table.c.version if replay else put.excluded.version > table.c.version
    taken = {each.name: put.excluded[each.name] for each in table.c if each is not table.c.id}
    return put.on_conflict_do_update(index_elements=[table.c.id], set_=taken, where=newer)


# The statements of every article are built once.
ID: sa.BindParameter[str] = sa.bindparam("article_id")
IDS = among(table.c.id, "ids")
UPSERT = {replay: on_both(table, partial(_upsert, replay=replay)) for replay in (False, True)}
HELD = sa.select(table).where(table.c.id == ID)
LIVE = sa.select(table.c.document).where(IDS, table.c.live)
VERSIONS = sa.select(table.c.id, table.c.version, table.c.path, table.c.teaser).where(IDS, table.c.live)
TEASERS = sa.select(table.c.teaser, table.c.teaser_document).where(IDS, table.c.live)
HOLD = (
    sa.select(table.c.id, table.c.live, table.c.version, table.c.path, table.c.teaser)
    .where(IDS)
    .order_by(table.c.id)
    .with_for_update()
)
NAMES = sa.func.unnest(sa.bindparam("ids", type_=Several(sa.Text))).column_valued("name")
HOLD_UNKNOWN = sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(NAMES)))
"""Those that have no row to lock: PostgreSQL locks their names, in the order in which they are given."""
LIVE_PATHS = sa.select(table.c.id, table.c.path).where(IDS, table.c.live)
UNSAID = (
    sa.select(table.c.id, table.c.version, table.c.path, table.c.live, table.c.received_at, table.c.outcome)
    .where(IDS)
    .order_by(table.c.id)
)
SAY = (
    sa.update(table)
    .where(table.c.id == ID, table.c.version == sa.bindparam("said_of"))
    .values(outcome=sa.bindparam("outcome"))
)
FORGET_FORMER = sa.delete(former).where(sa.or_(former.c.article_id == ID, former.c.path == sa.bindparam("path")))


class Projection:
    """The articles, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def apply(self, event: ArticlePublished | ArticleUnpublished, *, now: datetime) -> Applied | Repeat | Stale:
        """Take an event in if it is newer; a replay also if it is the held version."""
        data = event.data
        before = await self.held(data.id)
        if before is None:
            await self._hold_unknown([data.id])
        live = isinstance(data, Article)
        teaser = teaser_of(data).document() if isinstance(data, Article) else None
        values: dict[str, Any] = {
            "id": data.id,
            "version": data.version,
            "live": live,
            "path": data.path,
            "redirect_to": None if isinstance(data, Article) else data.redirect_to,
            "teaser": teaser_hash(teaser) if teaser else "",
            "teaser_document": teaser,
            "changed_at": data.published_at if isinstance(data, Article) else data.at,
            "document": data.model_dump(mode="json"),
            "received_at": now,
            "outcome": None,
        }
        result = await self._connection.execute(UPSERT[event.replay][self._connection.dialect.name], values)
        if not result.rowcount:
            held = await self.held(data.id)
            assert held is not None
            return Repeat(held.outcome) if held.version == data.version else Stale(held.version)
        await self._keep_former(data.id, [each for each in data.former_paths if each != data.path], data.path)
        return Applied(
            before,
            Held(
                id=data.id,
                version=data.version,
                path=data.path,
                article=data if isinstance(data, Article) else None,
                withdrawal=None if isinstance(data, Article) else data,
                teaser=values["teaser"],
                received_at=now,
                outcome=None,
            ),
        )

    async def held(self, article_id: str) -> Held | None:
        row = (await self._connection.execute(HELD, {"article_id": article_id})).one_or_none()
        return None if row is None else _held(row)

    async def live(self, ids: list[str]) -> list[Article]:
        """The live ones of these."""
        documents = (await self._connection.execute(LIVE, {"ids": ids})).scalars().all()
        return [Article.model_validate(each) for each in documents]

    async def versions(self, ids: list[str]) -> dict[str, Version]:
        """Of those that are live, what they are now, without reading them."""
        rows = await self._connection.execute(VERSIONS, {"ids": ids})
        return {article_id: Version(*rest) for article_id, *rest in rows.all()}

    async def hold(self, ids: list[str]) -> dict[str, Version]:
        """The same, which stay what they are until this transaction ends, those of them that are not known yet, too.

        They are locked in one order, before any page. SQLite has one writer, who holds all.
        """
        rows = (await self._connection.execute(HOLD, {"ids": ids})).all()
        unknown = sorted(set(ids).difference(row.id for row in rows))
        if await self._hold_unknown(unknown):
            rows = [*rows, *(await self._connection.execute(HOLD, {"ids": unknown})).all()]
        return {row.id: Version(row.version, row.path, row.teaser) for row in rows if row.live}

    async def _hold_unknown(self, ids: list[str]) -> bool:
        """Whether there was anything to wait for."""
        if not ids or self._connection.dialect.name == "sqlite":
            return False
        await self._connection.execute(HOLD_UNKNOWN, {"ids": ids})
        return True

    async def teasers(self, ids: list[str]) -> list[Teaser]:
        """The teasers of those that are live."""
        rows = await self._connection.execute(TEASERS, {"ids": ids})
        return [read_teaser(document, name) for name, document in rows.all()]

    async def live_paths(self, ids: list[str]) -> dict[str, str]:
        return dict((await self._connection.execute(LIVE_PATHS, {"ids": ids})).all())

    async def at(self, path: str) -> Held | None:
        """The article whose address this is now; the live one where an address was handed on."""
        statement = sa.select(table).where(table.c.path == path).order_by(table.c.live.desc(), table.c.version.desc())
        row = (await self._connection.execute(statement.limit(1))).one_or_none()
        return None if row is None else _held(row)

    async def formerly_at(self, path: str) -> Held | None:
        article_id = await self._connection.scalar(sa.select(former.c.article_id).where(former.c.path == path))
        return None if article_id is None else await self.held(article_id)

    async def unsaid(self, ids: list[str]) -> list[Unsaid]:
        """Those of these whose held version has no outcome yet."""
        rows = await self._connection.execute(UNSAID, {"ids": ids})
        return [Unsaid(*row[:-1]) for row in rows if row.outcome is None]

    async def say(self, article_id: str, outcome: Outcome) -> None:
        """Keep what was said of the held version, to say it again."""
        said = {"article_id": article_id, "said_of": outcome.version, "outcome": outcome.model_dump(mode="json")}
        await self._connection.execute(SAY, said)

    async def _keep_former(self, article_id: str, paths: list[str], path: str) -> None:
        await self._connection.execute(FORGET_FORMER, {"article_id": article_id, "path": path})
        for each in paths:
            statement = insert(self._connection, former).values(path=each, article_id=article_id)
            await self._connection.execute(
                statement.on_conflict_do_update(index_elements=[former.c.path], set_={"article_id": article_id})
            )


def _held(row: Any) -> Held:
    return Held(
        id=row.id,
        version=row.version,
        path=row.path,
        article=Article.model_validate(row.document) if row.live else None,
        withdrawal=None if row.live else Withdrawal.model_validate(row.document),
        teaser=row.teaser,
        received_at=row.received_at,
        outcome=Outcome.model_validate(row.outcome) if row.outcome else None,
    )

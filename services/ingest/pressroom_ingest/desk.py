"""The desk: what a request or a handler works with, bound to one transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_ingest.articles import Articles
from pressroom_ingest.auditing import Audit
from pressroom_ingest.built import Built
from pressroom_ingest.bulk import Bulk
from pressroom_ingest.entries import Entries
from pressroom_ingest.fronts import Fronts
from pressroom_ingest.idempotency import Idempotency
from pressroom_ingest.keys import Keys, KeyUses
from pressroom_ingest.media import MediaShelf
from pressroom_ingest.names import Names
from pressroom_ingest.notes import Notes
from pressroom_ingest.publications import Publications
from pressroom_ingest.purging import Purging
from pressroom_ingest.receipts import Receipts
from pressroom_ingest.schedules import Schedules
from pressroom_ingest.settings import Settings
from pressroom_ingest.taxonomy import Taxonomy
from pressroom_ingest.workflow import Workflow
from pressroom_shared.clock import Clock
from pressroom_shared.database import Database
from pressroom_shared.outbox import OutcomeOutbox
from pressroom_shared.site import Site
from pressroom_shared.sitestore import SiteStore


@dataclass(frozen=True, slots=True)
class Work:
    """Everything that one unit of work may touch."""

    connection: AsyncConnection
    built: Built
    clock: Clock
    site: Site
    articles: Articles
    publications: Publications
    schedules: Schedules
    entries: Entries
    purging: Purging
    fronts: Fronts
    taxonomy: Taxonomy
    bulk: Bulk
    workflow: Workflow
    notes: Notes
    names: Names
    shelf: MediaShelf
    receipts: Receipts
    keys: Keys
    idempotency: Idempotency
    audit: Audit
    outcomes: OutcomeOutbox


@dataclass(frozen=True, slots=True)
class Desk:
    """Opens units of work."""

    database: Database
    site: Site
    store: SiteStore
    settings: Settings
    clock: Clock
    uses: KeyUses = field(default_factory=KeyUses)
    built: Built = field(default_factory=Built)

    @asynccontextmanager
    async def begin(self, *, wake: bool = True) -> AsyncIterator[Work]:
        """One transaction that commits at its end, or leaves nothing. `wake=False` for mere bookkeeping."""
        async with self.database.begin(wake=wake) as connection:
            yield self.work(connection)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Work]:
        async with self.database.read() as connection:
            yield self.work(connection)

    def work(self, connection: AsyncConnection) -> Work:
        names = Names(connection, self.site)
        shelf = MediaShelf(connection, self.clock, self.site)
        articles = Articles(connection, self.clock, self.site, names, shelf)
        receipts = Receipts(connection)
        bulk = Bulk(connection, self.clock)
        publications = Publications(
            connection, self.clock, self.site, articles, shelf, bulk, approval_needed=self.settings.approval_needed
        )
        return Work(
            connection=connection,
            built=self.built,
            clock=self.clock,
            site=self.site,
            articles=articles,
            publications=publications,
            entries=Entries(self.clock, articles, publications),
            schedules=Schedules(connection, self.clock, articles, publications),
            purging=Purging(connection, self.clock, articles, publications),
            fronts=Fronts(connection, self.clock, self.site, articles),
            taxonomy=Taxonomy(connection, self.clock, names, shelf, bulk),
            bulk=bulk,
            workflow=Workflow(connection, articles),
            notes=Notes(connection, self.clock),
            names=names,
            shelf=shelf,
            receipts=receipts,
            keys=Keys(connection, self.clock),
            idempotency=Idempotency(connection, self.clock, kept_h=self.settings.idempotency_kept_h),
            audit=Audit(connection, self.clock),
            outcomes=OutcomeOutbox(connection, self.clock, "/ingest"),
        )

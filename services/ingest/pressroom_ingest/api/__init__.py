"""The editors' API. Each module is one noun; this is their table of contents."""

from __future__ import annotations

from fastapi import FastAPI

from pressroom_ingest.api import (
    articles,
    audit,
    dead_letters,
    docs,
    entries,
    events,
    fronts,
    importing,
    inventories,
    keys,
    media,
    names,
    operations,
    publishing,
    revisions,
    workflow,
)

ROUTERS = (
    articles.router,
    publishing.router,
    revisions.router,
    workflow.router,
    entries.router,
    importing.router,
    media.router,
    fronts.router,
    names.router,
    events.router,
    keys.router,
    operations.router,
    dead_letters.router,
    inventories.router,
    audit.router,
    docs.router,
)


def add_routes(app: FastAPI) -> None:
    for router in ROUTERS:
        app.include_router(router)

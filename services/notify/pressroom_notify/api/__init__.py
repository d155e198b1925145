"""HTTP: the API for programs, and the pages for readers."""

from __future__ import annotations

from fastapi import FastAPI

from pressroom_notify.api import confirming, leaving, newsroom, preferring, subscribing, subscriptions

ROUTERS = (
    subscriptions.router,
    subscribing.router,
    confirming.router,
    leaving.router,
    preferring.router,
    newsroom.router,
)


def add_routes(app: FastAPI) -> None:
    for router in ROUTERS:
        app.include_router(router)

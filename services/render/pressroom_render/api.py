"""What the gateway asks when it has no file: the moved, the withdrawn, the unknown."""

from __future__ import annotations

from urllib.parse import unquote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from pressroom_render.compose import Composer
from pressroom_render.projection import Held, Projection
from pressroom_shared.database import Database

router = APIRouter(include_in_schema=False)
SOON = {"Cache-Control": "public, max-age=10"}
"""A page that is not there may be there in a moment."""


@router.api_route("/{path:path}", methods=["GET", "HEAD"])
async def missing(request: Request, path: str) -> Response:
    """301 for a moved article, 410 (or 301) for a withdrawn one, 404 for all else."""
    database: Database = request.app.state.database
    composer: Composer = request.app.state.composer
    asked = unquote(f"/{path}")
    folder = asked if asked.endswith("/") or "." in asked.rsplit("/", 1)[-1] else f"{asked}/"
    async with database.read() as connection:
        projection = Projection(connection)
        held = await projection.at(folder)
        moved = None if held else await projection.formerly_at(folder) or await projection.formerly_at(asked)
    for each in (held, moved):
        if each is not None and each.withdrawal is not None:
            return _withdrawn(each, composer)
    if moved is not None:
        return _redirect(composer.site.absolute(moved.path))
    return Response(composer.message("not_found", "not_found_text"), 404, SOON, media_type="text/html")


def _withdrawn(held: Held, composer: Composer) -> Response:
    assert held.withdrawal is not None
    if held.withdrawal.redirect_to:
        return _redirect(composer.site.absolute(held.withdrawal.redirect_to))
    return Response(composer.message("gone", "gone_text"), 410, SOON, media_type="text/html")


def _redirect(url: str) -> Response:
    return RedirectResponse(url, 301, {"Cache-Control": "public, max-age=60"})

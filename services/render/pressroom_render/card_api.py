"""`GET /api/v1/articles/{id}/card?headline=…`: a card for an editor to look at. Nothing is stored."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from pressroom_render.card_style import Style
from pressroom_render.cards import card_of, face_of, one_line
from pressroom_render.drawers import Drawers, Ruined
from pressroom_render.portraits import Portraits
from pressroom_render.projection import Projection
from pressroom_shared.bearer import Credentials, known_key
from pressroom_shared.clock import Clock
from pressroom_shared.database import Database
from pressroom_shared.http import Problem, problem_responses
from pressroom_shared.site import Site
from pressroom_shared.sitestore import SiteStore
from pressroom_shared.streams import Transient

HEADLINE_CHARS_MAX = 300
PREVIEWS_MAX = 8
"""Previews that are drawn or wait for it; one more is told to come again."""

router = APIRouter(tags=["cards"])


@dataclass(slots=True)
class Previews:
    """What the preview works with."""

    database: Database
    store: SiteStore
    site: Site
    style: Style
    drawers: Drawers
    clock: Clock
    busy: int = 0


async def the_previews(request: Request) -> Previews:
    previews: Previews = request.app.state.previews
    return previews


async def of_the_newsroom(previews: Annotated[Previews, Depends(the_previews)], credentials: Credentials) -> None:
    """Whoever could draw any headline under the newspaper's name must have one of its keys. Raises 401."""
    async with previews.database.read() as connection:
        await known_key(connection, credentials, previews.clock.now())


@router.get(
    "/api/v1/articles/{article_id}/card",
    dependencies=[Depends(of_the_newsroom)],
    responses={200: {"content": {"image/jpeg": {}}}, **problem_responses(401, 404, 422, 503)},
    response_class=Response,
)
async def preview(
    article_id: str,
    previews: Annotated[Previews, Depends(the_previews)],
    headline: Annotated[str, Query(max_length=HEADLINE_CHARS_MAX, description="Instead of the live one.")] = "",
) -> Response:
    """The card of a live article as JPEG, 1200×630. `Card-Remarks` is a JSON list of what an editor should know."""
    if previews.busy >= PREVIEWS_MAX:
        raise Problem(503, "Many previews are being drawn; ask again in a few seconds.", headers={"Retry-After": "3"})
    previews.busy += 1
    try:
        async with previews.database.read() as connection:
            held = await Projection(connection).held(article_id)
            if held is None or held.article is None:
                raise Problem(404, f"There is no live article {article_id!r}.")
            portrait = await Portraits(connection).of(face_of(held.article))
        card = card_of(held.article, previews.site, previews.style, portrait)
        card = replace(card, headline=one_line(headline) or card.headline)
        picture = await previews.store.get(card.image_key) if card.image_key else None
        face = await previews.store.get(card.portrait_key) if card.portrait_key else None
        jpeg, remarks = await previews.drawers.preview(card, picture, face)
    except Ruined as error:
        raise Problem(422, f"The card cannot be drawn with this picture. {error}") from error
    except Transient as error:
        raise Problem(503, str(error), headers={"Retry-After": "30"}) from error
    finally:
        previews.busy -= 1
    headers = {"Cache-Control": "no-store", "Card-Remarks": json.dumps(remarks)}
    return Response(jpeg, media_type="image/jpeg", headers=headers)

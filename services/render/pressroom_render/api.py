"""What the gateway asks when it has no file: forms to the newsroom; the moved, the withdrawn, the unknown."""

from __future__ import annotations

import re
from typing import Any, Literal
from urllib.parse import parse_qs, unquote

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_render.letters import TEXT_CHARS_MAX, Kind, Letter, Letters
from pressroom_render.machines import security
from pressroom_render.profiles import Profiles
from pressroom_render.projection import Held, Projection
from pressroom_shared.http import Problem

router = APIRouter(include_in_schema=False)
SOON = {"Cache-Control": "public, max-age=10"}
"""A page that is not there may be there in a moment."""

PRIVATE = {"Cache-Control": "no-store"}
BODY_BYTES_MAX = 64 * 1024
FIELDS_MAX = 10
_NAMED = re.compile(r"/(author|tag)/([^/]+)(?:/(?:page/\d+/?|(feed\.xml|atom\.xml|feed\.json))?)?")


@router.get("/correct/{article_id}")
@router.get("/correct")
async def correction_form(request: Request, article_id: str | None = None) -> Response:
    """Asks what is wrong with an article, or with anything."""
    version = request.query_params.get("version", "")
    given = {"version": version if version.isdecimal() else ""}
    return await _form(request, "correction", article_id, given)


@router.get("/tip")
async def tip_form(request: Request) -> Response:
    return await _form(request, "tip", None, {})


@router.post("/correct/{article_id}")
@router.post("/correct")
async def request_correction(request: Request, article_id: str | None = None) -> Response:
    """Keeps a request for a correction, with the version that the reader saw."""
    return await _receive(request, "correction", article_id)


@router.post("/tip")
async def send_tip(request: Request) -> Response:
    return await _receive(request, "tip", None)


@router.get("/.well-known/security.txt")
async def security_txt(request: Request) -> Response:
    studio = request.app.state.studio
    return PlainTextResponse(security(studio.site, studio.clock.now()), headers={"Cache-Control": "max-age=86400"})


@router.api_route("/{path:path}", methods=["GET", "HEAD"])
async def missing(request: Request, path: str) -> Response:
    """301 for a moved article, 410 (or 301) for a withdrawn one, 404 for all else."""
    studio = request.app.state.studio
    asked = unquote(f"/{path}")
    folder = asked if asked.endswith("/") or "." in asked.rsplit("/", 1)[-1] else f"{asked}/"
    async with studio.database.read() as connection:
        projection = Projection(connection)
        held = await projection.at(folder)
        moved = None if held else await projection.formerly_at(folder) or await projection.formerly_at(asked)
        merged = None if held or moved else await _merged(connection, asked)
    for each in (held, moved):
        if each is not None and each.withdrawal is not None:
            return _withdrawn(each, studio)
    if moved is not None:
        return _redirect(studio.site.absolute(moved.path))
    if merged is not None:
        return _redirect(studio.site.absolute(merged))
    return _not_found(studio)


async def _merged(connection: AsyncConnection, path: str) -> str | None:
    """Where the page or feed of a renamed or merged author or tag is now. A numbered page leads to the first."""
    found = _NAMED.fullmatch(path)
    if found is None:
        return None
    kind: Literal["author", "tag"] = "author" if found[1] == "author" else "tag"
    target = await Profiles(connection).leads_to(kind, found[2])
    return f"/{kind}/{target}/{found[3] or ''}" if target else None


def _withdrawn(held: Held, studio: Any) -> Response:
    assert held.withdrawal is not None
    if held.withdrawal.redirect_to:
        return _redirect(studio.site.absolute(held.withdrawal.redirect_to))
    return Response(studio.composer.message("gone", "gone_text", lost=True), 410, SOON, media_type="text/html")


def _not_found(studio: Any) -> Response:
    body = studio.composer.message("not_found", "not_found_text", lost=True)
    return Response(body, 404, SOON, media_type="text/html")


def _redirect(url: str) -> Response:
    return RedirectResponse(url, 301, {"Cache-Control": "public, max-age=60"})


async def _form(
    request: Request, kind: Kind, article_id: str | None, given: dict[str, str], wrong: tuple[str, str] | None = None
) -> Response:
    studio = request.app.state.studio
    held = await _about(studio, article_id)
    if article_id is not None and held is None:
        return _not_found(studio)
    article = held.article if held else None
    view = {
        "kind": kind,
        "action": f"/correct/{article_id}" if article_id else "/correct" if kind == "correction" else "/tip",
        "about": {"headline": article.headline, "url": article.path} if article else None,
        "given": {name: given.get(name, "") for name in ("text", "name", "email", "version")},
        "wrong": {"field": wrong[0], "label": wrong[1]} if wrong else None,
        "text_chars_max": TEXT_CHARS_MAX,
    }
    status = 200 if wrong is None else 429 if wrong[1] == "letter_many" else 422
    return Response(studio.composer.letter_form(view), status, PRIVATE, media_type="text/html")


async def _receive(request: Request, kind: Kind, article_id: str | None) -> Response:
    studio = request.app.state.studio
    given = await _fields(request)
    version = given.get("version", "")
    letter = Letter(
        kind=kind,
        text=given.get("text", ""),
        name=given.get("name", ""),
        email=given.get("email", ""),
        article_id=article_id,
        version=int(version) if version.isdecimal() and len(version) < len(str(2**63)) else None,
    )
    if article_id is not None and await _about(studio, article_id) is None:
        return await _form(request, kind, article_id, given)
    if (wrong := letter.wrong()) is not None:
        return await _form(request, kind, article_id, given, wrong)
    settings = studio.settings
    address = request.client.host if request.client else ""
    async with studio.database.begin(wake=False) as connection:
        letters = Letters(connection, hour_max=settings.letters_hour_max, hour_all_max=settings.letters_hour_all_max)
        kept = await letters.receive(letter, address=address, now=studio.clock.now())
    if not kept:
        return await _form(request, kind, article_id, given, ("text", "letter_many"))
    return Response(studio.composer.message("thanks", "thanks_text"), 200, PRIVATE, media_type="text/html")


async def _about(studio: Any, article_id: str | None) -> Held | None:
    """The article that a letter is about, withdrawn or not."""
    if article_id is None:
        return None
    async with studio.database.read() as connection:
        held: Held | None = await Projection(connection).held(article_id)
    return held


async def _fields(request: Request) -> dict[str, str]:
    """A form's fields (`application/x-www-form-urlencoded`). Raises `Problem` 413 or 400."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            raise Problem(413, f"A letter has at most {BODY_BYTES_MAX:,} bytes.")
    try:
        fields = parse_qs(body.decode(), max_num_fields=FIELDS_MAX, errors="strict")
    except ValueError as error:
        raise Problem(400, "This is no form: it cannot be read.") from error
    return {name: values[0].replace("\r\n", "\n").replace("\x00", "") for name, values in fields.items()}

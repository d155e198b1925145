"""The search page, in the newspaper's frame: a form, facets as links, results. It needs no script."""

from __future__ import annotations

import math
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from pydantic import ValidationError

from pressroom_search.asking import Ask, read_search, unanswerable
from pressroom_search.engine import Hit, Results
from pressroom_search.snippets import to_html
from pressroom_search.templating import Safe, date, direction, labels, render
from pressroom_shared.clock import rfc3339
from pressroom_shared.http import FieldError, Problem
from pressroom_shared.site import Site

router = APIRouter(include_in_schema=False)
PARAMETERS = ("q", "section", "tag", "author", "from", "to", "sort", "page_size")
FACETS = ("section", "tag", "author")
FACET_VALUES_SHOWN = 8
Asked = dict[str, str]


@router.api_route("/search", methods=["GET", "HEAD"])
async def search_page(request: Request) -> HTMLResponse:
    """Results as a page; a wrong parameter is answered with the form as it was sent, and what is wrong in it."""
    state = request.app.state
    site: Site = state.site
    asked = {name: value for name in PARAMETERS if (value := request.query_params.get(name, "").strip())}
    view = _form(asked, site, state.settings.query_chars_max)
    status = 200
    if asked:
        try:
            ask = _read(asked | {"page": request.query_params.get("page", "")})
            results = await state.line.run("page", state.reader.search, read_search(ask, state.settings, site.zone))
        except Problem as problem:
            status = problem.status
            view["trouble"] = _trouble(problem, view["words"])
        else:
            view |= _results(results, ask, asked, site)
    headers = {"Retry-After": "1"} if status == 503 else None
    return HTMLResponse(await state.shell.page(view["heading"], render("search.html", view)), status, headers)


def _read(given: Asked) -> Ask:
    try:
        return Ask.model_validate(given)
    except ValidationError as error:
        errors = [FieldError(str(each["loc"][0]), f"{each['msg']}.") for each in error.errors()]
        raise unanswerable(errors) from error


def _form(asked: Asked, site: Site, query_chars_max: int) -> dict[str, Any]:
    """The page before anything was looked for."""
    words = labels(site.language)
    query = asked.get("q", "")
    return {
        "words": words,
        "heading": words["title"].format(q=query) if query else words["search"],
        "ask": {name: asked.get(name, "") for name in PARAMETERS},
        "asked": bool(asked),
        "query_chars_max": query_chars_max,
        "sections": [{"key": key, "name": _section_path(key, site)} for key in site.section_keys],
        "page_lang": Safe(f' lang="{site.language}" dir="{direction(site.language)}"'),
        "trouble": None,
        "hits": [],
    }


def _trouble(problem: Problem, words: dict[str, Any]) -> dict[str, Any]:
    if problem.status == 503:
        return {"title": words["busy"], "errors": [], "url": "/search"}
    names = {"q": words["search_for"], **{name: words[name] for name in ("section", "from", "to", "sort")}}
    errors = [{"label": names.get(each.field, each.field), "message": each.message} for each in problem.errors]
    return {"title": words["wrong"], "errors": errors, "url": "/search"}


def _results(results: Results, ask: Ask, asked: Asked, site: Site) -> dict[str, Any]:
    words = labels(site.language)
    narrowed = any(asked.get(name) for name in (*FACETS, "from", "to"))
    return {
        "count": words.get(f"total_{results.total}", words["total"]).format(n=results.total),
        "did_you_mean": _did_you_mean(results, asked, words),
        "facets": _facets(results, asked, site, words),
        "hits": [_hit(hit, site) for hit in results.hits],
        "pager": _pager(results.total, ask, asked, words),
        "everything_url": _url({"q": asked.get("q", "")}) if narrowed else "",
    }


def _did_you_mean(results: Results, asked: Asked, words: dict[str, Any]) -> dict[str, str] | None:
    if results.did_you_mean is None:
        return None
    before, _, after = words["did_you_mean"].partition("{q}")
    corrected = results.did_you_mean
    return {"before": before, "q": corrected, "after": after, "url": _url(asked | {"q": corrected})}


def _facets(results: Results, asked: Asked, site: Site, words: dict[str, Any]) -> list[dict[str, Any]]:
    """Links that narrow the search, and one that takes each narrowing away again."""
    found = []
    for name in FACETS:
        chosen = asked.get(name)
        values = results.facets.get(name, [])[:FACET_VALUES_SHOWN]
        label = next((each.label for each in values if each.value == chosen), chosen or "")
        label = site.section_name(label) if name == "section" and chosen == label else label
        clear = {"url": _url(asked | {name: ""}), "text": words["without"].format(name=label)} if chosen else None
        links = [
            {
                "url": _url(asked | {name: each.value}),
                "label": each.label,
                "count": each.count,
                "current": each.value == chosen,
            }
            for each in values
        ]
        if len(links) > 1 or clear:
            found.append({"title": words[f"by_{name}"], "values": links, "clear": clear})
    years = [
        {
            "url": _url(asked | {"from": f"{each.value}-01-01", "to": f"{each.value}-12-31"}),
            "label": each.label,
            "count": each.count,
            "current": asked.get("from") == f"{each.value}-01-01" and asked.get("to") == f"{each.value}-12-31",
        }
        for each in results.facets.get("year", [])[:FACET_VALUES_SHOWN]
    ]
    if len(years) > 1:
        found.append({"title": words["by_year"], "values": years, "clear": None})
    return found


def _hit(hit: Hit, site: Site) -> dict[str, Any]:
    names = [each.name for each in hit.authors]
    other = hit.language.lower() != site.language.lower()
    return {
        "url": hit.path,
        "headline": Safe(to_html(hit.headline_parts)),
        "snippet": Safe(to_html(hit.snippet)),
        "kicker": site.section_name(hit.section),
        "main_section": hit.section.partition("/")[0],
        "byline": f" {labels(site.language)['and']} ".join(names) if len(names) < 3 else ", ".join(names),
        "date": {"iso": rfc3339(hit.published_at), "text": date(hit.published_at, site.language, site.zone)},
        "lang": Safe(f' lang="{_attribute(hit.language)}" dir="{direction(hit.language)}"') if other else "",
    }


def _pager(total: int, ask: Ask, asked: Asked, words: dict[str, Any]) -> dict[str, Any] | None:
    pages = math.ceil(total / ask.page_size)
    if pages < 2:
        return None
    return {
        "text": words["page"].format(n=ask.page, pages=pages),
        "previous": _url(asked | {"page": str(ask.page - 1)}) if ask.page > 1 else "",
        "next": _url(asked | {"page": str(ask.page + 1)}) if ask.page < pages else "",
    }


def _section_path(key: str, site: Site) -> str:
    """A sub-section is named with its section before it."""
    main = key.partition("/")[0]
    return site.section_name(key) if key == main else f"{site.section_name(main)} / {site.section_name(key)}"


def _url(asked: Asked) -> str:
    return f"/search?{urlencode({name: value for name, value in asked.items() if value})}"


def _attribute(text: str) -> str:
    """A language tag that came with an event, for an attribute: its letters, digits and hyphens."""
    return "".join(char for char in text if char.isalnum() or char == "-")

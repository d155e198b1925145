"""The search API: JSON for whoever builds on it."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, Field

from pressroom_search.asking import Ask, Line, read_search, unanswerable
from pressroom_search.engine import FacetValue, Hit, Readable, Reference, Results
from pressroom_search.settings import Settings
from pressroom_search.snippets import to_html
from pressroom_shared.http import FieldError, Problem, problem_responses
from pressroom_shared.site import Site

router = APIRouter(prefix="/api/v1", tags=["search"])


class NamedDocument(BaseModel):
    slug: str = Field(examples=["ines-falk"])
    name: str = Field(examples=["Ines Falk"])


class HitDocument(BaseModel):
    id: str = Field(description="The article's id.", examples=["0193a0f0-0000-7000-8000-000000000001"])
    url: str = Field(examples=["http://localhost:8080/business/2026/11/23/harbour-cranes-stand-still/"])
    headline: str = Field(description="Plain text.", examples=["Harbour cranes stand still for a third day"])
    snippet: str = Field(
        description="HTML with `<mark>` around what matched; all else is escaped.",
        examples=["The <mark>cranes</mark> stopped at noon."],
    )
    section: str = Field(examples=["business/economy"])
    authors: list[NamedDocument]
    tags: list[NamedDocument]
    published_at: datetime = Field(description="When it was first published.", examples=["2026-11-23T12:00:00Z"])
    score: float | None = Field(description="Higher is better; null where the order is by date.", examples=[7.31])


class FacetDocument(BaseModel):
    value: str = Field(description="What the parameter of the same name takes.", examples=["business"])
    label: str = Field(description="The value's name for readers.", examples=["Business"])
    count: int = Field(examples=[12])


class FacetsDocument(BaseModel):
    section: list[FacetDocument]
    tag: list[FacetDocument]
    author: list[FacetDocument]
    year: list[FacetDocument]


class SearchDocument(BaseModel):
    total: int = Field(description="How many articles match.", examples=[31])
    took_ms: int = Field(examples=[2])
    page: int = Field(examples=[1])
    hits: list[HitDocument]
    facets: FacetsDocument = Field(description="How many of all that match stand in each, the most first.")
    did_you_mean: str | None = Field(
        description="The query with words corrected that no article has; the hits are those of the corrected words.",
        examples=["harbour cranes"],
    )


class ReferenceDocument(BaseModel):
    headline: str = Field(examples=["Harbour cranes stand still for a third day"])
    url: str = Field(examples=["http://localhost:8080/business/2026/11/23/harbour-cranes-stand-still/"])


@router.get("/search", responses=problem_responses(422, 503), summary="Search the articles")
async def search(request: Request, ask: Annotated[Ask, Query()]) -> SearchDocument:
    """Articles that match, best first, with the passage that matched and what the result can be narrowed by."""
    site, settings, line, reader = _parts(request)
    began = time.perf_counter()
    results: Results = await line.run("search", reader.search, read_search(ask, settings, site.zone))
    return SearchDocument(
        total=results.total,
        took_ms=round((time.perf_counter() - began) * 1000),
        page=ask.page,
        hits=[_hit(each, site) for each in results.hits],
        facets=FacetsDocument(
            section=_facet(results, "section"),
            tag=_facet(results, "tag"),
            author=_facet(results, "author"),
            year=_facet(results, "year"),
        ),
        did_you_mean=results.did_you_mean,
    )


@router.get("/suggest", responses=problem_responses(422, 503), summary="Headlines while one types")
async def suggest(
    request: Request,
    q: Annotated[str, Query(description="What was typed so far.", examples=["harbour cr"])],
) -> list[ReferenceDocument]:
    """Headlines that have every word that was typed, the last one as a beginning; the newest first among equals."""
    site, settings, line, reader = _parts(request)
    if len(q) > settings.query_chars_max:
        raise unanswerable([FieldError("q", f"At most {settings.query_chars_max} characters; these are {len(q)}.")])
    return _references(await line.run("suggest", reader.suggest, q), site)


@router.get(
    "/articles/{id}/related",
    responses=problem_responses(404, 422, 503),
    summary="Articles about the same",
    tags=["search"],
)
async def related(
    request: Request,
    article_id: Annotated[str, Path(alias="id", max_length=64, description="A live article's id.")],
) -> list[ReferenceDocument]:
    """The articles that share the most telling words with this one, the nearest first."""
    site, _, line, reader = _parts(request)
    found: list[Reference] | None = await line.run("related", reader.related, article_id)
    if found is None:
        raise Problem(404, f"The search has no article {article_id!r}: it is not live, or not indexed yet.")
    return _references(found, site)


def _parts(request: Request) -> tuple[Site, Settings, Line, Readable]:
    state = request.app.state
    return state.site, state.settings, state.line, state.reader


def _hit(hit: Hit, site: Site) -> HitDocument:
    return HitDocument(
        id=hit.id,
        url=site.absolute(hit.path),
        headline=hit.headline,
        snippet=to_html(hit.snippet),
        section=hit.section,
        authors=[NamedDocument(slug=each.slug, name=each.name) for each in hit.authors],
        tags=[NamedDocument(slug=each.slug, name=each.name) for each in hit.tags],
        published_at=hit.published_at,
        score=hit.score,
    )


def _facet(results: Results, name: str) -> list[FacetDocument]:
    values: list[FacetValue] = results.facets.get(name, [])
    return [FacetDocument(value=each.value, label=each.label, count=each.count) for each in values]


def _references(found: list[Reference], site: Site) -> list[ReferenceDocument]:
    return [ReferenceDocument(headline=each.headline, url=site.absolute(each.path)) for each in found]

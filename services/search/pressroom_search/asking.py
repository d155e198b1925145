"""What a reader asks for, read from the address and checked; and the line in which searches wait for one another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pressroom_search import metrics
from pressroom_search.engine import Search, Sort
from pressroom_search.query import parse
from pressroom_search.settings import Settings
from pressroom_shared.http import FieldError, Problem, invalid

SLUG_CHARS_MAX = 200
Slug = Annotated[str, Field(max_length=SLUG_CHARS_MAX)]
AnswerT = TypeVar("AnswerT")


class Ask(BaseModel):
    """The parameters of a search. What is given empty, as forms do, is not given."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    q: str = Field(
        default="",
        description='Words, of which any may match; `"a phrase"`, `-without`, `begin*`, and `headline:`, `section:`, '
        "`tag:`, `author:` before a word or phrase. Empty: everything, newest first.",
        examples=['harbour "night ferry" -strike'],
    )
    section: Slug | None = Field(
        default=None, description="A section's key; `business` includes `business/economy`.", examples=["business"]
    )
    tag: Slug | None = Field(default=None, description="A tag's slug.", examples=["harbour"])
    author: Slug | None = Field(default=None, description="An author's slug.", examples=["ines-falk"])
    from_: str | None = Field(
        default=None,
        alias="from",
        description="First published on or after this day of the newspaper's time zone, or this RFC 3339 moment.",
        examples=["2026-11-01"],
    )
    to: str | None = Field(
        default=None,
        description="First published on or before this day, or before this RFC 3339 moment.",
        examples=["2026-11-30"],
    )
    sort: Sort = Field(default="relevance", description="`relevance` also counts how new an article is.")
    page: int = Field(default=1, ge=1, le=1_000_000, description="From 1.")
    page_size: int = Field(default=10, ge=1, le=1000, description="100 at most, unless the operator says otherwise.")

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, given: Any) -> Any:
        return {name: value for name, value in given.items() if value != ""} if isinstance(given, dict) else given


def read_search(ask: Ask, settings: Settings, zone: ZoneInfo) -> Search:
    """The search that was asked for. Raises `Problem` 422 that names each field that is wrong."""
    errors: list[FieldError] = []
    if len(ask.q) > settings.query_chars_max:
        errors.append(FieldError("q", f"At most {settings.query_chars_max} characters; these are {len(ask.q)}."))
    if ask.page_size > settings.page_size_max:
        errors.append(FieldError("page_size", f"At most {settings.page_size_max} results fit on a page."))
    elif ask.page * ask.page_size > settings.results_max:
        errors.append(
            FieldError("page", f"Only the first {settings.results_max} results can be shown; narrow the search.")
        )
    since = _moment("from", ask.from_, zone, timedelta(0), errors)
    until = _moment("to", ask.to, zone, timedelta(days=1), errors)
    if since and until and since >= until:
        errors.append(FieldError("from", "It is after `to`, so nothing can lie between them."))
    if errors:
        raise unanswerable(errors)
    return Search(
        query=parse(ask.q),
        section=ask.section,
        tag=ask.tag,
        author=ask.author,
        since=since,
        until=until,
        sort=ask.sort,
        offset=(ask.page - 1) * ask.page_size,
        limit=ask.page_size,
    )


def unanswerable(errors: list[FieldError]) -> Problem:
    return invalid(errors, what="The search cannot be run")


def _moment(
    name: str, text: str | None, zone: ZoneInfo, whole_day: timedelta, errors: list[FieldError]
) -> datetime | None:
    """A day of the newspaper (plus `whole_day`, so that `to` includes it), or a moment."""
    if text is None:
        return None
    try:
        if len(text) == 10:
            day = date.fromisoformat(text) + whole_day
            return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    errors.append(FieldError(name, "Use a day such as 2026-11-23, or a moment such as 2026-11-23T12:00:00Z."))
    return None


class Line:
    """Searches run in threads, so many at once; the rest wait in a line that has an end."""

    def __init__(self, settings: Settings) -> None:
        self._slots = asyncio.Semaphore(settings.searches_max)
        self._waiting_max = settings.waiting_max
        self._waiting = 0

    async def run(self, call: str, function: Callable[..., AnswerT], *args: Any) -> AnswerT:
        """Raises `Problem` 503 when too many wait."""
        if self._waiting >= self._waiting_max:
            raise Problem(503, "Too many people search at once; please try again.", headers={"Retry-After": "1"})
        self._waiting += 1
        metrics.IN_LINE.set(self._waiting)
        try:
            await self._slots.acquire()
        finally:
            self._waiting -= 1
            metrics.IN_LINE.set(self._waiting)
        try:
            with metrics.SEARCH_SECONDS.labels(call).time():
                return await asyncio.to_thread(function, *args)
        finally:
            self._slots.release()

"""What every route needs at the edge: the desk, who asks, pages in the newspaper's frame, fields of forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from starlette.datastructures import FormData

from pressroom_notify.desk import Desk
from pressroom_notify.templating import plain, render
from pressroom_notify.topics import EVERY_DAYS, Topic, parse_topic
from pressroom_shared.site import Site

FIELDS_MAX = 1000
PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",  # an address with a token in it stays here
    "X-Robots-Tag": "noindex",
}
FREQUENCY_NAMES = {"immediate": "At once", "daily": "Once a day", "weekly": "Once a week"}


async def the_desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


TheDesk = Annotated[Desk, Depends(the_desk)]


async def the_client(request: Request, desk: TheDesk) -> str:
    """Whose requests are counted: a keyed hash of the network address."""
    return desk.signer.client(request.client.host if request.client else "")


TheClient = Annotated[str, Depends(the_client)]


async def the_form(request: Request) -> FormData:
    return await request.form(max_files=0, max_fields=FIELDS_MAX)


TheForm = Annotated[FormData, Depends(the_form)]


async def page(
    desk: Desk,
    title: str,
    template: str,
    view: Mapping[str, Any],
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """A page of ours in the newspaper's frame."""
    main = render(template, {"title": plain(title), "paper": plain(desk.site.title), **view})
    whole = await desk.shell.page(title, main)
    return HTMLResponse(whole, status, {**PAGE_HEADERS, **(headers or {})})


async def message(
    desk: Desk,
    title: str,
    *paragraphs: str,
    status: int = 200,
    link: tuple[str, str] = ("/", "To the front page"),
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """A page that says something, with one way on."""
    view = {
        "paragraphs": [plain(each) for each in paragraphs],
        "link": {"url": plain(link[0]), "text": plain(link[1])},
    }
    return await page(desk, title, "message.html", view, status=status, headers=headers)


async def too_many(desk: Desk, reason: str) -> HTMLResponse:
    headers = {"Retry-After": str(desk.settings.requests_window_s)}
    return await message(desk, "Too many requests", reason, status=429, headers=headers)


async def unknown_link(desk: Desk, reason: str, link: tuple[str, str]) -> HTMLResponse:
    return await message(desk, "This link does not work", reason, status=404, link=link)


def text_of(form: FormData, name: str, characters_max: int = 320) -> str:
    """A field of a form; empty when it is missing."""
    value = form.get(name, "")
    return value.strip()[:characters_max] if isinstance(value, str) else ""


def check_timezone(given: str) -> str:
    """An IANA time zone. Raises `ValueError` with a sentence."""
    try:
        ZoneInfo(given)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{given!r} is no IANA time zone such as 'Europe/Paris'.") from error
    return given


def check_frequency(given: str) -> int:
    """How many days apart. Raises `ValueError` with a sentence."""
    days = {str(name): days for name, days in EVERY_DAYS.items()}.get(given)
    if days is None:
        raise ValueError("Choose one of: immediate, daily, weekly.")
    return days


def zones(chosen: str) -> list[dict[str, Any]]:
    """Every time zone for a select."""
    names = {each for each in available_timezones() if "/" in each and not each.startswith(("Etc/", "SystemV/", "US/"))}
    return [
        {"value": plain(each), "chosen": each == chosen, "name": plain(each.replace("_", " "))}
        for each in sorted(names | {"UTC", chosen})
    ]


def offered(site: Site) -> list[Topic]:
    """What every reader can choose without having seen a page of it."""
    return [parse_topic(each, site) for each in ("all", "breaking", *(f"section:{key}" for key in site.section_keys))]

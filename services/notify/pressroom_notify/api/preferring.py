"""`/preferences`: asks for an address and mails a one-time link, with which a reader changes what it follows."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.datastructures import FormData

from pressroom_notify.api.edge import (
    FREQUENCY_NAMES,
    TheClient,
    TheDesk,
    TheForm,
    check_frequency,
    check_timezone,
    message,
    offered,
    page,
    text_of,
    too_many,
    unknown_link,
    zones,
)
from pressroom_notify.desk import Desk
from pressroom_notify.errors import UnknownLink
from pressroom_notify.readers import Following, Link, TooManyRequests, normal_email
from pressroom_notify.templating import plain
from pressroom_notify.topics import FREQUENCIES, parse_topic

router = APIRouter(include_in_schema=False)
TITLE = "What you follow"
AGAIN = ("/preferences", "Ask for a new link")
FIELD = "follow:"
NOT = "never"


@router.get("/preferences")
async def ask_form(desk: TheDesk) -> HTMLResponse:
    return await page(desk, TITLE, "preferences_ask.html", {"email": plain(""), "error": plain("")})


@router.post("/preferences")
async def ask(desk: TheDesk, client: TheClient, form: TheForm) -> HTMLResponse:
    """Mail a one-time link, if the address is a reader's; the answer is the same if it is not."""
    given = text_of(form, "email")
    try:
        email = normal_email(given)
    except ValueError as error:
        view = {"email": plain(given), "error": plain(str(error))}
        return await page(desk, TITLE, "preferences_ask.html", view, status=422)
    try:
        async with desk.begin() as readers:
            await readers.ask("preferences", email, client)
    except TooManyRequests as error:
        return await too_many(desk, str(error))
    return await message(desk, "Look into your mailbox", f"If {email} is subscribed, a link is on its way to it.")


@router.get("/preferences/{token}")
async def show(desk: TheDesk, token: str) -> HTMLResponse:
    try:
        async with desk.read() as readers:
            link = await readers.link("preferences", token)
            following = await readers.following(link.reader_id)
            timezone = await readers.timezone(link.reader_id)
    except UnknownLink as error:
        return await unknown_link(desk, str(error), AGAIN)
    return await _form(desk, link, following, timezone)


@router.post("/preferences/{token}")
async def change(desk: TheDesk, token: str, form: TheForm) -> HTMLResponse:
    """Save, or leave everything. The link is used up by it."""
    try:
        async with desk.begin() as readers:
            link = await readers.link("preferences", token)
            if form.get("leave"):
                following: list[Following] = []
                timezone = desk.site.timezone
            else:
                following = _following(desk, form)
                timezone = check_timezone(text_of(form, "timezone") or desk.site.timezone)
            await readers.prefer(link, following, timezone)
    except UnknownLink as error:
        return await unknown_link(desk, str(error), AGAIN)
    except ValueError as error:
        return await message(
            desk, "Nothing was changed", str(error), status=422, link=(f"/preferences/{token}", "Back")
        )
    if not following:
        return await message(
            desk, "You have left", "Nothing is sent to you any more.", link=("/subscribe", "Subscribe")
        )
    return await message(desk, "Saved", "What you follow was changed.", link=AGAIN)


def _following(desk: Desk, form: FormData) -> list[Following]:
    """Raises `ValueError` with a sentence for the reader."""
    found = [
        Following(parse_topic(name.removeprefix(FIELD), desk.site), check_frequency(value))
        for name, value in form.multi_items()
        if name.startswith(FIELD) and isinstance(value, str) and value != NOT
    ]
    if len(found) > desk.settings.topics_max:
        raise ValueError(f"At most {desk.settings.topics_max} topics can be followed.")
    return list({each.topic: each for each in found}.values())


async def _form(desk: Desk, link: Link, following: list[Following], timezone: str) -> HTMLResponse:
    held = {each.topic: FREQUENCIES[each.every_days] for each in following}
    rows: list[dict[str, Any]] = []
    for number, topic in enumerate(dict.fromkeys([*held, *offered(desk.site)])):
        chosen = str(held.get(topic, NOT))
        choices = {NOT: "Do not follow", **FREQUENCY_NAMES}
        rows.append(
            {
                "id": f"t{number}",
                "field": plain(f"{FIELD}{topic.key}"),
                "name": plain(topic.name(desk.site)),
                "choices": [
                    {"value": plain(value), "name": plain(name), "chosen": value == chosen}
                    for value, name in choices.items()
                ],
            }
        )
    view = {"email": plain(link.email), "topics": rows, "zones": zones(timezone)}
    return await page(desk, TITLE, "preferences.html", view)

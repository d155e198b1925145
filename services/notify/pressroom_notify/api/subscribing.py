"""`/subscribe`: the page to subscribe on, and where the newspaper's small forms lead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

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
    zones,
)
from pressroom_notify.desk import Desk
from pressroom_notify.readers import Following, TooManyRequests, Wishes, normal_email
from pressroom_notify.templating import plain
from pressroom_notify.topics import Topic, parse_topic

router = APIRouter(include_in_schema=False)
TITLE = "Subscribe"


@router.get("/subscribe")
async def show(desk: TheDesk, topic: Annotated[list[str] | None, Query(max_length=20)] = None) -> HTMLResponse:
    """The form; `?topic=tag:harbour` chooses something beforehand."""
    chosen = [each for each in map(_readable(desk), topic or []) if each is not None]
    return await _form(desk, chosen=chosen)


@router.post("/subscribe")
async def subscribe(desk: TheDesk, client: TheClient, form: TheForm) -> HTMLResponse:
    """Ask for the confirmation mail. What is wrong stands beside its field, with all that was entered kept."""
    errors: dict[str, str] = {}
    email = text_of(form, "email")
    timezone = text_of(form, "timezone") or desk.site.timezone
    frequency = text_of(form, "frequency") or "immediate"
    keys = [each for each in form.getlist("topic") if isinstance(each, str)]
    chosen = [each for each in map(_readable(desk), keys) if each is not None]
    days = 0
    try:
        email = normal_email(email)
    except ValueError as error:
        errors["email"] = str(error)
    try:
        days = check_frequency(frequency)
    except ValueError as error:
        errors["frequency"] = str(error)
    try:
        check_timezone(timezone)
    except ValueError as error:
        errors["timezone"], timezone = str(error), desk.site.timezone
    if not chosen or len(chosen) != len(keys):
        errors["topic"] = "Choose what to follow from this list."
    elif len(chosen) > desk.settings.topics_max:
        errors["topic"] = f"At most {desk.settings.topics_max} can be followed."
    if errors:
        return await _form(
            desk, chosen=chosen, email=email, frequency=frequency, timezone=timezone, errors=errors, status=422
        )
    wishes = Wishes([Following(each, days) for each in dict.fromkeys(chosen)], timezone)
    try:
        async with desk.begin() as readers:
            await readers.ask("confirm", email, client, wishes)
    except TooManyRequests as error:
        return await too_many(desk, str(error))
    return await message(
        desk,
        "Look into your mailbox",
        f"If {email} can be written to, a mail is on its way to it. Its link confirms that you want this.",
        "Nothing there after a few minutes? Look among unwanted mail, or try again in an hour.",
    )


async def _form(
    desk: Desk,
    *,
    chosen: list[Topic],
    email: str = "",
    frequency: str = "immediate",
    timezone: str = "",
    errors: Mapping[str, str] | None = None,
    status: int = 200,
) -> HTMLResponse:
    topics = list(dict.fromkeys([*chosen, *offered(desk.site)]))
    view: dict[str, Any] = {
        "topics": [
            {"key": plain(each.key), "name": plain(each.name(desk.site)), "chosen": each in chosen} for each in topics
        ],
        "email": plain(email),
        "frequencies": [
            {"value": plain(value), "name": plain(name), "chosen": value == frequency}
            for value, name in FREQUENCY_NAMES.items()
        ],
        "zones": zones(timezone or desk.site.timezone),
        "errors": {name: plain((errors or {}).get(name, "")) for name in ("email", "topic", "frequency", "timezone")},
    }
    return await page(desk, TITLE, "subscribe.html", view, status=status)


def _readable(desk: Desk) -> Any:
    def read(key: str) -> Topic | None:
        try:
            return parse_topic(key, desk.site)
        except ValueError:
            return None

    return read

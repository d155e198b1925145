"""`/confirm/{token}`: a GET shows, a POST confirms. Scanners that follow links change nothing."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from pressroom_notify.api.edge import TheDesk, message, page, unknown_link
from pressroom_notify.errors import UnknownLink
from pressroom_notify.readers import Wishes
from pressroom_notify.templating import plain
from pressroom_notify.topics import FREQUENCIES

router = APIRouter(include_in_schema=False)
AGAIN = ("/subscribe", "Subscribe again")


@router.get("/confirm/{token}")
async def show(desk: TheDesk, token: str) -> HTMLResponse:
    try:
        async with desk.read() as readers:
            link = await readers.link("confirm", token)
    except UnknownLink as error:
        return await unknown_link(desk, str(error), AGAIN)
    if link.used:
        return await _done(desk)
    wishes = Wishes.read(link.wishes)
    how_often = {"immediate": "at once", "daily": "once a day", "weekly": "once a week"}
    view = {
        "email": plain(link.email),
        "topics": [
            {"name": plain(each.topic.name(desk.site)), "often": plain(how_often[FREQUENCIES[each.every_days]])}
            for each in wishes.following
        ],
    }
    return await page(desk, "Confirm your subscription", "confirm.html", view)


@router.post("/confirm/{token}")
async def confirm(desk: TheDesk, token: str) -> HTMLResponse:
    try:
        async with desk.begin() as readers:
            await readers.confirm(await readers.link("confirm", token))
    except UnknownLink as error:
        return await unknown_link(desk, str(error), AGAIN)
    return await _done(desk)


async def _done(desk: TheDesk) -> HTMLResponse:
    return await message(
        desk,
        "You are subscribed",
        "From now on you get a mail when something that you follow is published. "
        "Each mail has a link to change what you follow, and one to leave.",
    )

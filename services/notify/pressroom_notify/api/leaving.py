"""`/unsubscribe/{token}`: a GET asks, a POST does it at once, one-click (RFC 8058) or not."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from pressroom_notify.api.edge import TheDesk, message, page, unknown_link
from pressroom_notify.templating import plain

router = APIRouter(include_in_schema=False)
UNKNOWN = "It was not made by this newspaper, or is not whole. Copy all of it from the mail, or ask for a link here."
ASK = ("/preferences", "Ask for a link")


@router.get("/unsubscribe/{token}")
async def show(desk: TheDesk, token: str) -> HTMLResponse:
    reader_id = desk.signer.reader_id(token)
    if reader_id is None:
        return await unknown_link(desk, UNKNOWN, ASK)
    async with desk.read() as readers:
        email = await readers.email(reader_id)
    view = {"email": plain(email or "this address")}
    return await page(desk, "Unsubscribe", "unsubscribe.html", view)


@router.post("/unsubscribe/{token}")
async def leave(desk: TheDesk, token: str) -> HTMLResponse:
    """Whoever was forgotten meanwhile has left as well."""
    reader_id = desk.signer.reader_id(token)
    if reader_id is None:
        return await unknown_link(desk, UNKNOWN, ASK)
    async with desk.begin() as readers:
        await readers.leave(reader_id)
    return await message(
        desk,
        "You have left",
        "Nothing is sent to you any more. Should this be a mistake, you can subscribe again.",
        link=("/subscribe", "Subscribe again"),
    )

"""`/_mail/`: the caught mails for people, `/_mail/api` for programs."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import FastAPI, Query, Response
from fastapi.responses import HTMLResponse

from pressroom_local.mailbox.box import Box, Mail
from pressroom_local.mailbox.pages import POLICY, list_page, mail_page
from pressroom_shared.http import Problem, create_http

LISTED_MAX = 200


def create_api(box: Box) -> FastAPI:
    """The pages and the list over a box."""

    async def ready() -> str | None:
        return None

    app = create_http(title="Pressroom's mail catcher", ready=ready)
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}

    async def mail(mail_id: str) -> Mail:
        found = await asyncio.to_thread(box.get, mail_id)
        if found is None:
            raise Problem(404, "There is no such mail.")
        return found

    @app.get("/_mail/")
    async def show_list() -> HTMLResponse:
        mails = await asyncio.to_thread(box.newest, limit=LISTED_MAX)
        return HTMLResponse(await asyncio.to_thread(list_page, mails), headers=headers)

    @app.get("/_mail/api")
    async def list_mails(
        to: Annotated[str, Query(description="Only mails to this address.")] = "",
        limit: Annotated[int, Query(ge=1, le=LISTED_MAX)] = LISTED_MAX,
    ) -> dict[str, Any]:
        """Newest first."""
        mails = await asyncio.to_thread(box.newest, to=to, limit=limit)
        return {"items": await asyncio.to_thread(lambda: [each.document() for each in mails])}

    @app.delete("/_mail/api", status_code=204)
    async def clear() -> Response:
        await asyncio.to_thread(box.clear)
        return Response(status_code=204)

    @app.get("/_mail/{mail_id}")
    async def show(mail_id: str) -> HTMLResponse:
        return HTMLResponse(mail_page(await mail(mail_id)), headers=headers)

    @app.get("/_mail/{mail_id}/raw")
    async def raw(mail_id: str) -> Response:
        found = await mail(mail_id)
        return Response(found.source, media_type="text/plain; charset=utf-8", headers=headers)

    return app

"""The merged OpenAPI document of all services, and the same for people, without a script."""

from __future__ import annotations

import importlib.resources
import json
from functools import cache
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse

from pressroom_ingest.reference import reference_page

router = APIRouter(prefix="/api/v1", include_in_schema=False)


@cache
def merged_openapi() -> dict[str, Any] | None:
    """What `make schemas` has written; None in a tree where it never ran."""
    file = importlib.resources.files("pressroom_shared") / "openapi.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None


@router.get("/openapi.json")
async def openapi(request: Request) -> JSONResponse:
    return JSONResponse(merged_openapi() or request.app.openapi())


@router.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    return HTMLResponse(reference_page(merged_openapi() or request.app.openapi()))

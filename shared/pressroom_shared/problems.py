"""Answers to bad requests: `application/problem+json` (RFC 9457), with `errors` that name each field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from pressroom_shared.errors import PressroomError

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field, in words for whoever sent it."""

    field: str
    message: str


class Problem(PressroomError):
    """A request cannot be served. `detail` is a whole sentence for the caller."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        title: str | None = None,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.title = title or HTTPStatus(status).phrase
        self.errors = list(errors)
        self.headers = dict(headers or {})

    def document(self) -> dict[str, Any]:
        """The RFC 9457 object."""
        document: dict[str, Any] = {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            document["errors"] = [{"field": each.field, "message": each.message} for each in self.errors]
        return document

    def response(self) -> JSONResponse:
        return JSONResponse(self.document(), self.status, self.headers, media_type=MEDIA_TYPE)


class FieldErrorDocument(BaseModel):
    """One field that is wrong."""

    field: str = Field(description="Which field.", examples=["headline"])
    message: str = Field(description="What is wrong with it.", examples=["The headline is empty."])


class ProblemDocument(BaseModel):
    """RFC 9457, as the OpenAPI document describes it."""

    type: str = Field(default="about:blank", description="The status says all.", examples=["about:blank"])
    title: str = Field(description="The status in words.", examples=["Unprocessable Content"])
    status: int = Field(description="The HTTP status.", examples=[422])
    detail: str = Field(
        description="A sentence for the caller.", examples=["Nothing was stored: headline is not valid."]
    )
    errors: list[FieldErrorDocument] = Field(default=[], description="Each field that is wrong.")


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses=`: these statuses answer with problem+json."""
    return {
        status: {
            "model": ProblemDocument,
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
        }
        for status in statuses
    }


def invalid(errors: Sequence[FieldError], *, what: str = "Nothing was stored") -> Problem:
    """422 for fields that are wrong. `what` says what did not happen."""
    names = ", ".join(dict.fromkeys(each.field for each in errors))
    return Problem(422, f"{what}: {names} {'is' if len(errors) == 1 else 'are'} not valid.", errors=errors)


def add_problem_handlers(app: FastAPI) -> None:
    """Answer every error of this app as problem+json."""

    async def on_problem(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, Problem)
        return error.response()

    async def on_invalid(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        what = "The request cannot be answered" if request.method == "GET" else "Nothing was stored"
        return invalid([_field_error(each) for each in error.errors()], what=what).response()

    async def on_http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        headers = dict(error.headers or {})
        if error.status_code == 405:
            headers |= _allow(app, request.url.path)
        return Problem(error.status_code, _sentence(error), headers=headers).response()

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)


def _allow(app: FastAPI, path: str) -> dict[str, str]:
    """Every method that an address takes (RFC 9110 §15.5.6): one route knows only its own."""
    methods = {
        method.upper()
        for template, operations in app.openapi()["paths"].items()
        if compile_path(template)[0].fullmatch(path)
        for method in operations
        if method in {"get", "post", "put", "patch", "delete"}
    }
    return {"Allow": ", ".join(sorted(methods))} if methods else {}


def _field_error(error: Mapping[str, Any]) -> FieldError:
    place = [str(part) for part in error["loc"]]
    if place and place[0] in {"body", "query", "path", "header", "cookie"}:
        place = place[1:] or [place[0]]
    if error["type"] == "json_invalid":
        return FieldError("body", f"The body is not JSON: {error.get('ctx', {}).get('error', error['msg'])}.")
    if error["type"] == "extra_forbidden":
        return FieldError(".".join(place), "There is no such field.")
    if error["type"] == "missing":
        return FieldError(".".join(place), "This field is needed.")
    return FieldError(".".join(place), str(error["msg"]).removeprefix("Value error, "))


def _sentence(error: HTTPException) -> str:
    match error.status_code:
        case 404:
            return "There is nothing at this address."
        case 405:
            return "This address does not take that method."
        case _:
            return str(error.detail)

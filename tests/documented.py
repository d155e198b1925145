"""Every answer of a service, held against its OpenAPI document: the status is listed, and no field is undocumented."""

from __future__ import annotations

import json
from copy import deepcopy
from functools import cache
from typing import Any

import httpx
import jsonschema
from starlette.routing import compile_path

NDJSON = "application/x-ndjson"


class Documented:
    """For an httpx client's `event_hooks["response"]`."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = deepcopy(document)
        _close(self._document)
        self._paths = [(compile_path(path)[0], methods) for path, methods in self._document["paths"].items()]
        self._validator = cache(self._make_validator)

    async def __call__(self, answer: httpx.Response) -> None:
        request = answer.request
        found = [methods for pattern, methods in self._paths if pattern.fullmatch(request.url.path)]
        operations = [methods[request.method.lower()] for methods in found if request.method.lower() in methods]
        if not operations:
            return
        listed = operations[0]["responses"].get(str(answer.status_code))
        assert listed is not None, f"{request.method} {request.url.path} does not list {answer.status_code}"
        media_type = answer.headers.get("content-type", "").partition(";")[0]
        content = listed.get("content", {}).get(media_type)
        assert content is not None or not media_type, f"{request.url.path} does not list {media_type}"
        if media_type.endswith("json") and content is not None:
            text = (await answer.aread()).decode()
            for each in text.splitlines() if media_type == NDJSON else [text]:
                self._validator(json.dumps(content["schema"])).validate(json.loads(each))

    def _make_validator(self, schema: str) -> jsonschema.Draft202012Validator:
        whole = json.loads(schema) | {"components": self._document["components"]}
        return jsonschema.Draft202012Validator(whole)


def _close(part: Any) -> None:
    """No object has fields beyond those that its schema names, unless it says that it may."""
    if isinstance(part, dict):
        if "properties" in part:
            part.setdefault("additionalProperties", False)
        for each in part.values():
            _close(each)
    elif isinstance(part, list):
        for each in part:
            _close(each)

"""The one template environment. What is not declared safe is escaped; what is not given is an error."""

from __future__ import annotations

import html
import importlib.resources
from collections.abc import Mapping
from functools import cache
from typing import Any

import minijinja


class Safe(str):
    """HTML that is finished: the template engine leaves it as it is."""

    __slots__ = ()

    def __html__(self) -> str:
        return self


def plain(text: str) -> Safe:
    """Text for an element or a quoted attribute. As the engine would, but for the slash, which needs no escape."""
    return Safe(html.escape(text, quote=True))


@cache
def _environment() -> minijinja.Environment:
    folder = importlib.resources.files("pressroom_notify") / "templates"
    return minijinja.Environment(
        templates={each.name: each.read_text(encoding="utf-8") for each in folder.iterdir() if each.name[0] != "."},
        undefined_behavior="strict",
        auto_escape_callback=lambda name: "html" if name.endswith(".html") else False,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(template: str, view: Mapping[str, Any]) -> str:
    """One page or one part of a mail. Raises `minijinja.TemplateError` when the view lacks something that is named."""
    return str(_environment().render_template(template, **view))

"""The search page's template and labels. What is not declared safe is escaped; what is not given is an error."""

from __future__ import annotations

import importlib.resources
import tomllib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import minijinja

from pressroom_search.analysis import primary

FALLBACK = "en"
RIGHT_TO_LEFT = frozenset({"ar", "he", "fa", "ur", "ps", "yi", "dv", "ug", "ckb", "sd"})


class Safe(str):
    """HTML that is finished: the template engine leaves it as it is."""

    __slots__ = ()

    def __html__(self) -> str:
        return self


def direction(language: str) -> str:
    """`rtl` or `ltr`, by the primary language."""
    return "rtl" if primary(language) in RIGHT_TO_LEFT else "ltr"


@cache
def labels(language: str) -> dict[str, Any]:
    """Every label in this language, or in English."""
    folder = importlib.resources.files("pressroom_search") / "labels"
    file = folder / f"{primary(language)}.toml"
    return tomllib.loads((file if file.is_file() else folder / f"{FALLBACK}.toml").read_text(encoding="utf-8"))


def date(moment: datetime, language: str, zone: ZoneInfo) -> str:
    words, local = labels(language), moment.astimezone(zone)
    return str(words["date"]).format(day=local.day, month=words["months"][local.month - 1], year=local.year)


@cache
def _environment() -> minijinja.Environment:
    folder = importlib.resources.files("pressroom_search") / "templates"
    return minijinja.Environment(
        templates={each.name: each.read_text(encoding="utf-8") for each in folder.iterdir() if each.name[0] != "."},
        undefined_behavior="strict",
        auto_escape_callback=lambda _name: "html",
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(template: str, view: Mapping[str, Any]) -> str:
    """A page's own part. Raises `minijinja.TemplateError` when the view lacks something that the template names."""
    return str(_environment().render_template(template, **view))

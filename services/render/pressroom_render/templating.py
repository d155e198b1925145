"""The one template environment. What is not declared safe is escaped; what is not given is an error."""

from __future__ import annotations

import hashlib
import html
import importlib.resources
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import minijinja

from pressroom_render.stories import Story
from pressroom_shared.errors import SiteFileError


class Safe(str):
    """HTML that is finished: the template engine leaves it as it is."""

    __slots__ = ()

    def __html__(self) -> str:
        return self


@lru_cache(maxsize=10_000)  # addresses, names, headlines: pages have the same
def plain(text: str) -> Safe:
    """Text for an element or a quoted attribute. As the engine would, but for the slash, which needs no escape."""
    return Safe(html.escape(text, quote=True))


class Templates:
    """Pressroom's templates, each replaced by the newspaper's own file of the same name where there is one."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder`: the newspaper's own. Raises `SiteFileError` for a name that Pressroom does not have."""
        packaged = importlib.resources.files("pressroom_render") / "templates"
        texts = {each.name: each.read_text(encoding="utf-8") for each in packaged.iterdir() if each.name[0] != "."}
        own = sorted(folder.iterdir()) if folder and folder.is_dir() else []
        for file in own:
            if file.suffix in {".html", ".xml"}:
                if file.name not in texts:
                    raise SiteFileError(f"{file}: no page uses a template of this name; there are {_list(texts)}.")
                texts[file.name] = file.read_text(encoding="utf-8")
        self.hash = hashlib.sha256(
            "".join(f"{name}{text}" for name, text in sorted(texts.items())).encode()
        ).hexdigest()
        self._environment = minijinja.Environment(
            templates=texts,
            undefined_behavior="strict",
            auto_escape_callback=lambda _name: "html",
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.add_global("story", self._story)
        self._environment.add_global("stories", self._stories)

    def render(self, template: str, view: Mapping[str, Any]) -> str:
        """One page. Raises `minijinja.TemplateError` when the view lacks something that the template names."""
        return str(self._environment.render_template(template, **view))

    def _story(self, each: Story, *how: Any, **named: Any) -> Safe:
        """The macro of this name. An article stands on many pages in the same way: it is set once, and `each` keeps it.

        What it is set with is all in `each`, `how` and `named`.
        """
        return self._set(each, (how, tuple(named.items())))

    def _stories(self, several: Iterable[Story], *how: Any, **named: Any) -> Safe:
        """Each of several, all in one way."""
        key = how, tuple(named.items())
        return Safe("".join([each.made.get(key) or self._set(each, key) for each in several]))

    def _set(self, each: Story, key: tuple[tuple[Any, ...], tuple[tuple[str, Any], ...]]) -> Safe:
        made: Safe | None = each.made.get(key)
        if made is None:
            how, named = key
            view = {"each": each.view(), "how": how, "named": dict(named)}
            made = each.made[key] = Safe(self.render("story.html", view))
        return made


def _list(names: Mapping[str, str]) -> str:
    return ", ".join(sorted(names))

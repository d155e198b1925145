"""The macro `story` is remembered: an article is set once for each way in which pages set it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import minijinja
import pytest

from pressroom_render.stories import Story
from pressroom_render.templating import Templates

MACROS = (
    '{% macro story(each, size="", level=3, reading=false) %}'
    '<h{{ level }} class="{{ size }}">{{ each.headline }}{% if reading %}, read{% endif %}{% endmacro %}'
)
PAGE = '{% for each in items %}{{ story(each, "m") }}|{{ story(each, "m", 2, reading=true) }}{% endfor %}'


def test_a_story_is_set_once_for_each_way(tmp_path: Path) -> None:
    (tmp_path / "macros.html").write_text(MACROS)
    (tmp_path / "list.html").write_text(PAGE)
    templates = Templates(tmp_path)
    article: dict[str, Any] = {"headline": "Wind & tide"}
    story = Story(article.copy)
    view = {"items": [story]}
    first = templates.render("list.html", view)
    assert first == '<h3 class="m">Wind &amp; tide|<h2 class="m">Wind &amp; tide, read'
    article["headline"] = "Nobody sees this: what was made is kept"
    assert templates.render("list.html", view) == first
    assert len(story.made) == 2
    assert story.view() is not story.view(), "the view is not kept, for no template asked for a part of it"


def test_a_template_sees_the_parts_of_a_story(tmp_path: Path) -> None:
    (tmp_path / "list.html").write_text("{{ one.headline }}")
    templates = Templates(tmp_path)
    assert templates.render("list.html", {"one": Story(lambda: {"headline": "Tide"})}) == "Tide"
    with pytest.raises(minijinja.TemplateError, match="undefined"):
        templates.render("list.html", {"one": Story(dict)})

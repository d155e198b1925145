"""The macro `story` is remembered: an article is set once for each way in which pages set it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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
    story: dict[str, Any] = {"headline": "Wind & tide", "made": {}}
    view = {"items": [story]}
    first = templates.render("list.html", view)
    assert first == '<h3 class="m">Wind &amp; tide|<h2 class="m">Wind &amp; tide, read'
    story["headline"] = "Nobody sees this: what was made is kept"
    assert templates.render("list.html", view) == first
    assert len(story["made"]) == 2

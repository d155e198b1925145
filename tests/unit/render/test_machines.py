"""What crawlers are asked to leave alone, and nothing else (RFC 9309)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pressroom_render.machines import robots
from pressroom_shared.site import load_site

SITE = Path(__file__).parents[3] / "deploy" / "local" / "pressroom_local" / "sample" / "site.toml"


def may_read(path: str) -> bool:
    """As section 2.2.2 and 2.2.3 have it: a rule is the beginning of an address; `$` is its end."""
    rules = re.findall(r"^Disallow: (.+)$", robots(load_site(SITE)), re.MULTILINE)
    return not any(re.match(re.escape(rule).replace(r"\$", "$"), path) for rule in rules)


@pytest.mark.parametrize(
    "path", ["/", "/corrections/", "/corrections/feed.xml", "/tips/", "/searching/", "/world/2026/11/23/correct/"]
)
def test_what_readers_find_is_open_to_crawlers(path: str) -> None:
    assert may_read(path)


@pytest.mark.parametrize(
    "path", ["/correct", "/correct?version=1", "/correct/1", "/tip", "/search?q=x", "/search", "/api/v1/articles"]
)
def test_forms_answers_and_the_api_are_not(path: str) -> None:
    assert not may_read(path)

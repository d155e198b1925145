"""The newspaper's own file: what is wrong in it is named with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from pressroom_shared.errors import SiteFileError
from pressroom_shared.site import Site, load_site

GOOD = """
title = "The Alder Courier"
base_url = "https://courier.example/"
timezone = "Europe/Paris"
[sender]
name = "The Alder Courier"
address = "news@courier.example"
[[sections]]
slug = "business"
name = "Business"
sections = [{ slug = "economy", name = "Economy" }]
[[sections]]
slug = "world"
name = "World"
"""


def site(tmp_path: Path, text: str = GOOD) -> Site:
    path = tmp_path / "site.toml"
    path.write_text(text)
    return load_site(path)


def test_sections_are_named_as_articles_name_them(tmp_path: Path) -> None:
    read = site(tmp_path)
    assert read.section_keys == ["business", "business/economy", "world"]
    assert read.section_name("business/economy") == "Economy"
    assert read.absolute("/world/") == "https://courier.example/world/"


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ('title = "The Alder Courier"', "", "title"),
        ("Europe/Paris", "Europe/Atlantis", "timezone"),
        ("https://courier.example/", "courier.example", "base_url"),
        ('slug = "world"', 'slug = "search"', "sections.1.slug"),
        ('slug = "world"', 'slug = "business"', "business"),
        ('name = "World"', 'name = "World"\ncolour = "red"', "sections.1.colour"),
        ("[sender]", "[sender", "cannot be read"),
        ("news@courier.example", "nobody", "sender.address"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, old: str, new: str, word: str) -> None:
    with pytest.raises(SiteFileError) as caught:
        site(tmp_path, GOOD.replace(old, new))
    assert word in str(caught.value)
    assert "site.toml" in str(caught.value)


def test_a_newspaper_has_a_health_section_and_the_gateway_its_health_checks(tmp_path: Path) -> None:
    health = GOOD.replace('slug = "world"', 'slug = "health"')
    assert site(tmp_path, health).section("health") is not None
    below = health.replace('slug = "health"', 'slug = "health"\nsections = [{ slug = "live", name = "Live" }]')
    with pytest.raises(SiteFileError, match="health/live"):
        site(tmp_path, below)


def test_the_sample_newspaper_is_a_newspaper() -> None:
    sample = Path(__file__).parents[3] / "deploy/local/pressroom_local/sample/site.toml"
    assert "health" in load_site(sample).section_keys


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(SiteFileError, match="pressroom init"):
        load_site(tmp_path / "none.toml")

"""Slugs in any script."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pressroom_ingest.documents import merge_patch
from pressroom_ingest.slugs import SLUG_CHARS_MAX, numbered, slugify


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Harbor cranes stand still", "harbor-cranes-stand-still"),
        ("The mayor’s ‘new’ map: what it's for", "the-mayors-new-map-what-its-for"),
        ("Ærø & Straße", "aero-strasse"),
        ("東京", "dongjing"),
        ("  --  ", "untitled"),
        ("x" * 200, "x" * SLUG_CHARS_MAX),
    ],
)
def test_a_name_becomes_a_part_of_an_address(text: str, slug: str) -> None:
    assert slugify(text) == slug


@given(st.text(max_size=300))
def test_any_text_has_a_slug(text: str) -> None:
    slug = slugify(text)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug)
    assert len(slug) <= SLUG_CHARS_MAX


def test_a_taken_slug_is_numbered() -> None:
    assert [numbered("a", number) for number in (1, 2, 3)] == ["a", "a-2", "a-3"]


@pytest.mark.parametrize(
    ("target", "patch", "merged"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ],
)
def test_the_examples_of_rfc_7396(target: object, patch: object, merged: object) -> None:
    assert merge_patch(target, patch) == merged

"""Which articles a topic means."""

from __future__ import annotations

import pytest

from pressroom_notify.topics import Topic, parse_topic, topics_of
from tests.examples import article
from tests.unit.notify.test_letters import SITE


def test_an_article_is_found_by_each_of_its_sections_and_their_parents_tags_and_authors() -> None:
    keys = {each.key for each in topics_of(article(also_in=["world/asia"]))}
    assert keys == {
        *("all", "section:business/economy", "section:business", "section:world/asia", "section:world"),
        *("tag:harbour", "author:ines-falk"),
    }


def test_only_breaking_news_is_breaking() -> None:
    assert Topic("breaking") in topics_of(article(breaking=True))
    assert Topic("breaking") not in topics_of(article())


@pytest.mark.parametrize(
    "key", ["all", "all:", "breaking", "section:business/economy", "tag:harbour", "author:ines-falk"]
)
def test_what_the_sites_forms_send_is_understood(key: str) -> None:
    assert parse_topic(key, SITE).key == key.removesuffix(":")


@pytest.mark.parametrize(
    "key",
    ["", "section:", "section:sports", "tag:", "tag:a b", "author:<b>", "all:x", "weather:rain", "tag:" + "a" * 121],
)
def test_what_is_no_topic_is_refused_with_a_sentence(key: str) -> None:
    with pytest.raises(ValueError, match=r"\."):
        parse_topic(key, SITE)

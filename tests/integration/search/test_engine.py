"""What every search engine promises, on tantivy: found, ordered, counted, corrected; and the version rule."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import tantivy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pressroom_search.documents import to_document
from pressroom_search.engine import Applied, Change, FacetValue, Held, Refused, Repeat, Stale
from pressroom_shared.errors import StoreError
from pressroom_shared.ids import new_id
from pressroom_shared.streams import Transient
from tests.examples import START, published, unpublished, version
from tests.integration.search.conftest import Engine, open_engine

A1 = "0193a0f0-0000-7000-8000-000000000001"


def article(id: str, headline: str, body: str = "", **more: Any) -> Change:  # noqa: A002
    return published(id=id, headline=headline, standfirst="", body_text=body, body=body, **({"tags": []} | more))


def test_a_published_article_is_found_by_its_headline_body_author_and_tag(engine: Engine) -> None:
    engine.apply(published())
    for text in ("cranes", "CRANE", "noon", "falk", "harbour", "switched"):
        assert engine.ids(text) == [A1], text
    assert engine.ids("zeppelin") == []


def test_words_are_or_and_more_of_them_are_better(engine: Engine) -> None:
    engine.apply(
        article("one", "The ferry is late"),
        article("both", "The ferry strike goes on"),
        article("none", "Bread prices"),
    )
    assert engine.ids("ferry strike") == ["both", "one"]


def test_a_word_in_the_headline_weighs_more(engine: Engine) -> None:
    engine.apply(article("body", "Fog", "Crane"), article("headline", "Crane", "Fog"))
    assert engine.ids("crane") == ["headline", "body"]


def test_words_that_stand_together_weigh_more(engine: Engine) -> None:
    engine.apply(
        article("apart", "News", "ferry fog crane night"), article("together", "News", "fog night ferry crane")
    )
    assert engine.ids("night ferry") == ["together", "apart"]


def test_phrases_exclusions_prefixes_and_fields_are_honoured(engine: Engine) -> None:
    engine.apply(
        article("a", "The night ferry", "It sails after midnight, off the quay."),
        article("b", "A ferry by night", "Lighthouse keepers wave.", section="opinion"),
        article(
            "c", "Strike at the docks", "The night ferry does not sail.", authors=[{"slug": "bo", "name": "Bo Ek"}]
        ),
    )
    assert sorted(engine.ids('"night ferry"')) == ["a", "c"]
    assert engine.ids('"night ferry" -strike') == ["a"]
    assert engine.ids("light*") == ["b"]
    assert engine.ids("headline:strike") == ["c"]
    assert sorted(engine.ids("headline:ferry")) == ["a", "b"]
    assert engine.ids('author:"bo ek"') == engine.ids("author:bo") == ["c"]
    assert engine.ids("section:opinion ferry") == ["b"]
    assert sorted(engine.ids("-strike")) == ["a", "b"]
    assert engine.ids('"the of"') == []
    assert sorted(engine.ids("the")) == ["a", "c"]


def test_a_section_includes_its_sub_sections_and_what_stands_there_too(engine: Engine) -> None:
    engine.apply(
        article("main", "Main", section="business"),
        article("sub", "Sub", section="business/economy"),
        article("also", "Also", section="world", also_in=["business/markets"]),
        article("other", "Other", section="world"),
    )
    assert sorted(engine.ids(section="business")) == ["also", "main", "sub"]
    assert engine.ids(section="business/economy") == ["sub"]


def test_facets_count_all_that_matches_and_carry_names(engine: Engine) -> None:
    tags = [{"slug": "harbour", "name": "The Harbour"}]
    engine.apply(*(article(f"a{n}", f"Crane {n}", section="business/economy", tags=tags) for n in range(15)))
    engine.apply(article("b", "Crane", section="world"), article("c", "Bread", section="world"))
    results = engine.search("crane", limit=3)
    assert results.total == 16
    assert len(results.hits) == 3
    assert results.facets["section"] == [
        FacetValue("business", "Business", 15),
        FacetValue("business/economy", "Economy", 15),
        FacetValue("world", "World", 1),
    ]
    assert results.facets["tag"] == [FacetValue("harbour", "The Harbour", 15)]
    assert results.facets["author"] == [FacetValue("ines-falk", "Ines Falk", 16)]
    assert results.facets["year"] == [FacetValue("2026", "2026", 16)]


def test_filters_by_tag_author_and_date_narrow(engine: Engine) -> None:
    old = START - timedelta(days=400)
    engine.apply(
        article("old", "Crane", first_published_at=old, tags=[{"slug": "port", "name": "Port"}]),
        article("new", "Crane"),
    )
    assert engine.ids("crane", tag="port") == ["old"]
    assert sorted(engine.ids("crane", author="ines-falk")) == ["new", "old"]
    assert engine.ids("crane", since=START - timedelta(days=1)) == ["new"]
    assert engine.ids("crane", until=START) == ["old"]


def test_newer_articles_rank_higher_and_quoted_words_do_not_decay(engine: Engine) -> None:
    old = START - timedelta(days=200)
    engine.apply(
        article("old", "Night ferry night ferry", "Night ferry.", first_published_at=old),
        article("new", "A bus", "The night ferry is mentioned once in a longer text about a bus that is late."),
    )
    engine.clock.advance(timedelta(hours=1))
    assert engine.ids("night ferry", sort="newest") == ["new", "old"]
    assert engine.ids('"night ferry"') == ["old", "new"]
    scores = {hit.id: hit.score or 0 for hit in engine.search("night ferry").hits}
    quoted = engine.search("night ferry", since=START - timedelta(days=1000))
    plain = {hit.id: hit.score or 0 for hit in quoted.hits}
    assert scores["old"] == pytest.approx(plain["old"] * 0.4, rel=0.01)
    assert scores["new"] == pytest.approx(plain["new"], rel=0.01)


def test_pages_beyond_the_ranked_pool_show_every_article_once(engine: Engine) -> None:
    engine.apply(
        *(article(f"n{n:03}", "Crane", first_published_at=START - timedelta(days=n)) for n in range(450)),
    )
    seen = [each for page in range(5) for each in engine.ids("crane", offset=page * 100, limit=100)]
    assert len(seen) == len(set(seen)) == 450


def test_a_typo_is_corrected_and_said(engine: Engine) -> None:
    engine.apply(article("a", "The lighthouse keeper"), article("b", "Harbour cranes"))
    results = engine.search("lihgthouse keeper")
    assert [hit.id for hit in results.hits] == ["a"]
    assert results.did_you_mean == "lighthouse keeper"
    assert engine.search("lighthouse").did_you_mean is None
    assert engine.search("xyzzyxyzzy").did_you_mean is None


@pytest.mark.parametrize(
    ("language", "headline", "body", "words"),
    [
        ("ja", "石に刻まれた潮", "港はまだ暗い。浜口さんは石段を下りる。", ["潮", "石段", "浜口さん", "暗い", "港"]),
        (
            "ar",
            "أضواء المرفأ",
            "وصلت السفينة إلى المدينة، وفتح الصيّادون أسواقهم.",
            ["السفينه", "المدينة", "الصيادون", "المرفأ"],
        ),
        ("hi", "बंदरगाह की रात", "कमला देसाई अपने देग का ढक्कन उठाती हैं।", ["बंदरगाह", "कमला", "ढक्कन", "रात"]),
        ("es", "El coro del ferri", "Las grúas cantan canciones.", ["gruas", "canción", "ferri"]),
        ("th", "ท่าเรือยามค่ำ", "เรือข้ามฟากหยุดเดิน", ["ท่าเรือ", "เรือ"]),
        ("ko", "부두의 밤", "크레인이 멈췄다.", ["크레인", "부두"]),
        ("ru", "Ночной паром", "Краны остановились в полдень.", ["кран", "паромы"]),
    ],
)
def test_words_of_every_script_are_found(
    engine: Engine, language: str, headline: str, body: str, words: list[str]
) -> None:
    engine.apply(article("x", headline, body, language=language), article("en", "Harbour cranes stand still"))
    for word in words:
        results = engine.search(word)
        assert [hit.id for hit in results.hits] == ["x"], word
        hit = results.hits[0]
        assert any(part.hit for part in (*hit.snippet, *hit.headline_parts)), word


def test_suggestions_are_headlines_that_begin_so(engine: Engine) -> None:
    engine.apply(
        article("a", "Harbour cranes stand still"), article("b", "Harbour choir sings"), article("c", "石の潮")
    )
    engine.apply(unpublished(2, id="b", version=version(5)))
    assert engine.suggest("harbour cr") == ["Harbour cranes stand still"]
    assert engine.suggest("har") == ["Harbour cranes stand still"]
    assert engine.suggest("石") == ["石の潮"]
    assert engine.suggest("cranes of") == engine.suggest("") == engine.suggest("?!") == []


def test_related_articles_share_telling_words(engine: Engine) -> None:
    engine.apply(
        article("a", "Cranes stand still", "The harbour cranes stopped; the port blames the wind."),
        article("b", "Port blames wind", "Harbour cranes will move again when the wind drops, the port says."),
        article("c", "Bread is dear", "Bakers raise the price of bread."),
        article("d", "Bakers meet", "The price of bread was the only thing on the table."),
    )
    related = engine.related("a")
    assert related is not None
    assert [each.headline for each in related] == ["Port blames wind"]
    assert engine.related("nobody") is None
    engine.apply(unpublished(2, id="a", version=version(9)))
    assert engine.related("a") is None


# The version rule


def test_a_withdrawn_article_is_gone_and_cannot_come_back(engine: Engine) -> None:
    assert engine.apply(published(1), unpublished(3)) == [Applied(version(1)), Applied(version(3))]
    assert engine.apply(published(2)) == [Stale(version(3))]
    assert engine.ids("crane") == []
    assert engine.held(A1) == Held(version(3), live=False)
    assert engine.apply(published(4)) == [Applied(version(4))]
    assert engine.ids("crane") == [A1]


def test_a_repeat_writes_nothing_and_a_replay_writes_again(engine: Engine) -> None:
    engine.apply(published(2))
    assert engine.apply(published(2, headline="Never seen")) == [Repeat(version(2))]
    assert engine.ids("seen") == []
    assert engine.apply(published(2, replay=True, headline="Mended at last")) == [Applied(version(2))]
    assert engine.ids("mended") == [A1]
    assert engine.apply(published(1, replay=True)) == [Stale(version(2))]


EVENTS = [published(1), published(2), unpublished(3), published(4), unpublished(5), published(2, replay=True)]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    deliveries=st.lists(st.sampled_from(EVENTS), min_size=1, max_size=12),
    batches=st.lists(st.integers(1, 4), min_size=12, max_size=12),
)
def test_the_newest_version_wins_in_any_order_and_batches(
    engine: Engine, deliveries: list[Change], batches: list[int]
) -> None:
    article_id = new_id()
    mine = [each.model_copy(update={"data": each.data.model_copy(update={"id": article_id})}) for each in deliveries]
    rest = list(mine)
    for size in batches:
        engine.apply(*rest[:size])
        rest = rest[size:]
    newest = max(mine, key=lambda each: each.data.version)
    live = newest.type.endswith("article.published.v1")
    assert engine.held(article_id) == Held(newest.data.version, live=live)
    assert (article_id in engine.ids("crane", limit=500)) == live


# Damage


def test_an_article_that_can_never_be_indexed_is_refused_alone(engine: Engine) -> None:
    verdicts = engine.apply(article("a", "Before"), published(1, id="bad", version=2**70), article("b", "After"))
    assert [type(each) for each in verdicts] == [Applied, Refused, Applied]
    assert sorted(engine.ids()) == ["a", "b"]


def test_a_document_that_the_commit_refuses_does_not_swallow_later_commits(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """tantivy's trap: after it, every commit succeeds and stores nothing until a rollback."""
    real = tantivy.Document

    class Unchecked:
        @staticmethod
        def from_dict(fields: dict[str, Any], schema: tantivy.Schema) -> tantivy.Document:
            if fields["id"] == "bad":
                return real(id=["bad"], version=["no number"])
            return real.from_dict(fields, schema)

    monkeypatch.setattr("pressroom_search.committer.tantivy.Document", Unchecked)
    verdicts = engine.apply(article("a", "Before"), article("bad", "Bad"), article("b", "After"))
    assert [type(each) for each in verdicts] == [Applied, Refused, Applied]
    assert engine.apply(article("c", "Later")) == [Applied(version(1))]
    assert sorted(engine.ids()) == ["a", "b", "c"]


def test_an_index_that_cannot_be_written_is_transient_and_recovers(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> object:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(engine.committer, "_writer", Broken(engine.committer._writer, full))
        with pytest.raises(Transient, match="No space left"):
            engine.apply(article("a", "Before"))
    assert engine.apply(article("a", "Before")) == [Applied(version(1))]
    assert engine.ids() == ["a"]


class Broken:
    """A writer whose disk is full."""

    def __init__(self, writer: object, fail: object) -> None:
        self._writer = writer
        self.commit = fail

    def __getattr__(self, name: str) -> object:
        return getattr(self._writer, name)


# Its life


def test_what_is_committed_is_there_after_a_restart(tmp_path: Path) -> None:
    first = open_engine(tmp_path)
    first.apply(published(1), unpublished(2, id="gone"))
    first.committer.close()
    second = open_engine(tmp_path)
    assert second.ids("crane") == [A1]
    assert second.held("gone") == Held(version(2), live=False)
    second.committer.close()


def test_a_rebuild_keeps_articles_and_tombstones_and_readers_follow(engine: Engine) -> None:
    engine.apply(published(1), article("b", "Bread"), unpublished(2, id="gone"))
    before = engine.folder.current()
    assert engine.ids("crane") == [A1]
    assert engine.committer.rebuild() == 3
    assert engine.folder.current() != before
    assert engine.ids("crane") == [A1]
    assert engine.held("gone") == Held(version(2), live=False)
    engine.apply(article("c", "After the rebuild"))
    assert engine.ids("rebuild") == ["c"]


def test_an_index_of_an_older_layout_is_made_anew_when_it_is_opened(tmp_path: Path) -> None:
    first = open_engine(tmp_path)
    first.apply(published(1))
    first.committer.close()
    current = first.folder.current()
    assert current is not None
    older = current.rename(current.with_name("0-7"))
    (first.folder.root / "current").write_text(older.name)
    assert not first.reader.exists
    second = open_engine(tmp_path)
    assert second.ids("crane") == [A1]
    second.committer.close()


def test_a_damaged_index_ends_with_a_sentence_that_says_what_to_do(tmp_path: Path) -> None:
    first = open_engine(tmp_path)
    first.apply(published(1))
    first.committer.close()
    current = first.folder.current()
    assert current is not None
    (current / "meta.json").write_text("{}")
    with pytest.raises(StoreError, match="replay --all --to search"):
        open_engine(tmp_path)


def test_the_stored_fields_make_the_same_document_again(engine: Engine) -> None:
    event = published(1)
    document = to_document(event, engine.site.zone)
    assert document["section"] == ["business", "business/economy"]
    assert document["version"] == version(1)

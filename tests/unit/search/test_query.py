"""What a reader may type, and what it means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pressroom_search.query import Field, Phrase, Prefix, Query, Word, parse


def plain(query: Query) -> tuple[list[object], list[object]]:
    """The clauses without their places."""
    return [_bare(each) for each in query.clauses], [_bare(each) for each in query.without]


def _bare(clause: object) -> object:
    return clause.text if isinstance(clause, Word) else clause


@pytest.mark.parametrize(
    ("text", "clauses", "without"),
    [
        ("", [], []),
        ("  ", [], []),
        ("night ferry", ["night", "ferry"], []),
        ('"night ferry" strike', [Phrase("night ferry"), "strike"], []),
        ("“night ferry”", [Phrase("night ferry")], []),
        ("«night ferry»", [Phrase("night ferry")], []),
        ('"never closed', [Phrase("never closed")], []),
        ('""', [], []),
        ("ferry -strike", ["ferry"], ["strike"]),
        ('ferry -"night shift"', ["ferry"], [Phrase("night shift")]),
        ("ferry NOT strike", ["ferry"], ["strike"]),
        ("oil AND NOT opec", ["oil"], ["opec"]),
        ("oil OR gas", ["oil", "gas"], []),
        ("gov*", [Prefix("gov")], []),
        ("-gov*", [], [Prefix("gov")]),
        ("*", [], []),
        ("-", [], []),
        ("--", [], []),
        ("sister-city", ["sister-city"], []),
        ("headline:crane", [Field("headline", "crane")], []),
        ('Author:"Ines Falk"', [Field("author", "Ines Falk")], []),
        ("-section:opinion tag:harbour", [Field("tag", "harbour")], [Field("section", "opinion")]),
        ("headline: crane", ["headline:", "crane"], []),
        ("price:high", ["price:high"], []),
        ("潮 -石段", ["潮"], ["石段"]),
    ],
)
def test_a_query_is_read(text: str, clauses: list[object], without: list[object]) -> None:
    assert plain(parse(text)) == (clauses, without)


def test_a_word_knows_its_place() -> None:
    text = 'the "night ferry" lihgthouse'
    word = parse(text).words[-1]
    assert text[word.start : word.end] == word.text == "lihgthouse"


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]) | st.sampled_from('"-*: \\()[]^~'), max_size=60))
def test_nothing_that_can_be_typed_is_an_error(text: str) -> None:
    query = parse(text)
    assert query.is_empty == (not query.clauses and not query.without)
    for word in query.words:
        assert text[word.start : word.end] == word.text

"""Headlines while one types: every word but the last as it is, the last as a prefix."""

from __future__ import annotations

import tantivy
from tantivy import Occur

from pressroom_search.analysis import tokens, without_closing
from pressroom_search.compiling import terms_query
from pressroom_search.documents import SCHEMA

ENDINGS_MAX = 50


def suggest_query(searcher: tantivy.Searcher, text: str, language: str) -> tantivy.Query | None:
    """The query for what was typed so far; None when it holds no word."""
    found = [token.word for token in without_closing(list(tokens(text, language)))]
    if not found:
        return None
    *whole, last = found
    endings = [term for term, _ in searcher.terms_with_prefix("title_words", last, limit=ENDINGS_MAX)]
    if not endings:
        return None
    live = tantivy.Query.const_score_query(tantivy.Query.term_query(SCHEMA, "live", 1), 0.0)
    every = [tantivy.Query.term_query(SCHEMA, "title_words", word) for word in whole]
    return tantivy.Query.boolean_query(
        [(Occur.Must, each) for each in (live, *every, terms_query("title_words", endings))]
    )

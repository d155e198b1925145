"""Looking up documents by their id, for readers and the writer alike."""

from __future__ import annotations

from collections.abc import Iterator

import tantivy

from pressroom_search.documents import SCHEMA
from pressroom_search.engine import Held


def total(found: tantivy.SearchResult) -> int:
    """How many match; the engine's own type hints leave it out."""
    return int(found.count)  # type: ignore[attr-defined]


def find_document(searcher: tantivy.Searcher, article_id: str) -> tantivy.Document | None:
    found = searcher.search(tantivy.Query.term_query(SCHEMA, "id", article_id), limit=1, count=False).hits
    return searcher.doc(found[0][1]) if found else None


def find_held(searcher: tantivy.Searcher, article_id: str) -> Held | None:
    document = find_document(searcher, article_id)
    return Held(document["version"][0], bool(document["live"][0])) if document is not None else None


def all_documents(searcher: tantivy.Searcher) -> Iterator[tantivy.Document]:
    """Every document, tombstones too."""
    limit = max(1, searcher.num_docs)
    for _, address in searcher.search(tantivy.Query.all_query(), limit=limit, count=False).hits:
        yield searcher.doc(address)

"""An article as the index keeps it: what is searched, what is counted, and what a result shows.

A tombstone is a document like any other, with an id, a version and `live` 0: it is never found, and it keeps a
withdrawn article from coming back.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import tantivy

from pressroom_search.analysis import tokens
from pressroom_search.engine import Change
from pressroom_shared.events import Article, ArticleUnpublished, content_hash

LAYOUT = 1
"""Raise it with every change of the schema or of the analysis: an older index is then rebuilt from what it stores."""

WORD_GAP = "\x1f"


def make_schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("version", stored=True, indexed=True, fast=True)
    builder.add_unsigned_field("live", stored=True, indexed=True, fast=True)
    builder.add_integer_field("published", indexed=True, fast=True)  # seconds since 1970; no date type, see the notes
    for name in ("all", "title", "words", "title_words", "tag_words", "author_words"):
        builder.add_text_field(name, tokenizer_name="whitespace")
    for name in ("section", "tag", "author", "language"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    for name in ("tag_label", "author_label", "year"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    builder.add_bytes_field("source", stored=True)
    return builder.build()


SCHEMA = make_schema()


def to_document(change: Change, zone: ZoneInfo) -> dict[str, Any]:
    """The fields of one document. `zone` is the newspaper's: a year begins there."""
    if isinstance(change, ArticleUnpublished):
        return tombstone(change.data.id, change.data.version)
    return live_document(_source(change.data), zone)


def tombstone(article_id: str, version: int) -> dict[str, Any]:
    return {"id": article_id, "version": version, "live": 0}


def _source(article: Article) -> dict[str, Any]:
    """What is stored: all that a result shows, and all that the document can be made from again."""
    return {
        "id": article.id,
        "version": article.version,
        "path": article.path,
        "headline": article.headline,
        "standfirst": article.standfirst,
        "body": article.body_text,
        "section": article.section,
        "also_in": article.also_in,
        "language": article.language,
        "authors": [[each.slug, each.name] for each in article.authors],
        "tags": [[each.slug, each.name] for each in article.tags],
        "published": int(article.first_published_at.timestamp()),
        "hash": content_hash(article),
    }


def live_document(source: dict[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    language = source["language"]
    tag_names = [name for _, name in source["tags"]]
    author_names = [name for _, name in source["authors"]]
    parts = [source["headline"], source["standfirst"], source["body"], *author_names, *tag_names]
    stems, words = zip(*(_views(part, language) for part in parts), strict=True)
    return {
        "id": source["id"],
        "version": source["version"],
        "live": 1,
        "published": source["published"],
        "all": list(stems),
        "title": stems[0],
        "words": list(words),
        "title_words": words[0],
        "tag_words": [_views(f"{name} {slug}", language)[1] for slug, name in source["tags"]],
        "author_words": [_views(name, language)[1] for name in author_names],
        "section": sorted({key for each in [source["section"], *source["also_in"]] for key in _with_parents(each)}),
        "tag": [slug for slug, _ in source["tags"]],
        "author": [slug for slug, _ in source["authors"]],
        "tag_label": [f"{slug}{WORD_GAP}{name}" for slug, name in source["tags"]],
        "author_label": [f"{slug}{WORD_GAP}{name}" for slug, name in source["authors"]],
        "year": [str(datetime.fromtimestamp(source["published"], zone).year)],
        "language": [language],
        "source": json.dumps(source, ensure_ascii=False, separators=(",", ":")).encode(),
    }


def read_source(document: tantivy.Document) -> dict[str, Any]:
    """What a live document was made from."""
    source: dict[str, Any] = json.loads(bytes(document["source"][0]))
    return source


def _views(text: str, language: str) -> tuple[str, str]:
    """A text's stems and its words, each in a row, for the engine's whitespace tokenizer."""
    stems: list[str] = []
    words: list[str] = []
    for token in tokens(text, language):
        words.append(token.word)
        if token.stem:
            stems.append(token.stem)
    return " ".join(stems), " ".join(words)


def _with_parents(section: str) -> list[str]:
    """`business/economy` stands in `business` too."""
    main, _, sub = section.partition("/")
    return [main, section] if sub else [main]

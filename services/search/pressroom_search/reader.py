"""The reading side: any number of processes read the same files, and see a commit milliseconds after it.

Methods are plain functions that a thread runs; they may run in several threads at once.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import tantivy
from tantivy import DocAddress, Occur, Order

from pressroom_search import snippets
from pressroom_search.analysis import tokens
from pressroom_search.compiling import Compiled, Compiler, published_between, terms_query
from pressroom_search.documents import SCHEMA, read_source
from pressroom_search.engine import Held, Hit, Named, Reference, Results, Search
from pressroom_search.facets import count_facets
from pressroom_search.folder import Folder
from pressroom_search.lookup import find_document, find_held, total
from pressroom_search.ranking import HALF_LIFE_S, POOL, rank
from pressroom_search.settings import Settings
from pressroom_search.spelling import Speller
from pressroom_search.suggesting import suggest_query
from pressroom_shared.clock import Clock, from_microseconds
from pressroom_shared.site import Site

log = logging.getLogger(__name__)

RELATED_TERMS = 40
"""An article's strongest terms, by tf-idf, that say what it is about."""

SPELLING_SHARE = 0.05
"""Of a process's time, the most that renewing the speller may take: a small index is renewed at once."""

Key: TypeAlias = tuple[int, int]
Scored: TypeAlias = list[tuple[float | None, DocAddress]]


@dataclass(slots=True)
class View:
    """One committed state of the index."""

    searcher: tantivy.Searcher
    languages: list[str]


class Reader:
    """Answers searches from the newest commit."""

    def __init__(self, folder: Folder, site: Site, settings: Settings, clock: Clock) -> None:
        self._folder = folder
        self._site = site
        self._settings = settings
        self._clock = clock
        self._names = {key: site.section_name(key) for key in site.section_keys}
        self._lock = threading.Lock()
        self._index: tantivy.Index | None = None
        self._generation: Path | None = None
        self._seen: tuple[int, int] | None = None
        self._looked_at = -math.inf
        self._view: View | None = None
        self._speller = Speller((), words_max=0)
        self._spells: tantivy.Searcher | None = None
        self._spell_again_at = -math.inf

    @property
    def exists(self) -> bool:
        """Whether there is an index to read."""
        return self._fresh() is not None

    def search(self, search: Search) -> Results:
        view = self._fresh()
        if view is None:
            return Results()
        compiler = Compiler(view.searcher, view.languages, lambda word: self._correct(view, word), self._names)
        compiled = compiler.compile(search)
        total, found = self._ordered(view.searcher, search, compiled)
        return Results(
            total=total,
            hits=tuple(self._hit(view.searcher, each, compiled) for each in found),
            facets=count_facets(view.searcher, compiled.query, self._names, self._settings.facet_values_max),
            did_you_mean=_corrected(search.query.text, compiled),
        )

    def suggest(self, text: str) -> list[Reference]:
        view = self._fresh()
        query = suggest_query(view.searcher, text, self._site.language) if view else None
        if view is None or query is None:
            return []
        found = view.searcher.search(query, limit=POOL, count=False).hits
        best = self._by_news(view.searcher, found)[: self._settings.suggestions_max]
        return [_reference(view.searcher.doc(address)) for _, address in best]

    def related(self, article_id: str) -> list[Reference] | None:
        view = self._fresh()
        document = find_document(view.searcher, article_id) if view else None
        if view is None or document is None or not document["live"][0]:
            return None
        terms = _strongest_terms(view.searcher, read_source(document), self._settings.scan_chars_max)
        if not terms:
            return []
        query = tantivy.Query.boolean_query(
            [
                (Occur.Must, terms_query("all", terms)),
                (Occur.Must, tantivy.Query.const_score_query(tantivy.Query.term_query(SCHEMA, "live", 1), 0.0)),
                (Occur.MustNot, tantivy.Query.term_query(SCHEMA, "id", article_id)),
            ]
        )
        found = view.searcher.search(query, limit=self._settings.related_max, count=False).hits
        return [_reference(view.searcher.doc(address)) for _, address in found]

    def held(self, article_id: str) -> Held | None:
        view = self._fresh()
        return find_held(view.searcher, article_id) if view else None

    def _ordered(self, searcher: tantivy.Searcher, search: Search, compiled: Compiled) -> tuple[int, Scored]:
        """The total, and the asked page in its order."""
        if search.sort == "newest" or not compiled.scored:
            newest = searcher.search(
                compiled.query,
                limit=search.limit,
                offset=search.offset,
                order_by_field="published",
                order=Order.Desc,
            )
            return total(newest), [(None, address) for _, address in newest.hits]
        if search.query.is_quoted or search.since or search.until:
            plain = searcher.search(compiled.query, limit=search.limit, offset=search.offset)
            return total(plain), list(plain.hits)
        return self._by_news_rank(searcher, search, compiled)

    def _by_news_rank(self, searcher: tantivy.Searcher, search: Search, compiled: Compiled) -> tuple[int, Scored]:
        """The best by text and the best of the last two weeks, ranked anew together; behind them the rest by text."""
        top = searcher.search(compiled.query, limit=POOL)
        matching = total(top)
        since_s = int(self._clock.now().timestamp()) - HALF_LIFE_S
        recently = tantivy.Query.const_score_query(published_between(since_s, None), 0.0)
        both = tantivy.Query.boolean_query([(Occur.Must, compiled.query), (Occur.Must, recently)])
        recent = searcher.search(both, limit=POOL, count=False) if matching > POOL else top
        ordered = self._by_news(searcher, [*top.hits, *recent.hits])
        end = search.offset + search.limit
        if end > len(ordered) < matching:
            pooled = {_key(address) for _, address in ordered}
            deep = searcher.search(compiled.query, limit=end, count=False)
            ordered += [(score, address) for score, address in deep.hits if _key(address) not in pooled]
        return matching, ordered[search.offset : end]

    def _by_news(self, searcher: tantivy.Searcher, hits: Sequence[tuple[Any, DocAddress]]) -> Scored:
        addresses = {_key(address): address for _, address in hits}
        scores: dict[Key, float] = {_key(address): float(score) for score, address in hits}
        dates = searcher.fast_field_values("published", list(addresses.values()))
        published = {key: int(at or 0) for key, at in zip(addresses, dates, strict=True)}
        ranked = rank(scores, published, self._clock.now().timestamp())
        return [(score, addresses[key]) for key, score in ranked]

    def _hit(self, searcher: tantivy.Searcher, found: tuple[float | None, DocAddress], compiled: Compiled) -> Hit:
        score, address = found
        source = read_source(searcher.doc(address))
        language, headline, body = source["language"], source["headline"], source["body"]
        place, chars = compiled.marks.place, self._settings.snippet_chars
        scan = self._settings.scan_chars_max
        snippet = snippets.cut(body, language, place, chars=chars, scan_chars_max=scan) or snippets.cut(
            source["standfirst"], language, place, chars=chars, scan_chars_max=scan
        )
        return Hit(
            id=source["id"],
            path=source["path"],
            headline=headline,
            headline_parts=snippets.mark(headline, language, place),
            snippet=snippet or snippets.beginning(source["standfirst"] or body, chars),
            section=source["section"],
            language=language,
            authors=tuple(Named(*each) for each in source["authors"]),
            tags=tuple(Named(*each) for each in source["tags"]),
            published_at=from_microseconds(source["published"] * 1_000_000),
            score=None if score is None else round(score, 4),
        )

    def _correct(self, view: View, word: str) -> str | None:
        """A correction by the words of this view; in a large index, of one some seconds older."""
        began = time.monotonic()
        with self._lock:
            due = self._spells is not view.searcher and began >= self._spell_again_at
            if due:
                self._spells, self._spell_again_at = view.searcher, math.inf
        if due:  # others go on with the old one meanwhile
            counts = view.searcher.terms_with_prefix("words", "")
            self._speller = Speller(counts, words_max=self._settings.spelling_words_max)
            now = time.monotonic()
            self._spell_again_at = now + min(self._settings.spelling_refresh_s, (now - began) / SPELLING_SHARE)
        return self._speller.correct(word)

    def _fresh(self) -> View | None:
        """The newest commit, looked for at most every `fresh_ms`."""
        with self._lock:
            now = time.monotonic()
            if now - self._looked_at >= self._settings.fresh_ms / 1000:
                self._looked_at = now
                self._look()
            return self._view

    def _look(self) -> None:
        generation = self._folder.current()
        if generation is None or not self._folder.is_of_this_layout(generation):
            return
        try:
            if generation != self._generation:
                self._index = tantivy.Index.open(str(generation))
                self._index.config_reader(reload_policy="manual")
                self._generation, self._seen = generation, None
            meta = (generation / "meta.json").stat()
            seen = (meta.st_ino, meta.st_mtime_ns)  # each commit replaces the file
            if seen != self._seen and self._index is not None:
                self._index.reload()
                searcher = self._index.searcher()
                held = [term for term, _ in searcher.terms_with_prefix("language", "")]
                self._view = View(searcher, [self._site.language, *held])
                self._seen = seen
        except (OSError, ValueError) as error:  # a swap under our feet: the next look meets what is in use now
            log.warning("the index could not be read again yet: %s", error)


def _key(address: DocAddress) -> Key:
    return address.segment_ord, address.doc


def _reference(document: tantivy.Document) -> Reference:
    source = read_source(document)
    return Reference(source["headline"], source["path"])


def _corrected(text: str, compiled: Compiled) -> str | None:
    """The query with its corrections in place."""
    if not compiled.corrections:
        return None
    for word, better in sorted(compiled.corrections, key=lambda each: -each[0].start):
        text = text[: word.start] + better + text[word.end :]
    return text


def _strongest_terms(searcher: tantivy.Searcher, source: dict[str, Any], chars_max: int) -> list[str]:
    text = "\n".join([source["headline"], source["standfirst"], source["body"]])
    counts = Counter(token.stem for token in tokens(text[:chars_max], source["language"]) if token.stem)
    weights: dict[str, float] = {}
    for term, count in counts.items():
        articles = searcher.doc_freq("all", term)
        if articles > 1:  # a term of this article alone leads nowhere
            weights[term] = count * math.log(1 + (searcher.num_docs - articles + 0.5) / (articles + 0.5))
    return sorted(weights, key=lambda term: (-weights[term], term))[:RELATED_TERMS]

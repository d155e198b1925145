"""From the tree of what a reader typed to the engine's query, and to the terms that a snippet marks.

tantivy's own parser is not used: it reads `gov*` as a word and `oil AND NOT opec` as nothing, without an error.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import tantivy
from tantivy import Occur

from pressroom_search.analysis import Token, fold, is_dense, primary, stem, tokens, without_closing
from pressroom_search.documents import SCHEMA
from pressroom_search.engine import Search
from pressroom_search.query import Clause, Field, Phrase, Prefix, Query, Word

TITLE_WEIGHT = 0.5
PAIR_WEIGHT = 0.3
PAIR_SLOP = 2
CORRECTED_WEIGHT = 0.8
DENSE_SHARE = 0.6
"""Of the pairs of characters in a run without spaces, so many must be there."""
PREFIX_TERMS_MAX = 100
CLAUSES_MAX = 256
"""More clauses than that are not read; nobody types them."""

Correct = Callable[[str], str | None]


@dataclass(slots=True)
class Marks:
    """What a snippet marks."""

    stems: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    letters: set[str] = field(default_factory=set)
    """Single characters of a script without spaces, of which the index knows pairs."""

    def place(self, token: Token) -> tuple[int, int] | None:
        """What of this token matched, from where to where; None for nothing."""
        if token.word in self.words or (token.stem is not None and token.stem in self.stems):
            return token.start, token.end
        return (token.start, token.start + 1) if self.letters and token.word[0] in self.letters else None


@dataclass(slots=True)
class Compiled:
    query: tantivy.Query
    marks: Marks
    corrections: list[tuple[Word, str]]
    scored: bool
    """Whether the text gives an order; else the newest come first."""


class Compiler:
    """Compiles one search against what one searcher sees. `languages` are those that the index holds."""

    def __init__(
        self, searcher: tantivy.Searcher, languages: Sequence[str], correct: Correct, section_names: dict[str, str]
    ) -> None:
        self._searcher = searcher
        self._languages = list(dict.fromkeys(primary(each) for each in languages)) or ["en"]
        self._correct = correct
        self._section_names = section_names
        self._marks = Marks()
        self._corrections: list[tuple[Word, str]] = []

    def compile(self, search: Search) -> Compiled:
        required: list[tuple[Occur, tantivy.Query]] = [(Occur.Must, _silent(_term("live", 1)))]
        required += [(Occur.Must, _silent(each)) for each in filters(search)]
        clauses = search.query.clauses[:CLAUSES_MAX]
        firm = [self._firm(each) for each in clauses if isinstance(each, Phrase | Field)]
        loose = self._loose(search.query, clauses)
        scored = bool(loose) or any(isinstance(each, Phrase) for each in clauses)
        required += [(Occur.Must, each) for each in firm]
        if loose:
            required.append((Occur.Should if firm else Occur.Must, _any(loose)))
        elif not firm and clauses:
            required.append((Occur.Must, tantivy.Query.empty_query()))
        marks, self._marks = self._marks, Marks()  # what must not match is not marked
        required += [(Occur.MustNot, self._excluded(each)) for each in search.query.without[:CLAUSES_MAX]]
        return Compiled(tantivy.Query.boolean_query(required), marks, self._corrections, scored)

    def _loose(self, query: Query, clauses: Sequence[Clause]) -> list[tantivy.Query]:
        """Words and prefixes, any of which may match; neighbours that stand together weigh more."""
        found: list[tantivy.Query] = []
        before: list[str] = []
        for each in clauses:
            if isinstance(each, Prefix):
                found.append(self._prefix("words", each.text))
            if not isinstance(each, Word):
                before = []
                continue
            text = self._known(each)
            found += self._word(text, weight=1 if text == each.text else CORRECTED_WEIGHT)
            found += self._pairs(before, text)
            before = [text]
        if not found:  # nothing but stop words: then they are what is sought
            found = [_any([self._exact(each.text) for each in query.words])] if query.words else []
        return found

    def _known(self, word: Word) -> str:
        """The word, or its correction where the index does not know it."""
        if is_dense(word.text) or self._is_known(word.text):
            return word.text
        corrected = self._correct(fold(word.text))
        if corrected is None:
            return word.text
        self._corrections.append((word, corrected))
        return corrected

    def _is_known(self, text: str) -> bool:
        found = list(tokens(text, self._languages[0]))
        if len(found) != 1:
            return True
        return self._searcher.doc_freq("words", found[0].word) > 0 or any(
            self._searcher.doc_freq("all", each) > 0 for each in self._stems(text)
        )

    def _stems(self, text: str) -> list[str]:
        """A word's stem in each language of the index; a word that is a stop word somewhere has fewer."""
        return list(dict.fromkeys(each for each in (stem(text, code) for code in self._languages) if each))

    def _word(self, text: str, *, weight: float) -> list[tantivy.Query]:
        if is_dense(text):
            return [self._run(text)]
        found = list(tokens(text, self._languages[0]))
        if len(found) > 1:
            return [self._exact(text)]
        if not found or found[0].stem is None:
            return []  # the paper's own language stops it
        stems = self._stems(text)
        self._marks.stems.update(stems)
        either = tantivy.Query.disjunction_max_query
        return [
            _weighted(either([_term("all", each) for each in stems]), weight),
            _weighted(either([_term("title", each) for each in stems]), TITLE_WEIGHT * weight),
        ]

    def _pairs(self, before: list[str], text: str) -> list[tantivy.Query]:
        pairs = dict.fromkeys(
            (first, second)
            for word in before
            for code in self._languages
            if (first := stem(word, code)) and (second := stem(text, code))
        )
        if not pairs:
            return []
        phrases = [tantivy.Query.phrase_query(SCHEMA, "all", list(pair), slop=PAIR_SLOP) for pair in pairs]
        return [_weighted(tantivy.Query.disjunction_max_query(phrases), PAIR_WEIGHT)]

    def _run(self, text: str) -> tantivy.Query:
        """A run without spaces: most of its pairs of characters, and the more the better in a row."""
        pairs = [token.word for token in without_closing(list(tokens(text, self._languages[0])))]
        if len(pairs) == 1 and len(pairs[0]) == 1:
            return self._prefix("words", text)
        self._marks.words.update(pairs)
        each = [(Occur.Should, _term("words", pair)) for pair in pairs]
        most = tantivy.Query.boolean_query(each, minimum_number_should_match=math.ceil(len(pairs) * DENSE_SHARE))
        return _any([most, _weighted(_in_a_row("title_words", pairs), TITLE_WEIGHT), _in_a_row("words", pairs)])

    def _prefix(self, name: str, text: str) -> tantivy.Query:
        """A prefix as the terms that it stands for: an expanded term is scored and marked, a prefix is not."""
        found = list(tokens(text, self._languages[0]))
        if not found:
            return tantivy.Query.empty_query()
        last = found[-1].word
        terms = [term for term, _ in self._searcher.terms_with_prefix(name, last, limit=PREFIX_TERMS_MAX)]
        if len(last) == 1 and is_dense(last):
            self._marks.letters.add(last)
        else:
            self._marks.words.update(terms)
        ends = _any([_term(name, each) for each in terms]) if terms else tantivy.Query.empty_query()
        if len(found) == 1 or is_dense(text):
            return ends
        return tantivy.Query.boolean_query(
            [(Occur.Must, _in_a_row(name, [each.word for each in found[:-1]])), (Occur.Must, ends)]
        )

    def _exact(self, text: str, name: str = "words") -> tantivy.Query:
        """These very words in a row, stop words too."""
        found = without_closing(list(tokens(text, self._languages[0])))
        if len(found) == 1 and len(found[0].word) == 1 and is_dense(found[0].word):
            return self._prefix(name, text)
        telling = [token.word for token in found if token.stem] or [token.word for token in found]
        self._marks.words.update(telling)
        return _in_a_row(name, [token.word for token in found])

    def _firm(self, clause: Phrase | Field) -> tantivy.Query:
        if isinstance(clause, Phrase):
            return self._exact(clause.text)
        match clause.name:
            case "headline":
                return self._exact(clause.text, "title_words")
            case "section":
                return _silent(tantivy.Query.term_set_query(SCHEMA, "section", self._sections(clause.text)))
            case "tag" | "author" as name:
                words = [token.word for token in tokens(clause.text, self._languages[0])]
                slug = _term(name, clause.text.casefold())
                return _silent(_any([slug, _in_a_row(f"{name}_words", words)] if words else [slug]))

    def _sections(self, text: str) -> list[str]:
        wanted = fold(text)
        return [wanted, *(key for key, name in self._section_names.items() if fold(name) == wanted)]

    def _excluded(self, clause: Clause) -> tantivy.Query:
        match clause:
            case Phrase() | Field():
                return self._firm(clause)
            case Prefix():
                return self._prefix("words", clause.text)
            case Word():
                stems = [] if is_dense(clause.text) else self._stems(clause.text)
                return _any([self._exact(clause.text), *(_term("all", each) for each in stems)])


def filters(search: Search) -> list[tantivy.Query]:
    """What narrows a search without changing its order."""
    found = [_term(name, value) for name in ("section", "tag", "author") if (value := getattr(search, name))]
    if search.since or search.until:
        found.append(
            published_between(
                int(search.since.timestamp()) if search.since else None,
                math.ceil(search.until.timestamp()) if search.until else None,
            )
        )
    return found


def published_between(since_s: int | None, until_s: int | None) -> tantivy.Query:
    """First published at or after `since_s` and before `until_s`, in seconds since 1970."""
    last_s = None if until_s is None else until_s - 1
    return tantivy.Query.range_query(SCHEMA, "published", tantivy.FieldType.Integer, since_s, last_s)


def terms_query(name: str, terms: Iterable[str]) -> tantivy.Query:
    """Any of these terms, unboosted."""
    return _any([_term(name, each) for each in terms])


def _term(name: str, value: str | int) -> tantivy.Query:
    return tantivy.Query.term_query(SCHEMA, name, value)


def _silent(query: tantivy.Query) -> tantivy.Query:
    return tantivy.Query.const_score_query(query, 0.0)


def _weighted(query: tantivy.Query, weight: float) -> tantivy.Query:
    return query if weight == 1 else tantivy.Query.boost_query(query, weight)


def _any(queries: Sequence[tantivy.Query]) -> tantivy.Query:
    return queries[0] if len(queries) == 1 else tantivy.Query.boolean_query([(Occur.Should, each) for each in queries])


def _in_a_row(name: str, words: Sequence[str]) -> tantivy.Query:
    if not words:
        return tantivy.Query.empty_query()
    return _term(name, words[0]) if len(words) == 1 else tantivy.Query.phrase_query(SCHEMA, name, list(words))

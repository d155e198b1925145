"""What a reader typed, as a tree: words, "phrases", prefix*, -without, and headline: section: tag: author:.

Nothing that can be typed is an error: what has no meaning as an operator is words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast

FieldName = Literal["headline", "section", "tag", "author"]
FIELDS: frozenset[str] = frozenset({"headline", "section", "tag", "author"})


@dataclass(frozen=True, slots=True)
class Word:
    """One word. `start` and `end` are its place in what was typed, so that a correction can be put there."""

    text: str
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Prefix:
    text: str


@dataclass(frozen=True, slots=True)
class Phrase:
    text: str


@dataclass(frozen=True, slots=True)
class Field:
    name: FieldName
    text: str


Clause: TypeAlias = Word | Prefix | Phrase | Field


@dataclass(frozen=True, slots=True)
class Query:
    """Words and prefixes stand side by side with OR; phrases and fields must match; `without` must not."""

    text: str = ""
    clauses: tuple[Clause, ...] = ()
    without: tuple[Clause, ...] = ()

    @property
    def words(self) -> list[Word]:
        return [each for each in self.clauses if isinstance(each, Word)]

    @property
    def is_empty(self) -> bool:
        return not self.clauses and not self.without

    @property
    def is_quoted(self) -> bool:
        return any(isinstance(each, Phrase) for each in self.clauses)


_CLAUSE = re.compile(
    r"""(?P<minus>(?<!\S)[-−](?=[^\s-]))?
        (?:(?P<field>headline|section|tag|author):(?=\S))?
        (?:["“”„«»](?P<phrase>[^"“”„«»]*)(?:["“”„«»]|$)|(?P<word>[^\s"“”„«»]+))""",
    re.VERBOSE | re.IGNORECASE,
)
_OPERATORS = frozenset({"AND", "OR"})


def parse(text: str) -> Query:
    """Read a query. Never raises; `AND` and `OR` are read as spaces, `NOT x` as `-x`."""
    clauses: list[Clause] = []
    without: list[Clause] = []
    negate_next = False
    for match in _CLAUSE.finditer(text):
        word = match["word"]
        if word in _OPERATORS and not match["field"]:
            continue
        if word == "NOT" and not match["field"]:
            negate_next = True
            continue
        clause = _clause(match)
        if clause is not None:
            (without if match["minus"] or negate_next else clauses).append(clause)
        negate_next = False
    return Query(text, tuple(clauses), tuple(without))


def _clause(match: re.Match[str]) -> Clause | None:
    phrase, word = match["phrase"], match["word"]
    text = (phrase if phrase is not None else word).strip()
    if not any(char.isalnum() for char in text):
        return None
    if match["field"]:
        return Field(cast("FieldName", match["field"].lower()), text.strip("*"))
    if phrase is not None:
        return Phrase(text)
    if word.endswith("*"):
        return Prefix(text.rstrip("*"))
    return Word(text, *match.span("word"))

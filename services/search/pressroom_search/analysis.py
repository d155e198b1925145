"""How text becomes terms: words in any script, folded; stems and stop words by language.

Two views of each word: `word` is folded (case, width, accents, vowel points) and is what phrases, prefixes and the
speller work on; `stem` is that word's stem in the text's language, or None for a stop word. Scripts written without
spaces become overlapping pairs of characters, closed by the last character alone, so that every part can be found.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import NamedTuple

import tantivy

WORD_CHARS_MAX = 64
"""Longer words are cut: they are addresses or noise, and the engine refuses terms of 64 KB."""

STEMMED = {
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hu": "hungarian",
    "it": "italian",
    "nl": "dutch",
    "no": "norwegian",
    "nb": "norwegian",
    "nn": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
}
"""Languages that the engine stems (Snowball)."""

STOPPED = frozenset(STEMMED.values()) - {"greek", "romanian", "tamil", "turkish"}
"""Languages of which the engine knows the stop words."""

DENSE = (
    "\u0e00-\u0e7f\u0e80-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u3007\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
"""Scripts whose words are not set apart: Thai, Lao, Burmese, Khmer, Chinese, Japanese; and Korean, which glues on."""

_POINTS = re.compile(
    "[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed\u093c\u200c\u200d]"
)
"""Marks without which a word is still the same word: accents, vowel points, tatweel, nukta, joiners."""

_LETTERS = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه", "ی": "ي", "ک": "ك", "ँ": "ं"})
"""Spellings that writers of Arabic, Persian and Hindi use for the same word."""

_ARABIC_ARTICLES = ("ال", "بال", "كال", "فال", "لل")
_ARABIC_ENDINGS = ("ها", "ان", "ات", "ون", "ين", "يه", "ه", "ي")
"""After Larkey, Ballesteros and Connell, Light Stemming for Arabic Information Retrieval (2007): Light10."""

_ARABIC_STOP = frozenset(
    [
        *(
            "من",
            "في",
            "علي",
            "الي",
            "عن",
            "مع",
            "هذا",
            "هذه",
            "ذلك",
            "تلك",
            "التي",
            "الذي",
            "الذين",
            "ان",
            "لا",
            "ما",
            "لم",
        ),
        *("هو", "هي", "هم", "كان", "كانت", "قد", "ثم", "او", "كل", "بعد", "قبل", "حتي", "بين", "و"),
    ]
)
"""As they are after folding."""

_HINDI_ENDINGS = (
    *("ाएंगी", "ाएंगे", "ाऊंगी", "ाऊंगा", "ाइयां", "ाइयों", "ियों", "ियां", "ाएं", "ाओं", "ाने", "ाना", "ाती", "ाते", "ाता"),
    *("ेगा", "ेगी", "ेंगे", "ओं", "ें", "ों", "ीं", "ता", "ती", "ते", "ना", "नी", "ने", "कर", "ा", "ि", "ी", "ु", "ू", "े", "ो"),
)
"""After Ramanathan and Rao, A Lightweight Stemmer for Hindi (EACL 2003), shortened."""

_HINDI_STOP = frozenset(
    [
        *("का", "के", "की", "को", "में", "से", "पर", "है", "हैं", "था", "थे", "थी", "और", "या", "कि", "यह", "वह", "जो", "तो"),
        *("ही", "भी", "ने", "एक", "नहीं", "इस", "उस", "हो"),
    ]
)


class Token(NamedTuple):
    """One word of a text, with its place in characters."""

    start: int
    end: int
    word: str
    stem: str | None


def _marks() -> str:
    """Every combining mark but those of dense scripts, for a character class: `\\w` leaves them out."""
    dense = re.compile(f"[{DENSE}]")
    found = [
        code
        for code in range(0x300, 0x10000)
        if unicodedata.category(chr(code))[0] == "M" and not dense.match(chr(code))
    ]
    return "".join(chr(code) for code in [*found, 0x200C, 0x200D])


_WORD = re.compile(
    rf"(?P<dense>[{DENSE}]+)"
    r"|(?P<initials>(?<![^\W_])(?:[^\W\d_]\.){2,})"
    rf"|(?P<word>[^\W_{DENSE}]+(?:[{_marks()}]+[^\W_{DENSE}]*)*)(?:['’][sS](?![^\W_]))?"
)


_DENSE_GROUP = _WORD.groupindex["dense"]
_ATTACHED = re.compile(
    "[\u0300-\u036f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece\u102b-\u103e\u17b4-\u17d3\u3099\u309a\uff9e\uff9f]"
)
"""What belongs to the character before it: vowel and tone marks, voicing marks of half width."""


def primary(language: str) -> str:
    return language.partition("-")[0].lower()


def fold(word: str) -> str:
    """A word as it is compared: case, width, accents and points do not count."""
    plain = unicodedata.normalize("NFKC", word).casefold().translate(_LETTERS)
    bare = _POINTS.sub("", unicodedata.normalize("NFKD", plain))
    return unicodedata.normalize("NFC", bare)[:WORD_CHARS_MAX]


@cache
def _stemmer(language: str) -> tantivy.TextAnalyzer | None:
    name = STEMMED.get(language)
    if name is None:
        return None
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.raw())
    if name in STOPPED:
        builder = builder.filter(tantivy.Filter.stopword(name))
    return builder.filter(tantivy.Filter.stemmer(name)).build()


def stem(word: str, language: str) -> str | None:
    """The stem of a word in a language (its primary tag), folded; None for a stop word."""
    lower = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", word).casefold())[:WORD_CHARS_MAX]
    if language == "hi":
        return _hindi(fold(lower))
    if language == "ar":
        return _arabic(fold(lower))
    stemmer = _stemmer(language)
    if stemmer is None:
        return fold(lower)
    stems = stemmer.analyze(lower)
    return fold(stems[0]) if stems else None


def _arabic(word: str) -> str | None:
    """Light10: the article and what is joined before it, then endings; the engine's own stemmer takes too much."""
    if word in _ARABIC_STOP:
        return None
    word = word.removeprefix("و") if len(word) > 3 else word
    article = next((each for each in _ARABIC_ARTICLES if word.startswith(each) and len(word) - len(each) >= 2), "")
    word = word.removeprefix(article)
    for ending in _ARABIC_ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 2:
            word = word.removesuffix(ending)
    return word


def _hindi(word: str) -> str | None:
    if word in _HINDI_STOP:
        return None
    ending = next((each for each in _HINDI_ENDINGS if word.endswith(each) and len(word) - len(each) >= 2), "")
    return word.removesuffix(ending)


def tokens(text: str, language: str) -> Iterator[Token]:
    """Every word of a text, in order. `language` is BCP 47."""
    code = primary(language)
    for match in _WORD.finditer(text):
        kind = match.lastindex or 0
        start, end = match.span(kind)
        if kind == _DENSE_GROUP:
            yield from _pairs(text, start, end)
            continue
        word, stemmed = _forms(match[kind], code)
        if word:
            yield Token(start, end, word, stemmed)


@lru_cache(maxsize=200_000)
def _forms(word: str, code: str) -> tuple[str, str | None]:
    """A word as it stands in a text, initials with their points, as its folded form and its stem."""
    bare = word.replace(".", "")
    return fold(bare), stem(bare, code)


def _pairs(text: str, start: int, end: int) -> Iterator[Token]:
    starts = [at for at in range(start, end) if at == start or not _ATTACHED.match(text[at])]
    ends = [*starts[1:], end]
    for at, after in zip(starts, [*ends[1:], end], strict=True):
        pair = _folded_pair(text[at:after])
        if pair:
            yield Token(at, after, pair, pair)


_folded_pair = lru_cache(maxsize=100_000)(fold)


def without_closing(found: list[Token]) -> list[Token]:
    """A query's tokens less the single character that closes a run of pairs: the index has it for prefixes alone."""
    closes = len(found) > 1 and found[-1].start < found[-2].end
    return found[:-1] if closes else found


def is_dense(word: str) -> bool:
    """Whether a word is of a script without spaces."""
    return re.match(f"[{DENSE}]", word) is not None

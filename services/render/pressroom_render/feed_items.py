"""Articles as feeds show them: set once for all feeds, and kept deflated, for thousands stand in some feed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from pressroom_render.addresses import FEEDS
from pressroom_render.compression import Piece
from pressroom_render.kept import Kept
from pressroom_shared.events import Article

Named = tuple[tuple[str, str], ...]
"""The articles that a text leads to, and where they stand."""

Pieces = dict[str, Piece]
"""An item in each format, by the name of the feed's file."""

OPEN_SHARE = 1.4
"""What a piece takes that is kept whole: its text, and the same deflated."""


class FeedItem:
    """One version of an article. It has the whole article only until it was set."""

    __slots__ = ("_article", "_opened", "_packed", "linked", "named", "published_at")

    def __init__(self, article: Article, linked: frozenset[str], named: Named, opened: Kept[FeedItem, Pieces]) -> None:
        """`linked`: every article that its text leads to, live or not yet. `opened`: items that are at hand, whole."""
        self.published_at: datetime = article.published_at
        self.linked = linked
        self.named = named
        self._article: Article | None = article
        self._packed: list[bytes] | None = None
        self._opened = opened

    def pieces(self, make: Callable[[Article, Named], Pieces]) -> Pieces:
        """It in each format, made when nobody has asked before."""
        opened = self._opened.get(self)
        return self._open(make) if opened is None else opened

    def _open(self, make: Callable[[Article, Named], Pieces]) -> Pieces:
        article, packed = self._article, self._packed  # in this order: another thread packs, then lets the article go
        if packed is not None:
            pieces = {file: Piece.inflated(each) for file, each in zip(FEEDS, packed, strict=True)}
        else:
            assert article is not None
            pieces = make(article, self.named)
            self._packed = [pieces[file].deflated for file in FEEDS]
            self._article = None
        weight = int(sum(len(each.body) for each in pieces.values()) * OPEN_SHARE)
        return self._opened.put(self, pieces, weight=weight)

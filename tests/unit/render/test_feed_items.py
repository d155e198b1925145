"""An item of a feed is made once, whether it is at hand or was put away."""

from __future__ import annotations

from pressroom_render.addresses import FEEDS
from pressroom_render.compression import Piece
from pressroom_render.feed_items import FeedItem, Named, Pieces
from pressroom_render.kept import Kept
from pressroom_shared.events import Article
from tests.examples import article


class Maker:
    def __init__(self) -> None:
        self.times = 0

    def __call__(self, article: Article, named: Named) -> Pieces:
        self.times += 1
        return {file: Piece(f"{file} {article.headline} {named} {article.body}") for file in FEEDS}


def bodies(pieces: Pieces) -> dict[str, bytes]:
    return {file: each.body for file, each in pieces.items()}


def test_an_item_is_made_once_and_comes_back_whole() -> None:
    one, two = article(1), article(2)
    opened: Kept[FeedItem, Pieces] = Kept(60_000)  # of two that are at hand, the first makes room
    make = Maker()
    first, second = (FeedItem(each, frozenset(), (("id", "/there/"),), opened) for each in (one, two))
    made = bodies(first.pieces(make))
    assert first.pieces(make) is first.pieces(make), "at hand"
    second.pieces(make)
    second.pieces(make)
    assert make.times == 2
    for number in range(10):
        opened.put(FeedItem(one, frozenset(), ((str(number), ""),), opened), {}, weight=20_000)
    assert opened.get(first) is None, "put away"
    assert bodies(first.pieces(make)) == made
    assert make.times == 2

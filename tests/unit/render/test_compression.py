"""Compressed copies are what the page is; a feed's is put together of pieces."""

from __future__ import annotations

import gzip

import brotli
import pytest

from pressroom_render.addresses import Page
from pressroom_render.compression import Piece, compressed


@pytest.mark.parametrize("texts", [[""], ["a"], ["<rss>", "", "item ü 1" * 900, "item 2", "</rss>"]])
def test_deflated_pieces_are_one_gzip_file(texts: list[str]) -> None:
    pieces = [Piece(each) for each in texts]
    body = "".join(texts).encode()
    copies = dict(compressed(Page("/feed.xml", "feed", "home"), pieces))
    assert gzip.decompress(b"".join(copies.pop(".gz"))) == body
    assert copies == {}, "programs read feeds: no brotli"


def test_a_page_has_both_copies_and_the_frame_has_none() -> None:
    page = Piece("<p>The wind had dropped by noon.</p>" * 50)
    copies = dict(compressed(Page("/", "front", "home"), [page]))
    assert brotli.decompress(copies[".br"]) == gzip.decompress(copies[".gz"]) == page.body
    assert compressed(Page("/_shell/en", "shell", "en"), [page]) == []

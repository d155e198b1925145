"""Compressed copies are what the page is; a feed's is put together of pieces."""

from __future__ import annotations

import gzip

import brotli
import pytest

from pressroom_render.addresses import Page
from pressroom_render.compression import Piece, compressed


def copies_of(page: Page, pieces: list[Piece]) -> dict[str, bytes]:
    return {suffix: copy if isinstance(copy, bytes) else b"".join(copy) for suffix, copy in compressed(page, pieces)}


@pytest.mark.parametrize("texts", [[""], ["a"], ["<rss>", "", "item ü 1" * 900, "item 2", "</rss>"]])
def test_deflated_pieces_are_one_gzip_file(texts: list[str]) -> None:
    pieces = [Piece(each) for each in texts]
    body = "".join(texts).encode()
    copies = copies_of(Page("/feed.xml", "feed", "home"), pieces)
    assert gzip.decompress(copies.pop(".gz")) == body
    assert copies == {}, "programs read feeds: no brotli"


def test_a_piece_comes_back_from_what_it_was_deflated_to() -> None:
    piece = Piece("<entry>ü wind, tide</entry>" * 300)
    again = Piece.inflated(piece.deflated)
    assert (again.body, again.deflated, again.digest) == (piece.body, piece.deflated, piece.digest)
    assert Piece.inflated(Piece("").deflated).body == b""


def test_a_page_has_both_copies_and_the_frame_has_none() -> None:
    page = Piece("<p>The wind had dropped by noon.</p>" * 50)
    copies = copies_of(Page("/", "front", "home"), [page])
    assert brotli.decompress(copies[".br"]) == gzip.decompress(copies[".gz"]) == page.body
    assert compressed(Page("/_shell/en", "shell", "en"), [page]) == []


def test_what_programs_read_has_no_brotli() -> None:
    sitemap = Piece("<urlset><url>https://courier.example/</url></urlset>")
    copies = copies_of(Page("/sitemap-2026-11.xml", "sitemap", "month:2026-11"), [sitemap])
    assert gzip.decompress(copies.pop(".gz")) == sitemap.body
    assert copies == {}

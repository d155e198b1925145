"""The compressed copies that lie beside a page, so that the gateway need not make them for each reader."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Sequence
from functools import cached_property

import brotli
from isal import igzip, isal_zlib

from pressroom_render.addresses import Page
from pressroom_shared.sitestore import Content

SUFFIXES = (".br", ".gz")
BROTLI_QUALITY = 5
BROTLI_QUALITY_LISTS = 4
"""For what every publication writes again: half the time, and 8 % more."""
BROTLI_QUALITY_BEST = 11
BROTLI_WINDOW_BITS = 16
"""A page has 20 to 60 KB: a larger window finds nothing more, and costs."""
GZIP_LEVEL = 3
"""For the few that do not know brotli: ISA-L's best takes a fifth of the time of zlib's 6, and makes 6 % more."""
DEFLATE_LEVEL = 2
"""For parts: half the time of 3, and 2 % more."""
GZIP_LEVEL_BEST = 9


_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_LAST = b"\x03\x00"
"""RFC 1952: deflate, no time, no name, any system; RFC 1951: an empty block that says that it is the last."""


class Piece:
    """A part of a page that other pages may have too: hashed and deflated once."""

    def __init__(self, text: str) -> None:
        self.body = text.encode()

    @classmethod
    def inflated(cls, deflated: bytes) -> Piece:
        """What gave these bytes as `deflated`."""
        piece = cls("")
        piece.body = isal_zlib.decompress(deflated + _LAST, -isal_zlib.MAX_WBITS)
        piece.deflated = deflated
        return piece

    @cached_property
    def digest(self) -> bytes:
        return hashlib.sha256(self.body).digest()

    @cached_property
    def deflated(self) -> bytes:
        """Raw deflate (RFC 1951) that refers to nothing before it and ends at a whole byte: any other may follow."""
        deflater = isal_zlib.compressobj(DEFLATE_LEVEL, isal_zlib.DEFLATED, -isal_zlib.MAX_WBITS)
        return deflater.compress(self.body) + deflater.flush(isal_zlib.Z_SYNC_FLUSH)


def compressed(page: Page, pieces: Sequence[Piece]) -> list[tuple[str, Content]]:
    """The copies of a page, by suffix. The frame is no page. What programs read is large and written often, and has no
    brotli; feeds are put together of deflated pieces."""
    match page.kind:
        case "shell":
            return []
        case "feed":
            return [(".gz", _gzip_of(pieces))]
        case "sitemap":
            return [(".gz", _gzip(b"".join(each.body for each in pieces)))]
        case _:
            body = b"".join(each.body for each in pieces)
            quality = BROTLI_QUALITY_LISTS if page.kind in {"list", "day"} else BROTLI_QUALITY
            return [(".br", _brotli(body, quality)), (".gz", _gzip(body))]


def compressed_best(body: bytes) -> list[tuple[str, bytes]]:
    """The copies of a text that is written once and read by all, by suffix: as small as can be."""
    return [(".br", _brotli(body, BROTLI_QUALITY_BEST)), (".gz", gzip.compress(body, GZIP_LEVEL_BEST, mtime=0))]


def _gzip(body: bytes) -> bytes:
    return igzip.compress(body, GZIP_LEVEL, mtime=0)


def _brotli(body: bytes, quality: int) -> bytes:
    return bytes(brotli.compress(body, quality=quality, lgwin=BROTLI_WINDOW_BITS, mode=brotli.MODE_TEXT))


def _gzip_of(pieces: Sequence[Piece]) -> list[bytes]:
    """These pieces, one after the other, as gzip."""
    check = length = 0
    for each in pieces:
        check, length = isal_zlib.crc32(each.body, check), length + len(each.body)
    end = check.to_bytes(4, "little") + (length & 0xFFFFFFFF).to_bytes(4, "little")
    return [_HEAD, *(each.deflated for each in pieces), _LAST, end]

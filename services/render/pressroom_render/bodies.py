"""Pages as bytes: their files, compressed copies of these, and the hash that decides whether they are written."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from prometheus_client import Histogram

from pressroom_render.addresses import PRIORITY
from pressroom_render.compression import Piece, compressed
from pressroom_render.gather import Material
from pressroom_shared.sitestore import Content

SECONDS = Histogram("pressroom_pages_seconds", "Making a page and its compressed copies.", ["kind"])
SECONDS_OF = {kind: SECONDS.labels(kind) for kind in PRIORITY}


@dataclass(frozen=True, slots=True)
class Body:
    """A page's files and their compressed copies, by their place in the store, and the hash of them all."""

    files: list[tuple[str, Content]]
    hash: str


def make_all(
    compose: Callable[[Material], list[list[Piece]]],
    materials: Sequence[Material | None],
    give_way: Callable[[], None],
) -> list[Body | None]:
    """Runs in a thread: composing and compressing are all CPU. `give_way` is called before each page."""
    bodies: list[Body | None] = []
    for material in materials:
        give_way()
        bodies.append(None if material is None else make(compose, material))
    return bodies


def make(compose: Callable[[Material], list[list[Piece]]], material: Material) -> Body:
    """A page and its compressed copies. All CPU: for a thread."""
    page = material.page
    with SECONDS_OF[page.kind].time():
        composed = compose(material)
        files: list[tuple[str, Content]] = []
        for key, pieces in zip(page.keys, composed, strict=True):
            files += [(key, [each.body for each in pieces])]
            files += [(f"{key}{suffix}", copy) for suffix, copy in compressed(page, pieces)]
    return Body(files, hash_of(composed))


def hash_of(files: Sequence[Sequence[Piece]]) -> str:
    """Of a page's files. What they have in common with other pages is hashed once."""
    return hashlib.sha256(b"".join([piece.digest for pieces in files for piece in pieces])).hexdigest()

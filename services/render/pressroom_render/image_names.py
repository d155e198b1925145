"""Where the files of a picture are, and how pages name them. Known before any of them is made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from pressroom_shared.events import Media

RECIPE = 1
"""Raised when `images` makes other files of the same picture: they are cached for ever under their names."""

WIDTHS = (320, 640, 960, 1280, 1920)
CROPS = {"1x1": (1, 1), "4x3": (4, 3), "16x9": (16, 9)}
DIGEST_CHARS = 8
SHAPE = (8, 5)
"""Pages show pictures beside headlines in this shape, by CSS."""
SPARE_MIN = 0.03
POSITIONS = 10


def digest_of(media: Media) -> str:
    """What the files depend on besides the picture's bytes, which its key names already."""
    text = json.dumps([RECIPE, WIDTHS, sorted(CROPS), media.focal_point])
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_CHARS]


PictureName = tuple[str, str]
"""A picture's key and its digest: what a page knows of it before its files are made."""


def name_of(media: Media) -> PictureName:
    return media.key, digest_of(media)


def file_key(media_key: str, digest: str, end: str) -> str:
    """`media/ab/abc….jpg` → `media/ab/abc….{digest}.640.webp`"""
    return f"{media_key.rpartition('.')[0]}.{digest}.{end}"


def widths_of(width: int) -> list[int]:
    """The widths that a picture of this width is offered at: five at most, and none larger than it is."""
    return sorted({*(each for each in WIDTHS if each < width), min(width, WIDTHS[-1])})


@dataclass(frozen=True, slots=True)
class Crop:
    """One crop for JSON-LD: its path, and its size in pixels."""

    path: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Responsive:
    """A picture that has been made: what `<picture>` and JSON-LD name. Paths are the site's, without its origin."""

    media_key: str
    digest: str
    width: int
    height: int
    focal_point: tuple[float, float]
    placeholder: str
    """A `data:` URI of a few bytes, to be shown blurred until the picture is there."""

    @property
    def webp(self) -> str:
        """`srcset` of `<source type="image/webp">`."""
        return self._srcset("webp")

    @property
    def jpeg(self) -> str:
        """`srcset` of the `<img>` itself."""
        return self._srcset("jpg")

    @property
    def src(self) -> str:
        """The middle width as JPEG, for what knows no `srcset`."""
        widths = widths_of(self.width)
        return self.path(f"{widths[len(widths) // 2]}.jpg")

    @property
    def position(self) -> str:
        """The class of `position_css` that keeps the focal point in view when CSS cuts to `SHAPE`; empty: centred."""
        shape = SHAPE[0] / SHAPE[1]
        ratio = self.width / self.height
        axis, full, focus = ("x", ratio / shape, self.focal_point[0])
        if ratio < shape:
            axis, full, focus = ("y", shape / ratio, self.focal_point[1])
        spare = full - 1  # of what is cut off, in lengths of what is seen
        if spare < SPARE_MIN:
            return ""
        step = round(min(1.0, max(0.0, (focus * full - 0.5) / spare)) * POSITIONS)
        return "" if step * 2 == POSITIONS else f"at-{axis}{step}"

    @property
    def crops(self) -> list[Crop]:
        return [Crop(self.path(f"{name}.jpg"), *crop_size(self.width, self.height, name)) for name in CROPS]

    def path(self, end: str) -> str:
        return f"/{file_key(self.media_key, self.digest, end)}"

    def _srcset(self, form: str) -> str:
        return ", ".join(f"{self.path(f'{width}.{form}')} {width}w" for width in widths_of(self.width))


CROP_WIDTH_MAX = 1200


def position_css() -> str:
    """A class for each place that the focal point may have: pages have no styles of their own."""
    steps = [(step, step * 100 // POSITIONS) for step in range(POSITIONS + 1) if step * 2 != POSITIONS]
    across = "".join(f".at-x{step}{{object-position:{share}% 50%}}" for step, share in steps)
    return across + "".join(f".at-y{step}{{object-position:50% {share}%}}" for step, share in steps) + "\n"


def crop_size(width: int, height: int, name: str) -> tuple[int, int]:
    """The size of a crop: the largest of its shape that the picture (as made) holds, 1200 across at most."""
    made = widths_of(width)[-1]
    width, height = made, max(1, round(height * made / width))
    across, down = CROPS[name]
    full = min(width, height * across / down)
    final = min(full, CROP_WIDTH_MAX)
    return max(1, round(final)), max(1, round(final * down / across))


def ends(width: int) -> Iterable[str]:
    """The ends of the names of all files of a picture of this width."""
    for each in widths_of(width):
        yield f"{each}.webp"
        yield f"{each}.jpg"
    for name in CROPS:
        yield f"{name}.jpg"

"""Pictures that somebody might upload to do harm, or that other programs have made badly. Each is built here."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pyvips

ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""Of each pass of an interlaced PNG: where it begins, and how far its pixels are apart."""

GPS_AND_SIDEWAYS = {
    "exif-ifd0-Orientation": "6",
    "exif-ifd3-GPSLatitude": "43/1 40/1 0/1",
    "exif-ifd3-GPSLatitudeRef": "N",
    "exif-ifd0-Artist": "Inspector Lantern",
}


def scene(width: int, height: int) -> Any:
    """Something to see: a slope from dark to light, with a red square in the right half."""
    slope = pyvips.Image.xyz(width, height)[0] * (200 / max(1, width))
    image = slope.bandjoin([slope, slope + 40]).cast("uchar").copy(interpretation="srgb")
    side = max(1, min(width, height) // 4)
    return image.draw_rect([220, 20, 20], width * 3 // 4, height // 2, side, side, fill=True)


def portrait(side: int) -> Any:
    """Somebody, drawn with three discs."""
    image = pyvips.Image.black(side, side, bands=3).linear([1, 1, 1], [214, 226, 232])
    image = image.cast("uchar").copy(interpretation="srgb")
    image = image.draw_circle([40, 70, 110], side // 2, side, side * 2 // 5, fill=True)
    image = image.draw_circle([60, 40, 30], side // 2, side * 2 // 5, side // 4, fill=True)
    return image.draw_circle([226, 180, 150], side // 2, side * 9 // 20, side // 5, fill=True)


def jpeg(image: Any, **options: Any) -> bytes:
    body: bytes = image.jpegsave_buffer(**options)
    return body


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def zeros(count: int) -> Iterator[bytes]:
    block = bytes(1024 * 1024)
    while count > 0:
        yield block[: min(count, len(block))]
        count -= len(block)


def png_of_zeros(width: int, height: int, *, depth: int, channels: int, interlaced: bool, rows: int = -1) -> bytes:
    """A PNG of one colour, whatever its size: a few kilobytes that decode to very many. `rows` cuts it short."""
    passes = [
        ((width - x + dx - 1) // dx, (height - y + dy - 1) // dy)
        for x, y, dx, dy in (ADAM7 if interlaced else ((0, 0, 1, 1),))
    ]
    total = sum(down * (1 + across * channels * depth // 8) for across, down in passes)
    if rows >= 0:
        total = rows * (1 + width * channels * depth // 8)
    squeeze = zlib.compressobj(1)
    data = b"".join(squeeze.compress(block) for block in zeros(total)) + squeeze.flush()
    head = struct.pack(">IIBBBBB", width, height, depth, {1: 0, 3: 2, 4: 6}[channels], 0, 0, int(interlaced))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def with_tags(tags: dict[str, str]) -> bytes:
    image = scene(1600, 900).copy()
    for name, value in tags.items():
        image.set_type(pyvips.GValue.gstr_type, name, value)
    image.set_type(pyvips.GValue.gint_type, "orientation", int(tags.get("exif-ifd0-Orientation", "1")))
    return jpeg(image)


def corrupt_exif() -> bytes:
    body = jpeg(scene(1600, 900))
    garbage = b"Exif\x00\x00MM\x00*\xff\xff\xff\xff" + bytes(range(256)) * 20
    return body[:2] + b"\xff\xe1" + struct.pack(">H", len(garbage) + 2) + garbage + body[2:]


def profile_bomb() -> bytes:
    """A PNG whose colour profile unpacks to 400 MB."""
    squeeze = zlib.compressobj(9)
    data = b"".join(squeeze.compress(block) for block in zeros(400 * 1024 * 1024)) + squeeze.flush()
    plain: bytes = scene(1600, 900).pngsave_buffer()
    return plain[:33] + chunk(b"iCCP", b"bomb\x00\x00" + data) + plain[33:]


def animated() -> bytes:
    frames = [scene(640, 400), scene(640, 400).invert()] * 20
    joined = pyvips.Image.arrayjoin(frames, across=1).copy()
    joined.set_type(pyvips.GValue.gint_type, "page-height", 400)
    body: bytes = joined.webpsave_buffer(effort=0)
    return body


def wide_gamut() -> bytes:
    return jpeg(scene(1600, 900).icc_transform("p3", input_profile="srgb"), profile="p3")


HANDLED: dict[str, Callable[[], bytes]] = {
    "cmyk": lambda: jpeg(scene(1600, 900).colourspace("cmyk")),
    "grey": lambda: jpeg(scene(1600, 900).colourspace("b-w")),
    "sixteen_bits": lambda: (scene(1600, 900).cast("ushort") * 257).cast("ushort").pngsave_buffer(bitdepth=16),
    "transparent": lambda: scene(1600, 900).bandjoin(128).cast("uchar").pngsave_buffer(),
    "one_pixel": lambda: scene(1, 1).pngsave_buffer(),
    "very_wide": lambda: jpeg(scene(30_000, 90)),
    "animated": animated,
    "corrupt_exif": corrupt_exif,
    "place_and_sideways": lambda: with_tags(GPS_AND_SIDEWAYS),
    "wide_gamut": wide_gamut,
    "polyglot": lambda: jpeg(scene(1600, 900)) + b"PK\x03\x04<script>alert(1)</script><?php system('id'); ?>",
    "large_progressive": lambda: jpeg(scene(10_000, 9_000), interlace=True, Q=50),
    "large_flat": lambda: png_of_zeros(10_000, 10_000, depth=8, channels=3, interlaced=False),
}
"""Strange, but pictures: each is made into what readers get."""

REFUSED: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "text": lambda: b"This is no picture at all.",
    "html": lambda: b"<html><img src=x onerror=alert(1)>",
    "svg": lambda: b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>',
    "gif": lambda: b"GIF89a\x01\x00\x01\x00\x00\x00\x00;",
    "only_a_signature": lambda: b"\xff\xd8\xff\xe0",
    "truncated_jpeg": lambda: jpeg(scene(1600, 900))[:9_000],
    "truncated_png": lambda: png_of_zeros(1600, 900, depth=8, channels=3, interlaced=False, rows=300),
    "noise": lambda: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 50,
    "very_high": lambda: jpeg(scene(90, 30_000)),
    "bomb": lambda: png_of_zeros(60_000, 60_000, depth=8, channels=1, interlaced=False, rows=1),
    "interlaced_bomb": lambda: png_of_zeros(10_000, 9_900, depth=16, channels=4, interlaced=True),
}
"""Not to be used. The sentence says why."""

EITHER: dict[str, Callable[[], bytes]] = {"profile_bomb": profile_bomb}
"""Used without its profile or not at all: what matters is that nothing breaks."""

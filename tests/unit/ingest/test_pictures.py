"""What is a picture and nothing else, and where it was taken."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest

from pressroom_ingest.locations import strip_location
from pressroom_ingest.pictures import look_at
from pressroom_shared.http import Problem

PLACE = (b"\x00\x00\x00\x29\x00\x00\x00\x01", b"51.5007,0.1246")


def exif(order: str = "<") -> bytes:
    """A TIFF block with a maker, an orientation, and a GPS directory whose latitude stands apart."""
    head = (b"II*\x00" if order == "<" else b"MM\x00*") + struct.pack(f"{order}I", 8)
    gps_at = 8 + 2 + 2 * 12 + 4
    ifd = struct.pack(f"{order}H", 2) + struct.pack(f"{order}HHII", 0x0112, 3, 1, 6 if order == "<" else 6 << 16)
    ifd += struct.pack(f"{order}HHII", 0x8825, 4, 1, gps_at) + struct.pack(f"{order}I", 0)
    values_at = gps_at + 2 + 2 * 12 + 4
    gps = struct.pack(f"{order}H", 2) + struct.pack(f"{order}HH4sI", 1, 2, b"\x00\x00\x00\x02", 0)
    gps += struct.pack(f"{order}HHII", 2, 5, 1, values_at) + struct.pack(f"{order}I", 0)
    return head + ifd + gps + PLACE[0]


XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description dc:creator="Anouk" exif:GPSLatitude="51.5007,0.1246">'
    b"<exif:GPSLongitude>51.5007,0.1246</exif:GPSLongitude><dc:rights>Courier</dc:rights></rdf:Description></x:xmpmeta>"
)


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def jpeg(*extra: bytes, tail: bytes = b"") -> bytes:
    """The frame of a JPEG: enough to be walked, not to be seen."""
    frame = segment(0xC0, struct.pack(">BHHB", 8, 2, 3, 1) + b"\x01\x11\x00")
    scan = segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + b"\x12\xff\x00\x34\xff\xd0\x56"
    return b"\xff\xd8" + segment(0xE0, b"JFIF\0\x01\x01") + b"".join(extra) + frame + scan + b"\xff\xd9" + tail


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(*extra: bytes, tail: bytes = b"") -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 3, 2, 8, 2, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"\0" * 20))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(extra) + pixels + chunk(b"IEND", b"") + tail


def webp(*extra: tuple[bytes, bytes], tail: bytes = b"") -> bytes:
    parts = [(b"VP8X", b"\x0c\0\0\0" + b"\x02\0\0" + b"\x01\0\0"), (b"VP8L", b"\x2f" + b"\0" * 9), *extra]
    body = b"".join(name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for name, data in parts)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body + tail


def avif(inside: bytes = b"", tail: bytes = b"") -> bytes:
    def box(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body) + 8) + kind + body

    size = box(b"ispe", struct.pack(">III", 0, 3, 2))
    meta = box(b"meta", b"\0\0\0\0" + box(b"iprp", box(b"ipco", size)))
    return box(b"ftyp", b"avif\0\0\0\0avifmif1") + meta + box(b"mdat", b"\x12\x00" + inside) + tail


WITH_PLACE = {
    "jpeg, little-endian": jpeg(segment(0xE1, b"Exif\0\0" + exif("<"))),
    "jpeg, big-endian": jpeg(segment(0xE1, b"Exif\0\0" + exif(">"))),
    "jpeg, xmp": jpeg(segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP)),
    "jpeg, a second picture's": jpeg(tail=jpeg(segment(0xE1, b"Exif\0\0" + exif(">")))),
    "png, exif": png(chunk(b"eXIf", exif(">"))),
    "png, xmp": png(chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP)),
    "png, compressed": png(chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(exif()))),
    "webp": webp((b"EXIF", exif()), (b"XMP ", XMP)),
    "avif": avif(b"\0\0\0\0" + exif(">") + XMP),
}


@pytest.mark.parametrize("name", WITH_PLACE)
def test_where_it_was_taken_is_gone_and_the_rest_stays(name: str, tmp_path: Path) -> None:
    path = tmp_path / "picture"
    before = WITH_PLACE[name]
    path.write_bytes(before)
    look_at(path, pixels_max=100)
    assert strip_location(path) is True
    after = path.read_bytes()
    for secret in (*PLACE, zlib.compress(exif())):
        assert secret not in after
    assert len(after) == len(before), "nothing moved"
    picture = look_at(path, pixels_max=100)
    assert {picture.width, picture.height} == {3, 2}, "the orientation is still told"
    if b"Anouk" in before and "png" not in name:
        assert b'dc:creator="Anouk"' in after
        assert b"<dc:rights>Courier</dc:rights>" in after
        assert after.count(b"<") >= after.count(b"</")
    assert strip_location(path) is False or b"GPS" not in after


@pytest.mark.parametrize("content", [jpeg(), png(), webp(), avif(), jpeg(tail=b"\0\0\0"), jpeg(tail=jpeg())])
def test_a_sound_picture_is_taken_as_it_is(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "picture"
    path.write_bytes(content)
    assert (look_at(path, pixels_max=100).width, strip_location(path)) == (3, False)
    assert path.read_bytes() == content


POLYGLOTS = {
    "a page behind a jpeg": jpeg(tail=b"<html><script>alert(1)</script>"),
    "a zip behind a jpeg": jpeg(tail=b"PK\x03\x04" + b"x" * 40),
    "a script in a comment": jpeg(segment(0xFE, b"/*<script>alert(1)</script>")),
    "a pdf in an app segment": jpeg(segment(0xED, b"%PDF-1.7")),
    "php in a png's text": png(chunk(b"tEXt", b"Comment\0<?php system($_GET[0]);")),
    "a page behind a png": png(tail=b"<html>"),
    "a zip behind a webp": webp(tail=b"PK\x03\x04aaaa"),
    "a page in a webp": webp((b"JUNK", b"<html><body>")),
    "a page behind an avif": avif(tail=b"<html><body>aaaaaa"),
    "a page in an avif's box": avif(tail=struct.pack(">I", 20) + b"free" + b"<html><body>"),
    "a png cut off": png()[:-8],
    "a png whose sum is wrong": png()[:-1] + b"\0",
    "a jpeg cut off": jpeg()[:-5],
    "a webp cut off": webp()[:-3],
    "a bomb in a colour profile": png(chunk(b"iCCP", b"x\0\0" + zlib.compress(b"\0" * 64_000_000))),
}


@pytest.mark.parametrize("name", POLYGLOTS)
def test_two_files_in_one_a_broken_one_and_a_bomb_are_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / "picture"
    path.write_bytes(POLYGLOTS[name])
    with pytest.raises(Problem) as refused:
        look_at(path, pixels_max=100)
    assert refused.value.status == 422

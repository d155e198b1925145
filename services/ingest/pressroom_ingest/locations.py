"""Where a picture was taken, blanked in its file: readers shall not learn where a source lives.

Nothing is encoded anew and no byte moves: the GPS part of each EXIF block (TIFF 6.0, Exif 2.32 §4.6.3) and the GPS
properties of each XMP packet are overwritten in place. In a PNG the check sums of its chunks are set right again.
"""

from __future__ import annotations

import mmap
import re
import struct
import zlib
from pathlib import Path

_TIFF = re.compile(rb"II\x2a\x00|MM\x00\x2a")
_XMP = re.compile(
    rb"(?:exif|Iptc4xmpExt|photoshop):(?:GPS\w+|LocationCreated|LocationShown|City|State|Country)"
    rb"(?:\s*=\s*(?:\"[^\"]{0,4000}\"|'[^']{0,4000}')|>[^<]{0,4000}<)"
)
_XMP_BLOCK = re.compile(
    rb"<(Iptc4xmpExt:Location(?:Created|Shown)|exif:GPS\w+)\b[^>]{0,500}>.{0,8000}?</\1\s*>", re.DOTALL
)
_TEXTS = {b"zTXt", b"iTXt", b"tEXt"}
_TELLING = re.compile(rb"exif|xmp|gps|iptc", re.IGNORECASE)
GPS_IFD = 0x8825
ENTRIES_MAX = 512
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}


def strip_location(path: Path) -> bool:
    """Blank every location in the file. Says whether there was any."""
    if path.stat().st_size == 0:
        return False
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as data:
        found = _blank_exif(data) | _blank_xmp(data)
        if data[:8] == b"\x89PNG\r\n\x1a\n":
            found |= _blank_png_texts(data)
            if found:
                _sum_png(data)
        data.flush()
    return found


def _blank_exif(data: mmap.mmap) -> bool:
    found = False
    for match in _TIFF.finditer(data):
        found |= _blank_gps(data, match.start(), "<" if match[0][:1] == b"I" else ">")
    return found


def _blank_gps(data: mmap.mmap, base: int, order: str) -> bool:
    """Blank the GPS directory of one TIFF block: what is no such block is left as it is."""
    try:
        (first,) = struct.unpack_from(f"{order}I", data, base + 4)
        for place in _entries(data, base + first, order):
            tag, kind, count, offset = struct.unpack_from(f"{order}HHII", data, place)
            if tag == GPS_IFD and kind == 4 and count == 1:
                _blank_directory(data, base, base + offset, order)
                # The pointer stays, at an empty directory: an entry that vanished would shift the others.
                return True
    except struct.error:
        pass
    return False


def _entries(data: mmap.mmap, at: int, order: str) -> range:
    (count,) = struct.unpack_from(f"{order}H", data, at)
    if not 0 < count <= ENTRIES_MAX or at + 2 + count * 12 > len(data):
        return range(0)
    return range(at + 2, at + 2 + count * 12, 12)


def _blank_directory(data: mmap.mmap, base: int, at: int, order: str) -> None:
    places = _entries(data, at, order)
    for place in places:
        _, kind, count, offset = struct.unpack_from(f"{order}HHII", data, place)
        size = SIZES.get(kind, 1) * count
        if size > 4 and base + offset + size <= len(data):
            data[base + offset : base + offset + size] = bytes(size)
    if places:
        data[at : places.stop] = bytes(places.stop - at)


def _blank_xmp(data: mmap.mmap) -> bool:
    found = False
    for pattern in (_XMP_BLOCK, _XMP):
        for match in list(pattern.finditer(data)):
            found = True
            data[match.start() : match.end()] = b" " * (match.end() - match.start())
            if match[0].endswith(b"<"):  # the next tag's first sign belongs to what stays
                data[match.start() - 1 : match.end()] = b" " * (match.end() - match.start()) + b"<"
    return found


def _blank_png_texts(data: mmap.mmap) -> bool:
    """Texts of a PNG may be compressed, and hold an EXIF or XMP block in hexadecimal: they go whole."""
    found = False
    for at, length, kind in _png_chunks(data):
        keyword = data[at + 8 : at + 8 + min(length, 80)].partition(b"\0")[0]
        if kind in _TEXTS and _TELLING.search(keyword):
            found = True
            data[at + 4 : at + 8] = b"tEXt"
            data[at + 8 : at + 8 + length] = b"Comment\0".ljust(length)[:length]
    return found


def _sum_png(data: mmap.mmap) -> None:
    for at, length, _ in _png_chunks(data):
        total = zlib.crc32(data[at + 4 : at + 8 + length])
        data[at + 8 + length : at + 12 + length] = struct.pack(">I", total)


def _png_chunks(data: mmap.mmap) -> list[tuple[int, int, bytes]]:
    at, found = 8, []
    while at + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if at + 12 + length > len(data):
            break
        found.append((at, length, kind))
        at += 12 + length
    return found

"""Whether a file is one picture and nothing else: walked from end to end, so that no second file hides in it.

A polyglot is a picture and, say, a page or an archive at once. None of them is decoded here; what would unpack to more
than its size allows is refused by its own numbers.
"""

from __future__ import annotations

import mmap
import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

from pressroom_shared.http import FieldError, Problem

PROFILE_BYTES_MAX = 4 * 1024 * 1024
"""What a PNG's compressed colour profile may unpack to."""

FOREIGN = re.compile(rb"<script|<html|<\?php|<svg|<!doctype|%PDF-\d|PK\x03\x04|javascript:", re.IGNORECASE)
"""Beginnings of other kinds of file, looked for in what a picture says beside its pixels."""

STANDALONE = {0x01, *range(0xD0, 0xD8)}
AVIF_BOXES = {b"ftyp", b"meta", b"mdat", b"moov", b"free", b"skip", b"iloc", b"uuid"}


def refuse_unsound(path: Path, media_type: str) -> None:
    """Raises 422 for a file that is broken, cut off, or more than one picture."""
    walk: Callable[[mmap.mmap], None] = {
        "image/jpeg": _walk_jpeg,
        "image/png": _walk_png,
        "image/webp": _walk_webp,
        "image/avif": _walk_avif,
    }[media_type]
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            walk(data)
        except (struct.error, IndexError) as error:
            raise _problem("The picture is cut off or broken.") from error


def _problem(sentence: str) -> Problem:
    return Problem(422, sentence, errors=[FieldError("file", sentence)])


def _foreign(part: bytes) -> None:
    found = FOREIGN.search(part)
    if found is not None:
        what = found[0].decode("latin-1")
        raise _problem(f"The file is a picture and something else at once (it holds {what!r}), so it is refused.")


def _rest(data: mmap.mmap, at: int) -> None:
    """Nothing but padding may follow a picture's end."""
    rest = data[at:]
    if rest.strip(b"\x00\r\n \xff"):
        raise _problem(f"{len(rest):,} bytes follow the picture's end; save it anew, as a picture alone.")


def _walk_jpeg(data: mmap.mmap) -> None:
    at = 0
    while True:
        at = _one_jpeg(data, at)
        following = data.find(b"\xff\xd8\xff", at)
        between = data[at:following] if following >= 0 else data[at:]
        if following < 0 or between.strip(b"\x00\xff"):  # a camera's second picture (MPF) may follow
            _rest(data, at)
            return
        at = following


def _one_jpeg(data: mmap.mmap, at: int) -> int:
    """From its first marker to behind its last (ITU-T T.81, annex B)."""
    at += 2
    while True:
        if data[at] != 0xFF:
            raise _problem("The picture is cut off or broken.")
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker == 0xD9:
            return at + 2
        elif marker in STANDALONE:
            at += 2
        else:
            (length,) = struct.unpack_from(">H", data, at + 2)
            if marker >= 0xE0:
                _foreign(data[at + 4 : at + 2 + length])
            at += 2 + length
            if marker == 0xDA:
                at = _after_scan(data, at)


_SCAN_END = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)


def _after_scan(data: mmap.mmap, at: int) -> int:
    found = _SCAN_END.search(data, at)
    if found is None:
        raise _problem("The picture is cut off or broken.")
    return found.start()


def _walk_png(data: mmap.mmap) -> None:
    at, kind = 8, b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + length]
        (total,) = struct.unpack_from(">I", data, at + 8 + length)
        if total != zlib.crc32(kind + body):
            raise _problem("The picture is cut off or broken.")
        if kind not in {b"IDAT", b"fdAT"}:
            _foreign(body)
        if kind == b"iCCP":
            unpacked = zlib.decompressobj().decompress(body.partition(b"\0")[2][1:], PROFILE_BYTES_MAX + 1)
            if len(unpacked) > PROFILE_BYTES_MAX:
                raise _problem("The picture's colour profile unpacks to more than is accepted.")
        at += 12 + length
    _rest(data, at)


def _walk_webp(data: mmap.mmap) -> None:
    (size,) = struct.unpack_from("<I", data, 4)
    end, at = 8 + size, 12
    if end > len(data):
        raise _problem("The picture is cut off or broken.")
    while at + 8 <= end:
        kind, length = struct.unpack_from("<4sI", data, at)
        if at + 8 + length > end:
            raise _problem("The picture is cut off or broken.")
        if kind not in {b"VP8 ", b"VP8L", b"ALPH", b"ANMF"}:
            _foreign(data[at + 8 : at + 8 + length])
        at += 8 + length + length % 2
    _rest(data, end)


def _walk_avif(data: mmap.mmap) -> None:
    at = 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, at + 8)
        size = size or len(data) - at
        if kind not in AVIF_BOXES or size < 8 or at + size > len(data):
            _rest(data, at)
            return
        if kind != b"mdat":
            _foreign(data[at + 8 : at + size])
        at += size

"""The fonts of the cards: from wheels, pinned, and no others, so that a card looks the same on every machine.

Emoji in colour come with this wheel (`fonts/`, Noto Color Emoji 2.051, COLR version 1): no other wheel has them.

Imported before `pyvips`: fontconfig reads its file once, when the first text is set.
"""

from __future__ import annotations

import fnmatch
import hashlib
import importlib.resources
import importlib.util
import os
import tempfile
from functools import cache
from pathlib import Path

import brotli

from pressroom_render.card_breaks import is_traditional
from pressroom_render.labels import primary

WHEELS = (
    "fontpkg_newsreader",
    "fontpkg_noto_serif",
    "manimgx_fonts",
    *(f"pylopdf_fonts_{each}" for each in ("ar", "he", "hi", "jp", "ko", "th", "zh_cn", "zh_tw")),
)
REJECTED = (
    *(f"*/pylopdf_fonts_{each}*" for each in ("ar/NotoSansA", "he/NotoSansH", "hi/NotoSansD", "th/NotoSansT")),
    "*/NotoEmoji*",
)
"""Faces that two wheels bring: the other one's are used. Emoji in ink give way to those in colour."""

EMOJI = "NotoColorEmoji-Regular.ttf"

BOLDER = (
    '<match target="font"><test name="weight" compare="less_eq"><const>medium</const></test>'
    '<test target="pattern" name="weight" compare="more_eq"><const>demibold</const></test>'
    '<test name="variable"><bool>false</bool></test>'
    '<edit name="embolden" mode="assign"><bool>true</bool></edit></match>'
)
"""Chinese, Japanese and Korean come in one weight: their headlines are made bolder while they are drawn."""

EMOJI_FIRST = '<alias binding="strong"><family>emoji</family><prefer><family>Noto Color Emoji</family></prefer></alias>'
"""The family that Pango asks for where Unicode wants an emoji, though a text face may have it too."""

HAN = {"ja": "JP", "ko": "KR", "zh": "SC"}
SERIF = ("Noto Serif", "Noto Naskh Arabic", "Noto Serif Hebrew", "Noto Serif Devanagari", "Noto Serif Thai")
SANS = ("Noto Sans", "Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans Devanagari", "Noto Sans Thai")


def serif(first: tuple[str, ...], language: str) -> str:
    """The families of a headline, first choice first, as Pango takes them."""
    return ",".join((*first, *SERIF, *(f"Noto Serif {each}" for each in _han(language)), "Noto Color Emoji"))


def sans(first: tuple[str, ...], language: str) -> str:
    """The families of labels, names and dates."""
    return ",".join((*first, *SANS, *(f"Noto Sans {each}" for each in _han(language)), "Noto Color Emoji"))


def _han(language: str) -> list[str]:
    """The same character looks different in Tokyo, Seoul, Beijing and Taipei: the article's language goes first."""
    first = HAN.get(primary(language), "JP")
    if first == "SC" and is_traditional(language):
        first = "TC"
    return [first, *(each for each in ("JP", "SC", "TC", "KR") if each != first)]


def use_fonts() -> None:
    """Point fontconfig at the wheels' folders and at nothing else of this machine."""
    folders = [*sorted({file.parent for name in WHEELS for file in _files(name)}), emoji().parent]
    globs = "".join(f"<glob>{each}</glob>" for each in REJECTED)
    body = "".join(f"<dir>{folder}</dir>" for folder in folders)
    body += f"<selectfont><rejectfont>{globs}</rejectfont></selectfont>"
    body += BOLDER + EMOJI_FIRST
    folder = _cache(hashlib.sha256(body.encode()).hexdigest()[:16])
    text = f'<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>{body}'
    text += f"<cachedir>{folder}</cachedir></fontconfig>"
    os.environ["FONTCONFIG_FILE"] = str(_put(folder, "fonts.conf", text.encode()))


def font_files() -> list[Path]:
    """Every font that a card may be set in."""
    wheels = [file for name in WHEELS for file in _files(name)]
    return [*(each for each in wheels if not any(fnmatch.fnmatch(str(each), glob) for glob in REJECTED)), emoji()]


@cache
def emoji() -> Path:
    """The emoji in colour, unpacked: the libraries that read fonts want a file, and know no Brotli."""
    packed = (importlib.resources.files("pressroom_render") / "fonts" / f"{EMOJI}.br").read_bytes()
    folder = _cache(hashlib.sha256(packed).hexdigest()[:16])
    found = folder / EMOJI
    return found if found.is_file() else _put(folder, EMOJI, brotli.decompress(packed))


def _files(wheel: str) -> list[Path]:
    spec = importlib.util.find_spec(wheel)
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError(f"The fonts of the cards are not installed: {wheel} is missing.")
    return sorted(Path(next(iter(spec.submodule_search_locations))).rglob("*.?tf"))


def _put(folder: Path, name: str, body: bytes) -> Path:
    """Written whole, whoever else writes it at the same time."""
    temporary = folder / f"{name}.{os.getpid()}"
    temporary.write_bytes(body)
    return temporary.replace(folder / name)


def _cache(name: str) -> Path:
    """A folder of this user alone, shared by its processes; a private one where another user was first."""
    folder = Path(tempfile.gettempdir()) / f"pressroom-fonts-{os.getuid()}-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder if folder.stat().st_uid == os.getuid() else Path(tempfile.mkdtemp(prefix="pressroom-fonts-"))

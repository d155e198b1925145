"""A card is the same on every machine: its fonts are the wheels' own."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pressroom_render.card_fonts import font_files, sans, serif
from pressroom_render.card_text import Face, set_text

DRAW = """
import hashlib, sys
from tests.golden_cards import golden_cards
from pressroom_render.drawing import draw
for name in ("news", "script-mixed", "script-emoji"):
    sys.stdout.write(hashlib.sha256(draw(*golden_cards()[name]).png).hexdigest())
"""


def drawn_with(**environment: str) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FONTCONFIG", "XDG"))}
    done = subprocess.run(
        [sys.executable, "-c", DRAW], env=kept | environment, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_the_machines_own_fonts_neither_help_nor_disturb(tmp_path: Path) -> None:
    fonts = tmp_path / ".fonts"
    fonts.mkdir()
    noto = next(path for path in font_files() if "NotoSansKhmer" in path.name)
    (fonts / "Newsreader.ttf").write_bytes(noto.read_bytes())
    (tmp_path / "fonts.conf").write_text(f"<fontconfig><dir>{fonts}</dir></fontconfig>")
    (tmp_path / "tmp").mkdir()
    ours = drawn_with()
    theirs = drawn_with(HOME=str(tmp_path), FONTCONFIG_FILE=str(tmp_path / "fonts.conf"), TMPDIR=str(tmp_path / "tmp"))
    assert len(ours) == 3 * 64
    assert ours == theirs


@pytest.mark.parametrize("emoji", ["🌊", "⚓", "🇺🇸", "1️⃣", "👩🏽‍🚀", "❤️"])
def test_emoji_keep_their_colours_and_the_letters_beside_them_take_the_texts(emoji: str) -> None:
    found = set_text(f"II {emoji}", Face(serif(("Newsreader",), "en"), 600, 1.1), 80, width_px=900, rtl=False)
    seen = found.mask.ifthenelse(found.painted((0, 255, 0)), [0, 0, 0])
    letters, picture = seen.crop(0, 0, 40, found.mask.height), seen.crop(80, 0, 60, found.mask.height)
    assert [band.max() for band in letters] == [0, 255, 0]
    assert max(band.max() for band in (picture[0], picture[2])) > 50
    plain = set_text("II", found.face, 80, width_px=900, rtl=False)
    assert plain.painted((0, 255, 0)) == [0, 255, 0]


def test_every_face_is_there_once() -> None:
    faces = [hashlib.sha256(path.read_bytes()).hexdigest() for path in font_files()]
    assert len(faces) == len(set(faces)) > 20


@pytest.mark.parametrize(
    ("language", "first"),
    [
        ("ja", "JP"),
        ("zh", "SC"),
        ("zh-Hant", "TC"),
        ("zh-TW", "TC"),
        ("zh-Hans-CN", "SC"),
        ("ko-KR", "KR"),
        ("en", "JP"),
    ],
)
def test_the_language_decides_how_a_shared_character_looks(language: str, first: str) -> None:
    for families in (serif(("Newsreader",), language), sans(("Noto Sans",), language)):
        found = [each.rpartition(" ")[2] for each in families.split(",")]
        assert next(each for each in found if each in {"JP", "SC", "TC", "KR"}) == first

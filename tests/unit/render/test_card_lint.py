"""Nothing is wrong with our cards; and what could be wrong is found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pyvips

from pressroom_render.card_glyphs import missing
from pressroom_render.card_layouts import SIZES_PAPER, lay_out
from pressroom_render.card_lint import lint
from pressroom_render.card_sheet import HEIGHT, WIDTH, Sheet, ground
from pressroom_render.card_style import FORMS, Style
from pressroom_render.drawing import laid_out
from tests.contact_sheet import sample_cards
from tests.golden_cards import BASE, golden_cards
from tests.hostile import jpeg, scene

GOLDEN = golden_cards()
SAMPLE = sample_cards()


@pytest.mark.parametrize("name", GOLDEN)
def test_every_layout_and_script_is_readable_within_its_card_and_has_its_glyphs(name: str) -> None:
    sheet, _ = laid_out(*GOLDEN[name])
    assert lint(sheet) == []
    headline = max(sheet.texts, key=lambda text: text.found.size_px)
    assert headline.found.lines <= 4


@pytest.mark.parametrize("name", SAMPLE)
def test_every_card_of_the_sample_newspaper_is_good(name: str) -> None:
    sheet, warning = laid_out(*SAMPLE[name])
    assert [*lint(sheet), warning] == [""]


@pytest.mark.parametrize("grey", [0, 90, 128, 200, 255])
@pytest.mark.parametrize("layout", FORMS)
def test_type_is_readable_on_any_picture(layout: Any, grey: int) -> None:
    for picture in (_plain(grey), _stripes(grey)):
        sheet, _ = laid_out(replace(BASE, layout=layout, word="Live"), picture)
        assert lint(sheet) == []


def _plain(grey: int) -> bytes:
    return jpeg((pyvips.Image.black(1200, 900, bands=3) + grey).cast("uchar").copy(interpretation="srgb"))


def _stripes(grey: int) -> bytes:
    rows = pyvips.Image.xyz(1200, 900)[1] % 40 < 20
    return jpeg((rows / 255 * grey).bandjoin([rows / 255 * 255, rows]).cast("uchar").copy(interpretation="srgb"))


def test_every_language_of_the_sample_newspaper_has_its_glyphs() -> None:
    assert {card.language.partition("-")[0] for card, _, _ in SAMPLE.values()} >= {"en", "ar", "es", "hi", "ja"}
    for card, _, _ in SAMPLE.values():
        assert missing(card.headline + card.byline + card.section + card.newspaper + card.date) == []


def test_a_box_a_faint_text_an_overflow_and_a_collision_are_found() -> None:
    assert missing("ᚠ and क्या and 汐 and ‍🦭") == ["ᚠ"]
    assert "no font has ᚠ" in lint(lay_out(replace(BASE, headline="Rune ᚠ"), None))[0]
    sheet = Sheet(BASE, ground((255, 255, 255)))
    sheet.text(sheet.sans("Faint", 40, 600), (150, 150, 150), 100)
    assert "contrast of 2." in lint(sheet)[0] or "contrast of 3." in lint(sheet)[0]
    sheet = Sheet(BASE, ground((255, 255, 255)))
    sheet.text(sheet.headline(SIZES_PAPER, 1000, 300), (0, 0, 0), 100, x=500)
    assert "runs over the card's edge" in lint(sheet)[0]
    sheet = Sheet(BASE, ground((255, 255, 255)))
    for x in (100, 150):
        sheet.text(sheet.sans("Twice here", 40, 600), (0, 0, 0), 100, x=x)
    assert any("runs into" in each for each in lint(sheet))


def test_a_headline_that_is_too_long_is_cut_at_a_word() -> None:
    sheet = lay_out(replace(BASE, headline="Many more words than any card has room for. " * 40), None)
    headline = max(sheet.texts, key=lambda text: len(text.found.text))
    assert headline.found.cut
    assert headline.found.text.endswith("…")
    assert lint(sheet) == []


def test_a_word_without_end_stays_on_the_card() -> None:
    assert lint(lay_out(replace(BASE, headline="x" * 400, byline="y" * 400, section="z" * 200), None)) == []


def test_lines_are_balanced() -> None:
    sheet = lay_out(replace(BASE, headline="The slow train that five villages bought, timetable and all"), None)
    mask = max(sheet.texts, key=lambda text: text.found.size_px).found.mask
    lines = [mask.crop(0, mask.height * n // 3, mask.width, mask.height // 3) for n in range(3)]
    widths = [line.find_trim(threshold=10, background=0)[2] for line in lines]
    assert min(widths) > 0.6 * max(widths)


def test_markup_in_a_headline_is_text() -> None:
    sheet = lay_out(replace(BASE, headline="<b>5 < 6 & so on</b> <span size='9'>"), None)
    assert lint(sheet) == []
    assert sheet.base.width == WIDTH


def test_a_newspapers_own_style_is_drawn() -> None:
    logo = (pyvips.Image.black(400, 100) + 255).cast("uchar").bandjoin(255).cast("uchar").pngsave_buffer()
    style = Style(paper="#fff8e7", ink="#102030", weight=700, forms={"opinion": "picture"}, logo=logo)
    sheet = lay_out(replace(BASE, style=style), None)
    assert [int(value) for value in sheet.base.getpoint(WIDTH - 5, HEIGHT - 5)] == [0xFF, 0xF8, 0xE7]
    assert [int(value) for value in sheet.base.getpoint(100, 60)] == [0x10, 0x20, 0x30]
    opinion, _ = laid_out(replace(BASE, layout="opinion", style=style), jpeg(scene(1800, 1200)))
    assert [int(value) for value in opinion.base.getpoint(5, 5)] != [0xF4, 0xF3, 0xEF]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('papier = "#ffffff"', "papier: Extra inputs"),
        ('paper = "white"', "paper: String should match"),
        ("weight = 900", "weight: Input should be less"),
        ('logo = "none.png"', "logo: there is no file"),
        ("paper = ", "cannot be read"),
        ('[forms]\nnews = "column"\nletters = "paper"', "forms.letters"),
    ],
)
def test_a_wrong_style_is_named(text: str, sentence: str, tmp_path: Path) -> None:
    from pressroom_render.card_style import load_style
    from pressroom_shared.errors import SiteFileError

    (tmp_path / "cards.toml").write_text(text)
    with pytest.raises(SiteFileError, match=sentence):
        load_style(tmp_path / "site.toml")


def test_without_a_style_file_it_is_ours(tmp_path: Path) -> None:
    from pressroom_render.card_style import load_style

    assert load_style(tmp_path / "site.toml") == Style()

"""What a card says, what it is called, and that every script is drawn."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import pyvips

from pressroom_render.card_sheet import HEIGHT, WIDTH
from pressroom_render.cards import Card, card_hash, card_key, card_of
from pressroom_render.drawing import draw
from pressroom_shared.events import Announcement, Media
from pressroom_shared.site import Section, Sender, Site
from tests.examples import START, article

SITE = Site(
    title="The Test Courier",
    sender=Sender(name="The Test Courier", address="news@courier.example"),
    sections=[Section(slug="business", name="Business", color=("#785000", "#dab35f"))],
)
CARD = Card(
    newspaper="The Test Courier",
    layout="news",
    word="",
    section="Business",
    colours=("#785000", "#dab35f"),
    headline="Harbour cranes stand still for a third day",
    byline="Ines Falk",
    date="November 23, 2026",
    language="en",
    direction="ltr",
)
CORRECTED = [Announcement(version=1, change="correction", at=START, notify=True)]
HEADLINES = {
    "en": "Gone",
    "fr": " ".join(["Le port d’Alder Bay rouvre après vingt jours de grève"] * 6),
    "ar": "مرفأ صغير يعيد بناء سفنه الخشبية ضلعًا ضلعًا",
    "he": "נמל קטן בונה מחדש את ספינות העץ שלו, צלע אחר צלע",
    "ja": "石に刻まれた潮、ノートに残る潮――姉妹港・汐ノ浦の朝",
    "zh-Hans": "港口起重机第三天停止运转，没有人知道是谁关掉的",
    "ko": "항구의 크레인이 사흘째 멈춰 서 있다",
    "hi": "बंदरगाह की रात और कमला की रसोई",
    "th": "เครนท่าเรือหยุดนิ่งเป็นวันที่สามโดยไม่มีใครรู้ว่าใครปิด",
    "el": "Οι γερανοί του λιμανιού στέκουν ακίνητοι",
    "ru": "Портовые краны стоят третий день",
}


def picture(width: int, height: int, colour: tuple[int, int, int] = (240, 240, 240)) -> bytes:
    image = pyvips.Image.black(width, height, bands=3) + list(colour)
    body = image.cast("uchar").copy(interpretation="srgb").jpegsave_buffer()
    assert isinstance(body, bytes)
    return body


def opened(body: bytes) -> Any:
    return pyvips.Image.new_from_buffer(body, "")


def test_a_card_says_what_the_article_says() -> None:
    card = card_of(article(section="business"), SITE)
    assert (card.newspaper, card.label, card.headline, card.byline) == (
        "The Test Courier",
        "Business",
        "Harbour cranes stand still for a third day",
        "Ines Falk",
    )
    assert card.date == "November 23, 2026"


def test_the_social_title_and_picture_come_before_the_articles_own() -> None:
    media = [
        Media(id=each, key=f"media/{each}.jpg", media_type="image/jpeg", width=1600, height=900, bytes=1)
        for each in ("lead", "social")
    ]
    told = article(media=media, lead_image={"media_id": "lead"}, social={"title": "Still", "media_id": "social"})
    card = card_of(told, SITE)
    assert (card.headline, card.image_key) == ("Still", "media/social.jpg")


@pytest.mark.parametrize(
    ("fields", "layout", "label"),
    [
        ({}, "news", "Business"),
        ({"kind": "opinion"}, "opinion", "Business"),
        ({"kind": "live"}, "live", "Live · Business"),
        ({"kind": "live", "breaking": True}, "breaking", "Breaking · Business"),
        ({"breaking": True, "announcements": CORRECTED}, "correction", "Corrected · Business"),
    ],
)
def test_the_most_urgent_thing_decides_the_layout(fields: dict[str, Any], layout: str, label: str) -> None:
    card = card_of(article(section="business", **fields), SITE)
    assert (card.layout, card.label) == (layout, label)


def test_only_what_shows_changes_the_name() -> None:
    first = card_of(article(1), SITE)
    assert card_hash(first) == card_hash(card_of(article(2, body="Another body.", body_text="Another body."), SITE))
    assert card_hash(first) != card_hash(card_of(article(2, headline="Cranes move again"), SITE))
    assert card_key("a", card_hash(first)) == f"cards/a.{card_hash(first)}.jpg"


@pytest.mark.parametrize("language", HEADLINES)
def test_a_card_in_every_script_has_its_shape_in_both_formats(language: str) -> None:
    rtl = language in {"ar", "he"}
    told = replace(CARD, headline=HEADLINES[language], language=language, direction="rtl" if rtl else "ltr")
    drawing = draw(told, None)
    for body in (drawing.jpeg, drawing.png):
        assert (opened(body).width, opened(body).height) == (WIDTH, HEIGHT)
    assert drawing.warning == ""


def test_a_right_to_left_card_is_mirrored() -> None:
    def tab(direction: str) -> tuple[int, ...]:
        drawn = opened(draw(replace(CARD, direction=direction), None).png)
        return tuple(int(value) for value in drawn.getpoint(WIDTH - 100 if direction == "rtl" else 100, 107)[:3])

    assert tab("ltr") == tab("rtl") == (0x78, 0x50, 0x00)


def test_the_picture_is_cut_about_its_focal_point() -> None:
    above, below = opened(picture(1200, 1000, (200, 0, 0))), opened(picture(1200, 1000, (0, 0, 200)))
    body = above.join(below, "vertical").jpegsave_buffer()
    red = opened(draw(replace(CARD, focal_point=(0.5, 0.0)), body).png).getpoint(600, 20)
    blue = opened(draw(replace(CARD, focal_point=(0.5, 1.0)), body).png).getpoint(600, 20)
    assert red[0] > 100 > red[2]
    assert blue[2] > 100 > blue[0]


def test_a_small_or_unreadable_picture_is_said_and_the_card_is_drawn() -> None:
    small = draw(CARD, picture(300, 200))
    assert "300 × 200" in small.warning
    assert "boxes instead of ᚠ" in draw(replace(CARD, headline="Rune ᚠ"), None).warning
    broken = draw(CARD, b"\xff\xd8\xff nothing")
    assert "head is broken" in broken.warning
    assert opened(broken.jpeg).width == WIDTH

"""`python -m tests.golden_cards` writes the golden cards: each layout with and without a picture, each script."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyvips

from pressroom_render.card_style import Style
from pressroom_render.card_words import word
from pressroom_render.cards import Card
from pressroom_render.drawing import laid_out
from pressroom_render.labels import direction
from tests.hostile import jpeg, portrait, scene

FOLDER = Path(__file__).parent / "unit" / "render" / "golden"
WIDTH = 600
BLOCK = 8

BASE = Card(
    newspaper="The Alder Courier",
    layout="news",
    word="",
    section="Business",
    colours=("#785000", "#dab35f"),
    headline="The crane drivers who now work from a room inland",
    byline="Elif Thorne",
    date="November 23, 2026",
    language="en-US",
    direction="ltr",
)
LONG = (
    "Storm tide warning: people in the Saltings are told to move their cars, to carry what they love upstairs, to look "
    "in on whoever lives alone next door, and to wait for the second bell, which the keepers at Gantry Point will ring "
    "by hand if the power is gone by then, as it was in the winter of 1953"
)
SCRIPTS = {
    "short": ("en", "Out"),
    "long": ("en", LONG),
    "accents": (
        "fr",
        "Là-haut, l’œuvre d’un géomètre têtu : « tout mesurer, même la brume » — Łódź, Ærø, Çeşme, Đà Nẵng",
    ),
    "greek": ("el", "Οι γερανοί του λιμανιού στέκουν ακίνητοι για τρίτη μέρα"),
    "cyrillic": ("uk", "Портові крани стоять третій день, і ніхто не знає чому"),
    "arabic": ("ar", "مرفأ صغير يعيد بناء سفنه الخشبية ضلعًا ضلعًا"),
    "hebrew": ("he", "נמל קטן בונה מחדש את ספינות העץ שלו, צלע אחר צלע"),
    "japanese": ("ja", "石に刻まれた潮、ノートに残る潮――姉妹港・汐ノ浦の朝"),
    "chinese": ("zh-Hans", "港口起重机第三天停止运转，没有人知道是谁关掉了它们"),
    "traditional": ("zh-Hant-TW", "港口起重機第三天停止運轉，沒有人知道是誰關掉了它們"),
    "korean": ("ko", "항구의 크레인이 사흘째 멈춰 서 있고 아무도 그 까닭을 모른다"),
    "devanagari": ("hi", "बंदरगाह की रात और कमला की रसोई"),
    "thai": ("th", "เครนท่าเรือหยุดนิ่งเป็นวันที่สามโดยไม่มีใครรู้ว่าใครปิด"),
    "bengali": ("bn", "বন্দরের ক্রেন তৃতীয় দিনেও থেমে আছে"),
    "tamil": ("ta", "துறைமுக கிரேன்கள் மூன்றாம் நாளாக நிற்கின்றன"),
    "emoji": ("en", "The harbour in one line: 🚢 🌊 ⚓ and a seal 🦭"),
    "mixed": ("en", "“Marsa al-Yasmin” is مرسى الياسمين, and 汐ノ浦 is Shionoura: what 3 ports call home"),
}
"""A headline in every script, of 3 and of 300 characters, and of several scripts at once."""


def golden_cards() -> dict[str, tuple[Card, bytes | None, bytes | None]]:
    picture = jpeg(scene(1800, 1200))
    found: dict[str, tuple[Card, bytes | None, bytes | None]] = {}
    face = jpeg(portrait(600))
    for layout in ("news", "opinion", "breaking", "live", "correction"):
        card = replace(BASE, layout=layout, word=word(layout, "en"))
        found[layout] = (card, picture, None)
        found[f"{layout}-paper"] = (card, None, None)
    for name, (language, headline) in SCRIPTS.items():
        card = replace(BASE, headline=headline, language=language, direction=direction(language))
        found[f"script-{name}"] = (card, picture if name in {"long", "arabic", "thai", "mixed"} else None, None)
    opinion = replace(BASE, layout="opinion")
    hebrew = replace(opinion, headline=SCRIPTS["hebrew"][1], language="he", direction="rtl", byline="נועה ברק")
    found["opinion-hebrew"] = (hebrew, picture, None)
    found["opinion-face"] = (opinion, picture, face)
    found["opinion-face-paper"] = (opinion, None, face)
    found["opinion-face-paper-hebrew"] = (hebrew, None, face)
    found["opinion-face-long"] = (replace(opinion, headline=LONG), None, face)
    on_picture = Style(forms={"opinion": "picture"})
    found["opinion-face-picture"] = (replace(opinion, style=on_picture), picture, face)
    return found


def drawn(card: Card, picture: bytes | None, face: bytes | None) -> bytes:
    """As it is kept, so that what JPEG does to one it does to the other."""
    small = laid_out(card, picture, face)[0].base.thumbnail_image(WIDTH)
    body: bytes = small.jpegsave_buffer(Q=88, optimize_coding=True, keep="none")
    return body


def differences(one: bytes, other: bytes) -> tuple[float, float]:
    """Of two cards: the mean difference of a pixel, and the greatest of a block, in steps of 255."""
    first, second = (pyvips.Image.jpegload_buffer(each).cast("short") for each in (one, other))
    apart = (first - second).abs().bandmean()
    return float(apart.avg()), float(apart.shrink(BLOCK, BLOCK).max())


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.jpg"):
        path.unlink()
    for name, (card, picture, face) in golden_cards().items():
        (FOLDER / f"{name}.jpg").write_bytes(drawn(card, picture, face))
        print(name)


if __name__ == "__main__":
    main()

"""Markdown: what may reach a page, and nothing else."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from pressroom_shared.events import Media
from pressroom_shared.markdown import links, media_ids, to_html, to_text

PICTURE = Media(
    id="p1", key="media/ab/ab1.jpg", media_type="image/jpeg", width=1600, height=1000, bytes=1,
    alt='A "quay"', caption="Noon & after", credit="T. <L>",
)  # fmt: skip


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
        "[x](java&#x0A;script:alert(1))",
        "<a href='vbscript:x'>x</a>",
        "<svg onload=alert(1)>",
        "<iframe src='https://evil.example'></iframe>",
        "<p style='position:fixed' onclick='x()'>x</p>",
        '![x](media:p1 "<script>alert(1)</script>")',
        '![" onload="alert(1)](media:p1)',
        "<form action='https://evil.example'><input name=password></form>",
        "<style>body{display:none}</style>",
        "<math><mtext><script>alert(1)</script></mtext></math>",
        "![x](https://evil.example/pixel.gif)",
    ],
)
def test_no_script_handler_or_address_of_code_survives(hostile: str) -> None:
    read = Tags()
    read.feed(to_html(f"Before\n\n{hostile}\n\nafter {hostile}", media={"p1": PICTURE}))
    forbidden = {"script", "svg", "iframe", "form", "input", "style", "math", "object", "embed"}
    assert forbidden.isdisjoint(tag for tag, _ in read.found)
    for _, attributes in read.found:
        for name, value in attributes:
            assert not name.startswith("on")
            assert name != "style"
            if name in {"href", "src"}:
                assert (value or "").startswith(("/", "#", "https://", "http://", "mailto:", "tel:"))
                assert name == "href" or (value or "").startswith("/media/")


class Tags(HTMLParser):
    """Every tag with its attributes, as a browser would read them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, list[tuple[str, str | None]]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, attrs))


def test_a_picture_becomes_a_figure_with_its_size_caption_and_credit() -> None:
    html = to_html("![](media:p1)", media={"p1": PICTURE})
    assert html.startswith('<figure><img src="/media/ab/ab1.jpg" alt="A &quot;quay&quot;" width="1600" height="1000"')
    assert '<figcaption>Noon &amp; after <span class="credit">T. &lt;L&gt;</span></figcaption>' in html


def test_a_picture_that_is_not_there_vanishes() -> None:
    assert to_html("![x](media:gone)").strip() == ""


def test_a_link_to_an_article_becomes_its_address_or_plain_words() -> None:
    html = to_html("[a](article:1) [b](article:2)", article_path={"1": "/x/"}.get, base_url="https://c.example")
    assert '<a href="https://c.example/x/"' in html
    assert ">b<" not in html
    assert "b" in html


def test_a_heading_of_the_first_level_becomes_one_of_the_second() -> None:
    assert to_html("# One").startswith("<h2>One")


def test_text_has_the_words_and_no_markup() -> None:
    assert to_text("# A\n\n*b* [c](http://d)\n\n<script>e</script>\n\n- f\n- g") == "A\n\nb c\n\nf\n\ng"


def test_links_and_pictures_are_named_in_order() -> None:
    text = "![x](media:p2) [y](/z) ![x](media:p1) ![x](media:p2)"
    assert links(text) == ["media:p2", "/z", "media:p1", "media:p2"]
    assert media_ids(text) == ["p2", "p1"]

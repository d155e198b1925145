"""Markdown: what may reach a page, and nothing else."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from pressroom_shared.events import Media
from pressroom_shared.markdown import frames, links, media_ids, to_html, to_text

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
        "[<script>alert(1)</script>](https://youtu.be/1)",
        "[<img src=x onerror=alert(1)>](https://youtu.be/1)",
        '<a href="https://youtu.be/1&quot; onclick=&quot;alert(1)">x</a>',
        '[x](<https://youtu.be/1"onmouseover="alert(1)>)',
        "> <script>alert(1)</script>\n>\n> <b onclick=alert(1)>Ines Falk</b>",
        "See also: [<svg onload=alert(1)>](article:1)",
        "See also: [x](javascript:alert(1))",
        "x[^1]\n\n[^1]: <script>alert(1)</script> [y](javascript:alert(1))",
        "| a |\n| --- |\n| <script>alert(1)</script> |",
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


@pytest.mark.parametrize(
    ("markdown", "provider", "title", "address"),
    [
        ("https://www.youtube.com/watch?v=1&t=2", "YouTube", "", "https://www.youtube.com/watch?v=1&amp;t=2"),
        ("<https://youtu.be/1>", "YouTube", "", "https://youtu.be/1"),
        ("[The *night* ferry](https://vimeo.com/1)", "Vimeo", ": The <em>night</em> ferry", "https://vimeo.com/1"),
        ('[A map](https://www.openstreetmap.org/#map=9 "x")', "OpenStreetMap", ": A map", None),
    ],
)
def test_an_address_of_a_provider_that_stands_alone_becomes_a_card_that_says_whose_it_is(
    markdown: str, provider: str, title: str, address: str | None
) -> None:
    html = to_html(f"Before.\n\n{markdown}\n\nAfter.", base_url="https://c.example")
    address = address or "https://www.openstreetmap.org/#map=9"
    card = (
        f'<p class="embed"><a href="{address}" rel="noopener"><b>{provider}</b>{title}<br>'
        f'<small dir="ltr">{address}</small></a></p>'
    )
    assert html.strip() == f"<p>Before.</p>\n{card}\n<p>After.</p>"


@pytest.mark.parametrize(
    "markdown",
    [
        "https://youtube.com.evil.example/1",
        "https://notyoutube.com/1",
        "https://youtube.com@evil.example/1",
        "https://user:youtube.com@evil.example/1",
        "https://evil.example/?https://youtube.com/",
        "https://youtube.com:8443/1",
        "[x](//youtube.com/1)",
        "[x](ftp://youtube.com/1)",
        "[x](https://[youtube.com/1)",
        "[YouTube](https://evil.example/)",
        "Look: https://youtu.be/1",
        "[a](https://youtu.be/1) [b](https://youtu.be/2)",
        "- https://youtu.be/1",
    ],
)
def test_nobody_else_gets_a_card_and_no_link_in_a_sentence(markdown: str) -> None:
    assert "embed" not in to_html(markdown)


def test_a_label_and_a_link_to_an_article_that_is_not_live_vanish() -> None:
    text = "A\n\nSee also: [b](article:1)\n\nC [d](article:1)"
    assert to_html(text) == "<p>A</p>\n<p>C d</p>\n"
    assert '<p>See also: <a href="/x/" rel="noopener">b</a></p>' in to_html(text, article_path={"1": "/x/"}.get)


def test_tables_and_footnotes_come_through() -> None:
    html = to_html("| Port | Cranes |\n| --- | ---: |\n| Calder | 4 |\n\nFour.[^1]\n\n[^1]: The port's own count.")
    assert '<td>Calder</td>\n<td class="num">4</td>' in html
    assert 'href="#fn-1"' in html
    assert '<section class="footnotes"' in html
    assert "The port's own count." in html


def test_what_would_be_loaded_from_elsewhere_is_named() -> None:
    text = '<iframe src="https://youtu.be/1"></iframe>\n\n<script>x</script>\n\n<b>y</b> <iframe>'
    assert frames(text) == ["iframe", "script"]
    assert frames("`<iframe>` and <b>bold</b>") == []


def test_a_heading_of_the_first_level_becomes_one_of_the_second() -> None:
    assert to_html("# One").startswith("<h2>One")


def test_text_has_the_words_and_no_markup() -> None:
    assert to_text("# A\n\n*b* [c](http://d)\n\n<script>e</script>\n\n- f\n- g") == "A\n\nb c\n\nf\n\ng"


def test_links_and_pictures_are_named_in_order() -> None:
    text = "![x](media:p2) [y](/z) ![x](media:p1) ![x](media:p2)"
    assert links(text) == ["media:p2", "/z", "media:p1", "media:p2"]
    assert media_ids(text) == ["p2", "p1"]

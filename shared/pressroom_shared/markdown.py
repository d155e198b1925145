"""Markdown to sanitised HTML and to plain text: one dialect, wherever it is read.

CommonMark with tables and footnotes, figures, and link cards; docs/editing.md tells editors.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from html.parser import HTMLParser
from urllib.parse import urlsplit

import comrak
import nh3

from pressroom_shared.events import Media
from pressroom_shared.providers import provider_of

_SCHEMES = {"http", "https", "mailto", "tel"}
_PLACES = {"media", "article"}
"""Schemes that Pressroom itself resolves: a picture by its id, another article by its id."""

_TAGS = {
    *("p", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code", "em", "strong", "del", "s"),
    *("a", "br", "hr", "table", "thead", "tbody", "tr", "th", "td", "figure", "figcaption", "img", "sup", "sub"),
    *("section", "abbr", "cite", "q", "small", "mark", "b", "i"),
}
_ATTRIBUTES = {
    "a": {"href", "title", "id", "class", "aria-label"},
    "img": {"src", "alt", "width", "height", "loading", "decoding", "title"},
    "th": {"align", "scope"},
    "td": {"align"},
    "ol": {"start"},
    "li": {"id"},
    "section": {"class"},
    "sup": {"class"},
    "abbr": {"title"},
    "h2": {"id"},
    "h3": {"id"},
    "figure": {"class"},
}
_CLASSES = {"footnotes", "footnote-ref", "footnote-backref", "footnote"}


def _options() -> comrak.ExtensionOptions:
    options = comrak.ExtensionOptions()
    options.table = True
    options.footnotes = True
    options.strikethrough = True
    options.autolink = True
    return options


def _render_options() -> comrak.RenderOptions:
    options = comrak.RenderOptions()
    options.unsafe_ = True  # comrak lets HTML through; nh3 decides what stays
    return options


_EXTENSIONS = _options()
_RENDER = _render_options()


def _render(markdown: str) -> str:
    return comrak.render_markdown(markdown, extension_options=_EXTENSIONS, render_options=_RENDER)


Resolve = Callable[[str], str | None]
"""An article's id → its address, or None when it is not live."""


def to_html(
    markdown: str,
    *,
    media: Mapping[str, Media] | None = None,
    article_path: Resolve = lambda _id: None,
    base_url: str = "",
) -> str:
    """HTML that is safe to put into a page, a feed or a mail.

    `media:ID` becomes a figure with the picture's own size and caption; an unknown one vanishes. `article:ID` becomes
    that article's address; where it is not live, its text stays without a link. `base_url` makes addresses absolute.
    A link to a place relative to the page loses its address, for the text is read in many places.
    A heading of the first level becomes one of the second: the page has its own headline. A paragraph that is but an
    address of an allow-listed provider becomes a link card. One that is but a label and a link to an article that is
    not live ("See also: …") vanishes.
    """
    pictures = media or {}
    names_articles = "article" in markdown or "&" in markdown  # an entity could spell it; nothing else can hide it
    cleaner = _cleaner(base_url, article_path) if names_articles else _cleaner_of(base_url)
    clean = cleaner.clean(_render(_demote(markdown)))

    def figure(match: re.Match[str]) -> str:
        picture = pictures.get(match["id"])
        return _figure(picture, match["alt"], match["title"], base_url) if picture else ""

    clean = _PICTURE_ALONE.sub(figure, clean)
    clean = _PICTURE_INLINE.sub(figure, clean)
    clean = _PICTURE_FROM_ELSEWHERE.sub("", clean)
    clean = _NUMBER_CELL.sub(r'<\1 class="num">', clean)
    clean = _ALIGNED_CELL.sub(r"<\1>", clean)
    clean = _ADDRESS_ALONE.sub(_link_card, clean)
    if _WITHOUT_ADDRESS not in clean:
        return clean
    clean = _LABEL_WITHOUT_ADDRESS.sub("", clean)
    return _LINK_WITHOUT_ADDRESS.sub(r"\1", clean)


def _cleaner(base_url: str, article_path: Resolve) -> nh3.Cleaner:
    """Decides what of a text's HTML stays, and where its links lead."""

    def attribute(tag: str, name: str, value: str) -> str | None:
        if name == "class":
            kept = [each for each in value.split() if each in _CLASSES]
            return " ".join(kept) or None
        if tag == "a" and name == "href":
            scheme, _, rest = value.partition(":")
            if scheme == "article":
                path = article_path(rest)
                return None if path is None else f"{base_url}{path}"
            if value.startswith("#"):
                return None if base_url else value  # a feed or a mail has no such place
            if value.startswith("/") and not value.startswith("//"):
                return f"{base_url}{value}"
            return value if scheme.lower() in _SCHEMES else None
        if tag == "img" and name == "src":
            return value if value.startswith("media:") else None
        return value

    return nh3.Cleaner(
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES | _PLACES,
        attribute_filter=attribute,
        link_rel="noopener",
        strip_comments=True,
    )


@lru_cache(maxsize=8)
def _cleaner_of(base_url: str) -> nh3.Cleaner:
    """For texts that name no article, which are most: making a cleaner costs as much as using it."""
    return _cleaner(base_url, lambda _id: None)


_WITHOUT_ADDRESS = '<a rel="noopener">'
_IMG = r'<img src="media:(?P<id>[^"]*)"(?: alt="(?P<alt>[^"]*)")?(?: title="(?P<title>[^"]*)")?>'
_PICTURE_ALONE = re.compile(rf"<p>\s*{_IMG}\s*</p>")
_PICTURE_INLINE = re.compile(_IMG)
_PICTURE_FROM_ELSEWHERE = re.compile(r"<img(?![^>]* src=)[^>]*>")
_NUMBER_CELL = re.compile(r'<(t[hd]) align="right">')
_ALIGNED_CELL = re.compile(r'<(t[hd]) align="[a-z]+">')
_ADDRESS_ALONE = re.compile(
    r'<p><a href="(?P<href>[^"]*)"(?: title="[^"]*")? rel="noopener">(?P<text>(?:(?!</?a\b|<figure).)*)</a></p>',
    re.DOTALL,
)
_LABEL_WITHOUT_ADDRESS = re.compile(rf"<p>[^<>:：]{{1,40}}[:：]\s*{_WITHOUT_ADDRESS}[^<]*</a>[.。]?</p>\s*")
_LINK_WITHOUT_ADDRESS = re.compile(rf"{_WITHOUT_ADDRESS}(.*?)</a>", re.DOTALL)


def _figure(picture: Media, alt: str | None, title: str | None, base_url: str) -> str:
    """`alt` and `title` are HTML-escaped already; what comes from `picture` is not."""
    text = "" if picture.decorative else (alt or html.escape(picture.alt, quote=True))
    caption = title or html.escape(picture.caption)
    credit = f' <span class="credit">{html.escape(picture.credit)}</span>' if picture.credit else ""
    shown = f"<figcaption>{caption}{credit}</figcaption>" if caption or credit else ""
    return (
        f'<figure><img src="{base_url}/{html.escape(picture.key)}" alt="{text}" width="{picture.width}" '
        f'height="{picture.height}" loading="lazy" decoding="async">{shown}</figure>'
    )


def _link_card(match: re.Match[str]) -> str:
    """Who provides it, what it is called, and where it leads. All of it is sanitised HTML already."""
    href, text = match["href"], match["text"]
    provider = provider_of(html.unescape(href))
    if provider is None:
        return match[0]
    title = "" if html.unescape(text) == html.unescape(href) else f": {text}"
    return (
        f'<p class="embed"><a href="{href}" rel="noopener"><b>{html.escape(provider)}</b>{title}<br>'
        f'<small dir="ltr">{href}</small></a></p>'
    )


def _demote(markdown: str) -> str:
    return f"\n{markdown}".replace("\n# ", "\n## ")[1:]


def to_text(markdown: str) -> str:
    """The words alone: for search, for mails' text parts, for counting. Blocks are parted by one empty line."""
    reader = _Text()
    reader.feed(_render(markdown))
    reader.close()
    blocks = [" ".join(block.split()) for block in "".join(reader.parts).split("\n\n")]
    return "\n\n".join(block for block in blocks if block)


def links(markdown: str) -> list[str]:
    """Every address that the text names: of links and of pictures, in order."""
    reader = _Links()
    reader.feed(_render(markdown))
    reader.close()
    return reader.addresses


def frames(markdown: str) -> list[str]:
    """The tags of what the text would load from elsewhere, and that is never shown, each once."""
    reader = _Links()
    reader.feed(_render(markdown))
    reader.close()
    return list(dict.fromkeys(reader.frames))


def media_ids(markdown: str) -> list[str]:
    """The ids of the pictures that the text shows (`media:ID`), each once."""
    if "media" not in markdown and "&" not in markdown:  # an entity could spell it; nothing else can hide it
        return []
    named = (urlsplit(address) for address in links(markdown) if address.startswith("media:"))
    return list(dict.fromkeys(each.path for each in named))


def pictures(markdown: str) -> list[tuple[str, str]]:
    """Every picture that the text shows, in order: its address and the alternative text that is written there."""
    if "![" not in markdown and "<" not in markdown:
        return []
    reader = _Links()
    reader.feed(_render(markdown))
    reader.close()
    return reader.pictures


_BLOCKS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "blockquote", "pre", "tr", "figure", "section", "table"}
_FRAMES = {"iframe", "embed", "object", "video", "audio", "script"}
_UNREAD = {"script", "style", "template", "noscript", "iframe"}


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unread = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unread += tag in _UNREAD
        if tag in _BLOCKS:
            self.parts.append("\n\n")
        elif tag in {"br", "td", "th"}:
            self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNREAD:
            self._unread = max(0, self._unread - 1)
        if tag in _BLOCKS:
            self.parts.append("\n\n")

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self.parts.append(re.sub(r"\n{2,}", "\n", data))


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.pictures: list[tuple[str, str]] = []
        self.frames: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        wanted = {"a": "href", "img": "src"}.get(tag)
        self.addresses.extend(value for name, value in attrs if name == wanted and value)
        given = {name: value or "" for name, value in attrs}
        if tag in _FRAMES:
            self.frames.append(tag)
        if tag == "img":
            self.pictures.append((given.get("src", ""), given.get("alt", "")))

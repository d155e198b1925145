"""HTML of another system as Markdown, and a list of what could not be kept."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser

Place = Callable[[str, str], str | None]
"""A picture's address and its alternative text → how it is named in Markdown (`media:ID`), or None when it is lost."""

_DROPPED = {"script", "style", "noscript", "template", "form", "object"}
_FRAMES = {"iframe", "embed", "video", "audio", "source"}
_INLINE = {"strong": "**", "b": "**", "em": "_", "i": "_", "del": "~~", "s": "~~", "code": "`"}
_BLOCKS = {"p", "div", "section", "article", "main", "header", "footer", "aside", "figure", "tr", "dl"}
_PLAIN = {"span", "font", "u", "small", "cite", "abbr", "time", "mark", "sup", "sub", "picture", "tbody", "thead"}
_SHORTCODE = re.compile(r"\[(/?)([a-z][a-z0-9_-]{2,30})((?:\s[^\]\n]{0,500})?)\]")
_CAPTION = re.compile(r"\[caption[^\]]*\]\s*(<a[^>]*>\s*)?(<img[^>]*>)(\s*</a>)?(.*?)\[/caption\]", re.DOTALL)


@dataclass
class Converted:
    """The text, and how often each thing was lost."""

    markdown: str
    lost: Counter[str] = field(default_factory=Counter)


def to_markdown(html: str, place: Place, *, origin: str = "") -> Converted:
    """Convert. Links to `origin` become paths of this site, where the old address leads to the new one."""
    html = _CAPTION.sub(r"<figure>\2<figcaption>\4</figcaption></figure>", html)
    lost: Counter[str] = Counter()
    for found in _SHORTCODE.finditer(html):
        if not found[1]:
            lost[f"shortcode [{found[2]}]"] += 1
    reader = _Reader(place, origin, lost)
    reader.feed(_SHORTCODE.sub("", html))
    reader.close()
    return Converted(reader.text(), lost)


class _Reader(HTMLParser):
    def __init__(self, place: Place, origin: str, lost: Counter[str]) -> None:
        super().__init__(convert_charrefs=True)
        self._place = place
        self._origin = origin
        self._lost = lost
        self._blocks: list[str] = []
        self._line = ""
        self._skip = 0
        self._pre = 0
        self._quotes = 0
        self._lists: list[int] = []  # the next number of an ordered list; -1: bullets
        self._links: list[tuple[str, int]] = []
        self._marks: list[tuple[str, int]] = []
        self._cells: list[str] | None = None
        self._rows: list[list[str]] = []
        self._picture: tuple[str, str] | None = None
        self._prefix = ""
        self._in_caption = False

    def text(self) -> str:
        self._end_block()
        return "\n\n".join(self._blocks).strip()

    def handle_starttag(  # noqa: C901  # one case a tag
        self, tag: str, attrs: list[tuple[str, str | None]]
    ) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in _DROPPED:
            self._skip += 1
            self._lost[f"<{tag}>"] += 1
        if self._skip:
            return
        match tag:
            case "br":
                self._line += "\n" if self._pre else "  \n"
            case "hr":
                self._end_block()
                self._blocks.append("---")
            case "h1" | "h2" | "h3" | "h4" | "h5" | "h6":
                self._end_block()
                self._prefix = "#" * max(2, int(tag[1])) + " "
            case "blockquote":
                self._end_block()
                self._quotes += 1
            case "ul" | "ol":
                self._end_block()
                self._lists.append(1 if tag == "ol" else -1)
            case "li":
                self._end_block()
                self._prefix = self._bullet()
            case "pre":
                self._end_block()
                self._pre += 1
            case "a":
                self._links.append((given.get("href", ""), len(self._line)))
            case "img":
                self._image(given)
            case "table":
                self._end_block()
                self._rows = []
            case "td" | "th":
                self._line = ""
            case "figcaption":
                self._line, self._in_caption = "", True
            case _:
                self._other(tag, given)

    def _other(self, tag: str, given: dict[str, str]) -> None:
        if tag in _INLINE and not self._pre and not self._in_caption:
            self._marks.append((_INLINE[tag], len(self._line)))
        elif tag in _BLOCKS:
            if tag == "tr":
                self._cells = []
            elif self._cells is None:
                self._end_block()
        elif tag in _FRAMES:
            self._lost[f"<{tag}>, kept as a link"] += 1
            if given.get("src", "").startswith("http"):
                self._end_block()
                self._blocks.append(f"<{given['src']}>")
        elif tag not in _PLAIN and tag not in _INLINE:
            self._lost[f"<{tag}>"] += 1

    def handle_endtag(self, tag: str) -> None:  # noqa: C901  # one case a tag
        if tag in _DROPPED:
            self._skip = max(0, self._skip - 1)
        if self._skip:
            return
        match tag:
            case "blockquote":
                self._end_block()
                self._quotes = max(0, self._quotes - 1)
            case "ul" | "ol":
                self._end_block()
                if self._lists:
                    self._lists.pop()
            case "pre":
                self._fence()
            case "a" if self._links:
                self._link(*self._links.pop())
            case "td" | "th" if self._cells is not None:
                self._cells.append(" ".join(self._line.split()).replace("|", "\\|"))
                self._line = ""
            case "tr" if self._cells is not None:
                self._rows.append(self._cells)
                self._cells = None
            case "table":
                self._table()
            case "figcaption":
                self._caption()
            case "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "li":
                self._end_block()
            case _ if tag in _INLINE and self._marks:
                self._emphasis(*self._marks.pop())
            case _ if tag in _BLOCKS and self._cells is None:
                self._end_block()

    def handle_data(self, data: str) -> None:
        if self._skip:
            return
        if self._pre:
            self._line += data
            return
        first, *more = re.split(r"\n\s*\n", data) if self._cells is None else [data]
        self._line += _escape(re.sub(r"\s+", " ", first))
        for each in more:  # an empty line parts paragraphs where the old system made them itself
            self._end_block()
            self._line += _escape(re.sub(r"\s+", " ", each))

    def _image(self, given: dict[str, str]) -> None:
        alt = " ".join(given.get("alt", "").split())
        named = self._place(given.get("src", ""), alt)
        if named is None:
            self._lost["picture"] += 1
            return
        self._end_block()
        self._picture = (alt.replace("]", ""), named)

    def _caption(self) -> None:
        self._in_caption = False
        caption, self._line = " ".join(re.sub(r"\\(.)", r"\1", self._line).split()), ""
        if self._picture is not None:
            alt, named = self._picture
            quoted = caption.replace('"', "”")
            self._blocks.append(f'![{alt}]({named} "{quoted}")' if caption else f"![{alt}]({named})")
            self._picture = None
        elif caption:
            self._blocks.append(f"_{caption}_")

    def _bullet(self) -> str:
        if not self._lists:
            return "- "
        indent = "   " * (len(self._lists) - 1)
        if self._lists[-1] < 0:
            return f"{indent}- "
        self._lists[-1] += 1
        return f"{indent}{self._lists[-1] - 1}. "

    def _fence(self) -> None:
        self._pre = max(0, self._pre - 1)
        text, self._line = self._line.strip("\n"), ""
        fence = "~~~~" if "~~~" in text else "~~~"
        if text:
            self._blocks.append(f"{fence}\n{text}\n{fence}")

    def _link(self, href: str, start: int) -> None:
        text = self._line[start:]
        if self._origin and href.startswith(self._origin):
            href = href.removeprefix(self._origin) or "/"
        if text.strip() and href.startswith(("http://", "https://", "/", "mailto:")):
            self._line = f"{self._line[:start]}[{text.strip()}]({href.replace(' ', '%20').replace(')', '%29')})"

    def _emphasis(self, mark: str, start: int) -> None:
        text = self._line[start:]
        inner = text.strip()
        if inner and start <= len(self._line):
            before = " " if text[:1].isspace() else ""
            after = " " if text[-1:].isspace() else ""
            self._line = f"{self._line[:start]}{before}{mark}{inner}{mark}{after}"

    def _table(self) -> None:
        self._line = ""
        if not self._rows:
            return
        width = max(map(len, self._rows))
        lines = ["| " + " | ".join(row + [""] * (width - len(row))) + " |" for row in self._rows]
        lines.insert(1, "|" + " --- |" * width)
        self._blocks.append("\n".join(lines))
        self._rows = []

    def _end_block(self) -> None:
        if self._picture is not None:
            alt, named = self._picture
            self._blocks.append(f"![{alt}]({named})")
            self._picture = None
        text = "\n".join(line.strip() if not line.endswith("  ") else line.lstrip() for line in self._line.split("\n"))
        text, self._line, self._links, self._marks = text.strip(), "", [], []
        if text:
            text = re.sub(r"^(#|>|[-+](?= )|\d+(?=[.)] ))", r"\\\1", text) if not self._prefix else text
            whole = self._prefix + text
            if self._quotes:
                whole = "\n".join(f"{'> ' * self._quotes}{line}" for line in whole.split("\n"))
            if (
                self._prefix.lstrip().startswith(("- ", "1", "2", "3", "4", "5", "6", "7", "8", "9"))
                and self._in_list()
            ):
                self._blocks[-1] += f"\n{whole}"
            else:
                self._blocks.append(whole)
            self._prefix = ""

    def _in_list(self) -> bool:
        return bool(self._blocks) and bool(re.match(r"\s*(- |\d+\. )", self._blocks[-1].split("\n")[-1]))


def _escape(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>~|])", r"\\\1", text)

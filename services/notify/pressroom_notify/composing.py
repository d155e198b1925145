"""What mails say: the article, the link to confirm, the link to preferences, the digest."""

from __future__ import annotations

import re
import textwrap
from datetime import datetime
from typing import Any

from pressroom_notify.letters import Letter, Slots, build
from pressroom_notify.templating import Safe, plain, render
from pressroom_notify.topics import Topic
from pressroom_shared.events import Article
from pressroom_shared.markdown import to_html, to_text
from pressroom_shared.site import Site

EXCERPT_PARAGRAPHS = 3
EXCERPT_CHARACTERS = 1200
TEXT_COLUMNS = 72
_RIGHT_TO_LEFT = {"ar", "arc", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi"}
_NO_PARAGRAPH = re.compile(r"\s*([#>|`~<!]|[-*+] |\d+[.)] |\[\^)|\s*([-*_] ?){3,}\s*$")
_PARAGRAPH_STYLE = "margin:0 0 16px;font-family:Georgia,'Times New Roman',serif;font-size:18px;line-height:1.55"
_LINK_STYLE = "color:inherit;text-decoration:underline"


def direction(language: str) -> str:
    return "rtl" if language.partition("-")[0].lower() in _RIGHT_TO_LEFT else "ltr"


def article_letter(site: Site, article: Article, occasion: str, at: datetime) -> Letter:
    """The mail about one article: its news, or one correction of it."""
    slots = Slots.new()
    excerpt = _excerpt(article.body)
    correction = _correction(article, occasion)
    view = _frame(site, slots, article.language) | {
        "subject": plain(article.headline),
        "headline": plain(article.headline),
        "standfirst": plain(article.standfirst),
        "kicker": plain(("Breaking: " if article.breaking else "") + site.section_name(article.section)),
        "colors": _colors(site, article.section),
        "byline": plain(_byline(article)),
        "correction": plain(correction),
        "is_correction": occasion.startswith("correction:"),
        "excerpt": _styled(to_html(excerpt, base_url=site.base_url)),
        "article_url": plain(site.absolute(article.path)),
    }
    words = {
        **view,
        "headline": _wrapped(article.headline),
        "standfirst": _wrapped(article.standfirst),
        "kicker": str(("Breaking: " if article.breaking else "") + site.section_name(article.section)),
        "byline": _byline(article),
        "correction": _wrapped(correction),
        "excerpt": "\n\n".join(_wrapped(each) for each in to_text(excerpt).split("\n\n")),
        "article_url": site.absolute(article.path),
        **_plain_frame(site, slots),
    }
    subject = f"Correction: {article.headline}" if occasion.startswith("correction:") else article.headline
    return build(
        site,
        slots,
        subject=subject,
        text=render("article.txt", words),
        page=render("article.html", view),
        language=article.language,
        at=at,
        bulk=True,
    )


def digest_letter(site: Site, articles: list[Article], every_days: int, at: datetime) -> Letter:
    """One mail about several articles, newest first."""
    slots = Slots.new()
    title = f"{site.title}: {'today' if every_days == 1 else 'this week'}"
    items = [
        {
            "headline": plain(each.headline),
            "standfirst": plain(each.standfirst),
            "kicker": plain(site.section_name(each.section)),
            "colors": _colors(site, each.section),
            "url": plain(site.absolute(each.path)),
            "language": plain(each.language),
            "dir": direction(each.language),
        }
        for each in articles
    ]
    texts = [
        {
            "headline": _wrapped(each.headline),
            "standfirst": _wrapped(each.standfirst),
            "url": site.absolute(each.path),
        }
        for each in articles
    ]
    view = _frame(site, slots, site.language) | {"subject": plain(title), "title": plain(title), "items": items}
    words = {"title": title, "items": texts, **_plain_frame(site, slots)}
    return build(
        site,
        slots,
        subject=title,
        text=render("digest.txt", words),
        page=render("digest.html", view),
        language=site.language,
        at=at,
        bulk=True,
    )


def confirm_letter(site: Site, topics: list[Topic], hours: int, at: datetime) -> Letter:
    """Asks the owner of an address whether they want what somebody asked for."""
    names = ", ".join(each.name(site) for each in topics)
    return _link_letter(
        site,
        subject=f"Confirm your subscription to {site.title}",
        paragraphs=[
            f"Somebody, most likely you, asked {site.title} to write to this address about: {names}.",
            "Nothing is sent before you confirm it.",
        ],
        button="Confirm",
        last=f"The link works for {_lasting(hours)}. If it was not you, do nothing: this address is then forgotten.",
        at=at,
    )


def preferences_letter(site: Site, hours: int, at: datetime) -> Letter:
    """Carries the one-time link to a reader's preferences."""
    return _link_letter(
        site,
        subject=f"Your preferences at {site.title}",
        paragraphs=["With this link you change what you follow and how often you are told, or leave."],
        button="Change preferences",
        last=f"The link works once, for {_lasting(hours)}. If you did not ask for it, do nothing.",
        at=at,
    )


def _link_letter(site: Site, *, subject: str, paragraphs: list[str], button: str, last: str, at: datetime) -> Letter:
    slots = Slots.new()
    view = _frame(site, slots, "en") | {
        "subject": plain(subject),
        "paragraphs": [plain(each) for each in paragraphs],
        "button": plain(button),
        "last": plain(last),
        "link": Safe(slots.link),
    }
    words = {
        "paragraphs": [_wrapped(each) for each in paragraphs],
        "button": button,
        "last": _wrapped(last),
        "link": slots.link,
        **_plain_frame(site, slots),
    }
    return build(
        site,
        slots,
        subject=subject,
        text=render("link.txt", words),
        page=render("link.html", view),
        language="en",
        at=at,
        bulk=False,
    )


def _frame(site: Site, slots: Slots, language: str) -> dict[str, Any]:
    """What every HTML mail has."""
    return {
        "paper": plain(site.title),
        "home": plain(f"{site.base_url}/"),
        "language": plain(language),
        "dir": direction(language),
        "email": Safe(slots.email),
        "unsubscribe_url": Safe(slots.unsubscribe),
        "preferences_url": plain(f"{site.base_url}/preferences"),
        "address": plain(site.footer.address),
    }


def _plain_frame(site: Site, slots: Slots) -> dict[str, str]:
    return {
        "paper": site.title,
        "home": f"{site.base_url}/",
        "email": slots.email,
        "unsubscribe_url": slots.unsubscribe,
        "preferences_url": f"{site.base_url}/preferences",
        "address": site.footer.address,
    }


def _colors(site: Site, section: str) -> dict[str, Safe]:
    found = site.section(section)
    light, dark = found.color if found else ("#15171a", "#ebe9e4")
    return {"light": plain(light), "dark": plain(dark)}


def _byline(article: Article) -> str:
    return f"By {', '.join(each.name for each in article.authors)}" if article.authors else ""


def _correction(article: Article, occasion: str) -> str:
    """The note of the correction that is told; the newest where that one has none of its own."""
    if not occasion.startswith("correction:") or not article.corrections:
        return ""
    told = int(occasion.partition(":")[2])
    return next((each.note for each in article.corrections if each.version == told), article.corrections[-1].note)


def _excerpt(body: str) -> str:
    """The first plain paragraphs of a text in Markdown."""
    kept: list[str] = []
    length = 0
    for block in re.split(r"\n\s*\n", body.replace("\r\n", "\n")):
        if not block.strip() or _NO_PARAGRAPH.match(block):
            continue
        if kept and length + len(block) > EXCERPT_CHARACTERS:
            break
        kept.append(block.strip())
        length += len(block)
        if len(kept) == EXCERPT_PARAGRAPHS:
            break
    return "\n\n".join(kept)


def _styled(safe_html: str) -> Safe:
    """Mail programs know no stylesheet: what `to_html` made gets its style on each element."""
    styled = re.sub(r'<p(?: class="embed")?>', f'<p style="{_PARAGRAPH_STYLE}">', safe_html)
    styled = styled.replace("<a ", f'<a style="{_LINK_STYLE}" ')
    return Safe(styled)


def _wrapped(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), TEXT_COLUMNS, break_long_words=False, break_on_hyphens=False)


def _lasting(hours: int) -> str:
    if hours % 24 == 0 and hours > 24:
        return f"{hours // 24} days"
    return "an hour" if hours == 1 else f"{hours} hours"

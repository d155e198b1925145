"""The article page."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from pressroom_render.gather import Material
from pressroom_render.image_names import name_of
from pressroom_render.labels import date, labels, reading_minutes, spoken_minutes
from pressroom_render.linked_data import article_graph
from pressroom_render.lists import OPINION, PICKS, TRENDING, main_section, original
from pressroom_render.teasers import Teaser
from pressroom_render.templating import Safe, plain
from pressroom_render.views import Images, Views, section_url
from pressroom_shared.events import Article
from pressroom_shared.markdown import to_html

LONG_HEADLINE_CHARS = 60
DESCRIPTION_CHARS_MAX = 200


def article(material: Material, views: Views) -> dict[str, Any]:
    """The view of an article's own page."""
    subject = material.articles[0]
    language = subject.language
    shown = material.shown
    page = {
        "title": subject.headline,
        "section": main_section(subject.section),
        "sub_url": section_url(subject.section),
        "date": views.day(subject.published_at, language),
    }
    return views.frame(language, page) | {
        "article": _head(subject, material, views) | _body(subject, material, views) | _around(material, views),
        "picks": views.stories(shown[PICKS], language, material.images),
        "opinion": views.stories(shown[OPINION], language, material.images),
        "trending": views.stories(shown[TRENDING], language, material.images),
        "also": views.stories(shown["also"], language, material.images),
        "translations": views.stories(shown["translations"], language, {}),
    }


def description_of(subject: Article) -> str:
    """For machines: the editor's own, else the standfirst, else how the text begins."""
    return (subject.seo and subject.seo.description) or subject.standfirst or shortened(subject.body_text)


def body_html(subject: Article, paths: dict[str, str], *, base_url: str = "", markdown: str | None = None) -> str:
    """The body, or a part of it, as sanitised HTML; with absolute addresses where there is a base URL."""
    media = {each.id: each for each in subject.media}
    text = subject.body if markdown is None else markdown
    return to_html(text, media=media, article_path=paths.get, base_url=base_url)


def shortened(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= DESCRIPTION_CHARS_MAX else f"{flat[: DESCRIPTION_CHARS_MAX - 1].rsplit(' ', 1)[0]}…"


def _head(subject: Article, material: Material, views: Views) -> dict[str, Any]:
    """For machines: title, description, what is shown where the article is shared, linked data."""
    url = views.site.absolute(subject.path)
    description = description_of(subject)
    social = subject.social
    card = views.site.absolute(f"/{material.card}") if material.card else ""
    return {
        "seo_title": (subject.seo and subject.seo.title) or subject.headline,
        "description": description,
        "social_title": (social and social.title) or subject.headline,
        "social_description": (social and social.description) or description,
        "canonical": plain(subject.canonical_url or url),
        "absolute_url": plain(url),
        "locale": subject.language.replace("-", "_"),
        "alternates": _alternates(subject, material.shown["translations"], views),
        "card": plain(card) if card else "",
        "json_ld": Safe(
            article_graph(
                subject,
                site=views.site,
                description=description,
                card=card,
                images=material.images,
                translations=material.shown["translations"],
            )
        ),
    }


def _alternates(subject: Article, translations: list[Teaser], views: Views) -> list[dict[str, Any]]:
    """The article in each of its languages, and where whoever reads none of them is sent: to the original.

    https://developers.google.com/search/docs/specialty/international/localized-versions
    """
    if not translations:
        return []
    paths = {subject.id: subject.path} | {each.id: each.path for each in translations}
    languages = {each.language: each.path for each in reversed(translations)} | {subject.language: subject.path}
    if original(subject) in paths:
        languages["x-default"] = paths[original(subject)]
    return [{"language": plain(name), "url": views.absolute(path)} for name, path in sorted(languages.items())]


def _body(subject: Article, material: Material, views: Views) -> dict[str, Any]:
    """For readers: from the kicker to the last correction."""
    language, words = subject.language, labels(subject.language)
    return {
        "headline": subject.headline,
        "size": "l" if len(subject.headline) > LONG_HEADLINE_CHARS else "xl",
        "kind": subject.kind,
        "label": _label(subject, words, views),
        "breaking": subject.breaking,
        "crumbs": _crumbs(subject.section, views),
        "section_name": views.site.section_name(subject.section),
        "section_url": section_url(subject.section),
        "standfirst": subject.standfirst,
        "rating": _rating(subject, words),
        "lead": _lead_image(subject, material, views),
        "authors": [
            {"name": each.name, "title": each.title, "url": plain(f"/author/{each.slug}/")} for each in subject.authors
        ],
        "contributors": _contributors(subject, words),
        "published": views.moment(subject.first_published_at, language),
        "updated": views.moment(subject.published_at, language),
        "was_updated": subject.published_at > subject.first_published_at,
        "reading": spoken_minutes(reading_minutes(subject.body_text), language),
        "share": _share(subject.headline, views.site.absolute(subject.path)),
        "dateline": subject.dateline,
        "text": _set(subject, material, subject.intro if subject.entries else subject.body),
        "entries": _entries(subject, material, views),
        "corrections": [
            {"title": words["correction"].format(date=date(each.at, language, views.site.zone)), "note": each.note}
            for each in subject.corrections
        ],
        "log": _log(subject, views),
        "tags": [{"name": tag.name, "url": plain(f"/tag/{tag.slug}/")} for tag in subject.tags],
        "ask": plain(f"/correct/{subject.id}?version={subject.version}"),
    }


def _set(subject: Article, material: Material, markdown: str | None) -> Safe:
    """Markdown as it stands on the page."""
    html = set_text(body_html(subject, material.paths, markdown=markdown or ""))
    return Safe(_offer_sizes(_see_also(html), subject, material.images))


def _entries(subject: Article, material: Material, views: Views) -> list[dict[str, Any]]:
    """What a live article has told so far, newest first, each at an address of its own.

    Of the day on which it began the time alone is said, as readers follow it.
    """
    today = views.day(subject.first_published_at, subject.language)["iso"]
    return [
        {
            "id": plain(f"entry-{each.id}"),
            "headline": each.headline,
            "at": views.clock(each.at, subject.language, today),
            "text": _set(subject, material, each.body),
        }
        for each in sorted(subject.entries, key=lambda entry: (entry.at, entry.id), reverse=True)
    ]


def _around(material: Material, views: Views) -> dict[str, Any]:
    """What leads on: sign-up, previous and next, the section."""
    subject = material.articles[0]
    language, words = subject.language, labels(subject.language)
    main = main_section(subject.section)
    name = views.site.section_name(main)
    previous, following = material.shown["previous"], material.shown["next"]
    return {
        "letter": _letter(subject, views, words),
        "main_section_url": section_url(main),
        "more_in": words["more_in"].format(name=name),
        "turn": words["turn"].format(name=name),
        "previous": views.story(previous[0], language, {}) if previous else None,
        "next": views.story(following[0], language, {}) if following else None,
        "previous_label": words["previous"].format(name=name),
        "next_label": words["next"].format(name=name),
    }


def _label(subject: Article, words: dict[str, Any], views: Views) -> str:
    """What kind of article it is, where it is not plain news and its section does not say so already."""
    label = str(words.get(f"{subject.kind}_label", ""))
    return "" if label == views.site.section_name(subject.section) else label


def _crumbs(section: str, views: Views) -> list[dict[str, Any]]:
    keys = list(dict.fromkeys([main_section(section), section]))
    return [{"name": views.site.section_name(key), "url": section_url(key)} for key in keys]


def _contributors(subject: Article, words: dict[str, Any]) -> Safe | None:
    if not subject.contributors:
        return None
    names = ", ".join(f'<a href="/author/{plain(each.slug)}/">{plain(each.name)}</a>' for each in subject.contributors)
    return Safe(plain(words["additional"]).replace("{names}", names))


def _rating(subject: Article, words: dict[str, Any]) -> dict[str, Any] | None:
    if subject.review is None:
        return None
    text = words["rating"].format(rating=f"{subject.review.rating:g}", best=f"{subject.review.best:g}")
    return {"item": subject.review.item, "text": text}


def _lead_image(subject: Article, material: Material, views: Views) -> dict[str, Any] | None:
    lead = subject.lead_image
    media = subject.media_by_id(lead.media_id) if lead else None
    if lead is None or media is None:
        return None
    alt = "" if media.decorative else lead.alt or media.alt
    return views.image(name_of(media), alt, media.width, media.height, material.images) | {
        "caption": lead.caption or media.caption,
        "credit": lead.credit or media.credit,
    }


def _log(subject: Article, views: Views) -> list[dict[str, Any]]:
    """What became of the article since it was published, newest first; nothing when nothing did."""
    words = labels(subject.language)
    told = {"update": words["was_updated"], "correction": words["was_corrected"], "new": words["was_published"]}
    spoken = [each for each in subject.announcements if each.change in told]
    if len(spoken) < 2:  # the publication alone
        return []
    return [{"what": told[each.change], "when": views.moment(each.at, subject.language)} for each in reversed(spoken)]


def _letter(subject: Article, views: Views, words: dict[str, Any]) -> dict[str, Any]:
    if subject.kind == "opinion" and subject.authors:
        author = subject.authors[0]
        return {"title": words["letter_title"].format(name=author.name), "topic": plain(f"author:{author.slug}")}
    name = views.site.section_name(subject.section)
    return {"title": words["letter_title"].format(name=name), "topic": plain(f"section:{subject.section}")}


def _share(headline: str, url: str) -> dict[str, Safe]:
    about, where = quote(headline, safe=""), quote(url, safe="")
    return {
        "x": plain(f"https://x.com/intent/post?text={about}&url={where}"),
        "mail": plain(f"mailto:?subject={about}&body={where}"),
    }


_ALSO = re.compile(r'<p>([^<>:：]{1,40})[:：]\s*(<a href="(?:/|https?://)[^"]*"[^>]*>[^<]*</a>)[.。]?</p>')


def _see_also(html: str) -> str:
    """A paragraph that is a label and a link stands between hairlines."""
    return _ALSO.sub(r'<div class="also"><p class="kicker">\1</p><p class="hed xs">\2</p></div>', html)


_SAID_BY = re.compile(r"<p>([^<]{1,90})</p>\s*</blockquote>")


def set_text(html: str) -> str:
    """A quotation is pulled out, with who said it below; a wide table scrolls by itself, and by keyboard."""
    first, *quoted = html.split("<blockquote>")
    pulled = [
        _SAID_BY.sub(r"<footer>\1</footer></blockquote>", each) if each.count("<p>") > 1 else each for each in quoted
    ]
    html = '<blockquote class="pull">'.join([first, *pulled])
    html = html.replace("<section", "<div").replace("</section>", "</div>")  # footnotes: a section would want a heading
    return html.replace("<table>", '<div class="scroll" tabindex="0"><table>').replace("</table>", "</table></div>")


def _offer_sizes(html: str, subject: Article, images: Images) -> str:
    """Pictures in the text, in the sizes that have been made."""
    for each in subject.media:
        if made := images.get(name_of(each)):
            sizes = 'sizes="(min-width: 40rem) 40rem, 100vw"'
            webp = f'<source type="image/webp" srcset="{plain(made.webp)}" {sizes}>'
            offered = f'<img src="{plain(made.src)}" srcset="{plain(made.jpeg)}" {sizes}'
            whole = re.compile(rf'<img src="/{re.escape(plain(each.key))}"([^>]*)>')
            html = whole.sub(rf"<picture>{webp}{offered}\1></picture>", html)
    return html

"""Makes a page of its material: pure, so that it may run in a thread, and the same material gives the same bytes."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import cached_property
from typing import Any
from urllib.parse import quote

from pressroom_render.gather import Material
from pressroom_render.labels import date, date_and_time, direction, labels, reading_minutes, spoken_minutes
from pressroom_render.linked_data import article_graph
from pressroom_render.lists import HOME, main_section
from pressroom_render.stylesheet import Assets
from pressroom_render.templating import Safe, plain, render
from pressroom_shared.clock import rfc3339
from pressroom_shared.events import Article
from pressroom_shared.markdown import to_html
from pressroom_shared.site import Site

PATTERNS = ("three flip", "four", "three")
"""How strips are set, in turn, so that no two alike follow each other."""

LONG_HEADLINE_CHARS = 60
DESCRIPTION_CHARS_MAX = 200


class Composer:
    """Composes the pages of one newspaper."""

    def __init__(self, site: Site, assets: Assets) -> None:
        self.site = site
        self._assets = assets

    def compose(self, material: Material) -> bytes:
        """The page's bytes."""
        make: dict[str, Callable[[Material], str]] = {
            "article": self._article,
            "front": self._front,
            "list": self._list,
            "feed": self._feed,
            "sitemap": self._sitemap,
            "robots": self._robots,
            "shell": self._shell,
        }
        return make[material.page.kind](material).encode()

    def message(self, title: str, text: str) -> bytes:
        """A page that says something in the newspaper's language: not found, withdrawn."""
        words = labels(self.site.language)
        page = {"title": words[title], "text": words[text]}
        return render("message.html", self._frame(self.site.language, page)).encode()

    # Pages

    def _article(self, material: Material) -> str:
        article = material.shown["self"][0]
        words = labels(article.language)
        page = {
            "title": article.headline,
            "section": main_section(article.section),
            "sub_url": plain(self._section_url(article.section)),
            "date": self._day(article.published_at, article.language),
        }
        view = self._frame(article.language, page)
        view["article"] = self._article_view(article, material, words)
        for role in ("views", "also"):
            view[role] = [self._story(each, article.language) for each in material.shown[role]]
        view["trending"] = []
        return render("article.html", view)

    def _front(self, material: Material) -> str:
        language = self.site.language
        newest = material.shown["newest"]
        home = material.page.subject == HOME
        key = material.page.subject.removeprefix("section:")
        title = self.site.title if home else self.site.section_name(key)
        page = {
            "title": title,
            "home": home,
            "fronted": home,
            "section": "" if home else main_section(key),
            "sub_url": plain(material.page.path),
            "date": self._day(newest[0].first_published_at, language) if newest else None,
            "description": self.site.tagline or title,
            "canonical": plain(self.site.absolute(material.page.path)),
            "feed": plain(f"{material.page.path}feed.xml"),
            "letter": labels(language)["front_letter"] if home else labels(language)["letter_title"].format(name=title),
            "topic": plain("all" if home else f"section:{key}"),
        }
        view = self._frame(language, page) | self._front_parts(material, home=home)
        return render("front.html", view)

    def _front_parts(self, material: Material, *, home: bool) -> dict[str, Any]:
        language = self.site.language
        opinion_apart = home and bool(material.shown["views"])
        news = [each for each in material.shown["newest"] if not (opinion_apart and each.kind == "opinion")]
        lead = _lead(news)
        others = [each for each in news if lead is None or each.id != lead.id]
        stack, others = others[:4], others[4:]
        more, others = ([], others) if opinion_apart else (others[:4], others[4:])
        used = {each.id for each in [*([lead] if lead else []), *stack, *more]}
        strips = self._strips(material, used) if home else []
        in_strips = {each["id"] for strip in strips for each in strip["items"]}

        def stories(articles: list[Article]) -> list[dict[str, Any]]:
            return [self._story(each, language) for each in articles]

        return {
            "lead": self._story(lead, language) if lead else None,
            "stack": stories(stack),
            "more": stories(more),
            "views": stories(material.shown.get("views", [])),
            "trending": stories(material.shown.get("trending", [])),
            "strips": strips,
            "rest": [] if home else stories([each for each in others if each.id not in in_strips]),
        }

    def _strips(self, material: Material, used: set[str]) -> list[dict[str, Any]]:
        strips: list[dict[str, Any]] = []
        for section in self.site.sections:
            articles = [each for each in material.shown.get(f"section:{section.slug}", []) if each.id not in used]
            articles = [each for each in articles if each.kind != "opinion" or not material.shown["views"]][:6]
            if not articles:
                continue
            with_picture = next((each for each in articles if each.lead_image), articles[0])
            articles = [with_picture, *(each for each in articles if each is not with_picture)]
            strips.append(
                {
                    "section": plain(section.slug),
                    "name": section.name,
                    "url": plain(self._section_url(section.slug)),
                    "more": labels(self.site.language)["more_in"].format(name=section.name),
                    "pattern": PATTERNS[len(strips) % len(PATTERNS)],
                    "items": [self._story(each, self.site.language) for each in articles],
                }
            )
        return strips

    def _list(self, material: Material) -> str:
        language = self.site.language
        articles = material.shown["newest"]
        kind, _, slug = material.page.subject.partition(":")
        name = _name_of(kind, slug, articles)
        words = labels(language)
        page = {
            "title": name,
            "date": self._day(articles[0].first_published_at, language),
            "description": words["all_by" if kind == "author" else "all_about"].format(name=name),
            "canonical": plain(self.site.absolute(material.page.path)),
            "feed": plain(f"{material.page.path}feed.xml"),
            "topic_query": plain(quote(f"{kind}:{slug}")),
        }
        view = self._frame(language, page)
        view["items"] = [self._story(each, language) for each in articles]
        return render("list.html", view)

    def _feed(self, material: Material) -> str:
        articles = material.shown["newest"]
        kind, _, value = material.page.subject.partition(":")
        part = (
            ""
            if kind == "home"
            else self.site.section_name(value)
            if kind == "section"
            else _name_of(kind, value, articles)
        )
        home = material.page.path.removesuffix("feed.xml")
        feed = {
            "title": f"{self.site.title}: {part}" if part else self.site.title,
            "link": plain(self.site.absolute(home)),
            "self": plain(self.site.absolute(material.page.path)),
            "description": self.site.tagline or self.site.title,
            "language": self.site.language,
            "updated": _rfc2822(max(each.published_at for each in articles)) if articles else None,
        }
        items = [
            {
                "id": each.id,
                "title": each.headline,
                "link": plain(self.site.absolute(each.path)),
                "date": _rfc2822(each.first_published_at),
                "authors": [person.name for person in each.authors],
                "categories": [self.site.section_name(each.section), *(tag.name for tag in each.tags)],
                "description": each.standfirst or _shortened(each.body_text),
                "content": self._body(each, material.paths, base_url=self.site.base_url),
            }
            for each in articles
        ]
        return render("feed.xml", {"feed": feed, "items": [item | {"content": str(item["content"])} for item in items]})

    def _sitemap(self, material: Material) -> str:
        if material.page.subject:
            urls = [{"loc": plain(self.site.absolute(path)), "lastmod": changed} for path, changed in material.urls]
            return render("sitemap.xml", {"urls": urls})
        months = [
            {"loc": plain(self.site.absolute(f"/sitemap-{month}.xml")), "lastmod": changed}
            for month, changed in material.months
        ]
        return render("sitemap.xml", {"months": months})

    def _robots(self, _material: Material) -> str:
        hidden = ("/api/", "/search", "/subscribe", "/confirm/", "/unsubscribe/", "/preferences", "/preview/")
        rules = "".join(f"Disallow: {each}\n" for each in hidden)
        return f"User-agent: *\n{rules}\nSitemap: {self.site.absolute('/sitemap.xml')}\n"

    def _shell(self, material: Material) -> str:
        return render("shell.html", self._frame(material.page.subject, {"title": ""}))

    # Parts

    def _frame(self, language: str, page: dict[str, Any]) -> dict[str, Any]:
        """What every page has: the newspaper, its sections, the words of the page's language."""
        empty = {"section": "", "sub_url": "", "date": None, "home": False, "fronted": False}
        shown = empty | {"language": plain(language), "dir": direction(language)} | page
        foreign = language != self.site.language
        site_dir = direction(self.site.language)
        return {
            "site": self._site_view,
            "nav": self._nav,
            "assets": {"style": Safe(self._assets.style), "font": Safe(self._assets.font)},
            "page": shown,
            "words": labels(language),
            "site_words": labels(self.site.language),
            "site_lang": Safe(f' lang="{plain(self.site.language)}" dir="{site_dir}"') if foreign else Safe(""),
        }

    @cached_property
    def _site_view(self) -> dict[str, Any]:
        article, _, rest = self.site.title.partition(" ")
        small = (
            f"<small>{plain(article)}</small>"
            if article in {"The", "La", "Le", "El", "Der", "Die", "Das"} and rest
            else ""
        )
        return {
            "title": self.site.title,
            "wordmark": Safe(f"{small}{plain(rest if small else self.site.title)}"),
            "tagline": self.site.tagline,
            "edition": self.site.edition,
            "footer": {
                "address": self.site.footer.address,
                "note": self.site.footer.note,
                "groups": [
                    {"title": each.title, "links": [{"text": link.text, "url": plain(link.url)} for link in each.links]}
                    for each in self.site.footer.groups
                ],
            },
        }

    @cached_property
    def _nav(self) -> list[dict[str, Any]]:
        return [
            {
                "slug": plain(each.slug),
                "name": each.name,
                "url": plain(self._section_url(each.slug)),
                "sections": [
                    {"name": sub.name, "url": plain(self._section_url(f"{each.slug}/{sub.slug}"))}
                    for sub in each.sections
                ],
            }
            for each in self.site.sections
        ]

    def _article_view(self, article: Article, material: Material, words: dict[str, Any]) -> dict[str, Any]:
        language = article.language
        section_name = self.site.section_name(article.section)
        main_name = self.site.section_name(main_section(article.section))
        url = self.site.absolute(article.path)
        description = (article.seo and article.seo.description) or article.standfirst or _shortened(article.body_text)
        social = article.social
        previous, following = material.shown["previous"], material.shown["next"]
        card = self.site.absolute(f"/{material.card}") if material.card else ""
        return {
            "headline": article.headline,
            "seo_title": (article.seo and article.seo.title) or article.headline,
            "description": description,
            "social_title": (social and social.title) or article.headline,
            "social_description": (social and social.description) or description,
            "canonical": plain(article.canonical_url or url),
            "absolute_url": plain(url),
            "locale": language.replace("-", "_"),
            "card": plain(card) if card else "",
            "json_ld": Safe(article_graph(article, site=self.site, description=description, card=card)),
            "crumbs": self._crumbs(article.section),
            "section_name": section_name,
            "section_url": plain(self._section_url(article.section)),
            "main_section_url": plain(self._section_url(main_section(article.section))),
            "more_in": words["more_in"].format(name=main_name),
            "label": words.get(f"{article.kind}_label", ""),
            "breaking": article.breaking,
            "size": "l" if len(article.headline) > LONG_HEADLINE_CHARS else "xl",
            "standfirst": article.standfirst,
            "rating": self._rating(article, words),
            "lead": self._lead_image(article),
            "authors": [
                {"name": each.name, "title": each.title, "url": plain(f"/author/{each.slug}/")}
                for each in article.authors
            ],
            "contributors": self._contributors(article, words),
            "published": self._moment(article.first_published_at, language),
            "updated": self._moment(article.published_at, language),
            "was_updated": article.published_at > article.first_published_at,
            "reading": spoken_minutes(reading_minutes(article.body_text), language),
            "share": _share(article.headline, url),
            "dateline": article.dateline,
            "body": self._body(article, material.paths),
            "corrections": [
                {"title": words["correction"].format(date=date(each.at, language, self.site.zone)), "note": each.note}
                for each in article.corrections
            ],
            "tags": [{"name": tag.name, "url": plain(f"/tag/{tag.slug}/")} for tag in article.tags],
            "letter": self._letter(article, words),
            "turn": words["turn"].format(name=main_name),
            "previous": self._story(previous[0], language) if previous else None,
            "next": self._story(following[0], language) if following else None,
            "previous_label": words["previous"].format(name=main_name),
            "next_label": words["next"].format(name=main_name),
        }

    def _story(self, article: Article, language: str) -> dict[str, Any]:
        """An article as other pages show it. All of it is in `teaser_hash`."""
        foreign = article.language != language
        lang = f' lang="{plain(article.language)}" dir="{direction(article.language)}"' if foreign else ""
        lead = article.lead_image and article.media_by_id(article.lead_image.media_id)
        image = None
        if lead and article.lead_image:
            alt = "" if lead.decorative else article.lead_image.alt or lead.alt
            image = {"src": plain(f"/{lead.key}"), "alt": alt, "width": lead.width, "height": lead.height}
        return {
            "id": article.id,
            "url": plain(article.path),
            "section": plain(main_section(article.section)),
            "kicker": self.site.section_name(article.section),
            "headline": article.headline,
            "standfirst": article.standfirst,
            "byline": ", ".join(person.name for person in article.authors),
            "breaking": labels(language)["breaking"] if article.breaking else "",
            "date": self._moment(article.first_published_at, language, only_day=True),
            "lang": Safe(lang),
            "image": image,
        }

    def _body(self, article: Article, paths: dict[str, str], *, base_url: str = "") -> Safe:
        media = {each.id: each for each in article.media}
        html = to_html(article.body, media=media, article_path=paths.get, base_url=base_url)
        return Safe(html if base_url else _see_also(_tables(html.replace("<blockquote>", '<blockquote class="pull">'))))

    def _lead_image(self, article: Article) -> dict[str, Any] | None:
        lead = article.lead_image
        media = article.media_by_id(lead.media_id) if lead else None
        if lead is None or media is None:
            return None
        return {
            "src": plain(f"/{media.key}"),
            "width": media.width,
            "height": media.height,
            "alt": "" if media.decorative else lead.alt or media.alt,
            "caption": lead.caption or media.caption,
            "credit": lead.credit or media.credit,
        }

    def _crumbs(self, section: str) -> list[dict[str, Any]]:
        keys = list(dict.fromkeys([main_section(section), section]))
        return [{"name": self.site.section_name(key), "url": plain(self._section_url(key))} for key in keys]

    def _contributors(self, article: Article, words: dict[str, Any]) -> Safe | None:
        if not article.contributors:
            return None
        names = ", ".join(
            f'<a href="/author/{plain(each.slug)}/">{plain(each.name)}</a>' for each in article.contributors
        )
        return Safe(plain(words["additional"]).replace("{names}", names))

    def _rating(self, article: Article, words: dict[str, Any]) -> dict[str, Any] | None:
        if article.review is None:
            return None
        text = words["rating"].format(rating=f"{article.review.rating:g}", best=f"{article.review.best:g}")
        return {"item": words["review_of"].format(item=article.review.item), "text": text}

    def _letter(self, article: Article, words: dict[str, Any]) -> dict[str, Any]:
        if article.kind == "opinion" and article.authors:
            author = article.authors[0]
            return {"title": words["letter_title"].format(name=author.name), "topic": plain(f"author:{author.slug}")}
        name = self.site.section_name(article.section)
        return {"title": words["letter_title"].format(name=name), "topic": plain(f"section:{article.section}")}

    def _section_url(self, key: str) -> str:
        return f"/{key}/"

    def _day(self, moment: datetime, language: str) -> dict[str, str]:
        iso = moment.astimezone(self.site.zone).date().isoformat()
        return {"iso": iso, "text": date(moment, language, self.site.zone, pattern="day_date")}

    def _moment(self, moment: datetime, language: str, *, only_day: bool = False) -> dict[str, str]:
        text = date(moment, language, self.site.zone) if only_day else date_and_time(moment, language, self.site.zone)
        return {"iso": rfc3339(moment), "text": text}


def _lead(news: list[Article]) -> Article | None:
    """What leads a front: breaking news, else the newest of the first five that has a picture, else the newest."""
    breaking = next((each for each in news[:8] if each.breaking), None)
    pictured = next((each for each in news[:5] if each.lead_image), None)
    return breaking or pictured or (news[0] if news else None)


def _name_of(kind: str, slug: str, articles: list[Article]) -> str:
    """A tag's or a person's name, as the newest article that names them has it."""
    for each in articles:
        named = each.tags if kind == "tag" else (*each.authors, *each.contributors)
        for candidate in named:
            if candidate.slug == slug:
                return candidate.name
    return slug


def _shortened(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= DESCRIPTION_CHARS_MAX else f"{flat[: DESCRIPTION_CHARS_MAX - 1].rsplit(' ', 1)[0]}…"


def _share(headline: str, url: str) -> dict[str, Safe]:
    about, where = quote(headline, safe=""), quote(url, safe="")
    return {
        "x": plain(f"https://x.com/intent/post?text={about}&url={where}"),
        "mail": plain(f"mailto:?subject={about}&body={where}"),
    }


def _rfc2822(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)


_ALSO = re.compile(r'<p>([^<>:：]{1,40})[:：]\s*(<a href="/[^"]*"[^>]*>[^<]*</a>)[.。]?</p>')


def _see_also(html: str) -> str:
    """A paragraph that is a label and a link to a page of ours stands between hairlines."""
    return _ALSO.sub(r'<aside class="also"><p class="kicker">\1</p><p class="hed xs">\2</p></aside>', html)


def _tables(html: str) -> str:
    """A wide table scrolls by itself, not the page."""
    return html.replace("<table>", '<div class="scroll"><table>').replace("</table>", "</table></div>")

"""Sitemaps, robots.txt, llms.txt, security.txt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import lru_cache

from pressroom_render.addresses import MONTHS_SITEMAP, NEWS_SITEMAP, PAGES_SITEMAP
from pressroom_render.gather import NEWS_URLS_MAX, Material
from pressroom_render.labels import primary
from pressroom_render.templating import plain
from pressroom_render.views import ARTICLES, Views
from pressroom_shared.clock import from_microseconds, rfc3339
from pressroom_shared.site import Site

XML = '<?xml version="1.0" encoding="utf-8"?>\n'
SITEMAP_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
NEWS_NAMESPACE = ' xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'

HIDDEN_BELOW = ("/api/", "/confirm/", "/unsubscribe/", "/preview/")
HIDDEN = ("/search", "/subscribe", "/preferences", "/correct", "/tip")
"""By themselves and with a query: a rule is the beginning of an address, and `/corrections/` is none of them."""

SECURITY_EXPIRES = timedelta(days=90)


def sitemap(material: Material, views: Views, standing: list[str]) -> str:
    """https://www.sitemaps.org/protocol.html"""
    match material.page.subject:
        case "months":
            months = (f"/sitemap-{name.removeprefix('month:')}.xml" for name, _ in material.counted)
            maps = (f"<sitemap><loc>{views.absolute(path)}</loc></sitemap>\n" for path in (PAGES_SITEMAP, *months))
            return _document("sitemapindex", maps)
        case "pages":
            paths = ["/", *(f"/{key}/" for key in views.site.section_keys), "/archive/", "/corrections/", *standing]
            return _document("urlset", (f"<url><loc>{views.absolute(path)}</loc></url>\n" for path in paths))
        case "news":
            return _document("urlset", _news(material, views), NEWS_NAMESPACE)
        case _:
            return _document("urlset", (_url(views.site.base_url, path, at) for path, at in material.urls))


def _document(root: str, lines: Iterable[str], more: str = "") -> str:
    """A month has thousands of lines, and each publication writes it again: it is joined, not set by a template."""
    return f'{XML}<{root} xmlns="{SITEMAP_NAMESPACE}"{more}>\n{"".join(lines)}</{root}>\n'


@lru_cache(maxsize=10_000)
def _url(base_url: str, path: str, at: int) -> str:
    """One line of a month's sitemap: the next publication writes the same again."""
    loc, lastmod = plain(f"{base_url}{path}"), rfc3339(from_microseconds(at))
    return f"<url><loc>{loc}</loc><lastmod>{lastmod}</lastmod></url>\n"


def _news(material: Material, views: Views) -> Iterator[str]:
    name = views.site.title
    for each in material.shown["newest"]:
        yield _news_url(name, views.site.base_url, each.path, each.language, each.published_at, each.headline)


@lru_cache(maxsize=NEWS_URLS_MAX)
def _news_url(name: str, base_url: str, path: str, language: str, at: datetime, headline: str) -> str:
    """One line of the news sitemap, which stays for two days."""
    publication = f"<news:name>{plain(name)}</news:name><news:language>{plain(primary(language))}</news:language>"
    return (
        f"<url><loc>{plain(f'{base_url}{path}')}</loc><news:news>"
        f"<news:publication>{publication}</news:publication>"
        f"<news:publication_date>{rfc3339(at)}</news:publication_date>"
        f"<news:title>{plain(headline)}</news:title></news:news></url>\n"
    )


def robots(site: Site) -> str:
    """RFC 9309."""
    hidden = [*HIDDEN_BELOW, *(f"{each}{end}" for each in HIDDEN for end in ("$", "?", "/"))]
    rules = "".join(f"Disallow: {each}\n" for each in hidden)
    maps = "".join(f"Sitemap: {site.absolute(path)}\n" for path in (MONTHS_SITEMAP, NEWS_SITEMAP))
    return f"User-agent: *\n{rules}\n{maps}"


def llms(site: Site, standing: list[tuple[str, str]]) -> str:
    """What the newspaper is and where its texts are, for language models: https://llmstxt.org/"""
    lines = [f"# {site.title}", "", f"> {site.tagline or site.title}", "", "## Sections", ""]
    lines += [f"- [{each.name}]({site.absolute(f'/{each.slug}/')})" for each in site.sections]
    lines += ["", "## Whole texts", ""]
    lines += [
        f"- [Newest articles, JSON Feed]({site.absolute('/feed.json')}): also under each section, tag and author",
        f"- [Newest articles, RSS]({site.absolute('/feed.xml')})",
        f"- [Every article since the first]({site.absolute(MONTHS_SITEMAP)}): a sitemap for each month",
        f"- [Archive by day]({site.absolute('/archive/')})",
        f"- [Corrections]({site.absolute('/corrections/')})",
    ]
    if standing:
        lines += ["", "## About the newspaper", ""]
        lines += [f"- [{title}]({site.absolute(path)})" for path, title in standing]
    return "\n".join([*lines, ""])


def favicon(site: Site) -> str:
    """The first letter of the newspaper's name, under the tab on the rule."""
    name = site.title.partition(" ")[2] if site.title.partition(" ")[0] in ARTICLES else site.title
    light, dark = site.sections[0].color
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><style>'
        f"rect{{fill:{light}}}text{{fill:#15171a;font:600 27px Georgia,serif}}"
        f"@media (prefers-color-scheme:dark){{rect{{fill:{dark}}}text{{fill:#ebe9e4}}}}</style>"
        f'<rect width="18" height="4" x="7"/><text x="16" y="29" text-anchor="middle">{plain(name[:1])}</text></svg>\n'
    )


def security(site: Site, now: datetime) -> str:
    """RFC 9116."""
    expires = (now + SECURITY_EXPIRES).replace(hour=0, minute=0, second=0, microsecond=0)
    return (
        f"Contact: mailto:{site.sender.address}\n"
        f"Expires: {rfc3339(expires)}\n"
        f"Preferred-Languages: {primary(site.language)}\n"
        f"Canonical: {site.absolute('/.well-known/security.txt')}\n"
    )

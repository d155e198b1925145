"""JSON-LD for an article (schema.org), safe inside a `script` element."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pressroom_render.image_names import Crop, name_of
from pressroom_render.lists import main_section
from pressroom_render.teasers import Teaser
from pressroom_render.views import Images
from pressroom_shared.clock import rfc3339
from pressroom_shared.events import Article, Media
from pressroom_shared.markdown import to_text
from pressroom_shared.site import Site

TYPES = {
    "news": "NewsArticle",
    "opinion": "OpinionNewsArticle",
    "analysis": "AnalysisNewsArticle",
    "review": "ReviewNewsArticle",
    "live": "LiveBlogPosting",
}


def article_graph(
    article: Article, *, site: Site, description: str, card: str, images: Images, translations: Sequence[Teaser] = ()
) -> str:
    """The `@graph`: the article, its breadcrumbs, the newspaper."""
    url = site.absolute(article.path)
    publisher = f"{site.base_url}/#publisher"
    news: dict[str, Any] = {
        "@type": TYPES[article.kind],
        "@id": f"{url}#article",
        "mainEntityOfPage": url,
        "url": url,
        "headline": article.headline,
        "description": description,
        "datePublished": rfc3339(article.first_published_at),
        "dateModified": rfc3339(article.published_at),
        "inLanguage": article.language,
        "articleSection": site.section_name(article.section),
        "keywords": [tag.name for tag in article.tags],
        "author": [
            {"@type": "Person", "name": each.name, "url": site.absolute(f"/author/{each.slug}/")}
            for each in article.authors
        ],
        "publisher": {"@id": publisher},
        "isAccessibleForFree": True,
    }
    lead = article.lead_image and article.media_by_id(article.lead_image.media_id)
    shown = _pictures(lead, images, site) if lead else []
    if card:
        shown.append(_picture(card, 1200, 630))
    if shown:
        news["image"] = shown
    for each in translations:
        work = {"@type": TYPES[each.kind], "@id": f"{site.absolute(each.path)}#article", "inLanguage": each.language}
        if each.id == article.translation_of:
            news["translationOfWork"] = work
        elif article.translation_of is None:
            news.setdefault("workTranslation", []).append(work)
    if article.corrections:
        news["correction"] = [
            {"@type": "CorrectionComment", "text": each.note, "datePublished": rfc3339(each.at)}
            for each in article.corrections
        ]
    if article.kind == "live":
        news["coverageStartTime"] = rfc3339(article.first_published_at)
        news["liveBlogUpdate"] = [
            {
                "@type": "BlogPosting",
                "@id": f"{url}#entry-{each.id}",
                "headline": each.headline or article.headline,
                "datePublished": rfc3339(each.at),
                "articleBody": to_text(each.body),
            }
            for each in reversed(article.entries)
        ]
    if article.review:
        news["itemReviewed"] = {"@type": "CreativeWork", "name": article.review.item}
        news["reviewRating"] = {
            "@type": "Rating",
            "ratingValue": article.review.rating,
            "bestRating": article.review.best,
        }
    keys = list(dict.fromkeys([main_section(article.section), article.section]))
    crumbs = [(site.title, f"{site.base_url}/"), *((site.section_name(key), site.absolute(f"/{key}/")) for key in keys)]
    breadcrumbs = {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": number, "name": name, "item": address}
            for number, (name, address) in enumerate(crumbs, 1)
        ],
    }
    return _graph([news, breadcrumbs, _paper(site)])


def _pictures(lead: Media, images: Images, site: Site) -> list[dict[str, Any]]:
    """The lead picture square, 4:3 and 16:9 about its focal point; as it was uploaded until those are made."""
    made = images.get(name_of(lead))
    crops = made.crops if made else [Crop(f"/{lead.key}", lead.width, lead.height)]
    return [_picture(site.absolute(each.path), each.width, each.height) for each in crops]


def _picture(url: str, width: int, height: int) -> dict[str, Any]:
    """Sizes are schema.org's Distance: a number and its unit."""
    return {"@type": "ImageObject", "url": url, "width": f"{width} px", "height": f"{height} px"}


def home_graph(site: Site) -> str:
    """The newspaper, and how to search it."""
    website: dict[str, Any] = {
        "@type": "WebSite",
        "@id": f"{site.base_url}/#website",
        "name": site.title,
        "url": f"{site.base_url}/",
        "inLanguage": site.language,
        "publisher": {"@id": f"{site.base_url}/#publisher"},
        "potentialAction": {
            "@type": "SearchAction",
            "target": {"@type": "EntryPoint", "urlTemplate": f"{site.base_url}/search?q={{query}}"},
        },
    }
    return _graph([website, _paper(site)])


def _paper(site: Site) -> dict[str, Any]:
    return {
        "@type": "NewsMediaOrganization",
        "@id": f"{site.base_url}/#publisher",
        "name": site.title,
        "url": f"{site.base_url}/",
        "correctionsPolicy": site.absolute("/corrections/"),
    } | ({"slogan": site.tagline} if site.tagline else {})


def _graph(parts: list[dict[str, Any]]) -> str:
    return safe_json({"@context": "https://schema.org", "@graph": parts})


def safe_json(document: Any) -> str:
    """JSON that no reader takes for HTML, whatever it says."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")

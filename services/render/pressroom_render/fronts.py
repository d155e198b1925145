"""Home, section fronts, lists, archives: pages that are made of other articles' teasers."""

from __future__ import annotations

from typing import Any

from pressroom_render.addresses import list_path, older_page
from pressroom_render.curation import LEAD
from pressroom_render.gather import Material
from pressroom_render.image_names import name_of as image_name
from pressroom_render.labels import labels, month_name
from pressroom_render.lists import CORRECTIONS, OPINION, PICKS, TRENDING, main_section
from pressroom_render.stories import Story
from pressroom_render.teasers import Teaser
from pressroom_render.templating import Safe, plain
from pressroom_render.views import Views, section_url
from pressroom_shared.events import AuthorProfile
from pressroom_shared.markdown import to_html

PATTERNS = {
    1: ("solo",),
    2: ("two", "pair"),
    3: ("lean",),
    4: ("four",),
    5: ("three flip", "three"),
    6: ("three flip", "three", "four"),
}
"""How strips of so many stories are set, in turn, so that no two alike follow each other."""


def home(material: Material, views: Views) -> dict[str, Any]:
    language, shown = views.site.language, material.shown
    opinion = shown[OPINION]
    newest = [each for each in shown["newest"] if each.kind != "opinion" or not opinion]
    lead, others = _leading(shown[LEAD], newest)
    stack, below = others[:4], others[4 : max(6, len(shown[LEAD]) - 1)]
    used = {each.id for each in [*([lead] if lead else []), *stack, *below]}

    def stories(teasers: list[Teaser]) -> list[Story]:
        return views.stories(teasers, language, material.images)

    page = _page(material, views, views.site.title, views.site.tagline or views.site.title) | {
        "home": True,
        "fronted": True,
        "letter": labels(language)["front_letter"],
        "topic": plain("all"),
    }
    return views.frame(language, page) | {
        "lead": views.story(lead, language, material.images) if lead else None,
        "below": stories(below),
        "stack": stories(stack),
        "more": [],
        "opinion": stories(opinion),
        "trending": stories(shown[TRENDING]),
        "strips": [*_picks(material, views), *_strips(material, views, used, bool(opinion))],
        "rest": [],
        "errata": [_corrected(each, views)[-1] for each in shown[CORRECTIONS]],
        "pager_links": None,
    }


def section(material: Material, views: Views) -> dict[str, Any]:
    language, shown = views.site.language, material.shown
    key = material.page.subject.removeprefix("section:")
    name = views.site.section_name(key)
    put = {each.id for row in (LEAD, PICKS, OPINION, TRENDING) for each in shown[row]}
    lead, others = _leading(shown[LEAD], [each for each in shown["newest"] if each.id not in put])
    opinion = shown[OPINION]
    first = 4 if opinion else 2 if len(others) == 4 else 3
    second = first if opinion else first + 2
    stack, more, below = others[:first], others[first:second], others[second : second + 2]
    page = _page(material, views, name, labels(language)["news_of"].format(name=name)) | {
        "section": main_section(key),
        "letter": labels(language)["letter_title"].format(name=name),
        "topic": plain(f"section:{key}"),
    }
    return views.frame(language, page) | {
        "lead": views.story(lead, language, material.images) if lead else None,
        "below": views.stories(below, language, material.images),
        "stack": views.stories(stack, language, material.images),
        "more": views.stories(more, language, material.images),
        "opinion": views.stories(opinion, language, material.images),
        "trending": views.stories(shown[TRENDING], language, material.images),
        "strips": _picks(material, views),
        "rest": views.stories(others[second + 2 :], language, material.images),
        "errata": [],
        "pager_links": _pager(material, views),
    }


def listed(material: Material, views: Views) -> dict[str, Any]:
    """A tag's, a person's or a day's articles, or a numbered page of any list."""
    language = views.site.language
    number, _, name = material.page.subject.partition(":")
    name = name if material.page.kind == "older" else material.page.subject
    kind, _, value = name.partition(":")
    words = labels(language)
    title = _title(name, material, views)
    described = {"author": words["all_by"], "tag": words["all_about"], "section": words["news_of"]}
    description = described.get(kind, words["news_of"]).format(name=title)
    if material.page.kind == "older":
        description = words["page_of"].format(number=number)
    page = _page(material, views, title, description, feed=list_path(name) if kind != "day" else "/") | {
        "section": main_section(value) if kind == "section" else "",
        "topic": plain(name) if kind in {"author", "tag", "section"} else None,
    }
    return views.frame(language, page) | {
        "profile": _profile(material, views),
        "items": views.stories(material.shown["newest"], language, material.images),
        "pager_links": _pager(material, views),
    }


def corrections(material: Material, views: Views) -> dict[str, Any]:
    words = labels(views.site.language)
    page = _page(material, views, words["corrections"], words["corrections_text"])
    notes = [note for teaser in material.shown["newest"] for note in _corrected(teaser, views)[::-1]]
    return views.frame(views.site.language, page) | {"notes": notes}


def month(material: Material, views: Views) -> dict[str, Any]:
    """The days of a month, newest first, with how many articles each has."""
    language = views.site.language
    title = month_name(material.page.subject.removeprefix("month:"), language)
    page = _page(material, views, title, labels(language)["news_of"].format(name=title), feed="/")
    days = [_counted(name, total, views) for name, total in reversed(material.counted)]
    return views.frame(language, page) | {"groups": [{"title": None, "items": days}]}


def archive(material: Material, views: Views) -> dict[str, Any]:
    """Every month since the first article, by year, newest first."""
    language = views.site.language
    words = labels(language)
    page = _page(material, views, words["archive"], words["archive_text"], feed="/")
    groups: dict[str, list[dict[str, Any]]] = {}
    for name, total in reversed(material.counted):
        groups.setdefault(name.removeprefix("month:")[:4], []).append(_counted(name, total, views))
    return views.frame(language, page) | {
        "groups": [{"title": year, "items": months} for year, months in groups.items()]
    }


def _page(material: Material, views: Views, title: str, description: str, *, feed: str | None = None) -> dict[str, Any]:
    newest = material.shown.get("newest", [])
    path = material.page.path
    latest = max((each.published_at for each in newest), default=None)
    return {
        "title": title,
        "sub_url": plain(path),
        "date": views.day(latest, views.site.language) if latest else None,
        "description": description,
        "canonical": views.absolute(path),
        "feed": plain(feed or path),
    }


def _strips(material: Material, views: Views, used: set[str], opinion_apart: bool) -> list[dict[str, Any]]:
    """A strip for each section, of what stands nowhere above: its own articles, and where these are few, others'."""
    language = views.site.language
    strips: list[dict[str, Any]] = []
    for section in views.site.sections:
        name = f"section:{section.slug}"
        if name == TRENDING and material.shown[TRENDING]:
            continue
        fresh = [each for each in material.shown[name] if each.id not in used]
        fresh = [each for each in fresh if not (opinion_apart and each.kind == "opinion")]
        own = [each for each in fresh if main_section(each.section) == section.slug]
        items = (own if len(own) > 1 else fresh)[: max(PATTERNS)]
        if not items:
            continue
        used |= {each.id for each in items}
        pictured = next((each for each in items if each.image), items[0])
        items = [pictured, *(each for each in items if each is not pictured)]
        patterns = PATTERNS[len(items)]
        pattern = patterns[sum(each["pattern"] in patterns for each in strips) % len(patterns)]
        strips.append(
            {
                "section": plain(section.slug),
                "name": section.name,
                "url": section_url(section.slug),
                "more": labels(language)["more_in"].format(name=section.name),
                "pattern": pattern,
                "items": views.stories(items, language, material.images),
            }
        )
    return strips


def _picks(material: Material, views: Views) -> list[dict[str, Any]]:
    """A strip of what editors have picked; none when they have not."""
    language, picks = views.site.language, material.shown[PICKS][: max(PATTERNS)]
    if not picks:
        return []
    return [
        {
            "section": plain(main_section(picks[0].section)),
            "name": labels(language)["editors_pick"],
            "url": "",
            "more": "",
            "pattern": PATTERNS[len(picks)][0],
            "items": views.stories(picks, language, material.images),
        }
    ]


def _leading(chosen: list[Teaser], newest: list[Teaser]) -> tuple[Teaser | None, list[Teaser]]:
    """What leads a front, and what follows: an editor's choice first, then the newest."""
    lead = chosen[0] if chosen else _lead(newest)
    return lead, [each for each in (*chosen, *newest) if each is not lead]


def _lead(news: list[Teaser]) -> Teaser | None:
    """What leads a front: breaking news, else the newest of the first five that has a picture, else the newest."""
    breaking = next((each for each in news[:8] if each.breaking), None)
    pictured = next((each for each in news[:5] if each.image), None)
    return breaking or pictured or (news[0] if news else None)


def _title(name: str, material: Material, views: Views) -> str:
    kind, _, value = name.partition(":")
    match kind:
        case "section":
            return views.site.section_name(value)
        case "day":
            return views.day(material.shown["newest"][0].published_at, views.site.language)["text"]
        case _:
            return name_of(kind, value, material)


def name_of(kind: str, slug: str, material: Material) -> str:
    """A tag's or a person's name, as the newsroom has it, else as the newest article that names them."""
    if material.profile is not None:
        return material.profile.name
    for each in material.shown["newest"]:
        for candidate, name in each.tags if kind == "tag" else (*each.authors, *each.contributors):
            if candidate == slug:
                return name
    return slug


def _profile(material: Material, views: Views) -> dict[str, Any] | None:
    """What an author's first page says of them."""
    about = material.profile
    if not isinstance(about, AuthorProfile) or material.page.kind == "older":
        return None
    picture = about.picture
    alt = "" if picture is None or picture.decorative else picture.alt or about.name
    return {
        "title": about.title or "",
        "bio": Safe(to_html(about.bio)) if about.bio else "",
        "picture": (
            views.image(image_name(picture), alt, picture.width, picture.height, material.images) if picture else None
        ),
        "credit": picture.credit if picture else "",
        "links": [{"text": each.text, "url": plain(each.url)} for each in about.links],
    }


def _pager(material: Material, views: Views) -> dict[str, Any] | None:
    """Links to the next newer and the next older page of a list; of a day's, to its month, too."""
    page = material.page
    name = page.subject.split(":", 1)[1] if page.kind == "older" else page.subject
    newer = None
    if page.kind == "older":
        number = int(page.subject.split(":", 1)[0])
        newer = older_page(name, number + 1).path if number < material.count else list_path(name)
    older = older_page(name, material.older).path if material.older else None
    up = _month_of(name, views) if name.startswith("day:") else None
    if newer is None and older is None and up is None:
        return None
    return {"newer": plain(newer) if newer else None, "older": plain(older) if older else None, "up": up}


def _month_of(day: str, views: Views) -> dict[str, Any]:
    month = day.removeprefix("day:")[:7]
    return {"url": plain(list_path(f"month:{month}")), "text": month_name(month, views.site.language)}


def _corrected(teaser: Teaser, views: Views) -> list[dict[str, Any]]:
    """An article's corrections, oldest first."""
    language = views.site.language
    foreign = teaser.language != language
    lang = f' lang="{plain(teaser.language)}"' if foreign else ""
    return [
        {
            "note": note,
            "date": views.moment(at, language, only_day=True),
            "url": plain(teaser.path),
            "headline": teaser.headline,
            "section": plain(main_section(teaser.section)),
            "lang": Safe(lang),
        }
        for at, note in teaser.corrections
    ]


def _counted(name: str, total: int, views: Views) -> dict[str, Any]:
    language = views.site.language
    words = labels(language)
    kind, _, value = name.partition(":")
    text = str(int(value[8:])) if kind == "day" else month_name(value, language)
    if kind == "day":
        text = words["day_month"].format(day=int(value[8:]), month=words["months"][int(value[5:7]) - 1])
    count = words["article"] if total == 1 else words["articles"].format(n=total)
    return {"url": plain(list_path(name)), "text": text, "iso": value, "count": count}

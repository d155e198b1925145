"""What templates are given: the frame that every page has, moments, pictures, and articles as other pages show them."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Any

from pressroom_render.image_names import PictureName, Responsive
from pressroom_render.kept import Kept
from pressroom_render.labels import date, date_and_time, direction, labels, spoken_minutes, time
from pressroom_render.lists import main_section
from pressroom_render.stories import Story
from pressroom_render.stylesheet import Assets
from pressroom_render.teasers import Teaser
from pressroom_render.templating import Safe, Templates, plain
from pressroom_shared.clock import rfc3339
from pressroom_shared.site import Site

ARTICLES = frozenset({"The", "La", "Le", "El", "Il", "Der", "Die", "Das"})
"""A newspaper's name that begins with one of these has it set small."""

Images = dict[PictureName, Responsive]
"""Pictures that have been made in many sizes."""

Sized = dict[str, Any]

PARTS_MAX = 1_000
"""What is kept of what stands around pages, by section."""


class Views:
    """Views for one newspaper."""

    def __init__(self, site: Site, assets: Assets, templates: Templates) -> None:
        self.site = site
        self._assets = assets
        self._templates = templates
        self._parts: Kept[tuple[bool, str, str], dict[str, Safe]] = Kept(PARTS_MAX)

    def frame(self, language: str, page: dict[str, Any]) -> dict[str, Any]:
        """What every page has: the newspaper, its sections, the words of the page's language."""
        empty = {"section": "", "sub_url": "", "date": None, "home": False, "fronted": False}
        shown = empty | {"language": plain(language), "dir": direction(language)} | page
        foreign = language != self.site.language
        return self._own[foreign] | {
            "parts": self._around(foreign, shown["section"], shown["sub_url"]),
            "page": shown,
            "words": labels(language),
        }

    @cached_property
    def _own(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What is the newspaper's, for a page in its language and for one in another."""
        language = self.site.language
        own = {
            "site": self._site_view,
            "nav": self._nav,
            "assets": self._assets_view,
            "site_words": labels(language),
            "site_lang": Safe(""),
        }
        return own, own | {"site_lang": Safe(f' lang="{plain(language)}" dir="{direction(language)}"')}

    def _around(self, foreign: bool, section: str, sub_url: str) -> dict[str, Safe]:
        """What stands around a page, above and below: the same for all of a section, and set once."""
        key = foreign, section, sub_url
        if (kept := self._parts.get(key)) is None:
            view = self._own[foreign] | {"page": {"section": section, "sub_url": sub_url}}
            parts = {name: Safe(self._templates.render(f"{name}.html", view)) for name in ("nav", "foot")}
            kept = self._parts.put(key, parts, weight=1)
        return kept

    @cached_property
    def _assets_view(self) -> dict[str, Safe]:
        assets = self._assets
        names = ("style", "font", "script", "live")
        return {name: Safe(getattr(assets, name)) for name in names}

    @cached_property
    def _site_view(self) -> dict[str, Any]:
        small, _, rest = self.site.title.partition(" ")
        leads = small in ARTICLES and bool(rest)
        wordmark = f"<small>{plain(small)}</small>{plain(rest)}" if leads else plain(self.site.title)
        footer = self.site.footer
        return {
            "title": self.site.title,
            "wordmark": Safe(wordmark),
            "tagline": self.site.tagline,
            "edition": self.site.edition,
            "footer": {
                "address": footer.address,
                "note": footer.note,
                "groups": [
                    {"title": each.title, "links": [{"text": link.text, "url": plain(link.url)} for link in each.links]}
                    for each in footer.groups
                ],
            },
        }

    @cached_property
    def _nav(self) -> list[dict[str, Any]]:
        return [
            {
                "slug": plain(each.slug),
                "name": each.name,
                "url": section_url(each.slug),
                "sections": [
                    {"name": sub.name, "url": section_url(f"{each.slug}/{sub.slug}")} for sub in each.sections
                ],
            }
            for each in self.site.sections
        ]

    def absolute(self, path: str) -> Safe:
        return plain(self.site.absolute(path))

    def day(self, moment: datetime, language: str) -> dict[str, str]:
        """The day of a moment, with its weekday."""
        iso = moment.astimezone(self.site.zone).date().isoformat()
        return {"iso": iso, "text": date(moment, language, self.site.zone, pattern="day_date")}

    def moment(self, moment: datetime, language: str, *, only_day: bool = False) -> dict[str, str]:
        text = date(moment, language, self.site.zone) if only_day else date_and_time(moment, language, self.site.zone)
        return {"iso": rfc3339(moment), "text": text}

    def clock(self, moment: datetime, language: str, today: str) -> dict[str, str]:
        """The time of a moment that is of the day `today` (ISO 8601); of another day its date too."""
        if self.day(moment, language)["iso"] != today:
            return self.moment(moment, language)
        return {"iso": rfc3339(moment), "text": time(moment, language, self.site.zone)}

    def image(self, name: PictureName, alt: str, width: int, height: int, images: Images) -> Sized:
        """A picture in its sizes, or as it was uploaded. The one place that decides how pictures are offered."""
        made = images.get(name)
        if made is None:
            whole = {"src": plain(f"/{name[0]}"), "alt": alt, "width": width, "height": height}
            return whole | {"webp": "", "jpeg": "", "blur": "", "position": ""}
        sizes = {"width": made.width, "height": made.height}  # of the picture as it stands upright
        offered = {"src": plain(made.src), "alt": alt, "webp": plain(made.webp), "jpeg": plain(made.jpeg)}
        return sizes | offered | {"blur": plain(made.placeholder), "position": made.position}

    def story(self, teaser: Teaser, language: str, images: Images) -> Story:
        """An article as a page in `language` shows it, in words of its own. All of it comes from the teaser."""
        name = (teaser.image.key, teaser.image.digest) if teaser.image else None
        sizes = images.get(name) if name else None
        key = language, sizes.placeholder if sizes else ""
        story: Story | None = teaser.made.get(key)
        if story is None:
            own = {name: sizes} if name and sizes else {}
            story = teaser.made[key] = Story(lambda: self._shown(teaser, language, own))
        return story

    def _shown(self, teaser: Teaser, language: str, images: Images) -> dict[str, Any]:
        foreign = teaser.language != language
        lang = f' lang="{plain(teaser.language)}" dir="{direction(teaser.language)}"' if foreign else ""
        image = teaser.image
        words = labels(teaser.language)
        opinion = teaser.kind == "opinion"
        byline = ", ".join(name for _, name in teaser.authors)
        return {
            "id": teaser.id,
            "language": plain(teaser.language),
            "url": plain(teaser.path),
            "section": plain(main_section(teaser.section)),
            "kicker": byline if opinion and byline else self.site.section_name(teaser.section),
            "label": words[f"{teaser.kind}_label"] if teaser.kind in {"analysis", "review", "live"} else "",
            "opinion": opinion,
            "headline": teaser.headline,
            "standfirst": teaser.standfirst,
            "byline": byline,
            "breaking": words["breaking"] if teaser.breaking else "",
            "date": self.moment(teaser.published_at, teaser.language, only_day=True),
            "reading": words["read"].format(minutes=spoken_minutes(teaser.minutes, teaser.language)),
            "lang": Safe(lang),
            "image": (
                self.image((image.key, image.digest), image.alt, image.width, image.height, images) if image else None
            ),
        }

    def stories(self, teasers: list[Teaser], language: str, images: Images) -> list[Story]:
        return [self.story(each, language, images) for each in teasers]


def section_url(key: str) -> Safe:
    return plain(f"/{key}/")

"""Makes a page of its material: pure, so that it may run in a thread, and the same material gives the same bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from pressroom_render import articles, fronts, machines
from pressroom_render.compression import Piece
from pressroom_render.feeds import Feeds
from pressroom_render.gather import Material
from pressroom_render.labels import labels, labels_hash
from pressroom_render.linked_data import home_graph
from pressroom_render.lists import HOME
from pressroom_render.standing import Standing
from pressroom_render.stylesheet import Assets
from pressroom_render.templating import Safe, Templates
from pressroom_render.views import Views
from pressroom_shared.markdown import to_html
from pressroom_shared.site import Site


class Composer:
    """Composes the pages of one newspaper."""

    def __init__(
        self,
        site: Site,
        assets: Assets,
        templates: Templates | None = None,
        standing: Mapping[str, Standing] | None = None,
    ) -> None:
        self.site = site
        self.standing = standing or {}
        self._assets = assets
        self._templates = templates or Templates()
        self._views = Views(site, assets, self._templates)
        self._feeds = Feeds(self._views, self._templates)
        self._make: dict[str, Callable[[Material], str]] = {
            "article": self._with("article.html", articles.article),
            "front": self._front,
            "list": self._with("list.html", fronts.listed),
            "older": self._with("list.html", fronts.listed),
            "day": self._with("list.html", fronts.listed),
            "month": self._with("archive.html", fronts.month),
            "archive": self._with("archive.html", fronts.archive),
            "corrections": self._with("corrections.html", fronts.corrections),
            "sitemap": self._sitemap,
            "text": self._text,
            "standing": self._standing,
            "shell": self._shell,
        }

    @cached_property
    def look(self) -> str:
        """Changes with all that pages are made with: templates, labels, stylesheet, site file, standing texts."""
        texts = "".join(f"{each.path}{each.title}{each.body}" for _, each in sorted(self.standing.items()))
        made_with = f"{self._templates.hash}{labels_hash()}{sorted(self._assets.files)}"
        return hashlib.sha256(f"{made_with}{self.site.model_dump_json()}{texts}".encode()).hexdigest()

    def compose(self, material: Material) -> list[list[Piece]]:
        """The page's files, as its `keys` name them; each whole, or in the pieces that other pages have too."""
        if material.page.kind == "feed":
            return self._feeds.formats(material)
        return [[Piece(self._make[material.page.kind](material))]]

    def preview(self, material: Material, until: datetime) -> bytes:
        """A draft's page, which says what it is and until when it is there."""
        view = articles.article(material, self._views)
        language = material.articles[0].language
        banner = labels(language)["preview_text"].format(when=self._views.moment(until, language)["text"])
        return self._templates.render("preview.html", view | {"banner": banner}).encode()

    def message(self, title: str, text: str, *, lost: bool = False) -> bytes:
        """A page that says something in the newspaper's language: not found, withdrawn, received. Who is `lost` may
        search."""
        words = labels(self.site.language)
        return self.page("message.html", {"title": words[title], "text": words[text], "lost": lost})

    def page(self, template: str, page: dict[str, Any], **view: Any) -> bytes:
        """A page that is made of nothing but what is given."""
        return self._templates.render(template, self._views.frame(self.site.language, page) | view).encode()

    def letter_form(self, view: dict[str, Any]) -> bytes:
        """The form of a request for a correction, or of a tip; with what was given and what is wrong with it."""
        words = labels(self.site.language)
        title, text = (
            ("request_correction", "correct_text") if view["kind"] == "correction" else ("news_tip", "tip_text")
        )
        wrong = view["wrong"]
        message = words[wrong["label"]].format(max=view["text_chars_max"]) if wrong else ""
        page = {"title": words[title], "text": words[text]}
        return self.page("letter.html", page, form=view | {"message": message})

    def _with(self, template: str, view: Callable[[Material, Views], dict[str, Any]]) -> Callable[[Material], str]:
        return lambda material: self._templates.render(template, view(material, self._views))

    def _front(self, material: Material) -> str:
        if material.page.subject != HOME:
            return self._templates.render("front.html", fronts.section(material, self._views) | {"json_ld": None})
        view = fronts.home(material, self._views)
        return self._templates.render("front.html", view | {"json_ld": Safe(home_graph(self.site))})

    def _sitemap(self, material: Material) -> str:
        return machines.sitemap(material, self._views, sorted(self.standing))

    def _text(self, material: Material) -> str:
        match material.page.subject:
            case "robots.txt":
                return machines.robots(self.site)
            case "favicon.svg":
                return machines.favicon(self.site)
            case _:
                return self._llms()

    def _llms(self) -> str:
        return machines.llms(self.site, [(path, each.title) for path, each in sorted(self.standing.items())])

    def _standing(self, material: Material) -> str:
        text = self.standing[material.page.subject]
        page = {
            "title": text.title,
            "description": articles.shortened(text.description),
            "canonical": self._views.absolute(text.path),
        }
        frame = self._views.frame(self.site.language, page)
        return self._templates.render("standing.html", frame | {"text": Safe(articles.set_text(to_html(text.body)))})

    def _shell(self, material: Material) -> str:
        return self._templates.render("shell.html", self._views.frame(material.page.subject, {"title": ""}))

"""The newspaper's frame for pages that search and notify make: render writes it, they fill its slots."""

from __future__ import annotations

import html

from pressroom_shared.clock import Clock, SystemClock
from pressroom_shared.site import Site
from pressroom_shared.sitestore import SiteStore

TITLE = "<!--slot:title-->"
HEAD = "<!--slot:head-->"
MAIN = "<!--slot:main-->"
KEPT_S = 5
"""How long a shell that was read is used before the store is asked again."""


def shell_key(language: str) -> str:
    return f"_shell/v1/{language}.html"


class Shell:
    """Puts a page's own part into the newspaper's frame."""

    def __init__(self, store: SiteStore, site: Site, clock: Clock | None = None) -> None:
        self._store = store
        self._site = site
        self._clock = clock or SystemClock()
        self._kept: dict[str, tuple[float, str]] = {}

    async def page(self, title: str, main: str, *, language: str | None = None, head: str = "") -> str:
        """A whole page. `title` is plain text; `main` and `head` are HTML that the caller has escaped."""
        frame = await self._frame(language or self._site.language)
        filled = frame.replace(TITLE, html.escape(f"{title} | {self._site.title}"), 1).replace(HEAD, head, 1)
        return filled.replace(MAIN, main, 1)

    async def _frame(self, language: str) -> str:
        now = self._clock.now().timestamp()
        read_at, frame = self._kept.get(language, (0.0, ""))
        if now - read_at > KEPT_S:
            stored = await self._store.get(shell_key(language))
            frame = stored.decode() if stored is not None else _minimal(self._site, language)
            self._kept[language] = (now, frame)
        return frame


def _minimal(site: Site, language: str) -> str:
    """A plain frame for the minutes before render has written its own."""
    name = html.escape(site.title)
    return (
        f'<!doctype html>\n<html lang="{html.escape(language)}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{TITLE}</title>{HEAD}</head>'
        f'<body><header><p><a href="/">{name}</a></p></header><main id="main">{MAIN}</main></body></html>\n'
    )

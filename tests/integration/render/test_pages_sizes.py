"""What a page may weigh. Sizes do not depend on the machine."""

from __future__ import annotations

import re

import brotli

from pressroom_render.app import Studio
from tests.examples import published
from tests.integration.render.conftest import take_in, tree, write_all
from tests.sample import sample_events

WORDS = 700
ARTICLE_BYTES_MAX = 14 * 1024
TEXT_PAGE_BYTES_MAX = 50 * 1024
SCRIPT_BYTES_MAX = 3 * 1024
LIVE = "/business/2026/11/23/the-night-at-the-harbour/"


async def test_an_article_of_seven_hundred_words_and_its_stylesheet_fit_into_the_first_round_trip(
    studio: Studio,
) -> None:
    for event in sample_events():
        data = event.data.model_copy(update={"section": "world", "also_in": []})
        await take_in(studio, event.model_copy(update={"data": data}))
    await write_all(studio)
    articles = [event.data for event in sample_events() if event.data.language == "en-US"]
    longest = max(articles, key=lambda article: len(article.body_text))
    assert len(longest.body_text.split()) > WORDS
    page = tree(studio)[f"{longest.path[1:]}index.html.br"]
    style = await studio.store.get(f"{studio.assets.style[1:]}.br")
    assert style is not None
    assert len(page) + len(style) <= ARTICLE_BYTES_MAX
    assert len(brotli.decompress(page)) <= TEXT_PAGE_BYTES_MAX


async def test_scripts_are_small_deferred_and_never_inline(studio: Studio) -> None:
    await take_in(studio, published())
    await take_in(studio, published(id="0193a0f0-0000-7000-8000-000000000002", kind="live", path=LIVE))
    await write_all(studio)
    named = re.findall(r'<script type="module" src="/([^"]+)"', tree(studio)[f"{LIVE[1:]}index.html"].decode())
    assert len(named) == 2
    assert sum(len(studio.assets.files[key]) for key in named) <= SCRIPT_BYTES_MAX
    for name, body in tree(studio).items():
        if name.endswith(".html"):
            scripts = re.findall(r"<script[^>]*>", body.decode())
            assert all('type="module" src=' in each or "ld+json" in each for each in scripts), name
            assert not re.search(r"\son[a-z]+=|\sstyle=", body.decode()), name

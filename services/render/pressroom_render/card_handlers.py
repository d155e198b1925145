"""What the `cards` group does on each event: draw outside any transaction, then store by the version rule."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime

from pressroom_render.card_store import Cards, HeldCard
from pressroom_render.card_style import Style
from pressroom_render.cards import Card, card_hash, card_key, card_of, face_of
from pressroom_render.drawers import Drawers, Ruined
from pressroom_render.image_store import Images, Made
from pressroom_render.pages import Pages
from pressroom_render.portraits import Portraits
from pressroom_render.previews import card_key as preview_card_key
from pressroom_render.shelf import Shelf
from pressroom_shared.clock import Clock
from pressroom_shared.events import (
    Article,
    ArticlePreviewed,
    ArticlePublished,
    ArticleUnpublished,
    AuthorChanged,
    Outcome,
    Status,
)
from pressroom_shared.outbox import OutcomeOutbox
from pressroom_shared.site import Site
from pressroom_shared.sitestore import SiteStore
from pressroom_shared.streams import Transient

EXTENSIONS = ("jpg", "png")
NO_CARD = "A withdrawn article has no card."
NOT_IN_STORE = "The lead picture is not in the store, so the card is drawn without it. Upload it again and publish."
RUINED = "The lead picture cannot be used, so the card is drawn without it. {reason} Upload another one."
FACE_RUINED = "The author's picture cannot be used, so the card is drawn without it. {reason}"
NOT_MADE = "The picture {name} is shown as it was uploaded. {reason}"

FACES_MAX = 100
"""So many of an author's newest cards are drawn again with another picture; older ones when they are published."""


@dataclass(frozen=True, slots=True)
class CardStore:
    """What is read and written in one transaction."""

    cards: Cards
    images: Images
    portraits: Portraits
    pages: Pages
    outcomes: OutcomeOutbox


@dataclass(frozen=True, slots=True)
class CardWork:
    """What a handler of `cards` may touch. It opens its transactions itself, to `read` or, by `begin`, to write too: a
    drawing must not hold one."""

    read: Callable[[], AbstractAsyncContextManager[CardStore]]
    begin: Callable[[], AbstractAsyncContextManager[CardStore]]
    drawers: Drawers
    store: SiteStore
    site: Site
    style: Style
    clock: Clock

    @property
    def outcomes(self) -> CardWork:
        return self

    async def add(self, outcome: Outcome) -> None:
        """Say something that has no effect of its own: a repeat, a stale event."""
        async with self.begin() as store:
            await store.outcomes.add(outcome)


async def on_article(event: ArticlePublished | ArticleUnpublished, work: CardWork) -> Outcome | None:
    """Draw the card of a publication and develop its pictures, or take a withdrawn article's cards away."""
    started = work.clock.now()
    data = event.data
    async with work.read() as store:
        held = await store.cards.held(data.id)
    if held is not None and data.version < held.version:
        detail = f"A newer version ({held.version}) has its card already; nothing is to be done."
        return _outcome(event, "stale", detail, started, work)
    if held is not None and data.version == held.version and not event.replay:
        await _renew(data.id, work)  # whoever was to do it may have been stopped
        return held.outcome
    card: Card | None = None
    if isinstance(data, Article):
        async with work.read() as store:
            portrait = await store.portraits.of(face_of(data))
        card = card_of(data, work.site, work.style, portrait)
        name, warning = await _draw(data.id, card, held, work, again=event.replay)
        made = await Shelf(work.store, work.drawers).make(data.media, again=event.replay)
        detail = " ".join(each for each in (warning, *_troubles(data, made)) if each)
    else:
        name, warning, detail, made = "", "", NO_CARD, []
        if data.purged:  # before it is said to be done: who is killed here begins again
            await _purge(held, data.erased_media, work)
    former = [] if held is None else list(dict.fromkeys([*held.former, held.name]))
    former = [each for each in former if each and each != name]
    outcome = _outcome(event, "done" if name else "skipped", detail, started, work)
    async with work.begin() as store:
        author = face_of(data) if isinstance(data, Article) else None
        drawn = card.document() if card and author else None
        kept = HeldCard(data.version, bool(name), name, former, warning, outcome, author, drawn)
        if await store.cards.put(kept, replay=event.replay):
            await store.outcomes.add(outcome)
            news = [await store.images.put(each) for each in made]
            if any(news):
                await store.pages.mark_showing(data.id)
            elif held is None or held.name != name:
                await store.pages.mark_article(data.id)
        else:
            held = await store.cards.held(data.id)
    if not name:
        await _erase(former, work)
    elif held is not None and not held.live and held.version > data.version:  # withdrawn while this was drawn
        await _erase([name], work)
    else:
        await _renew(data.id, work)
    return None


async def on_author(event: AuthorChanged, work: CardWork) -> None:
    """Develop an author's picture, and draw the cards of what they think with it."""
    picture = event.data.picture
    made = await Shelf(work.store, work.drawers).make([picture] if picture else [], again=event.replay)
    async with work.begin() as store:
        await store.portraits.apply(event)
        if any([await store.images.put(each) for each in made]):
            await store.pages.mark_author(event.data.slug)
        articles = await store.cards.by(event.data.slug, FACES_MAX)
    for each in articles:
        await _renew(each, work)


async def _renew(article_id: str, work: CardWork) -> None:
    """Draw a card again when its author's picture is another one by now.

    Whoever stores a card looks here after that, and whoever stores a picture looks for its cards after that: one of
    the two sees the other's.
    """
    async with work.read() as store:
        held = await store.cards.held(article_id)
        if held is None or held.drawn is None or not held.live:
            return
        portrait = await store.portraits.of(held.author)
    card = Card.read(held.drawn, work.style).with_portrait(portrait)
    if card == Card.read(held.drawn, work.style):
        return
    key, warning = await _draw(article_id, card, held, work, again=False)
    async with work.begin() as store:
        if await store.cards.renew(held, key, warning, card.document()):
            await store.pages.mark_article(article_id)


async def _draw(article_id: str, card: Card, held: HeldCard | None, work: CardWork, *, again: bool) -> tuple[str, str]:
    """The card's key in the store, and a warning. A card that looks the same costs nothing."""
    key = card_key(article_id, card_hash(card))
    if held is not None and held.name == key and not again and await work.store.exists(key):
        return key, held.warning
    jpeg, png, warning = await _drawn(card, work)
    await work.store.put(key.removesuffix("jpg") + "png", png)
    await work.store.put(key, jpeg)
    return key, warning


async def on_preview(event: ArticlePreviewed, work: CardWork) -> None:
    """Draw a draft's card beside its page; it ends with the page."""
    if event.data.expires_at > work.clock.now():
        async with work.read() as store:
            portrait = await store.portraits.of(face_of(event.data.article))
        jpeg, _, _ = await _drawn(card_of(event.data.article, work.site, work.style, portrait), work)
        await work.store.put(preview_card_key(event.data.token), jpeg)


async def _drawn(card: Card, work: CardWork) -> tuple[bytes, bytes, str]:
    """A card as JPEG and as PNG, and a warning. It is drawn without a picture that cannot be used."""
    image = await work.store.get(card.image_key) if card.image_key else None
    face = await work.store.get(card.portrait_key) if card.portrait_key else None
    said = [NOT_IN_STORE] if card.image_key and image is None else []
    while True:
        try:
            jpeg, png, warning = await work.drawers.draw(card, image, face)
        except Ruined as error:
            if face is not None:  # which of the two it was shows when it is tried without one
                face, said = None, [*said, FACE_RUINED.format(reason=error)]
            elif image is not None:
                image, said = None, [RUINED.format(reason=error)]
            else:
                raise Transient(f"The card was not drawn: {error}") from error
        else:
            return jpeg, png, " ".join(each for each in (*said, warning) if each)


def _troubles(article: Article, made: list[Made]) -> list[str]:
    """What is wrong with pictures other than the card's, which has its own sentence."""
    lead = article.lead_image.media_id if article.lead_image else None
    names = {each.key: each.alt or each.id for each in article.media if each.id != lead}
    return [
        NOT_MADE.format(name=repr(names[each.media_key]), reason=each.trouble)
        for each in made
        if each.trouble and each.media_key in names
    ]


async def _purge(held: HeldCard | None, media_keys: list[str], work: CardWork) -> None:
    """Nothing is left of the article's cards, nor of what was made of pictures that only it has named."""
    if held is not None:
        await _erase([each for each in [*held.former, held.name] if each], work)
    async with work.read() as store:
        made = await store.images.made_of(media_keys)
    await Shelf(work.store, work.drawers).clear(made)
    async with work.begin() as store:
        await store.images.forget(media_keys)


async def _erase(names: list[str], work: CardWork) -> None:
    for name in names:
        for extension in EXTENSIONS:
            await work.store.delete(f"{name.removesuffix('jpg')}{extension}")


def _outcome(
    event: ArticlePublished | ArticleUnpublished, status: Status, detail: str, started: datetime, work: CardWork
) -> Outcome:
    now = work.clock.now()
    return Outcome(
        service="cards",
        article_id=event.data.id,
        version=event.data.version,
        status=status,
        at=now,
        took_ms=max(0, int((now - started).total_seconds() * 1000)),
        detail=detail,
    )

"""A real browser with JavaScript switched off: reading, finding the way, searching, signing up."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, ViewportSize, async_playwright

from tests.newsroom import Newsroom
from tests.sample import SAMPLE
from tests.system import System

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]

PHONE = ViewportSize(width=390, height=844)
FIRST_VIEW_BYTES_MAX = 150 * 1024

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the PATH: install the package `chromium`"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, system: System) -> AsyncIterator[Page]:
    context = await browser.new_context(java_script_enabled=False, base_url=system.url)
    yield await context.new_page()
    await context.close()


async def test_a_reader_finds_an_article_and_reads_it(newsroom: Newsroom, page: Page) -> None:
    published = await newsroom.write_and_publish(headline="A ferry learns to sing", body="It sang on **Tuesday**.")
    await newsroom.text_once("/business/", "A ferry learns to sing")
    await page.goto("/business/")
    await page.get_by_role("link", name="A ferry learns to sing").first.click()
    await page.wait_for_url(published["url"])
    assert await page.locator("h1").inner_text() == "A ferry learns to sing"
    assert await page.locator("article strong").inner_text() == "Tuesday"
    assert await page.locator("link[rel=stylesheet]").count() == 1
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("requestfailed", lambda request: errors.append(request.url))
    await page.reload()
    assert errors == []


async def test_the_keyboard_reaches_the_text_first(newsroom: Newsroom, page: Page) -> None:
    published = await newsroom.write_and_publish(headline="The skip link is first")
    await page.goto(published["url"])
    await page.keyboard.press("Tab")
    first = page.locator(":focus")
    assert await first.get_attribute("href") == "#main"
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/#main")


async def test_searching_from_the_masthead(newsroom: Newsroom, page: Page) -> None:
    published = await newsroom.write_and_publish(headline="A whale in the marina")
    await newsroom.complete(published["id"])
    await page.goto("/")
    box = page.get_by_role("searchbox").first
    await box.fill("whale marina")
    await box.press("Enter")
    await page.wait_for_url("**/search?q=whale+marina**")
    await page.get_by_role("link", name="A whale in the marina").first.click()
    await page.wait_for_url(published["url"])


async def test_signing_up_from_an_article_and_confirming_from_the_mail(newsroom: Newsroom, page: Page) -> None:
    published = await newsroom.write_and_publish(headline="Letters are open")
    await page.goto(published["url"])
    form = page.locator('form[action="/subscribe"]').first
    await form.locator('input[type="email"]').fill("bea@reader.example")
    await form.get_by_role("button").click()
    assert "bea@reader.example" in await page.locator("main").inner_text()
    mail = await newsroom.mail("bea@reader.example", about="")
    await page.goto(mail.path("/confirm/"))
    await page.locator("main form").get_by_role("button").first.click()
    second = await newsroom.write_and_publish(headline="The first letter goes out")
    receipt = await newsroom.complete(second["id"])
    assert receipt["notify"]["sent"] == 1
    await newsroom.mail("bea@reader.example", about="The first letter goes out")


async def test_an_unknown_address_helps(page: Page) -> None:
    answer = await page.goto("/business/2020/01/01/nothing/")
    assert answer is not None
    assert answer.status == 404
    assert await page.get_by_role("searchbox").count() >= 1
    assert await page.locator('main a[href="/"]').count() == 1


async def test_a_live_article_offers_what_is_new_and_puts_it_in_place_when_asked(
    newsroom: Newsroom, browser: Browser, system: System
) -> None:
    live = await newsroom.write_and_publish(headline="The night at the harbor", kind="live", body="We are there.")
    await newsroom.add_entry(live["id"], headline="At nine", body="Quiet.")
    await newsroom.text_once(urlsplit(live["url"]).path, "At nine")
    context = await browser.new_context(base_url=system.url)
    page = await context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.resource_type == "fetch" else None)
    await page.clock.install()
    await page.goto(live["url"])
    for hour in ("ten", "eleven"):
        await newsroom.add_entry(live["id"], headline=f"At {hour}", body="Wind.")
    await newsroom.text_once(urlsplit(live["url"]).path, "At eleven")
    await page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    await page.clock.run_for(3_600_000)
    assert asked == [], "nobody looks at the page, so it does not look either"
    await page.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    await page.clock.run_for(1_000)
    offer = page.get_by_role("status").get_by_role("button", name="2 new updates")
    await offer.wait_for()
    assert await page.locator(".entry h2").all_inner_texts() == ["At nine"], "offered, and not forced"
    await page.clock.run_for(3_600_000)
    assert len(asked) < 20, "less and less often while nothing is new"
    await offer.click()
    assert await page.locator(".entry h2").all_inner_texts() == ["At eleven", "At ten", "At nine"]
    assert await page.locator(":focus h2").inner_text() == "At eleven"
    assert await page.get_by_role("status").get_by_role("button").count() == 0
    await context.close()


async def test_the_first_view_of_a_page_with_a_large_picture_is_small_on_a_phone(
    newsroom: Newsroom, browser: Browser, system: System
) -> None:
    media_id = await newsroom.upload(SAMPLE / "images" / "flood-map.jpg", alt="A map of the harbor with a red line.")
    lead = {"media_id": media_id, "caption": "The line, as it was drawn."}
    text = "\n\n".join("The line that the keepers drew was right, and nobody had asked them. " * 10 for _ in range(6))
    live = await newsroom.write_and_publish(headline="The line is a foot too low", body=text, lead_image=lead)
    await newsroom.complete(live["id"])
    for path in (urlsplit(live["url"]).path, "/"):
        await newsroom.text_once(path, ".webp 640w")
        context = await browser.new_context(base_url=system.url, viewport=PHONE, device_scale_factor=2, is_mobile=True)
        page = await context.new_page()
        bytes_of: dict[str, int] = {}
        names: dict[str, str] = {}
        wire = await context.new_cdp_session(page)
        await wire.send("Network.enable")
        wire.on(
            "Network.requestWillBeSent",
            lambda told, names=names: names.update({told["requestId"]: told["request"]["url"]}),
        )
        wire.on(
            "Network.loadingFinished",
            lambda told, names=names, bytes_of=bytes_of: bytes_of.update(
                {names[told["requestId"]]: told["encodedDataLength"]}
            ),
        )
        await page.goto(path, wait_until="networkidle")
        assert any(".webp" in each for each in bytes_of), "the lead picture is part of it"
        assert any(".woff2" in each for each in bytes_of)
        assert sum(bytes_of.values()) <= FIRST_VIEW_BYTES_MAX, bytes_of
        await context.close()

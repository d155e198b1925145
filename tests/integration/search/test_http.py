"""The search API and the search page, over HTTP on a real index."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest

from pressroom_search.app import create_api
from pressroom_shared.shell import Shell, shell_key
from pressroom_shared.site import load_site
from pressroom_shared.sitestore import open_site_store
from tests.examples import START, published, unpublished, version
from tests.integration.search.conftest import Engine, open_engine, site_file

EVIL = '<script>alert(1)</script> cranes <img src=x onerror=alert(2)> & "more"'
FRAME = (
    "<!doctype html><html><head><title><!--slot:title--></title><!--slot:head--></head><body><!--slot:main--></body>"
)


@contextmanager
def client_of(engine: Engine) -> Iterator[httpx.AsyncClient]:
    store = open_site_store(engine.settings.site_store_url, writable=False)
    app = create_api(engine.reader, engine.site, engine.settings, Shell(store, engine.site))
    transport = httpx.ASGITransport(app=app)
    yield httpx.AsyncClient(transport=transport, base_url="http://search")


@pytest.fixture
async def client(engine: Engine) -> AsyncIterator[httpx.AsyncClient]:
    with client_of(engine) as client:
        async with client:
            yield client


class Tags(HTMLParser):
    """Elements and attributes that a browser would see."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


async def test_a_search_answers_as_the_api_says(client: httpx.AsyncClient, engine: Engine) -> None:
    engine.apply(published())
    answer = await client.get("/api/v1/search", params={"q": "cranes"})
    assert answer.status_code == 200
    body = answer.json()
    assert isinstance(body.pop("took_ms"), int)
    assert body["hits"][0].pop("score") > 0
    assert body == {
        "total": 1,
        "page": 1,
        "hits": [
            {
                "id": "0193a0f0-0000-7000-8000-000000000001",
                "url": "https://courier.example/business/2026/11/23/harbour-cranes-stand-still/",
                "headline": "Harbour cranes stand still for a third day",
                "snippet": "The <mark>cranes</mark> stopped at noon. Nobody at the switch "
                "The port says it was the wind.",
                "section": "business/economy",
                "authors": [{"slug": "ines-falk", "name": "Ines Falk"}],
                "tags": [{"slug": "harbour", "name": "Harbour"}],
                "published_at": "2026-11-23T12:00:01Z",
            }
        ],
        "facets": {
            "section": [
                {"value": "business", "label": "Business", "count": 1},
                {"value": "business/economy", "label": "Economy", "count": 1},
            ],
            "tag": [{"value": "harbour", "label": "Harbour", "count": 1}],
            "author": [{"value": "ines-falk", "label": "Ines Falk", "count": 1}],
            "year": [{"value": "2026", "label": "2026", "count": 1}],
        },
        "did_you_mean": None,
    }


async def test_pages_and_filters_come_from_the_address(client: httpx.AsyncClient, engine: Engine) -> None:
    engine.apply(*(published(id=f"a{n:02}", headline=f"Crane {n}") for n in range(25)))
    second = (await client.get("/api/v1/search?q=crane&page=2&page_size=20&sort=newest")).json()
    assert (second["total"], second["page"], len(second["hits"])) == (25, 2, 5)
    assert second["hits"][0]["score"] is None
    assert (await client.get("/api/v1/search?section=world")).json()["total"] == 0
    assert (await client.get("/api/v1/search?section=business&from=2026-11-23&to=2026-11-23")).json()["total"] == 25
    assert (await client.get("/api/v1/search?from=2026-11-24")).json()["total"] == 0
    assert (await client.get("/api/v1/search?to=2026-11-22")).json()["total"] == 0


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"page": "0"}, "page"),
        ({"page": "many"}, "page"),
        ({"page_size": "101"}, "page_size"),
        ({"page": "101", "page_size": "100"}, "page"),
        ({"sort": "oldest"}, "sort"),
        ({"from": "yesterday"}, "from"),
        ({"to": "2026-13-01"}, "to"),
        ({"from": "2026-11-02", "to": "2026-11-01"}, "from"),
        ({"to": "9999-12-31"}, "to"),
        ({"q": "x" * 401}, "q"),
    ],
)
async def test_a_wrong_parameter_is_named(client: httpx.AsyncClient, parameters: dict[str, str], field: str) -> None:
    answer = await client.get("/api/v1/search", params=parameters)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [each["field"] for each in answer.json()["errors"]] == [field]
    assert answer.json()["detail"].endswith(f"{field} is not valid.")
    assert "stored" not in answer.json()["detail"]
    page = await client.get("/search", params={"q": "crane"} | parameters)
    assert page.status_code == 422
    assert 'role="alert"' in page.text


async def test_suggestions_and_related_articles(client: httpx.AsyncClient, engine: Engine) -> None:
    engine.apply(published(id="a"), published(id="b", headline="Cranes move again", path="/business/2026/11/24/move/"))
    assert (await client.get("/api/v1/suggest?q=cranes mo")).json() == [
        {"headline": "Cranes move again", "url": "https://courier.example/business/2026/11/24/move/"}
    ]
    assert [each["headline"] for each in (await client.get("/api/v1/articles/a/related")).json()] == [
        "Cranes move again"
    ]
    missing = await client.get("/api/v1/articles/zz/related")
    assert missing.status_code == 404
    assert missing.headers["content-type"] == "application/problem+json"
    assert (await client.get("/api/v1/suggest")).json()["errors"][0]["field"] == "q"


async def test_no_markup_of_an_article_or_of_a_query_reaches_a_page(client: httpx.AsyncClient, engine: Engine) -> None:
    engine.apply(
        published(
            headline=EVIL,
            standfirst=EVIL,
            body_text=EVIL,
            authors=[{"slug": "x", "name": "<b>Eve</b>"}],
            tags=[{"slug": '"><script>', "name": "<script>tag</script>"}],
            language='en" onload="x',
        )
    )
    for query in ("cranes", "script", EVIL, '"><script>alert(3)</script>'):
        page = await client.get("/search", params={"q": query, "tag": '"><script>' if query == "cranes" else ""})
        assert page.status_code == 200
        tags = Tags(page.text)
        assert not tags.all("script")
        assert not tags.all("img")
        assert not [name for _, attributes in tags.found for name in attributes if name.startswith("on")]
    hit = (await client.get("/api/v1/search", params={"q": "cranes"})).json()["hits"][0]
    assert {tag for tag, _ in Tags(hit["snippet"]).found} == {"mark"}


async def test_the_page_has_form_results_facets_and_pages(client: httpx.AsyncClient, engine: Engine) -> None:
    engine.apply(*(published(id=f"a{n:02}", headline=f"Crane {n}") for n in range(25)))
    engine.apply(published(id="w", headline="Crane of the world", section="world", language="ar"))
    page = await client.get("/search", params={"q": "crane", "sort": "newest"})
    assert page.status_code == 200
    assert page.text.count('<article class="story"') == 10
    assert "<mark>Crane</mark>" in page.text
    assert "26 articles" in page.text
    tags = Tags(page.text)
    links = [each.get("href") for each in tags.all("a")]
    assert "/search?q=crane&sort=newest&section=world" in links
    assert "/search?q=crane&sort=newest&page=2" in links
    assert [each.get("value") for each in tags.all("input") if each.get("name") == "q"] == ["crane"]
    narrowed = await client.get("/search", params={"q": "crane", "section": "world"})
    assert narrowed.text.count('<article class="story"') == 1
    assert 'lang="ar" dir="rtl"' in narrowed.text
    assert "Without World" in narrowed.text
    last = await client.get("/search", params={"q": "crane", "page": "3"})
    assert last.text.count('<article class="story"') == 6
    assert 'rel="prev"' in last.text
    assert 'rel="next"' not in last.text


async def test_a_page_without_results_helps(client: httpx.AsyncClient, engine: Engine) -> None:
    engine.apply(published())
    empty = await client.get("/search", params={"q": "zeppelin", "section": "business"})
    assert "No article matches that." in empty.text
    assert {"href": "/search?q=zeppelin"} in Tags(empty.text).all("a")
    typo = await client.get("/search", params={"q": "harbuor"})
    assert {"href": "/search?q=harbour"} in Tags(typo.text).all("a")
    blank = await client.get("/search")
    assert blank.status_code == 200
    assert "How to search" in blank.text


async def test_the_page_stands_in_the_newspapers_shell(client: httpx.AsyncClient, engine: Engine) -> None:
    store = open_site_store(engine.settings.site_store_url)
    await store.put(shell_key("en-US"), FRAME.encode())
    page = await client.get("/search", params={"q": "a<b"})
    assert page.text.startswith(FRAME[:20])
    assert "<title>Search: a&lt;b | The Courier</title>" in page.text


async def test_every_language_of_the_labels_makes_a_page(tmp_path: Path) -> None:
    engine = open_engine(tmp_path)
    engine.apply(published(), published(id="b", headline="石の潮", language="ja"))
    for language, word in (("ar", "بحث"), ("hi", "खोजें"), ("ja", "検索"), ("es", "Buscar"), ("pl", "Search")):
        engine.site = load_site(site_file(tmp_path, language))
        with client_of(engine) as client:
            async with client:
                page = await client.get("/search", params={"q": "cranes"})
                assert page.status_code == 200
                assert word in page.text
    engine.committer.close()


async def test_a_withdrawn_article_is_on_no_page(client: httpx.AsyncClient, engine: Engine) -> None:
    engine.apply(published(1), unpublished(2))
    assert (await client.get("/api/v1/search", params={"q": "cranes"})).json()["total"] == 0
    assert engine.apply(published(1))[0].held == version(2)  # type: ignore[union-attr]
    assert (await client.get("/api/v1/search")).json()["total"] == 0


async def test_health_and_metrics(client: httpx.AsyncClient, engine: Engine) -> None:
    engine.apply(published(published_at=START))
    assert (await client.get("/health/ready")).status_code == 200
    await client.get("/api/v1/search?q=crane")
    assert 'pressroom_search_seconds_count{call="search"}' in (await client.get("/metrics")).text


def test_every_route_is_described(engine: Engine) -> None:
    with client_of(engine) as client:
        app: Any = client._transport.app  # type: ignore[attr-defined]
    document = app.openapi()
    assert set(document["paths"]) == {"/api/v1/search", "/api/v1/suggest", "/api/v1/articles/{id}/related"}
    for path in document["paths"].values():
        operation = path["get"]
        assert operation["summary"]
        assert operation["description"]
        assert all("description" in each for each in operation["parameters"])

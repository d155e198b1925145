"""The one origin: who answers what, files as they lie in the store, and what is hidden."""

from __future__ import annotations

import gzip
import json
import subprocess

import httpx
import pytest

from pressroom_local.gateway import gateway_command
from tests.integration.local.conftest import Gateway

OWNERS = [
    ("ingest", "GET", "/api/v1/articles"),
    ("ingest", "POST", "/api/v1/articles"),
    ("ingest", "POST", "/api/v1/articles:import"),
    ("ingest", "PATCH", "/api/v1/articles/a1"),
    ("ingest", "POST", "/api/v1/articles/a1/publish?wait=live"),
    ("ingest", "GET", "/api/v1/articles/a1/receipt"),
    ("ingest", "GET", "/api/v1/articles/a1/revisions/2/diff/3"),
    ("ingest", "GET", "/api/v1/articles/a1/notifications"),
    ("ingest", "POST", "/api/v1/media"),
    ("ingest", "PUT", "/api/v1/fronts/home"),
    ("ingest", "GET", "/api/v1/authors/ines-falk"),
    ("ingest", "PATCH", "/api/v1/tags/ferry"),
    ("ingest", "DELETE", "/api/v1/keys/k1"),
    ("ingest", "GET", "/api/v1/audit"),
    ("ingest", "GET", "/api/v1/events?after=7"),
    ("ingest", "GET", "/api/v1/operations/status"),
    ("ingest", "POST", "/api/v1/operations/dead/pages/1-0/retry"),
    ("ingest", "GET", "/api/v1/site"),
    ("ingest", "GET", "/api/v1/openapi.json"),
    ("ingest", "GET", "/api/v1/docs"),
    ("render", "GET", "/api/v1/articles/a1/card"),
    ("render", "GET", "/world/2026/11/13/never-written/"),
    ("render", "GET", "/cards/none.jpg"),
    ("render", "GET", "/media/none.jpg"),
    ("render", "POST", "/corrections/request/"),
    ("render", "GET", "/health/2026/11/13/never-written/"),
    ("search", "GET", "/search?q=ferry"),
    ("search", "GET", "/api/v1/search?q=ferry"),
    ("search", "GET", "/api/v1/suggest?q=fe"),
    ("search", "GET", "/api/v1/articles/a1/related"),
    ("notify", "GET", "/subscribe"),
    ("notify", "POST", "/subscribe"),
    ("notify", "GET", "/confirm/t1"),
    ("notify", "POST", "/unsubscribe/t1"),
    ("notify", "GET", "/preferences"),
    ("notify", "POST", "/preferences/t1"),
    ("notify", "POST", "/api/v1/subscriptions"),
    ("notify", "GET", "/api/v1/push/key"),
    ("notify", "POST", "/api/v1/webhooks/w1/test"),
    ("notify", "DELETE", "/api/v1/readers/r1"),
    ("notify", "GET", "/api/v1/sends"),
    ("notify", "DELETE", "/api/v1/articles/a1/notifications"),
    ("mailbox", "GET", "/_mail/"),
    ("mailbox", "GET", "/_mail/api"),
]


@pytest.mark.parametrize(("owner", "method", "path"), OWNERS, ids=str)
def test_each_address_has_its_owner(gateway: Gateway, owner: str, method: str, path: str) -> None:
    answer = httpx.request(method, gateway.url + path)
    assert answer.status_code == 200
    assert answer.json() == {"owner": owner, "method": method, "path": path}
    assert answer.headers["ETag"] == '"7"'
    assert answer.headers["Cache-Control"] == "no-store"


def test_what_is_answered_while_it_is_still_being_sent_goes_through_whole(gateway: Gateway) -> None:
    """An import: ingest answers each batch as it comes. Go's server cuts such a request off unless it is told."""
    block, count = b"x" * 32_768, 200
    with httpx.stream(
        "POST", f"{gateway.url}/api/v1/articles:import", content=(block for _ in range(count)), timeout=30
    ) as answer:
        sizes = [int(line) for line in answer.iter_lines()]
    assert sum(sizes) == len(block) * count


def test_an_answer_may_lie_unread_for_as_long_as_an_import_is_sent() -> None:
    """By Caddy's default a minute is the most: 100,000 articles take longer, and the rest of them was lost."""
    caddy, _run, *config = gateway_command()
    adapted = json.loads(subprocess.run([caddy, "adapt", *config], check=True, capture_output=True, text=True).stdout)
    (server,) = adapted["apps"]["http"]["servers"].values()
    assert server["write_idle_timeout"] >= 3600 * 10**9, "nanoseconds"


@pytest.mark.parametrize("path", ["/metrics", "/docs", "/openapi.json", "/health/ready"])
def test_what_services_tell_only_inside_is_an_unknown_page_outside(gateway: Gateway, path: str) -> None:
    assert httpx.get(gateway.url + path).json()["path"] == "/not-found"


def test_an_unknown_api_is_a_problem(gateway: Gateway) -> None:
    answer = httpx.get(f"{gateway.url}/api/v1/nonsense")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "/api/v1/docs" in answer.json()["detail"]


def test_pages_are_served_as_files(gateway: Gateway) -> None:
    gateway.put("www/world/2026/11/13/ferry/index.html", b"<!doctype html><title>Ferry</title>")
    answer = httpx.get(f"{gateway.url}/world/2026/11/13/ferry/")
    assert answer.text == "<!doctype html><title>Ferry</title>"
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "max-age=30" in answer.headers["Cache-Control"]
    assert httpx.get(f"{gateway.url}/world/2026/11/13/ferry").headers["Location"].endswith("/ferry/")
    again = httpx.get(answer.url, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_a_post_to_a_page_goes_to_render(gateway: Gateway) -> None:
    gateway.put("www/tips/index.html", b"form")
    assert httpx.post(f"{gateway.url}/tips/").json()["owner"] == "render"


@pytest.mark.parametrize(
    ("key", "path", "kind"),
    [
        ("www/feed.xml", "/feed.xml", "application/rss+xml; charset=utf-8"),
        ("www/world/feed.xml", "/world/feed.xml", "application/rss+xml; charset=utf-8"),
        ("www/atom.xml", "/atom.xml", "application/atom+xml; charset=utf-8"),
        ("www/feed.json", "/feed.json", "application/feed+json"),
        ("www/sitemap.xml", "/sitemap.xml", "application/xml; charset=utf-8"),
        ("www/news-sitemap.xml", "/news-sitemap.xml", "application/xml; charset=utf-8"),
        ("www/sitemap-2026.xml", "/sitemap-2026.xml", "application/xml; charset=utf-8"),
        ("www/robots.txt", "/robots.txt", "text/plain; charset=utf-8"),
        ("static/n.1a2b.woff2", "/static/n.1a2b.woff2", "font/woff2"),
        ("static/s.1a2b.css", "/static/s.1a2b.css", "text/css; charset=utf-8"),
        ("cards/a1.1a2b.jpg", "/cards/a1.1a2b.jpg", "image/jpeg"),
        ("media/1a2b.webp", "/media/1a2b.webp", "image/webp"),
    ],
)
def test_files_say_what_they_are(gateway: Gateway, key: str, path: str, kind: str) -> None:
    gateway.put(key, b"content")
    answer = httpx.get(gateway.url + path)
    assert (answer.status_code, answer.content) == (200, b"content")
    assert answer.headers["Content-Type"] == kind
    immutable = "immutable" in answer.headers["Cache-Control"]
    assert immutable is path.startswith(("/static/", "/cards/", "/media/"))


def test_a_preview_is_kept_by_nobody_and_found_by_nobody(gateway: Gateway) -> None:
    for token in ("abc-def", "_begins-with-an-underscore"):
        for name in ("index.html", "card.jpg"):
            gateway.put(f"preview/{token}/{name}", b"draft")
        for path in (f"/preview/{token}/", f"/preview/{token}/card.jpg"):
            answer = httpx.get(gateway.url + path)
            assert (answer.status_code, answer.text) == (200, "draft")
            assert answer.headers.get_list("Cache-Control") == ["no-store"]
            assert answer.headers["X-Robots-Tag"] == "noindex"
            assert answer.headers["Referrer-Policy"] == "no-referrer"
    ended = httpx.get(f"{gateway.url}/preview/ended/")
    assert (ended.json()["owner"], ended.headers.get_list("Cache-Control")) == ("render", ["no-store"])
    assert "X-Robots-Tag" not in httpx.get(f"{gateway.url}/").headers


def test_a_compressed_copy_is_served_to_whoever_takes_it(gateway: Gateway) -> None:
    page = b"<!doctype html><title>Long</title>"
    gateway.put("www/long/index.html", page)
    gateway.put("www/long/index.html.gz", gzip.compress(page))
    compressed = httpx.get(f"{gateway.url}/long/", headers={"Accept-Encoding": "gzip"})
    assert compressed.headers["Content-Encoding"] == "gzip"
    assert compressed.content == page
    assert "Accept-Encoding" in compressed.headers["Vary"]
    plain = httpx.get(f"{gateway.url}/long/", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert plain.content == page


@pytest.mark.parametrize(
    "path", ["/_shell/v1/en.html", "/.secret", "/page.html.tmp", "/page.html.part", "/page.html~", "/page.html.gz"]
)
def test_hidden_files_go_to_render_like_any_unknown_page(gateway: Gateway, path: str) -> None:
    gateway.put(f"www{path}", b"hidden")
    assert httpx.get(gateway.url + path).json() == {"owner": "render", "method": "GET", "path": path}


def test_what_lies_beside_the_public_folder_is_not_served(gateway: Gateway) -> None:
    gateway.put("_shell/v1/en.html", b"hidden")
    for path in (
        "/_shell/v1/en.html",
        "/../_shell/v1/en.html",
        "/%2e%2e/_shell/v1/en.html",
        "/media/../_shell/v1/en.html",
    ):
        assert b"hidden" not in httpx.get(gateway.url + path, follow_redirects=True).content


@pytest.mark.parametrize("path", ["/", "/api/v1/articles", "/search", "/subscribe", "/nowhere/", "/api/v1/nonsense"])
def test_every_answer_has_the_safe_headers(gateway: Gateway, path: str) -> None:
    headers = httpx.get(gateway.url + path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "'unsafe-inline'" not in headers["Content-Security-Policy"]
    assert "Server" not in headers
    assert "Via" not in headers


@pytest.mark.parametrize("path", ["/search", "/subscribe", "/tips/"])
def test_a_body_above_a_megabyte_is_refused_before_the_pages_of_readers(gateway: Gateway, path: str) -> None:
    answer = httpx.post(gateway.url + path, content=b"x" * 1_000_001)
    assert answer.status_code == 413
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_the_gateway_lives_whatever_the_services_do(lonely_gateway: Gateway) -> None:
    assert httpx.get(f"{lonely_gateway.url}/health/live").json() == {"status": "live"}
    lonely_gateway.put("www/index.html", b"front")
    assert httpx.get(f"{lonely_gateway.url}/").text == "front"


def test_a_service_that_is_down_is_told_as_its_callers_read_it(lonely_gateway: Gateway) -> None:
    api = httpx.get(f"{lonely_gateway.url}/api/v1/articles", timeout=30)
    assert (api.status_code, api.headers["Content-Type"]) == (502, "application/problem+json")
    assert api.json()["status"] == 502
    assert "try again" in api.json()["detail"]
    assert api.headers["Retry-After"] == "5"
    page = httpx.get(f"{lonely_gateway.url}/search", timeout=30)
    assert (page.status_code, page.headers["Content-Type"]) == (502, "text/html; charset=utf-8")
    assert "Back in a moment" in page.text
    assert page.headers["Cache-Control"] == "no-store"


def test_without_a_mail_catcher_its_address_is_unknown(lonely_gateway: Gateway) -> None:
    assert httpx.get(f"{lonely_gateway.url}/_mail/", timeout=30).status_code in {404, 502}

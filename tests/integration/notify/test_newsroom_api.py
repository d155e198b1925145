"""The newsroom's calls: cancelling what is not sent yet, and what became of each mail."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from pressroom_notify.app import unit_of_work
from pressroom_notify.handlers import on_keys
from pressroom_shared.events import KeysChanged
from tests.examples import START, key, published, ring, unpublished
from tests.integration.notify.conftest import Office

ID = published().data.id
PATH = f"/api/v1/articles/{ID}/notifications"
SECRETS: dict[str, Any] = {
    "boss": {"role": "admin"},
    "desk": {"role": "editor"},
    "intern": {"role": "contributor"},
    "business": {"role": "reader", "sections": {"business": "editor"}},
    "world": {"role": "reader", "sections": {"world": "editor"}},
    "gone": {"role": "admin", "revoked_at": START},
}
READERS = ("ada@reader.example", "ben@reader.example")


async def take_ring(office: Office, event: KeysChanged) -> None:
    async with unit_of_work(office.desk) as work:
        await on_keys(event, work)


async def ask(office: Office, who: str, method: str = "DELETE", path: str = PATH, **more: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {who}"} if who else {}
    return await office.http.request(method, path, headers=headers, **more)


async def open_desk(office: Office) -> None:
    """Keys are known, and two readers follow business."""
    await take_ring(office, ring(1, *(key(secret, **more) for secret, more in SECRETS.items())))
    for each in READERS:
        await office.subscribe(each, "section:business")
    office.mailbox.mails.clear()


async def test_what_is_held_back_is_cancelled_and_the_receipt_says_so(holding: Office) -> None:
    await open_desk(holding)
    await holding.take_in(published(1))
    await holding.work()
    assert await holding.states() == {"queued": 2}
    answer = await ask(holding, "desk")
    assert (answer.status_code, answer.json()) == (200, {"article_id": ID, "cancelled": 2, "sent": 0})
    await holding.take_in(published(1))  # the event comes again
    await holding.work()
    assert await holding.states() == {"cancelled": 2}
    counts = await holding.counts()
    assert (counts.planned, counts.open, counts.sent) == (0, 0, 0)
    assert "2 readers would have been" in (await holding.outcomes())[-1].detail
    assert (await ask(holding, "desk")).json()["cancelled"] == 0
    assert holding.mailbox.mails == []


async def test_a_fan_out_that_is_not_planned_yet_is_not_planned_any_more(office: Office) -> None:
    await open_desk(office)
    await office.take_in(published(1))
    assert (await ask(office, "desk")).json()["cancelled"] == 0
    await office.work()
    assert await office.states() == {}
    assert office.mailbox.mails == []


async def test_an_announcement_of_before_that_comes_late_is_silent_and_a_later_one_is_told(office: Office) -> None:
    await open_desk(office)
    await office.take_in(published(1, announcements=[]))
    office.clock.advance(published(3).time - office.clock.now())
    await ask(office, "desk")
    await office.take_in(published(2, announcements=[announced(2)]))
    await office.work()
    assert office.mailbox.mails == []
    await office.take_in(published(9, announcements=[announced(2), announced(9)]))
    await office.work()
    assert office.mailbox.recipients == sorted(READERS)


def announced(number: int) -> dict[str, Any]:
    event = published(number)
    return {"version": event.data.version, "change": "new", "at": event.time, "notify": True}


async def test_a_mail_that_was_sent_stays_sent(office: Office) -> None:
    await open_desk(office)
    await office.take_in(published(1))
    await office.work()
    assert (await ask(office, "boss")).json() == {"article_id": ID, "cancelled": 0, "sent": 2}
    assert await office.states() == {"sent": 2}


@pytest.mark.parametrize(
    ("who", "status"),
    [("", 401), ("nobody", 401), ("gone", 401), ("intern", 403), ("world", 403), ("business", 200), ("desk", 200)],
)
async def test_who_may_cancel(office: Office, who: str, status: int) -> None:
    await open_desk(office)
    await office.take_in(published(1))
    answer = await ask(office, who)
    assert answer.status_code == status
    if status != 200:
        assert answer.headers["content-type"] == "application/problem+json"
        await office.work()
        assert await office.states() == {"sent": 2}


async def test_an_unknown_article_is_not_there_and_a_withdrawn_one_needs_an_editor_of_all(office: Office) -> None:
    await open_desk(office)
    assert (await ask(office, "desk", path="/api/v1/articles/none/notifications")).status_code == 404
    await office.take_in(published(1), unpublished(2))
    assert (await ask(office, "business")).status_code == 403
    assert (await ask(office, "desk")).status_code == 200


async def test_a_key_that_is_revoked_cancels_nothing_in_whatever_order_the_rings_come(office: Office) -> None:
    await open_desk(office)
    await office.take_in(published(1))
    for each in (ring(3, key("desk", revoked_at=START)), ring(2, key("desk")), ring(3, key("desk", revoked_at=START))):
        await take_ring(office, each)
    assert (await ask(office, "desk")).status_code == 401


async def test_an_admin_sees_every_mail_by_article_and_state_and_no_address(office: Office) -> None:
    await open_desk(office)
    await office.take_in(published(1))
    await office.work()
    first = await ask(office, "boss", "GET", "/api/v1/sends", params={"article": ID, "limit": 1})
    assert first.status_code == 200, first.text
    assert first.json()["counts"] == {"sent": 2}
    (one,) = first.json()["items"]
    assert (one["state"], one["occasion"], one["version"]) == ("sent", "news", published(1).data.version)
    rest = await ask(office, "boss", "GET", "/api/v1/sends", params={"article": ID, "cursor": first.json()["next"]})
    (two,) = rest.json()["items"]
    assert two["id"] < one["id"]
    assert rest.json()["next"] is None
    everything = await ask(office, "boss", "GET", "/api/v1/sends", params={"limit": 100})
    assert {each["occasion"] for each in everything.json()["items"]} == {"news", "confirm"}
    assert "reader.example" not in everything.text
    none = await ask(office, "boss", "GET", "/api/v1/sends", params={"state": "failed"})
    assert none.json() == {"items": [], "next": None}


async def test_sends_are_for_admins_and_ask_in_words_that_are_known(office: Office) -> None:
    await open_desk(office)
    assert (await ask(office, "desk", "GET", "/api/v1/sends")).status_code == 403
    for query in ({"cursor": "x"}, {"cursor": "9" * 30}, {"state": "lost"}, {"limit": 101}):
        refused = await ask(office, "boss", "GET", "/api/v1/sends", params=query)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, next(iter(query)))

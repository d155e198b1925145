"""Publishing later, embargoes, and what was late: over HTTP and through the scheduler."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from pressroom_ingest import metrics
from pressroom_ingest.desk import Desk
from pressroom_ingest.scheduler import Scheduler
from pressroom_shared.clock import rfc3339
from tests.integration.ingest.conftest import ARTICLE, NewsClock
from tests.integration.ingest.test_publishing_api import events
from tests.waiting import until


def later(desk: Desk, **delta: float) -> str:
    return rfc3339(desk.clock.now() + timedelta(**delta))


async def schedule(api: httpx.AsyncClient, desk: Desk, article: dict[str, Any], **body: Any) -> dict[str, Any]:
    body = {"at": later(desk, hours=1)} | body
    answer = await api.post(f"/api/v1/articles/{article['id']}/publish", json=body)
    assert answer.status_code == 202, answer.text
    accepted: dict[str, Any] = answer.json()
    return accepted


async def shown(api: httpx.AsyncClient, article: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (await api.get(f"/api/v1/articles/{article['id']}")).json()
    return found


async def test_it_goes_out_at_its_time_and_not_before(
    api: httpx.AsyncClient, desk: Desk, manual_clock: NewsClock, draft: dict[str, Any]
) -> None:
    accepted = await schedule(api, desk, draft)
    assert (accepted["live"], accepted["version"]) == (False, None)
    waiting = await shown(api, draft)
    assert (waiting["state"], waiting["schedule"]["at"]) == ("scheduled", accepted["scheduled_at"])
    listed = (await api.get("/api/v1/articles", params={"state": "scheduled"})).json()["items"]
    assert [each["schedule"]["at"] for each in listed] == [accepted["scheduled_at"]]
    assert await Scheduler(desk).turn() is False
    assert await events(desk) == []
    await api.patch(f"/api/v1/articles/{draft['id']}", json={"headline": "Newer"}, headers={"If-Match": "*"})
    manual_clock.advance(timedelta(hours=1))
    await Scheduler(desk).turn()
    (event,) = await events(desk)
    assert event.data.headline == "Newer", "the newest revision goes out"  # type: ignore[union-attr]
    live = await shown(api, draft)
    assert (live["state"], live["schedule"], live["has_unpublished_changes"]) == ("live", None, False)
    await Scheduler(desk).turn()
    assert len(await events(desk)) == 1
    receipt = (await api.get(f"/api/v1/articles/{draft['id']}/receipt")).json()
    assert receipt["scheduled_for"] == accepted["scheduled_at"]


async def test_a_running_scheduler_needs_no_call(api: httpx.AsyncClient, desk: Desk, draft: dict[str, Any]) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(Scheduler(desk).run(stop))
    await schedule(api, desk, draft, at=later(desk, seconds=0.3))

    async def is_live() -> bool:
        return bool((await shown(api, draft))["state"] == "live")

    await until(is_live)
    stop.set()
    await running


async def test_it_can_be_moved_and_cancelled(
    api: httpx.AsyncClient, desk: Desk, manual_clock: NewsClock, draft: dict[str, Any]
) -> None:
    url = f"/api/v1/articles/{draft['id']}"
    await schedule(api, desk, draft)
    await schedule(api, desk, draft, at=later(desk, hours=5))
    manual_clock.advance(timedelta(hours=2))
    await Scheduler(desk).turn()
    assert await events(desk) == []
    assert (await api.delete(f"{url}/schedule", headers={"If-Match": '"9"'})).status_code == 412
    cancelled = await api.delete(f"{url}/schedule")
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "draft")
    assert (await api.delete(f"{url}/schedule")).status_code == 409
    manual_clock.advance(timedelta(hours=9))
    await Scheduler(desk).turn()
    assert await events(desk) == []


async def test_publishing_now_or_withdrawing_ends_what_was_scheduled(
    api: httpx.AsyncClient, desk: Desk, manual_clock: NewsClock, draft: dict[str, Any]
) -> None:
    url = f"/api/v1/articles/{draft['id']}"
    await schedule(api, desk, draft)
    await api.post(f"{url}/publish")
    assert (await shown(api, draft))["schedule"] is None
    await schedule(api, desk, draft)
    assert (await shown(api, draft))["state"] == "live", "a live article stays live until its update"
    await api.post(f"{url}/unpublish")
    manual_clock.advance(timedelta(hours=2))
    await Scheduler(desk).turn()
    assert (await shown(api, draft))["state"] == "withdrawn"
    assert len(await events(desk)) == 2


@pytest.mark.parametrize(
    ("policy", "state", "announced"),
    [
        ("publish", "live", [("new", True)]),
        ("publish_silently", "live", [("silent", False)]),
        ("hold", "scheduled", []),
    ],
)
async def test_what_fell_due_while_nothing_ran_follows_its_policy(
    api: httpx.AsyncClient, desk: Desk, manual_clock: NewsClock, policy: str, state: str, announced: list[Any]
) -> None:
    made = (await api.post("/api/v1/articles", json=ARTICLE | {"late_policy": policy})).json()
    await schedule(api, desk, made)
    manual_clock.advance(timedelta(hours=3))
    await Scheduler(desk).turn()
    found = [each.data.announcements for each in await events(desk)]  # type: ignore[union-attr]
    assert [(each.change, each.notify) for each in (found[0] if found else [])] == announced
    after = await shown(api, made)
    assert after["state"] == state
    (line,) = (await api.get("/api/v1/audit", params={"article_id": made["id"], "limit": 1})).json()["items"]
    late = (await api.get("/api/v1/articles", params={"late": True})).json()["items"]
    held = (await api.get("/api/v1/articles", params={"held": True})).json()["items"]
    if policy == "hold":
        assert "nothing ran then" in after["schedule"]["held"]
        assert [each["id"] for each in held] == [made["id"]]
        assert line["action"] == "article.held"
        assert late == []
        await Scheduler(desk).turn()
        assert await events(desk) == [], "held is held"
        await schedule(api, desk, made)
        assert (await shown(api, made))["schedule"]["held"] is None
    else:
        assert held == []
        assert (line["action"], line["detail"]["late_s"]) == ("article.published", 7200)
        assert [each["id"] for each in late] == [made["id"]]
        receipt = (await api.get(f"/api/v1/articles/{made['id']}/receipt")).json()
        assert receipt["late_s"] == 7200
        await api.post(f"/api/v1/articles/{made['id']}/publish")
        assert (await api.get("/api/v1/articles", params={"late": True})).json()["items"] == [], "the newest was not"


def counts() -> dict[str, float]:
    """Scheduled publications as Prometheus counts them: by what became of them, and those that are held now."""
    found = {fate: metrics.SCHEDULED.labels(fate)._value.get() for fate in ("on_time", "late", "held")}
    return found | {"held now": metrics.SCHEDULES_HELD._value.get()}


async def test_what_was_on_time_late_and_held_is_counted_and_a_look_of_an_editor_ends_it(
    api: httpx.AsyncClient, desk: Desk, manual_clock: NewsClock
) -> None:
    before = counts()
    made = {}
    for policy in ("publish", "hold"):
        made[policy] = (await api.post("/api/v1/articles", json=ARTICLE | {"late_policy": policy})).json()
        await schedule(api, desk, made[policy])
    manual_clock.advance(timedelta(hours=3))
    punctual = (await api.post("/api/v1/articles", json=ARTICLE)).json()
    await schedule(api, desk, punctual, at=later(desk, seconds=5))
    manual_clock.advance(timedelta(seconds=5))
    await Scheduler(desk).turn()
    await Scheduler(desk).turn()
    after = counts()
    assert {fate: after[fate] - before[fate] for fate in ("on_time", "late", "held")} == {
        "on_time": 1,
        "late": 1,
        "held": 1,
    }
    assert after["held now"] == 1
    assert (await api.get("/api/v1/articles", params={"late": True})).json()["items"][0]["id"] == made["publish"]["id"]
    await api.delete(f"/api/v1/articles/{made['hold']['id']}/schedule")
    await Scheduler(desk).turn()
    assert counts()["held now"] == 0


async def test_one_that_cannot_go_out_is_held_and_stops_no_other(
    api: httpx.AsyncClient, desk: Desk, manual_clock: NewsClock, draft: dict[str, Any]
) -> None:
    other = (await api.post("/api/v1/articles", json=ARTICLE)).json()
    await schedule(api, desk, draft, at=later(desk, minutes=1))
    await schedule(api, desk, other, at=later(desk, minutes=2))
    embargo = {"embargo_until": later(desk, days=2)}
    await api.patch(f"/api/v1/articles/{draft['id']}", json=embargo, headers={"If-Match": "*"})
    manual_clock.advance(timedelta(minutes=2, seconds=1))
    await Scheduler(desk).turn()
    assert [each.data.id for each in await events(desk)] == [other["id"]]
    assert "embargo" in (await shown(api, draft))["schedule"]["held"]


async def test_an_embargo_holds_but_for_an_admin_who_says_so(api: httpx.AsyncClient, desk: Desk) -> None:
    until_then = later(desk, hours=4)
    made = (await api.post("/api/v1/articles", json=ARTICLE | {"embargo_until": until_then})).json()
    assert [each["field"] for each in made["warnings"]] == ["embargo_until"]
    listed = (await api.get("/api/v1/articles")).json()["items"]
    assert [each["field"] for each in listed[0]["warnings"]] == ["embargo_until"]
    url = f"/api/v1/articles/{made['id']}/publish"
    for body in ({}, {"at": later(desk, hours=3)}):
        refused = await api.post(url, json=body)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "embargo_until")
    assert (await api.post(url, json={"at": later(desk, hours=5)})).status_code == 202
    key = (await api.post("/api/v1/keys", json={"name": "Desk", "role": "editor"})).json()
    editor = {"Authorization": f"Bearer {key['secret']}"}
    assert (await api.post(url, json={"override_embargo": True}, headers=editor)).status_code == 403
    assert await events(desk) == []
    assert (await api.post(url, json={"override_embargo": True})).status_code == 202
    (line,) = (await api.get("/api/v1/audit", params={"article_id": made["id"], "limit": 1})).json()["items"]
    assert line["detail"]["override_embargo"] is True


async def test_two_replicas_publish_each_once(api: httpx.AsyncClient, desk: Desk, manual_clock: NewsClock) -> None:
    made = [(await api.post("/api/v1/articles", json=ARTICLE | {"headline": f"N{n}"})).json() for n in range(30)]
    for each in made:
        await schedule(api, desk, each, at=later(desk, seconds=20))
    manual_clock.advance(timedelta(seconds=20))

    async def work_off(scheduler: Scheduler) -> None:
        for _ in range(6):
            await scheduler.turn()

    await asyncio.gather(work_off(Scheduler(desk)), work_off(Scheduler(desk)))
    assert sorted(each.data.id for each in await events(desk)) == sorted(each["id"] for each in made)

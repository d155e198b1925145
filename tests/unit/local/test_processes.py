"""What each process of a run is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from pressroom_local.errors import LocalError
from pressroom_local.processes import NEEDED, SERVICES, Plan, Process, processes, without


def plan(tmp_path: Path, *, redis_url: str = "", smtp_url: str = "", left_out: frozenset[str] = frozenset()) -> Plan:
    names = ["redis", "mailbox", "smtp", *(each.name for each in SERVICES)]
    return Plan(
        data=tmp_path,
        site=tmp_path / "site.toml",
        site_store=tmp_path / "site",
        port=18080,
        bind="127.0.0.1",
        admin_key="prk_secret",
        redis_url=redis_url,
        smtp_url=smtp_url,
        without=left_out,
        ports={name: 20000 + number for number, name in enumerate(names)},
    )


def by_name(found: list[Process]) -> dict[str, Process]:
    return {each.name: each for each in found}


def test_a_run_is_redis_the_services_a_mail_catcher_and_the_gateway(tmp_path: Path) -> None:
    found = by_name(processes(plan(tmp_path), {}))
    assert list(found) == ["redis", *(each.name for each in SERVICES), "mailbox", "gateway"]
    assert [name for name, each in found.items() if each.last] == ["redis"]
    assert found["search"].environment["PRESSROOM_REDIS_URL"] == "redis://127.0.0.1:20000/0"
    assert found["notify"].environment["PRESSROOM_SMTP_URL"] == "smtp://127.0.0.1:20002"
    assert found["gateway"].environment["RENDER_PORT"] == found["render-http"].environment["PRESSROOM_RENDER_HTTP_PORT"]
    assert found["gateway"].environment["MAILBOX_PORT"] == "20001"
    assert "noeviction" in found["redis"].command
    assert "--appendonly" in found["redis"].command


def test_ones_own_redis_and_mail_server_are_used_instead(tmp_path: Path) -> None:
    own = plan(tmp_path, redis_url="redis://elsewhere:6379/3", smtp_url="smtp://mail:587")
    found = by_name(processes(own, {}))
    assert "redis" not in found
    assert "mailbox" not in found
    assert found["ingest"].environment["PRESSROOM_REDIS_URL"] == "redis://elsewhere:6379/3"
    assert found["notify"].environment["PRESSROOM_SMTP_URL"] == "smtp://mail:587"
    assert "MAILBOX_HOST" not in found["gateway"].environment


def test_the_admin_key_goes_to_ingest_alone(tmp_path: Path) -> None:
    found = processes(plan(tmp_path), {"PRESSROOM_ADMIN_KEY": "prk_secret", "PRESSROOM_ADMIN_KEY_FILE": "/key"})
    assert [each.name for each in found if "prk_secret" in each.environment.values()] == ["ingest"]
    assert not any("PRESSROOM_ADMIN_KEY_FILE" in each.environment for each in found)


def test_other_settings_are_handed_on_to_the_services_and_to_no_other_program(tmp_path: Path) -> None:
    given = {"PRESSROOM_LOG_LEVEL": "debug", "PATH": "/bin", "PRESSROOM_SMTP_URL_FILE": "/secret"}
    found = by_name(processes(plan(tmp_path), given))
    assert found["render-cards"].environment["PRESSROOM_LOG_LEVEL"] == "debug"
    assert "PRESSROOM_SMTP_URL_FILE" not in found["notify"].environment
    assert not any(name.startswith("PRESSROOM_") for each in ("redis", "gateway") for name in found[each].environment)
    assert all(each.environment["PATH"] == "/bin" for each in found.values())


def test_a_service_may_be_left_out_but_not_one_that_all_need(tmp_path: Path) -> None:
    assert "search" not in by_name(processes(plan(tmp_path, left_out=without(["search"])), {}))
    for name in [*NEEDED, "nonsense"]:
        with pytest.raises(LocalError, match=f"--without {name}: choose from notify, render-cards, search"):
            without([name])

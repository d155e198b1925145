"""Settings: from the environment, a file, a secret's file; a wrong one is named."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest

from pressroom_shared.errors import SettingsError
from pressroom_shared.settings import Settings, load_settings


class Render(Settings):
    service: ClassVar[str] = "render"
    writers: int = 2


def test_common_and_own_names_are_read() -> None:
    settings = load_settings(Render, {"PRESSROOM_PORT": "9000", "PRESSROOM_RENDER_WRITERS": "5", "HOME": "/"})
    assert (settings.port, settings.writers) == (9000, 5)


@pytest.mark.parametrize("name", ["PRESSROOM_PROT", "PRESSROOM_RENDER_WIRTERS", "PRESSROOM_WRITERS"])
def test_an_unknown_name_stops_the_start_and_is_named(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        load_settings(Render, {name: "1"})


def test_every_wrong_value_is_named() -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(Render, {"PRESSROOM_PORT": "0", "PRESSROOM_RENDER_WRITERS": "many"})
    assert "PRESSROOM_PORT" in str(caught.value)
    assert "PRESSROOM_RENDER_WRITERS" in str(caught.value)


def test_another_services_own_setting_is_left_to_it() -> None:
    assert load_settings(Render, {"PRESSROOM_NOTIFY_CONNECTIONS": "8"}).writers == 2


def test_a_secret_is_read_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("prk_secret\n")
    settings = load_settings(Render, {"PRESSROOM_ADMIN_KEY_FILE": str(tmp_path / "key")})
    assert settings.admin_key is not None
    assert settings.admin_key.get_secret_value() == "prk_secret"
    assert "prk_secret" not in repr(settings)


def test_a_secrets_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="PRESSROOM_ADMIN_KEY_FILE"):
        load_settings(Render, {"PRESSROOM_ADMIN_KEY_FILE": str(tmp_path / "none")})


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text('port = 1234\nrender_writers = 7\nlog_level = "debug"\n')
    environ = {"PRESSROOM_CONFIG": str(tmp_path / "c.toml"), "PRESSROOM_PORT": "4321"}
    settings = load_settings(Render, environ)
    assert (settings.port, settings.writers, settings.log_level) == (4321, 7, "debug")

"""`pressroom site check` on the data folder of a run: render's own command, with its exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer

from pressroom_local.errors import LocalError
from pressroom_local.operating import site
from pressroom_shared.errors import PressroomError
from tests.integration.render.test_site_check import change, newspaper


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PRESSROOM_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("PRESSROOM_SITE", str(tmp_path / "site.toml"))
    return tmp_path


async def test_it_says_what_would_change_and_why_it_cannot(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(LocalError, match="never ran"):
        site.check()
    await newspaper(folder)
    (folder / "ports.json").write_text("{}")
    change(folder, "article.html", 'class="standfirst"', 'class="standfirst ours"')
    with pytest.raises(typer.Exit) as ended:
        site.check(as_json=True)
    told = json.loads(capfd.readouterr().out)
    assert (ended.value.exit_code, told["would_change"], told["another_look"]) == (3, 1, True)
    (folder / "site.toml").write_text("title = 5")
    with pytest.raises(PressroomError, match="title"):
        site.rebuild()

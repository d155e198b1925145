"""What is kept in the data folder, and the files that a newspaper begins with."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pressroom_local import folder
from pressroom_local.beginning import begin
from pressroom_local.errors import LocalError
from pressroom_local.frontmatter import read_manuscript
from pressroom_local.sample import SITE
from pressroom_shared.site import load_site


def test_the_admin_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    key, new = folder.admin_key(tmp_path)
    assert new
    assert len(key) >= 32
    assert folder.key_file(tmp_path).stat().st_mode & 0o777 == 0o600
    assert folder.admin_key(tmp_path) == (key, False)
    assert folder.kept_key(tmp_path) == key


def test_without_a_key_the_sentence_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="PRESSROOM_ADMIN_KEY"):
        folder.kept_key(tmp_path)


def test_one_run_alone_uses_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "LOCK_WAIT_S", 0)
    held = folder.lock(tmp_path)
    with pytest.raises(LocalError, match="already running"):
        folder.lock(tmp_path)
    os.close(held)
    os.close(folder.lock(tmp_path))


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LocalError, match="cannot be written"):
        folder.prepare(tmp_path / "file")


def test_the_sample_site_gets_the_port_that_it_has_here(tmp_path: Path) -> None:
    assert load_site(folder.sample_site(tmp_path, SITE, 9191)).base_url == "http://localhost:9191"


def test_init_writes_files_that_pressroom_takes_and_never_overwrites(tmp_path: Path) -> None:
    site, article = begin(tmp_path / "paper")
    assert read_manuscript(article).document["section"] in load_site(site).section_keys
    site.write_text("mine")
    article.unlink()
    with pytest.raises(LocalError, match="is not overwritten"):
        begin(tmp_path / "paper")
    assert site.read_text() == "mine"
    assert not article.exists()

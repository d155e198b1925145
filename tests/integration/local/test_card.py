"""`pressroom card`: an article's file becomes a card beside it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import pyvips

from tests.contact_sheet import SAMPLE

ARTICLE = """---
headline: {headline}
section: {section}
authors: [Ines Falk]
lead_image: {{file: picture.jpg, alt: A picture}}
---
The cranes stopped at noon.
"""


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PRESSROOM_")}
    command = [sys.executable, "-m", "pressroom_local", *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def write(folder: Path, headline: str, section: str, *, size: float = 1) -> None:
    (folder / "one.md").write_text(ARTICLE.format(headline=headline, section=section))
    picture = pyvips.Image.new_from_file(str(SAMPLE / "images" / "storm.jpg"))
    picture.resize(size).jpegsave(str(folder / "picture.jpg"))


def test_a_file_becomes_a_card_beside_it(tmp_path: Path) -> None:
    write(tmp_path, "Harbour cranes stand still", "business")
    done = run(tmp_path, "card", "one.md")
    assert (done.returncode, done.stdout) == (0, "Wrote one.card.jpg\n")
    image = pyvips.Image.new_from_file(str(tmp_path / "one.card.jpg"))
    assert (image.width, image.height) == (1200, 630)


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    write(tmp_path, "Runes ᚠ", "business", size=0.5)
    done = run(tmp_path, "card", "one.md", "--out", "else.jpg")
    assert done.returncode == 0
    assert "no font has ᚠ" in done.stdout
    assert "800 × 500 pixels, too small" in done.stdout
    assert (tmp_path / "else.jpg").is_file()


@pytest.mark.parametrize(
    ("section", "out", "sentence"),
    [("knitting", "one.jpg", "section: 'knitting' is none of"), ("business", "no/folder.jpg", "cannot be written")],
)
def test_a_mistake_ends_with_a_sentence(section: str, out: str, sentence: str, tmp_path: Path) -> None:
    write(tmp_path, "Harbour cranes stand still", section)
    done = run(tmp_path, "card", "one.md", "--out", out)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr

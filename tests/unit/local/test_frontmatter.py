"""Articles' files: what is read from them, and what a person is told who made a mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from pressroom_local.errors import FrontMatterError
from pressroom_local.frontmatter import read_manuscript
from pressroom_local.sample import SITE, manuscripts
from pressroom_shared.site import load_site

HEAD = "headline: Ferry late\nsection: world\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "article.md"
    path.write_text(text, encoding="utf-8")
    return path


def article(folder: Path, *, more: str = "", body: str = "The ferry is late.\n") -> Path:
    return written(folder, f"---\n{HEAD}{more}---\n{body}")


def test_the_document_is_the_front_matter_with_the_body(tmp_path: Path) -> None:
    read = read_manuscript(article(tmp_path, more="tags: [Ferry, Port]\nbreaking: true\n"))
    assert read.document == {
        "headline": "Ferry late",
        "section": "world",
        "tags": ["Ferry", "Port"],
        "breaking": True,
        "body": "The ferry is late.\n",
    }


def test_a_moment_stays_as_it_was_written(tmp_path: Path) -> None:
    read = read_manuscript(article(tmp_path, more="published_at: 2026-11-13T08:15:00-05:00\n"))
    assert read.document["published_at"] == "2026-11-13T08:15:00-05:00"


def test_a_line_of_dashes_in_the_body_is_the_bodys(tmp_path: Path) -> None:
    assert read_manuscript(article(tmp_path, body="One.\n\n---\n\nTwo.\n")).document["body"] == "One.\n\n---\n\nTwo.\n"


def test_pictures_and_links_are_put_in_by_id(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"a")
    (tmp_path / "b.jpg").write_bytes(b"b")
    lead = "lead_image: {file: a.jpg, alt: A ferry, credit: Me, focal_point: [0.5, 0.25]}\n"
    body = '![A pier](b.jpg "The pier")\n\nSee [that](old/one), [this](https://example.org/) and [top](#top).\n'
    read = read_manuscript(article(tmp_path, more=lead, body=body))
    assert [(each.target, each.alt, each.caption, each.focal_point) for each in read.pictures] == [
        ("a.jpg", "A ferry", "", (0.5, 0.25)),
        ("b.jpg", "A pier", "The pier", None),
    ]
    assert read.links == ("old/one",)
    document = read.resolved(media={"a.jpg": "m1", "b.jpg": "m2"}, articles={"old/one": "a1"})
    assert document["lead_image"] == {"media_id": "m1", "alt": "A ferry", "credit": "Me"}
    assert document["body"] == (
        '![A pier](media:m2 "The pier")\n\nSee [that](article:a1), [this](https://example.org/) and [top](#top).\n'
    )


def test_a_picture_may_lie_beside_the_folder_of_articles(tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.jpg").write_bytes(b"a")
    path = article(tmp_path / "articles", more="lead_image: {file: images/a.jpg, alt: A ferry}\n")
    assert read_manuscript(path).pictures[0].path.read_bytes() == b"a"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Just text.\n", "the first line must be ---"),
        ("---\nheadline: x\n", "no end"),
        ("---\nheadline: [x\n---\nText\n", "line 3: the front matter is not YAML"),
        ("---\n- x\n---\nText\n", "lines of `name: value`"),
        ("---\nsection: world\n---\nText\n", "headline: it is needed"),
        ("---\nheadline: x\n---\nText\n", "section: it is needed"),
        (f"---\n{HEAD}body: x\n---\nText\n", "body: the text stands below"),
        (f"---\n{HEAD}---\n \n", "body: there is no text"),
        (f"---\n{HEAD}external_id: 12\n---\nText\n", "external_id: put it in quotes"),
        (f"---\n{HEAD}corrections: [x]\n---\nText\n", "corrections.0: it must be {note"),
        (f"---\n{HEAD}lead_image: a.jpg\n---\nText\n", "lead_image: it must have a `file`"),
        (f"---\n{HEAD}lead_image: {{file: a.jpg}}\n---\nText\n", "lead_image.file: there is no file a.jpg"),
        (f"---\n{HEAD}lead_image: {{file: a.jpg, text: x}}\n---\nText\n", "lead_image.text: there is no such field"),
        (f"---\n{HEAD}---\n![x](b.jpg)\n", "body: there is no file b.jpg"),
    ],
)
def test_a_mistake_is_told_with_the_file_and_the_field(tmp_path: Path, text: str, told: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(FrontMatterError) as caught:
        read_manuscript(path)
    assert str(path) in str(caught.value)
    assert told in str(caught.value)


@pytest.mark.parametrize("point", ["5", "[0.5]", "[0.5, 2]", "[a, b]"])
def test_a_focal_point_is_two_shares(tmp_path: Path, point: str) -> None:
    (tmp_path / "a.jpg").write_bytes(b"a")
    path = article(tmp_path, more=f"lead_image: {{file: a.jpg, focal_point: {point}}}\n")
    with pytest.raises(FrontMatterError, match=r"lead_image\.focal_point"):
        read_manuscript(path)


def test_a_file_that_is_not_there_or_not_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(FrontMatterError, match="there is no such file"):
        read_manuscript(tmp_path / "none.md")
    (tmp_path / "bytes.md").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FrontMatterError, match="not UTF-8"):
        read_manuscript(tmp_path / "bytes.md")


def test_the_sample_newspaper_is_whole() -> None:
    """Every section has an article, every link leads to one, languages and a correction are there."""
    found = manuscripts()
    ids = [each.external_id for each in found]
    assert len(found) >= 24
    assert len(set(ids)) == len(ids)
    assert {link for each in found for link in each.links} <= set(ids)
    used = {each.document["section"] for each in found} | {
        s for each in found for s in each.document.get("also_in", [])
    }
    assert set(load_site(SITE).section_keys) - used <= {"business", "lifestyle"}
    assert {"ar", "ja", "hi"} <= {each.document.get("language") for each in found}
    assert any(each.corrections for each in found)
    assert all(300 <= len(each.document["body"].split()) <= 900 for each in found if "language" not in each.document)
    moments = [each.document["published_at"] for each in found]
    assert moments == sorted(moments)

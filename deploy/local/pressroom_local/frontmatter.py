"""An article's file: YAML front matter, then Markdown. It says what the API takes, and names pictures by file."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from pressroom_local.errors import FrontMatterError

FILE_BYTES_MAX = 4 * 1024 * 1024
NEEDED = ("headline", "section")
PICTURE = re.compile(r"!\[(?P<alt>[^\]]*)\]\((?P<target>[^\s)]+)(?:\s+\"(?P<caption>[^\"]*)\")?\)")
LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]*)\]\((?P<target>[^\s)]+)(?P<rest>(?:\s+\"[^\"]*\")?)\)")
ADDRESS = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*:|/|#)")
"""What a link may lead to as it stands: a scheme, a path of the site, a place on the page."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture beside the article: `field` is where it is named."""

    field: str
    target: str
    path: Path
    alt: str = ""
    caption: str = ""
    credit: str = ""
    focal_point: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Manuscript:
    """An article's file, read and checked for what only the file can tell; the API checks the rest."""

    path: Path
    document: dict[str, Any]
    """The article as the API takes it; `lead_image` and the body still name files and external ids."""
    pictures: tuple[Picture, ...] = ()
    links: tuple[str, ...] = ()
    """Links to other articles, by their `external_id`."""
    corrections: tuple[str, ...] = field(default=())

    @property
    def external_id(self) -> str | None:
        return self.document.get("external_id")

    @property
    def headline(self) -> str:
        return str(self.document["headline"])

    def resolved(self, *, media: dict[str, str], articles: dict[str, str]) -> dict[str, Any]:
        """The document with pictures by media id and links by article id. A link that is not known yet stays."""
        document = dict(self.document)

        def picture(match: re.Match[str]) -> str:
            if match["target"] not in media:
                return match[0]
            caption = f' "{match["caption"]}"' if match["caption"] else ""
            return f"![{match['alt']}](media:{media[match['target']]}{caption})"

        def link(match: re.Match[str]) -> str:
            if match["target"] not in articles:
                return match[0]
            return f"[{match['text']}](article:{articles[match['target']]}{match['rest']})"

        document["body"] = LINK.sub(link, PICTURE.sub(picture, document["body"]))
        lead = document.get("lead_image")
        if lead and "file" in lead:
            words = {name: lead[name] for name in ("alt", "caption", "credit") if name in lead}
            document["lead_image"] = {"media_id": media[lead["file"]], **words}
        return document


class _Loader(yaml.SafeLoader):
    """YAML in which a moment stays the text that was written: the API reads RFC 3339 itself."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_manuscript(path: Path) -> Manuscript:
    """Raises `FrontMatterError` that names the file and the field."""
    head, body = _split(path, _text(path))
    document = _mapping(path, head)
    for name in NEEDED:
        if not isinstance(document.get(name), str) or not document[name].strip():
            raise FrontMatterError(f"{path}: {name}: it is needed, as a text.")
    if "body" in document:
        raise FrontMatterError(f"{path}: body: the text stands below the front matter, not in it.")
    if not body.strip():
        raise FrontMatterError(f"{path}: body: there is no text below the front matter.")
    external_id = document.get("external_id")
    if external_id is not None and not isinstance(external_id, str):
        raise FrontMatterError(f"{path}: external_id: put it in quotes, it must be a text.")
    corrections = _corrections(path, document.pop("corrections", []))
    document["body"] = body.strip() + "\n"
    pictures = [*_lead_picture(path, document.get("lead_image")), *_body_pictures(path, body)]
    links = tuple(match["target"] for match in LINK.finditer(body) if not ADDRESS.match(match["target"]))
    return Manuscript(path, document, tuple(pictures), links, corrections)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise FrontMatterError(f"{path}: the file has more than {FILE_BYTES_MAX} bytes.")
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise FrontMatterError(f"{path}: there is no such file.") from None
    except UnicodeDecodeError:
        raise FrontMatterError(f"{path}: the file is not UTF-8 text.") from None
    except OSError as error:
        raise FrontMatterError(f"{path}: it cannot be read: {error.strerror}.") from error


def _split(path: Path, text: str) -> tuple[str, str]:
    lines = text.splitlines(keepends=True)
    if not lines or lines[0].rstrip() != "---":
        raise FrontMatterError(f"{path}: the first line must be ---, then the front matter, then --- again.")
    for number, line in enumerate(lines[1:], start=1):
        if line.rstrip() == "---":
            return "".join(lines[1:number]), "".join(lines[number + 1 :])
    raise FrontMatterError(f"{path}: the front matter has no end: a second line of --- is missing.")


def _mapping(path: Path, head: str) -> dict[str, Any]:
    try:
        document = yaml.load(head, Loader=_Loader)  # noqa: S506  # a SafeLoader with one rule less
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 2}:" if mark else ""
        reason = getattr(error, "problem", None) or str(error)
        raise FrontMatterError(f"{path}:{line} the front matter is not YAML: {reason}.") from error
    if not isinstance(document, dict) or not all(isinstance(name, str) for name in document):
        raise FrontMatterError(f"{path}: the front matter must be lines of `name: value`.")
    return document


def _corrections(path: Path, given: Any) -> tuple[str, ...]:
    if not isinstance(given, list):
        raise FrontMatterError(f"{path}: corrections: it must be a list of {{note: …}}.")
    for number, each in enumerate(given):
        if not isinstance(each, dict) or set(each) != {"note"} or not isinstance(each["note"], str):
            raise FrontMatterError(f"{path}: corrections.{number}: it must be {{note: …}}, and nothing else.")
    return tuple(each["note"] for each in given)


def _lead_picture(path: Path, given: Any) -> list[Picture]:
    if given is None:
        return []
    if not isinstance(given, dict):
        raise FrontMatterError(f"{path}: lead_image: it must have a `file` (or a `media_id`), and `alt`.")
    if "file" not in given:
        return []
    unknown = set(given) - {"file", "alt", "caption", "credit", "focal_point"}
    if unknown:
        raise FrontMatterError(f"{path}: lead_image.{min(unknown)}: there is no such field.")
    for name in ("file", "alt", "caption", "credit"):
        if not isinstance(given.get(name, ""), str):
            raise FrontMatterError(f"{path}: lead_image.{name}: it must be a text.")
    file = _beside(path, "lead_image.file", given["file"])
    words = {name: given.get(name, "") for name in ("alt", "caption", "credit")}
    return [Picture("lead_image.file", given["file"], file, focal_point=_focal_point(path, given), **words)]


def _focal_point(path: Path, given: dict[str, Any]) -> tuple[float, float] | None:
    point = given.get("focal_point")
    if point is None:
        return None
    if (
        not isinstance(point, list)
        or len(point) != 2
        or not all(isinstance(each, int | float) and 0 <= each <= 1 for each in point)
    ):
        raise FrontMatterError(
            f"{path}: lead_image.focal_point: it must be two numbers from 0 to 1, such as [0.5, 0.3]."
        )
    return float(point[0]), float(point[1])


def _body_pictures(path: Path, body: str) -> list[Picture]:
    return [
        Picture("body", match["target"], _beside(path, "body", match["target"]), match["alt"], match["caption"] or "")
        for match in PICTURE.finditer(body)
        if not ADDRESS.match(match["target"])
    ]


def _beside(path: Path, name: str, target: str) -> Path:
    """A picture's file: beside the article, or beside the folder of articles."""
    for folder in (path.parent, path.resolve().parent.parent):
        if (folder / target).is_file():
            return folder / target
    raise FrontMatterError(f"{path}: {name}: there is no file {target} beside it.")

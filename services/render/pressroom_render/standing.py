"""The newspaper's own texts: `pages/*.md` beside the site file, each at the address that its name says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from pressroom_shared.errors import SiteFileError
from pressroom_shared.markdown import to_text
from pressroom_shared.site import RESERVED_SLUGS, Site

BYTES_MAX = 512 * 1024
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Standing:
    """One text: `# Title` on its first line, then Markdown."""

    path: str
    title: str
    body: str

    @property
    def description(self) -> str:
        """Its first paragraph."""
        return to_text(self.body).partition("\n\n")[0]


def read_standing(folder: Path, site: Site) -> dict[str, Standing]:
    """Address → text. `about/standards.md` stands at `/about/standards/`. Raises `SiteFileError` by file and reason."""
    found: dict[str, Standing] = {}
    for file in sorted(folder.rglob("*.md")) if folder.is_dir() else []:
        parts = file.relative_to(folder).with_suffix("").parts
        if not all(NAME.fullmatch(part) for part in parts):
            raise SiteFileError(f"{file}: its address comes from its name: use small letters, digits and hyphens.")
        if parts[0] in RESERVED_SLUGS or parts[0] in {each.slug for each in site.sections}:
            raise SiteFileError(f"{file}: /{parts[0]}/ is taken by a section or by Pressroom itself; rename the file.")
        path = f"/{'/'.join(parts)}/"
        found[path] = _read(file, path)
    return found


def _read(file: Path, path: str) -> Standing:
    try:
        if file.stat().st_size > BYTES_MAX:
            raise SiteFileError(f"{file}: it has more than {BYTES_MAX:,} bytes.")
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SiteFileError(f"{file}: it cannot be read: {error}") from error
    first, _, body = text.lstrip().partition("\n")
    if not first.startswith("# ") or not first[2:].strip():
        raise SiteFileError(f"{file}: its first line must be its title: # About us")
    return Standing(path, first[2:].strip(), body.strip())

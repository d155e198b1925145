"""The stylesheet and the font, named by their content, so that browsers may keep them for ever."""

from __future__ import annotations

import hashlib
import importlib.resources
from dataclasses import dataclass
from pathlib import Path

from pressroom_render.image_names import position_css
from pressroom_shared.site import Site


@dataclass(frozen=True, slots=True)
class Assets:
    """Every static file by its key in the site store, and those that pages name."""

    files: dict[str, bytes]
    style: str
    font: str
    script: str
    live: str


def section_css(site: Site) -> str:
    """A colour for each section, on light and on dark paper."""
    light = "".join(f'[data-section="{each.slug}"]{{--section:{each.color[0]}}}' for each in site.sections)
    dark = "".join(f'[data-section="{each.slug}"]{{--section:{each.color[1]}}}' for each in site.sections)
    first = site.sections[0].color
    return (
        f":root{{--section:{first[0]}}}@media (prefers-color-scheme: dark){{:root{{--section:{first[1]}}}}}\n"
        f"{light}\n@media (prefers-color-scheme: dark){{{dark}}}\n"
    )


def assets(site: Site, own: Path | None = None) -> Assets:
    """What the pages need beside themselves, for this newspaper's colours; `own` has its files that replace ours."""
    folder = importlib.resources.files("pressroom_render") / "static"
    font = (folder / "newsreader-latin.woff2").read_bytes()
    font_key = f"static/newsreader.{_short(font)}.woff2"
    theirs = own / "style.css" if own else None
    css = (theirs if theirs and theirs.is_file() else folder / "style.css").read_text(encoding="utf-8")
    css = css.replace("{font}", f"/{font_key}")
    style = (css.replace("  --section: var(--ink);\n", "") + position_css() + section_css(site)).encode()
    style_key = f"static/style.{_short(style)}.css"
    scripts = {name: (folder / f"{name}.js").read_bytes() for name in ("extras", "live")}
    keys = {name: f"static/{name}.{_short(script)}.js" for name, script in scripts.items()}
    licence = (folder / "newsreader-OFL.txt").read_bytes()
    files = {font_key: font, style_key: style, "static/newsreader-OFL.txt": licence}
    files |= {keys[name]: script for name, script in scripts.items()}
    return Assets(
        files, style=f"/{style_key}", font=f"/{font_key}", script=f"/{keys['extras']}", live=f"/{keys['live']}"
    )


def _short(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]

"""How the newspaper's cards look where they differ from ours: `cards.toml` beside the site file.

Every name may be left out:

    paper = "#ffffff"            # of news; panel = of opinion and corrections; ink, soft = of their type
    scrim = "#0b0c0e"            # what a picture is darkened with below the type
    headline = ["Newsreader"]    # families that the font wheels hold, before the ones for all other scripts
    label = ["Noto Sans"]
    weight = 600                 # of headlines, 400 to 700; opinion_weight of those of opinion
    logo = "logo.png"            # its shape is drawn in the type's colour, instead of the name
    [forms]                      # `picture`, `column` or `paper` for news, opinion, breaking, live, correction
    opinion = "picture"
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pressroom_shared.errors import SiteFileError
from pressroom_shared.site import Colour

STYLE_FILE = "cards.toml"
LOGO_BYTES_MAX = 1024 * 1024

Layout = Literal["news", "opinion", "breaking", "live", "correction"]
Form = Literal["picture", "column", "paper"]
Family = Annotated[str, Field(pattern=r"^[A-Za-z0-9 ]+$", max_length=60)]
FORMS: dict[Layout, Form] = {
    "news": "picture",
    "opinion": "column",
    "breaking": "picture",
    "live": "picture",
    "correction": "column",
}


class Style(BaseModel):
    """What a newspaper may choose. A card that is drawn in another style has another name."""

    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_bytes="base64")
    paper: Colour = "#ffffff"
    panel: Colour = "#f4f3ef"
    ink: Colour = "#15171a"
    soft: Colour = "#565a60"
    scrim: Colour = "#0b0c0e"
    headline: tuple[Family, ...] = ("Newsreader",)
    label: tuple[Family, ...] = ("Noto Sans",)
    weight: int = Field(default=600, ge=400, le=700)
    opinion_weight: int = Field(default=400, ge=400, le=700)
    forms: dict[Layout, Form] = {}
    logo: bytes = b""

    def form(self, layout: Layout) -> Form:
        return self.forms.get(layout, FORMS[layout])


def load_style(site_file: Path) -> Style:
    """The style beside the newspaper's file, or ours. Raises `SiteFileError` with the name and the reason."""
    path = site_file.with_name(STYLE_FILE)
    try:
        document: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        if "logo" in document:
            document["logo"] = _logo(path.parent / str(document["logo"]))
        return Style.model_validate(document)
    except FileNotFoundError as error:
        if Path(error.filename) == path:
            return Style()
        raise SiteFileError(f"{path}: logo: there is no file {error.filename}.") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SiteFileError(f"{path} cannot be read: {error}") from error
    except ValidationError as error:
        reasons = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise SiteFileError(f"{path}: {reasons}") from error


def _logo(path: Path) -> bytes:
    body = path.read_bytes()
    if not body.startswith(b"\x89PNG\r\n\x1a\n") or len(body) > LOGO_BYTES_MAX:
        raise SiteFileError(f"{path} is no logo for cards: a PNG of at most {LOGO_BYTES_MAX:,} bytes is wanted.")
    return body

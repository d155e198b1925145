"""Pressroom under Docker Compose, for one test run: a project of its own, removed with its volumes at the end."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from pressroom_shared.ids import new_id

ROOT = Path(__file__).parents[2]
READY_S = 180


class Stack:
    """`docker compose` for one project. Every command that fails says what it printed."""

    def __init__(self, port: int) -> None:
        self.project = f"pressroom-e2e-{new_id()[-8:]}"
        self.url = f"http://127.0.0.1:{port}"
        self._environment = os.environ | {"PRESSROOM_PORT": str(port)}

    def compose(self, *arguments: str, timeout_s: float = 600) -> str:
        command = ["docker", "compose", "--project-name", self.project, "--profile", "dev", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self._environment, capture_output=True, text=True, timeout=timeout_s, check=False
        )
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def up(self, **scale: int) -> None:
        """Start, or scale; return when every container is healthy."""
        scales = [f"--scale={name.replace('_', '-')}={count}" for name, count in scale.items()]
        self.compose("up", "--detach", "--wait", f"--wait-timeout={READY_S}", *scales)

    def down(self, *, volumes: bool = False) -> None:
        self.compose("down", "--timeout=30", *(["--volumes", "--remove-orphans"] if volumes else []))

    def containers(self, service: str) -> list[str]:
        """The ids of a service's running containers."""
        return self.compose("ps", "--quiet", service).split()

    def key(self) -> str:
        """The first admin key, as an operator makes it."""
        return self.compose("exec", "-T", "ingest", "pressroom", "keys", "create").strip()

    def metrics(self, container: str) -> dict[str, float]:
        """A container's own Prometheus samples by name and labels."""
        read = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8000/metrics').read().decode())"
        lines = docker("exec", container, "python", "-c", read).splitlines()
        pairs = (line.rpartition(" ") for line in lines if line and not line.startswith("#"))
        return {name: float(value) for name, _, value in pairs}


def docker(*arguments: str, timeout_s: float = 60) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=timeout_s, check=False)
    assert done.returncode == 0, f"docker {' '.join(arguments)}\n{done.stderr}"
    return done.stdout


def inspect(container: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = json.loads(docker("inspect", container))
    return found[0]

"""Free ports on the loopback address, kept in the data folder so that a second start uses the same ones."""

from __future__ import annotations

import contextlib
import json
import socket
from pathlib import Path

LOOPBACK = "127.0.0.1"


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen there now."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def choose_ports(file: Path, names: list[str], *, taken: frozenset[int] = frozenset()) -> dict[str, int]:
    """One free port for each name: the one it had before where that is free, else a new one. Written to `file`."""
    kept = _read(file)
    chosen: dict[str, int] = {}
    used = set(taken)
    with contextlib.ExitStack() as held:
        for name in names:
            port = kept.get(name, 0)
            if not port or port in used or not is_free(port):
                port = _reserve(held, used)
            chosen[name] = port
            used.add(port)
    file.write_text(json.dumps(chosen, indent=2) + "\n", encoding="utf-8")
    return chosen


def _reserve(held: contextlib.ExitStack, used: set[int]) -> int:
    """A port that the system gives out; held until all are chosen, so that none is given twice."""
    while True:
        probe = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        probe.bind((LOOPBACK, 0))
        port = int(probe.getsockname()[1])
        if port not in used:
            return port


def _read(file: Path) -> dict[str, int]:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(document, dict):
        return {}
    return {name: port for name, port in document.items() if isinstance(port, int) and 0 < port < 65536}

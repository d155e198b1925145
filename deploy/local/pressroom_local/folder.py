"""The data folder: that it can be written, that one run alone uses it, and what is kept in it beside databases."""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import shutil
import time
from pathlib import Path

from pressroom_local.errors import LocalError

LOCK_WAIT_S = 3
"""A run that was killed holds the lock until its processes are gone; so long a new one waits for that."""


def prepare(folder: Path) -> Path:
    """The folder, made and writable, as an absolute path. Raises `LocalError`."""
    folder = folder.resolve()
    try:
        for name in ("logs", "redis", "gateway"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise LocalError(
            f"The data folder {folder} cannot be written ({error.strerror}): "
            "choose another one with PRESSROOM_DATA_DIR."
        ) from error
    return folder


def lock(folder: Path) -> int:
    """Take the folder for this run; the lock lasts as long as any process holds the descriptor. Raises `LocalError`."""
    descriptor = os.open(folder / "run.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    deadline = time.monotonic() + LOCK_WAIT_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(descriptor)
                raise LocalError(
                    f"Pressroom is already running on the data folder {folder}; "
                    "stop that one, or choose another folder with PRESSROOM_DATA_DIR."
                ) from None
            time.sleep(0.1)
        else:
            return descriptor


def key_file(folder: Path) -> Path:
    return folder / "admin-key"


def admin_key(folder: Path) -> tuple[str, bool]:
    """The admin key of this folder, and whether it was made just now. Readable by its owner alone."""
    file = key_file(folder)
    try:
        return file.read_text(encoding="ascii").strip(), False
    except FileNotFoundError:
        secret = f"prk_{secrets.token_urlsafe(32)}"
    draft = file.with_suffix(".tmp")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as target:
        target.write(f"{secret}\n")
    draft.rename(file)
    return secret, True


def kept_key(folder: Path) -> str:
    """The key that a run has made. Raises `LocalError` when there is none to be read."""
    try:
        return key_file(folder).read_text(encoding="ascii").strip()
    except OSError as error:
        raise LocalError(
            f"There is no API key: set PRESSROOM_ADMIN_KEY. (`make run` keeps one in {key_file(folder)}; "
            f"{error.strerror}.) Where ingest runs, `python -m pressroom_ingest keys create` makes one."
        ) from error


def kept_ports(folder: Path) -> dict[str, int]:
    """Each process's port as the last run chose it. Raises `LocalError` when nothing ever ran here."""
    try:
        ports: dict[str, int] = json.loads((folder / "ports.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise LocalError(f"Pressroom never ran on the data folder {folder}: start it with `make run`.") from error
    return ports


def ran_here(folder: Path) -> bool:
    """Whether a run has ever used this data folder."""
    return (folder / "ports.json").exists()


def sample_site_file(folder: Path) -> Path:
    return folder / "sample-site.toml"


def sample_site(folder: Path, source: Path, port: int) -> Path:
    """The sample newspaper's site file with the address that it has here, and its standing pages beside it."""
    text = source.read_text(encoding="utf-8")
    file = sample_site_file(folder)
    file.write_text(
        re.sub(r"(?m)^base_url = .*$", f'base_url = "http://localhost:{port}"', text, count=1), encoding="utf-8"
    )
    shutil.copytree(source.parent / "pages", folder / "pages", dirs_exist_ok=True)
    return file

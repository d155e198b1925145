"""`pressroom init`: the files that a newspaper of one's own begins with."""

from __future__ import annotations

from pathlib import Path

from pressroom_local.errors import LocalError

TEMPLATE = Path(__file__).parent / "newspaper"
FILES = ("site.toml", "articles/first.md")


def begin(folder: Path) -> list[Path]:
    """Write them; what was written. Raises `LocalError`, and writes nothing, when one is there already."""
    for name in FILES:
        if (folder / name).exists():
            raise LocalError(f"{folder / name} is there already, and is not overwritten; nothing was written.")
    written: list[Path] = []
    for name in FILES:
        try:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text((TEMPLATE / name).read_text(encoding="utf-8"), encoding="utf-8")
        except OSError as error:
            raise LocalError(f"{folder / name} cannot be written: {error.strerror}.") from error
        written.append(folder / name)
    return written

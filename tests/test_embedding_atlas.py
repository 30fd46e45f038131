"""Apple's Embedding Atlas, a real server of it, opens our file with the command that we print."""

from __future__ import annotations

import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pyarrow as pa
import pytest
from conftest import Run

import lexiscope as lx

HERE = Path(sys.executable).parent
COMMAND = re.compile(r"look with: (embedding-atlas .+)")


@pytest.mark.server
def test_it_opens_what_the_command_line_says(run: Run, small_atlas: Path, tmp_path: Path):
    file = tmp_path / "context.parquet"
    done = run(
        *("export", small_atlas, "embedding-atlas", file, "--space", "context", "--layers", "3")
    )
    assert done.returncode == 0, done.stderr
    (command,) = COMMAND.findall(done.stdout)
    program, *arguments = shlex.split(command)
    space = lx.Atlas.open(small_atlas)["context"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen(
        [HERE / program, *arguments, "--host", "127.0.0.1", "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as server:
        address = f"http://127.0.0.1:{port}"
        try:
            wait(server, address)
            with httpx.Client(base_url=address, timeout=30) as client:
                props = client.get("/data/metadata.json").json()["props"]
                asked = {
                    "sql": "select text, projection_x, neighbors from dataset",
                    "type": "arrow",
                }
                answer = client.post("/data/query", json=asked)
                page = client.get("/")
        finally:
            server.send_signal(signal.SIGINT)
    assert '"projection_x"' in str(props).replace("'", '"')
    assert "<script" in page.text
    rows = pa.ipc.open_stream(answer.content).read_all()
    assert rows["text"].to_pylist() == space.points["text"].to_pylist()
    made = lx.Atlas.open(small_atlas).projections("context", 3)
    flat = next(id for id, about in made.items() if about["dims"] == 2)
    places = lx.Atlas.open(small_atlas).projection("context", flat, 3).coordinates
    assert rows["projection_x"].to_pylist() == places[:, 0].tolist()
    near = space.layer(3).graph(len(space) - 1)
    assert rows["neighbors"][0].as_py()["ids"] == near.indices[0].tolist()


def wait(server: subprocess.Popen[str], address: str) -> None:
    """Wait until a server answers; fail with what it said if it ends."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if server.poll() is not None:
            assert server.stdout is not None
            pytest.fail(server.stdout.read())
        try:
            httpx.get(address)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"{address} does not answer")

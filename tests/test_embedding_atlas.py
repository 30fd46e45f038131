"""Apple's Embedding Atlas, a real server of it, opens our file with the command that we print."""

from __future__ import annotations

import contextlib
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from browser import visiting
from conftest import Run
from playwright.sync_api import Browser

import lexiscope as lx
from lexiscope.errors import LexiscopeError
from lexiscope.export import export
from lexiscope.workflow import region_labels

HERE = Path(sys.executable).parent
COMMAND = re.compile(r"look with: (embedding-atlas .+)")
ASKED = "select text, projection_x, projection_y, neighbors from dataset"


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An atlas whose columns have our names, with a graph of more neighbours than are written."""
    folder = tmp_path_factory.mktemp("crowded")
    count = 60
    points = {"label": [f"point {row}" for row in range(count)], "__row_index__": range(count)}
    points |= dict.fromkeys(("Text", "text", "Projection_X", "projection_y"), "mine")
    pd.DataFrame(points).to_csv(folder / "crowded.csv", index=False)
    np.save(folder / "crowded.npy", np.random.default_rng(0).normal(size=(count, 8)))
    atlas = lx.import_vectors(folder / "crowded.npy", folder / "crowded.atlas", maps=("pca",))
    lx.project(atlas, "crowded", "tsne", perplexity=10)
    return atlas.path


@pytest.mark.server
@pytest.mark.browser
def test_it_opens_what_the_command_line_says(
    run: Run, small_atlas: Path, tmp_path: Path, chromium: Browser
):
    file = tmp_path / "context.parquet"
    done = run(
        *("export", small_atlas, "embedding-atlas", file, "--space", "context", "--layers", "3")
    )
    assert done.returncode == 0, done.stderr
    atlas = lx.Atlas.open(small_atlas)
    space = atlas["context"]
    with opened(done.stdout) as address:
        rows = asked(address)
        with visiting(chromium) as context:
            page = context.new_page()
            page.goto(address)
            # The picture itself is drawn with WebGPU, which needs a graphics card.
            page.get_by_text(f"{len(space)} / {len(space)} points").wait_for()
            page.get_by_text(space.points["text"][0].as_py()).first.wait_for()
    assert rows["text"].to_pylist() == space.points["text"].to_pylist()
    known = atlas.projections("context", 3)
    flat = next(id for id, about in known.items() if about["dims"] == 2)
    places = atlas.projection("context", flat, 3).coordinates
    assert rows["projection_x"].to_pylist() == places[:, 0].tolist()
    assert rows["projection_y"].to_pylist() == places[:, 1].tolist()
    near = space.layer(3).graph(len(space) - 1)
    assert [each["ids"] for each in rows["neighbors"].to_pylist()] == near.indices.tolist()


@pytest.mark.server
def test_columns_with_its_names_and_a_larger_graph_do_not_disturb_it(
    run: Run, crowded: Path, tmp_path: Path
):
    file = tmp_path / "it's mine.parquet"
    done = run("export", crowded, "embedding-atlas", file)
    assert done.returncode == 0, done.stderr
    space = lx.Atlas.open(crowded)["crowded"]
    graph = space.graph(15)
    assert graph.k > 15
    with opened(done.stdout) as address:
        rows = asked(address)
    assert rows["text"].to_pylist() == space.points["label"].to_pylist()
    near = rows["neighbors"].to_pylist()
    assert [each["ids"] for each in near] == graph.indices[:, :15].tolist()
    apart = np.array([each["distances"] for each in near])
    assert apart == pytest.approx(1 - graph.similarities[:, :15], abs=1e-6)
    assert set(pd.read_parquet(file)["given_Projection_X"]) == {"mine"}


@pytest.mark.server
@pytest.mark.browser
def test_it_is_given_our_names_of_regions(
    run: Run, crowded: Path, tmp_path: Path, chromium: Browser
):
    file = tmp_path / "my file.parquet"
    done = run("export", crowded, "embedding-atlas", file, "--projection", "pca-2d")
    assert done.returncode == 0, done.stderr
    ours = region_labels(lx.Atlas.open(crowded), "crowded", "pca-2d")
    assert ours
    assert "--labels" in done.stdout
    with opened(done.stdout) as address, httpx.Client(base_url=address, timeout=120) as client:
        props = client.get("/data/metadata.json").json()["props"]
        with visiting(chromium) as context:
            page = context.new_page()
            page.goto(address)
            page.get_by_text("60 / 60 points").wait_for()
    assert props["embeddingViewLabels"] == [
        {
            "x": each["place"][0],
            "y": each["place"][1],
            "text": each["text"],
            "level": each["level"],
            "priority": each["size"],
        }
        for each in ours
    ]


def test_names_of_regions_come_and_go_with_their_file(crowded: Path, tmp_path: Path):
    atlas, file = lx.Atlas.open(crowded), tmp_path / "c.parquet"
    names = tmp_path / "c.labels.parquet"
    names.write_text("mine")
    with pytest.raises(LexiscopeError, match=r"c\.labels\.parquet is there already"):
        export(atlas, "embedding-atlas", file)
    assert names.read_text() == "mine"
    names.unlink()
    assert export(atlas, "embedding-atlas", file) == [file, names]
    assert export(atlas, "embedding-atlas", file) == [file, names]
    # Points that are only numbered have regions without names.
    np.save(tmp_path / "n.npy", np.random.default_rng(0).normal(size=(40, 4)))
    numbered = lx.import_vectors(tmp_path / "n.npy", tmp_path / "n.atlas", maps=("pca",))
    written = export(numbered, "embedding-atlas", file)
    assert written == [file]
    assert not names.exists()
    assert "--labels" not in written.notes[0]


def asked(address: str) -> pa.Table:
    """Ask a server for what it has read, and for what it tells its page to show of it."""
    with httpx.Client(base_url=address, timeout=120) as client:
        shown = str(client.get("/data/metadata.json").json()["props"])
        answer = client.post("/data/query", json={"sql": ASKED, "type": "arrow"})
    for column in ("text", "projection_x", "projection_y", "neighbors"):
        assert f"'{column}'" in shown
    return pa.ipc.open_stream(answer.content).read_all()


@contextlib.contextmanager
def opened(said: str) -> Iterator[str]:
    """Run the command that an export has printed; give the address."""
    (command,) = COMMAND.findall(said)
    program, *arguments = shlex.split(command)
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
            yield address
        finally:
            server.send_signal(signal.SIGINT)


def wait(server: subprocess.Popen[str], address: str) -> None:
    """Wait until a server answers; fail with what it said if it ends."""
    until = time.monotonic() + 120
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

"""Projections computed by the server: queued, watched, paused, nudged and stopped."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from server_atlas import CONTEXT, WORD, arrow, client
from starlette.testclient import TestClient

import lexiscope as lx
from lexiscope.server.jobs import Jobs

Json = dict[str, Any]


@pytest.fixture(scope="module")
def path(small_atlas: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(small_atlas, tmp_path_factory.mktemp("jobs") / "small.atlas"))


@pytest.fixture(scope="module")
def served(path: Path) -> Iterator[TestClient]:
    with client(path) as open_client:
        yield open_client


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a t-SNE go on until it is stopped, however long it is watched."""
    show = Jobs._show

    def showing(self: Jobs, job: Any, layout: Any) -> None:
        while True:
            show(self, job, layout)
            time.sleep(0.01)

    monkeypatch.setattr(Jobs, "_show", showing)


def start(served: TestClient, space: str, **asked: Any) -> Json:
    answer = served.post(f"{space}/projections", json={"dims": 2} | asked)
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


def look(served: TestClient, job: Json) -> Json:
    jobs = {each["id"]: each for each in served.get("/api/jobs").json()}
    return dict(jobs[job["id"]])


def wait(served: TestClient, job: Json, until: Callable[[Json], bool]) -> Json:
    deadline = time.monotonic() + 240
    while not until(now := look(served, job)):
        assert time.monotonic() < deadline, now
        time.sleep(0.02)
    return now


def ended(job: Json) -> bool:
    return job["state"] in ("done", "stopped", "failed")


def order(served: TestClient, job: Json, what: str) -> Json:
    answer = served.post(f"/api/jobs/{job['id']}", json={"order": what})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def ids(served: TestClient, space: str, layer: str = "") -> list[str]:
    atlas = served.get("/api/atlases").json()["atlases"][0]
    about = next(each for each in atlas["spaces"] if space.endswith(each["name"]))
    return [each["id"] for each in about["projections"][layer]]


def test_a_projection_is_computed_and_kept(served: TestClient, path: Path):
    job = start(served, WORD, method="pca", parameters={"components": [2, 3]})
    assert job["request"] == {
        "method": "pca", "dims": 2, "seed": 0, "parameters": {"components": [2, 3]},
    }  # fmt: skip
    done = wait(served, job, ended)
    assert (done["state"], done["error"]) == ("done", None)
    assert done["projection"] in ids(served, WORD)
    assert done["projection"] in lx.Atlas.open(path).projections("word")
    again = start(served, WORD, method="pca", parameters={"components": [2, 3]})
    assert (again["state"], again["projection"]) == ("done", done["projection"])


def test_every_layer(served: TestClient):
    job = start(served, CONTEXT, method="tsne", layer="all", seed=3)
    done = wait(served, job, ended)
    assert (done["state"], done["layer"]) == ("done", 0)
    for layer in "0123":
        assert done["projection"] in ids(served, CONTEXT, layer)
    again = start(served, CONTEXT, method="tsne", layer="all", seed=3)
    assert again["state"] == "done"


@pytest.mark.usefixtures("endless")
def test_a_tsne_is_watched_paused_nudged_and_stopped(
    served: TestClient, monkeypatch: pytest.MonkeyPatch
):
    # When the work comes to a pause, and whether it goes on in one.
    heed, held, broken = Jobs._heed, threading.Event(), threading.Event()

    def heeding(self: Jobs, job: Any) -> None:
        paused = job.state == "paused"
        if paused:
            held.set()
        heed(self, job)
        if paused and job.state == "paused":
            broken.set()

    monkeypatch.setattr(Jobs, "_heed", heeding)
    before = ids(served, WORD)
    job = start(served, WORD, method="tsne", seed=5)
    coordinates = f"/api/jobs/{job['id']}/coordinates"
    wait(served, job, lambda now: now["layouts"] > 0)
    table = arrow(served.get(coordinates).content)
    assert table.column_names == ["x", "y"]
    assert np.isfinite(table["x"].to_numpy()).all()

    assert order(served, job, "pause")["state"] == "paused"
    assert held.wait(240)
    still = look(served, job)
    # Whoever waits is answered meanwhile, and may write.
    assert served.get(f"{WORD}/neighbors?query=%237").status_code == 200
    tag = {"column": "while", "value": "paused", "points": [1]}
    assert served.post(f"{WORD}/tags", json=tag).status_code == 200
    order(served, job, "perturb")
    assert look(served, job) == still
    assert order(served, job, "resume")["state"] == "running"
    wait(served, job, lambda now: now["layouts"] > still["layouts"])

    second = start(served, WORD, method="tsne", seed=6)
    assert second["state"] == "waiting"
    assert served.post(f"/api/jobs/{second['id']}", json={"order": "pause"}).status_code == 409
    assert order(served, second, "stop")["state"] == "stopped"
    order(served, job, "stop")
    assert wait(served, job, ended)["state"] == "stopped"
    assert not broken.is_set()
    assert ids(served, WORD) == before
    assert served.post(f"/api/jobs/{job['id']}", json={"order": "resume"}).status_code == 409


@pytest.mark.usefixtures("endless")
def test_a_paused_job_can_be_stopped(served: TestClient):
    job = start(served, WORD, method="tsne", seed=7)
    wait(served, job, lambda now: now["layouts"] > 0)
    order(served, job, "pause")
    order(served, job, "stop")
    assert wait(served, job, ended)["state"] == "stopped"


def test_what_a_method_refuses_fails(served: TestClient):
    job = start(served, WORD, method="axes", parameters={"axes": ["#1 -> #1", "#2 -> #3"]})
    failed = wait(served, job, ended)
    assert failed["state"] == "failed"
    assert "same mean" in failed["error"]
    assert failed["projection"] is None


def test_a_bug_fails_without_its_traceback(served: TestClient, monkeypatch: pytest.MonkeyPatch):
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a secret of the machine")

    monkeypatch.setattr("lexiscope.workflow.project", broken)
    failed = wait(served, start(served, WORD, method="tsne", seed=8), ended)
    assert (failed["state"], failed["error"]) == (
        "failed",
        "an unexpected error; see the server's log",
    )


@pytest.mark.usefixtures("endless")
def test_what_is_kept_is_done_however_many_wait(served: TestClient):
    jobs = [start(served, WORD, method="tsne", seed=100)]
    wait(served, jobs[0], lambda now: now["state"] == "running")
    jobs += [start(served, WORD, method="tsne", seed=101 + number) for number in range(20)]
    more = {"method": "tsne", "dims": 2, "seed": 200}
    assert served.post(f"{WORD}/projections", json=more).status_code == 429
    assert start(served, WORD, method="pca")["state"] == "done"
    for job in reversed(jobs):
        order(served, job, "stop")
    wait(served, jobs[0], ended)


def test_the_last_fifty_are_kept(served: TestClient):
    for _ in range(60):
        start(served, WORD, method="pca")
    assert len(served.get("/api/jobs").json()) == 50


@pytest.mark.usefixtures("endless")
def test_stopping_the_server_stops_the_job(small_atlas: Path, tmp_path: Path):
    path = Path(shutil.copytree(small_atlas, tmp_path / "small.atlas"))
    with client(path) as served:
        job = start(served, WORD, method="tsne", seed=9)
        wait(served, job, lambda now: now["layouts"] > 0)
        jobs = served.app._queue.jobs
    # It would never end by itself.
    jobs._worker.join(240)
    assert not jobs._worker.is_alive()
    assert [each.state for each in jobs.all()] == ["stopped"]
    with lx.Atlas.open(path).lock():
        pass

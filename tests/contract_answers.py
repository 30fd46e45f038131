"""Answers of a real server over a tiny atlas, kept in ``tests/contract`` for the page's tests.

Write them anew, after the contract or the server changed, with::

    .venv/bin/python tests/contract_answers.py
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import server_atlas
from server_atlas import CONTEXT, WORD, client
from starlette.testclient import TestClient

FOLDER = Path(__file__).parent / "contract"
BOOKMARKS = [{"name": "rivers", "view": "#a=small&s=context", "made": "2025-01-01T00:00:00Z"}]
# By file: the interface of the contract that the JSON in it has; [] for a list of them.
SHAPES = {
    "atlases.json": "Atlases",
    "space.json": "SpaceInfo",
    "neighbors.json": "Neighbors",
    "labels.json": "ClusterLabel[]",
    "live-words.json": "LiveAnswer",
    "live.json": "LiveAnswer",
    "bookmarks.json": "Bookmark[]",
    "findings.json": "Findings",
    "comparison.json": "ComparisonAnswer",
    "job.json": "Job",
    "jobs.json": "Job[]",
    "refusal.json": "Refusal",
}


def answers(atlas: Path) -> dict[str, bytes]:
    """Return what a server over a copy of an atlas answers, by file name."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(shutil.copytree(atlas, Path(folder) / "small.atlas"))
        with client(path) as served:
            return dict(_asked(served))


def _asked(served: TestClient) -> dict[str, bytes]:
    def get(address: str) -> bytes:
        return served.get(address).content

    def post(address: str, body: Any) -> bytes:
        return served.post(address, json=body).content

    job = post(f"{WORD}/projections", {"method": "pca", "dims": 3})
    while json.loads(get("/api/jobs"))[0]["state"] != "done":
        time.sleep(0.05)
    same = {"axes": ["#1 -> #1", "#2 -> #3"]}  # which is found out when it is computed
    post(f"{WORD}/projections", {"method": "axes", "dims": 2, "parameters": same})
    while json.loads(get("/api/jobs"))[1]["state"] != "failed":
        time.sleep(0.05)
    served.put("/api/atlases/small/bookmarks", json=BOOKMARKS)
    findings = "/api/atlases/small/findings"
    post(findings, {})
    while json.loads(get(findings))["running"]:
        time.sleep(0.05)
    layers = [{"atlas": "small", "space": "context", "layer": layer} for layer in (0, 2)]
    sentence = "He sat on the bank of the river."
    return {
        "job.json": job,
        "jobs.json": get("/api/jobs"),
        "space.json": post(f"{CONTEXT}/tags", {"column": "mine", "value": "wet", "points": [0, 3]}),
        "atlases.json": get("/api/atlases"),
        "neighbors.json": get(f"{CONTEXT}/neighbors?query=bank&k=3&layer=2"),
        "labels.json": get(f"{WORD}/projections/tsne-2d/labels"),
        "live-words.json": post(f"{CONTEXT}/live", {"text": sentence}),
        "live.json": post(f"{CONTEXT}/live", {"text": sentence, "at": 15, "k": 3}),
        "bookmarks.json": get("/api/atlases/small/bookmarks"),
        "findings.json": get(findings),
        "comparison.json": post("/api/comparisons", dict(zip("ab", layers, strict=True))),
        "refusal.json": get(f"{WORD}/neighbors?query=qqqq"),
        "columns.arrow": get(f"{CONTEXT}/columns?name=label&name=sense&name=weight&name=start"),
        "words.arrow": get(f"{WORD}/columns?name=label&name=id"),
        "projection.arrow": get(f"{CONTEXT}/projections/tsne-2d?layer=2"),
        "projection-3d.arrow": get(f"{WORD}/projections/pca-3d"),
        "quality.arrow": get(f"{CONTEXT}/projections/tsne-2d/quality?layer=2"),
        "search.arrow": get(f"{CONTEXT}/search?pattern=ban"),
    }


def _refresh() -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for name, content in answers(server_atlas.build(Path(folder))).items():
            if name.endswith(".json"):
                text = json.dumps(json.loads(content), ensure_ascii=False, indent=1)
                # Where the model lay is nobody's business.
                content = (text.replace(folder, "models") + "\n").encode()
            (FOLDER / name).write_bytes(content)


if __name__ == "__main__":
    _refresh()

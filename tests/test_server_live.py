"""The server over the real model: what it answers is right."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from server_atlas import client
from starlette.testclient import TestClient

import lexiscope as lx
from lexiscope.workflow import build_maps

pytestmark = pytest.mark.slow

SENSES = Path(__file__).parents[1] / "examples" / "word-senses.csv"
SPACES = "/api/atlases/senses/spaces"


@pytest.fixture(scope="module")
def senses(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example sentences at two layers, without the slow map of the word table."""
    path = tmp_path_factory.mktemp("real") / "senses.atlas"
    context = lx.Context(match="prefix", encode=lx.EncodeOptions(layers=(0, 6)))
    atlas = lx.build("embedded", SENSES, path, context=context, maps=())
    build_maps(atlas, "context", ("tsne",))
    return path


@pytest.fixture(scope="module")
def served(senses: Path) -> Iterator[TestClient]:
    with client(senses) as open_client:
        yield open_client


def test_india_is_near_indian(served: TestClient):
    answer = served.get(f"{SPACES}/word/neighbors?query=india&k=5").json()
    assert answer["neighbors"][0]["label"] == "indian"
    assert answer["neighbors"][0]["value"] == pytest.approx(0.743, abs=1e-3)


@pytest.mark.parametrize(
    ("text", "sense"),
    [
        ("He sat on the bank of the river.", "river"),
        ("The bank refused her a loan for the house.", "finance"),
    ],
)
def test_a_sentence_lands_among_its_sense(served: TestClient, senses: Path, text: str, sense: str):
    asked = {"text": text, "at": text.index("bank"), "k": 5}
    answer = served.post(f"{SPACES}/context/live", json=asked).json()
    assert answer["word"]["word"] == "bank"
    atlas = lx.Atlas.open(senses)
    points = atlas["context"].points
    sense_of = points["sense"].to_pylist()
    last = answer["layers"][-1]
    assert last["layer"] == 6
    near = [sense_of[each["point"]] for each in last["neighbors"]]
    # A bank that a river has and one that an aeroplane makes are alike to the model, too.
    assert near[0] == max(set(near), key=near.count) == sense, near
    # On the map, too, it is nearest to its own sense.
    place = np.array(last["places"]["tsne-2d"])
    coordinates = atlas.projection("context", "tsne-2d").coordinates
    apart = np.linalg.norm(coordinates - place, axis=1)
    banks = [point for point, target in enumerate(points["target"].to_pylist()) if target == "bank"]
    middle = {
        each: np.median([apart[point] for point in banks if sense_of[point] == each])
        for each in ("river", "finance", "tilt")
    }
    assert min(middle, key=lambda each: middle[each]) == sense

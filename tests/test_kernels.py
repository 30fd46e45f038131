"""What is the same whatever instructions a processor has, and how many threads there are.

docs/reliability.md has the table; ``python -m benchmarks kernels`` makes it.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lexiscope.checkpoint import Checkpoint
from lexiscope.measure.clusters import clusters
from lexiscope.measure.positions import breaks
from lexiscope.neighbors import NeighborGraph, neighbor_graph
from lexiscope.projection.pca import pca
from lexiscope.projection.tsne import tsne

ROWS = slice(2000, 5000)
OLDEST = {
    "OPENBLAS_CORETYPE": "Sandybridge",
    "FAISS_SIMD_LEVEL": "NONE",
    "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR",
    "NUMBA_CPU_NAME": "generic",
    "NUMBA_CPU_FEATURES": "",
}
ONE_THREAD = {f"{each}_NUM_THREADS": "1" for each in ("OMP", "OPENBLAS", "MKL", "NUMBA")}


def digest(*arrays: NDArray[Any]) -> str:
    parts = (np.ascontiguousarray(each).tobytes() for each in arrays)
    return hashlib.sha256(b"".join(parts)).hexdigest()[:16]


def graph_of(vectors: NDArray[np.float32]) -> NeighborGraph:
    return neighbor_graph(vectors, 15)


def made() -> dict[str, str]:
    """Digests of what a process makes of a part of the real word table."""
    embedded = Checkpoint.open("embedded")
    vectors = embedded.table("word")[ROWS]
    graph = neighbor_graph(vectors, 15)
    found = clusters(vectors, graph.indices, graph.similarities)
    picture = tsne(vectors[:800], graph_of(vectors[:800]))
    again = tsne(vectors[:800], graph_of(vectors[:800]), start=picture.coordinates)
    return {
        "neighbours": digest(graph.indices.astype("<i4"), graph.similarities.astype("<f4")),
        "clusters": digest(*found.members, found.stability.round(9), found.low.round(9)),
        "breaks": repr([(each.first, each.last) for each in breaks(embedded.table("position"))]),
        "t-SNE": digest(picture.coordinates, again.coordinates),
        "t-SNE of few points": digest(tsne(vectors[:250], graph_of(vectors[:250])).coordinates),
        "PCA": digest(pca(vectors).coordinates.round(4)),
    }


def made_under(setting: dict[str, str]) -> dict[str, str]:
    code = "import json, test_kernels; print(json.dumps(test_kernels.made()))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | setting,
        cwd=os.path.dirname(__file__),
        capture_output=True,
        text=True,
        check=True,
    )
    told: dict[str, str] = json.loads(done.stdout)
    return told


def test_neighbours_and_clusters_are_those_of_every_machine() -> None:
    """Written down on a processor with AVX2; only sums in an order of our own decide them.

    And which points NumPy's generator draws, which a release of NumPy may change.
    """
    found = made()
    assert found["neighbours"] == "004c25d108787672"
    assert found["clusters"] == "d3f31e7e9254e67d"


@pytest.mark.slow
@pytest.mark.skipif(platform.machine() != "x86_64", reason="the settings are those of x86-64")
def test_older_kernels_and_one_thread_make_the_same() -> None:
    usual = made()
    assert made_under(OLDEST) == usual
    assert made_under(ONE_THREAD) == usual

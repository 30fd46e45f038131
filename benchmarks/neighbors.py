"""The neighbour graph of all points: exact, approximate, and by scikit-learn."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.measure import fresh, in_turn
from benchmarks.report import Options, Table, rounds

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

REPEATS = 1
K = 15
EXACT = "lexiscope, exact"
HNSW = "lexiscope, hnsw"
COSINE = "scikit-learn, brute cosine"
EUCLIDEAN = "scikit-learn, brute Euclidean on unit rows"
MANY = 100_000


def run(options: Options) -> list[Table]:
    """Find every point's neighbours, in fresh processes."""
    repeats = options.repeats or REPEATS
    note = (
        f"Each of the 30,522 words' {K} nearest by cosine similarity, 384 dimensions; fresh "
        f"processes in turn, {rounds(repeats)}, imports left out of the seconds. Recall: share "
        "of the neighbours that the exact search found."
    )
    many = (
        f"{MANY:,} points: the same rows over and over with a tenth of their spread as noise; "
        "once. `EXACT_LIMIT` in `lexiscope.neighbors` stands between the two sizes."
    )
    return [
        Table("Neighbour graph", note, _compare([EXACT, HNSW, COSINE, EUCLIDEAN], None, repeats)),
        Table("Neighbour graph of many points", many, _compare([EXACT, HNSW], MANY, 1)),
    ]


def _compare(methods: Sequence[str], n_points: int | None, repeats: int) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        paths = {method: f"{folder}/{number}.npy" for number, method in enumerate(methods)}
        runs = in_turn(
            repeats,
            {
                method: partial(fresh, search, method, n_points, path)
                for method, path in paths.items()
            },
        )
        recalls = fresh(recall, list(paths.values())).value
    return [
        {
            "method": method,
            "seconds": median(run.value for run in runs[method]),
            "recall": recalls[number],
            "peak memory, MB": median(run.peak_mb for run in runs[method]),
        }
        for number, method in enumerate(methods)
    ]


def search(method: str, n_points: int | None, path: str) -> float:
    """Find the neighbours by one method, keep them in a file, and return the seconds."""
    import time

    import numpy as np

    from benchmarks.data import noisy_words, word_table

    vectors = noisy_words(n_points) if n_points else word_table()
    find = _finder(method)
    begin = time.perf_counter()
    indices = find(vectors)
    seconds = time.perf_counter() - begin
    np.save(path, indices)
    return seconds


def recall(paths: Sequence[str]) -> list[float]:
    """Return what share of the first file's neighbours each file has."""
    import numpy as np

    graphs = [np.load(path) for path in paths]
    return [
        float((graph[:, :, None] == graphs[0][:, None, :]).any(axis=1).mean()) for graph in graphs
    ]


def _finder(method: str) -> Callable[[NDArray[np.float32]], NDArray[np.integer]]:
    """Import what a method needs, and return it as a function."""
    if method in (EXACT, HNSW):
        import faiss  # noqa: F401 - loaded before the clock starts, as scikit-learn is

        from lexiscope.neighbors import neighbor_graph

        if method == EXACT:
            return lambda vectors: neighbor_graph(vectors, K, method="exact").indices
        return lambda vectors: neighbor_graph(vectors, K, method="hnsw").indices
    from sklearn.neighbors import NearestNeighbors

    from lexiscope.neighbors import normalize

    if method == COSINE:
        cosine = NearestNeighbors(n_neighbors=K, metric="cosine", algorithm="brute", n_jobs=-1)
        return lambda vectors: cosine.fit(vectors).kneighbors(return_distance=False)
    plain = NearestNeighbors(n_neighbors=K, algorithm="brute", n_jobs=-1)
    return lambda vectors: plain.fit(normalize(vectors)).kneighbors(return_distance=False)

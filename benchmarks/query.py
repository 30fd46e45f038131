"""One nearest-neighbour query on the open word space."""

from __future__ import annotations

from functools import partial
from typing import Any

from benchmarks.measure import fresh, in_turn, seconds
from benchmarks.report import Options, Table

QUERIES = 200
K = 10


def run(options: Options) -> list[Table]:
    """Ask for the neighbours of words drawn at random."""
    queries = QUERIES * (options.repeats or 1)
    note = (
        f"The {K} words nearest to one by cosine similarity, among 30,522 x 384, in a process "
        f"that holds the table: {queries} words drawn at random, asked in turn."
    )
    return [Table("One query on the open word space", note, fresh(ask, queries).value)]


def ask(queries: int) -> list[dict[str, Any]]:
    """Time every contender on the same words."""
    import tempfile

    import numpy as np
    from sklearn.neighbors import NearestNeighbors

    from lexiscope import Atlas, Checkpoint
    from lexiscope.workflow import build_tables

    with tempfile.TemporaryDirectory() as folder:
        build_tables(Atlas.create(folder + "/words.atlas"), Checkpoint.open("embedded"))
        space = Atlas.open(folder + "/words.atlas")["word"]
        vectors = space.vectors
        index = NearestNeighbors(n_neighbors=K + 1, metric="cosine", algorithm="brute")
        index.fit(vectors)
        space.neighbors("#0", K)
        times: dict[str, list[float]] = {}
        for point in np.random.default_rng(0).choice(len(space), queries, replace=False).tolist():
            asked = in_turn(
                1,
                {
                    "lexiscope, Space.neighbors": partial(
                        seconds, partial(space.neighbors, f"#{point}", K)
                    ),
                    "scikit-learn, NearestNeighbors(metric='cosine')": partial(
                        seconds, partial(index.kneighbors, vectors[point : point + 1])
                    ),
                },
            )
            for name, once in asked.items():
                times.setdefault(name, []).extend(once)
    return [
        {
            "asked of": name,
            "median, ms": 1000 * float(np.median(each)),
            "95th percentile, ms": 1000 * float(np.percentile(each, 95)),
        }
        for name, each in times.items()
    ]

"""Pictures of the word table: what they cost and what they keep, beside the plain libraries."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from functools import partial
from statistics import median
from typing import Any

from benchmarks.measure import fresh, in_turn
from benchmarks.report import Options, Table, rounds

REPEATS = 1
KS = (5, 15, 50)
# Who draws, the method's name in `lexiscope.projection.METHODS`, its parameters.
OURS: dict[str, tuple[str, dict[str, Any]]] = {
    "lexiscope, PCA": ("pca", {}),
    "lexiscope, t-SNE (default)": ("tsne", {}),
    "lexiscope, t-SNE, perplexity 30": ("tsne", {"perplexity": 30}),
    "lexiscope, UMAP": ("umap", {}),
}
UMAP = "umap-learn, plain"
TSNE = "openTSNE, plain"


def run(options: Options) -> list[Table]:
    """Draw all words in fresh processes, then measure every picture."""
    repeats = options.repeats or REPEATS
    with tempfile.TemporaryDirectory() as folder:
        names = [*OURS, UMAP, TSNE]
        paths = {name: f"{folder}/{number}.npy" for number, name in enumerate(names)}
        runs = in_turn(
            repeats,
            {
                **{
                    name: partial(fresh, by_lexiscope, *draw, paths[name])
                    for name, draw in OURS.items()
                },
                UMAP: partial(fresh, by_umap, paths[UMAP]),
                TSNE: partial(fresh, by_opentsne, paths[TSNE]),
            },
        )
        kept = fresh(keeps, [paths[name] for name in names]).value
    costs = [
        {
            "picture": name,
            "cold process, s": median(run.seconds for run in each),
            "of which neighbours, s": median(run.value for run in each) if each[0].value else None,
            "peak memory, MB": median(run.peak_mb for run in each),
        }
        for name, each in runs.items()
    ]
    note = (
        "All 30,522 words in 2D, each picture in a fresh process that also finds the neighbours "
        f"(an atlas shares them between pictures); {rounds(repeats)}. The plain libraries are "
        "asked for cosine distances and openTSNE for all cores; else they have their defaults."
    )
    about = (
        "Kept: share of a point's k nearest by cosine similarity that are among its k nearest in "
        "the picture. Trust: trustworthiness at k (Venna & Kaski 2001)."
    )
    return [
        Table("What pictures of the word table cost", note, costs),
        Table(
            "What pictures of the word table keep",
            about,
            [{"picture": name} | each for name, each in zip(names, kept, strict=True)],
        ),
    ]


def by_lexiscope(method: str, parameters: dict[str, Any], path: str) -> float | None:
    """Draw as `lexiscope project` does, and return the seconds that the neighbours took."""
    import time

    import numpy as np

    from benchmarks.data import word_table
    from lexiscope.neighbors import neighbor_graph
    from lexiscope.projection import METHODS

    vectors = word_table()
    needed = METHODS[method].neighbors
    spent = None
    if needed:
        begin = time.perf_counter()
        parameters["graph"] = neighbor_graph(vectors, needed(**parameters))
        spent = time.perf_counter() - begin
    np.save(path, METHODS[method].compute(vectors, **parameters).coordinates)
    return spent


def by_umap(path: str) -> None:
    """Draw with umap-learn as its guide does."""
    import numpy as np
    import umap

    from benchmarks.data import word_table

    np.save(path, umap.UMAP(metric="cosine").fit_transform(word_table()))


def by_opentsne(path: str) -> None:
    """Draw with openTSNE as its guide does."""
    import numpy as np
    import openTSNE

    from benchmarks.data import word_table

    layout = openTSNE.TSNE(metric="cosine", n_jobs=-1).fit(word_table())
    np.save(path, np.asarray(layout, dtype=np.float32))


def keeps(paths: Sequence[str]) -> list[dict[str, float]]:
    """Measure all pictures at every k."""
    import numpy as np

    from benchmarks.data import word_table
    from lexiscope.neighbors import neighbor_graph
    from lexiscope.projection import quality

    vectors = word_table()
    graph = neighbor_graph(vectors, max(KS))
    layouts = [np.load(path) for path in paths]
    measured = {k: quality(vectors, graph, layouts, k=k) for k in KS}
    rows = []
    for number in range(len(layouts)):
        at = {k: each[number] for k, each in measured.items()}
        rows.append(
            {f"kept at {k}": picture.kept for k, picture in at.items() if picture}
            | {f"trust at {k}": picture.trustworthiness for k, picture in at.items() if picture}
        )
    return rows

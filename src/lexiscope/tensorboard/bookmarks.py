"""Precomputed projections as bookmarks, which the projector's page offers in a panel."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from lexiscope.projection.pca import pca
from lexiscope.projection.projection import Projection

# The page asks for no more rows than this, and fails on a bookmark of more points.
ROWS_SHOWN = 100_000

BLOCK = 8192


def write_bookmarks(
    path: Path,
    vectors: NDArray[np.float32],
    projections: Sequence[Projection],
    label_column: str,
) -> None:
    """Write one bookmark a projection, in the order given.

    The page keeps each projection under one of its four tabs. PCA and UMAP stand under their
    own. Choosing a bookmark under the t-SNE tab makes the page run its own t-SNE at once, over
    the coordinates just loaded; so a t-SNE in 2D, and any other method's 2D picture, stands
    under the tab for custom projections, which moves nothing, and one in 3D under UMAP's, the
    only other tab that holds three coordinates and leaves them alone.

    A bookmark replaces all coordinates that the page has computed, but not its note that PCA is
    done, so that the PCA tab would turn blank: every bookmark therefore carries the first three
    principal components as well.

    Parameters
    ----------
    path : pathlib.Path
    vectors : ndarray of shape (n, dim), float32
    projections : sequence of Projection
        Each of n points, coordinates finite.
    label_column : str
        The column that points are labelled by.
    """
    shown = min(len(vectors), ROWS_SHOWN)
    components = _components(projections)
    if components is None:
        components = pca(np.asarray(vectors[:shown], dtype=np.float32), dims=3)
    background = {f"pca-{axis}": components.coordinates[:shown, axis] for axis in range(3)}
    with path.open("w", encoding="utf-8") as file:
        file.write("[")
        for number, projection in enumerate(projections):
            tab, axes, keys = _place(projection)
            state = {
                "label": _title(projection),
                "isSelected": False,
                "dataSetDimensions": [shown, vectors.shape[1]],
                "selectedProjection": tab,
                "pcaComponentDimensions": axes if tab == "pca" else [0, 1, 2],
                "umapIs3d": projection.dims == 3,
                "umapNeighbors": 15,
                "umapMinDist": 0.1,
                "tSNEis3d": projection.dims == 3,
                "tSNEIteration": 0,
                "tSNEPerplexity": 30,
                "tSNELearningRate": 1,
                "selectedPoints": [],
                "selectedLabelOption": label_column,
                "customSelectedSearchByMetadataOption": label_column,
                **{
                    f"custom{end}{part}": empty
                    for end in ("XLeft", "XRight", "YUp", "YDown")
                    for part, empty in (("Text", ""), ("Regex", False))
                },
            }
            file.write(",\n" if number else "")
            file.write(json.dumps(state, ensure_ascii=False)[:-1] + ', "projections": [')
            own = dict(zip(keys, projection.coordinates[:shown].T, strict=True))
            _write_points(file, {**background, **own})
            file.write("]}")
        file.write("]\n")


def _title(projection: Projection) -> str:
    if projection.quality is None:
        return projection.id
    return f"{projection.id}, keeps {projection.quality.kept:.1%}"


def _place(projection: Projection) -> tuple[str, list[int], list[str]]:
    """Return the tab, the components chosen in it, and the keys that hold the coordinates."""
    axes = list(range(projection.dims))
    if projection.method == "pca":
        axes = [int(c) - 1 for c in projection.details.get("components", [a + 1 for a in axes])]
        return "pca", axes, [f"pca-{axis}" for axis in axes]
    if projection.dims == 2 and projection.method != "umap":
        return "custom", axes, ["linear-x", "linear-y"]
    return "umap", axes, [f"umap-{axis}" for axis in axes]


def _components(projections: Sequence[Projection]) -> Projection | None:
    """Return the first three principal components where they are among the projections."""
    for projection in projections:
        if projection.method == "pca" and _place(projection)[1] == [0, 1, 2]:
            return projection
    return None


def _write_points(file: TextIO, columns: Mapping[str, NDArray[np.float32]]) -> None:
    point = "{" + ",".join(f'"{key}":%.6g' for key in columns) + "}"
    table = np.column_stack(list(columns.values()))
    for start in range(0, len(table), BLOCK):
        lines = [point % tuple(row) for row in table[start : start + BLOCK].tolist()]
        file.write((",\n" if start else "") + ",\n".join(lines))

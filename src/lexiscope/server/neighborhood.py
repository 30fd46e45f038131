"""Neighborhood: the points nearest to a query, in the original space."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lexiscope.neighbors import Metric, nearest_points
from lexiscope.queries import resolve
from lexiscope.server.library import Shelf

Floats = NDArray[np.float32]


def neighborhood(
    shelf: Shelf, query: str, k: int, metric: Metric, *, layer: int | None, spherized: bool
) -> dict[str, Any]:
    """Answer which points are nearest to a query (`Neighbors` of the contract).

    Parameters
    ----------
    shelf : Shelf
    query : str
        A label, ``#12``, or arithmetic on them.
    k : int
    metric : {"cosine", "euclidean", "dot"}
    layer : int or None
        The last one when not given.
    spherized : bool
        Centre and normalise all vectors first.
    """
    chosen = shelf.space.resolve_layer(layer)
    form = "spherized" if spherized else "unit" if metric == "cosine" else "raw"
    vectors = shelf.vectors(chosen, form)
    asked = resolve(query, shelf.space.points, vectors)
    near, values = nearest_points(vectors, asked.vector, k, metric, asked.points)
    return {
        "query": query,
        "metric": metric,
        "layer": chosen,
        "points": np.unique(asked.points).tolist(),
        "neighbors": listed(shelf, near, values),
    }


def nearest_to(
    shelf: Shelf, layer: int, vector: Floats, k: int
) -> tuple[NDArray[np.int64], Floats]:
    """Return the points most alike to a vector, nearest first, and their cosine similarities."""
    return nearest_points(shelf.vectors(layer, "unit"), vector, k, "cosine")


def listed(shelf: Shelf, points: NDArray[np.int64], values: Floats) -> list[dict[str, Any]]:
    """Return points with their labels and values (`Neighbor[]` of the contract)."""
    labels = shelf.space.points["label"].take(pa.array(points)).to_pylist()
    return [
        {"point": point, "label": label, "value": value}
        for point, label, value in zip(points.tolist(), labels, values.tolist(), strict=True)
    ]

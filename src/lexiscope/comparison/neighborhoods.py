"""Neighborhoods: which of a point's nearest are the same in two spaces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lexiscope.comparison.layers import is_whole
from lexiscope.comparison.matching import Match, Points
from lexiscope.comparison.statements import NAMED
from lexiscope.measure.evidence import bootstrap_interval
from lexiscope.measure.similarity import neighbor_overlap
from lexiscope.neighbors import NeighborGraph, neighbor_graph, normalize
from lexiscope.space import Layer, Space

Floats = NDArray[np.float32]
Graphs = tuple[NeighborGraph, NeighborGraph]
Figures = dict[str, Any]

BLOCK = 4096
# Digits of a movement and of a mean similarity that all processors agree on, of the same vectors.
MOVED_DIGITS, ALIKE_DIGITS = 9, 6
# Words of its sentence that an occurrence is told by, on either side.
AROUND = 3


@dataclass(frozen=True, eq=False)
class Neighborhood:
    """The shared points' neighbours among themselves, in one space.

    Attributes
    ----------
    graph : NeighborGraph
        The k nearest of each.
    arbitrary : ndarray of shape (n,), int64
        How many of the k have the direction of the next that is not listed, so that rounding and
        the order of the rows decide which are: all of them beside more than k copies. Of a vector
        of zeros, to which nothing is near, all.
    """

    graph: NeighborGraph
    arbitrary: NDArray[np.int64]


def neighborhood(
    space: Space,
    layer: Layer,
    points: Points,
    vectors: Floats,
    direction: NDArray[np.int64],
    k: int,
    progress: Callable[[float], None],
) -> Neighborhood:
    """Return the neighbours of the shared points among themselves; of these at least k + 2."""
    if is_whole(space, points):
        at = space if layer is None else space.layer(layer)
        graph = at.graph(k + 1, progress)
    else:
        graph = neighbor_graph(vectors, k + 1, progress=progress)
    arbitrary = np.empty(len(direction), dtype=np.int64)
    for start in range(0, len(direction), BLOCK):
        listed = direction[graph.indices[start : start + BLOCK, : k + 1]]
        arbitrary[start : start + BLOCK] = (listed[:, :k] == listed[:, k:]).sum(axis=1)
    return Neighborhood(graph.first(k), np.where(direction < 0, k, arbitrary))


def overlap(
    n: int, k: int, seed: int, near: tuple[Neighborhood, Neighborhood] | None
) -> tuple[Floats | None, Figures | None]:
    """Return the share of neighbours that every point keeps, and its figures.

    Points all of whose neighbours are arbitrary in either space are left out; `near` is None
    where all vectors are identical.
    """
    if n < k + 2:
        return None, None
    if near is None:
        shares, recall, arbitrary = np.ones(n, dtype=np.float32), 1.0, np.zeros(n)
    else:
        shares = neighbor_overlap(near[0].graph.indices, near[1].graph.indices)
        recall = min(each.graph.recall for each in near)
        arbitrary = np.maximum(near[0].arbitrary, near[1].arbitrary) / k
        shares[arbitrary == 1] = np.nan
    kept = shares[~np.isnan(shares)]
    if len(kept) < 2:
        return np.full_like(shares, np.nan), None
    low, high = bootstrap_interval(kept, seed=seed)
    figures = {
        "k": k,
        "mean": float(kept.mean(dtype=np.float64)),
        "low": low,
        "high": high,
        "chance": k / (n - 1),
        "recall": recall,
        "arbitrary": float(arbitrary[~np.isnan(shares)].mean()),
    }
    return shares, figures


def most_moved(
    movement: NDArray[np.float64],
    count: int,
    y: Floats,
    graphs: Graphs | None,
) -> tuple[NDArray[np.int64], bool]:
    """Return those that moved most, and whether the last one named has others beside it.

    Of equal movement, as overlap with its k + 1 values gives it, those come first whose former
    neighbours are least similar in b, compared with the nearest there.
    """
    movement = movement.round(MOVED_DIGITS)  # what rounding tells apart is equal
    order = np.argsort(-movement, kind="stable")[:count]
    if graphs is None or not count:
        return order, False
    candidates = np.flatnonzero(movement >= movement[order[-1]])
    lost = graphs[1].similarities[candidates].mean(axis=1, dtype=np.float64)
    for start in range(0, len(candidates), BLOCK):
        some = candidates[start : start + BLOCK]
        own = normalize(y[some])
        for former in graphs[0].indices[some].T:
            similarity = np.multiply(own, normalize(y[former]), dtype=np.float64).sum(axis=1)
            lost[start : start + BLOCK] -= similarity / graphs[0].k
    lost = lost.round(ALIKE_DIGITS)
    order = np.lexsort((-lost, -movement[candidates]))
    ranks = list(zip(movement[candidates[order]], lost[order], strict=True))
    named = min(NAMED, count)
    tied = len(ranks) > named and ranks[named - 1] == ranks[named]
    return candidates[order[:count]], tied


def described(
    chosen: NDArray[np.integer],
    a: Space,
    found: Match,
    movement: NDArray[np.float64],
    shares: Floats | None,
    graphs: Graphs | None,
) -> list[Figures]:
    """Describe some shared points: how far they moved, their neighbours before and after."""

    def near(graph: NeighborGraph, point: int) -> list[str]:
        return [_name(a.points, int(found.a[other])) for other in graph.indices[point]]

    return [
        {
            "label": _name(a.points, int(found.a[point])),
            "a": int(found.a[point]),
            "b": int(found.b[point]),
            "movement": float(movement[point]),
            "overlap": None if shares is None or np.isnan(shares[point]) else float(shares[point]),
            "before": near(graphs[0], point) if graphs else [],
            "after": near(graphs[1], point) if graphs else [],
        }
        for point in chosen.tolist()
    ]


def _name(points: pa.Table, point: int) -> str:
    """Return what tells a point from others: its label; in context its sense, or its sentence."""
    row = points.slice(point, 1).to_pylist()[0]
    if row.get("sense") is not None:
        return f"{row['label']} ({row['sense']})"
    if "start" not in row:
        return str(row["label"])
    before = row["text"][: row["start"]].split()[-AROUND:]
    after = row["text"][row["end"] :].split()[:AROUND]
    return " ".join(("…", *before, f"[{row['label']}]", *after, "…"))

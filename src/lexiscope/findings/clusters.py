"""Clusters: the dense groups of a space, by names drawn from their members."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lexiscope.errors import TooFewError
from lexiscope.findings.finding import Finding, as_points, too_few
from lexiscope.measure.clusters import (
    DENSITY,
    KEPT,
    NEIGHBORS,
    RESAMPLES,
    SMALLEST,
    STABLE,
    Clusters,
)
from lexiscope.measure.clusters import clusters as find
from lexiscope.measure.evidence import finite
from lexiscope.measure.names import group_names
from lexiscope.neighbors import normalize
from lexiscope.space import Space

NAME = "clusters"
NAMED = 3
LEAST = f"{100 * STABLE:.0f} %"


def clusters(
    space: Space, *, seed: int = 0, progress: Callable[[float], None] | None = None
) -> list[Finding]:
    """Find the dense clusters of a space; of one with layers, those of the last.

    Parameters
    ----------
    space : Space
    seed : int
        Draws the points of the resamples.
    progress : callable, optional
        Called with the share done, in [0, 1].

    Returns
    -------
    list of Finding
        One ``"clusters"``.
    """
    layer, n = space.resolve_layer(None), len(space)
    vectors = finite(space.vectors)
    # Even a graph needs two points.
    graph = space.graph(NEIGHBORS) if n > 1 else None
    near = graph.indices if graph else np.empty((n, 0), dtype=np.int32)
    cosines = graph.similarities if graph else np.empty((n, 0), dtype=np.float32)
    try:
        found = find(near, cosines, seed=seed, progress=progress)
    except TooFewError as error:
        return [too_few(NAME, space.name, error, n, layer)]
    names = group_names(found.members, space.points, vectors)
    clustered = sum(len(each) for each in found.members)
    figures: dict[str, Any] = {
        "n": n,
        "clustered": clustered,
        "share": clustered / n,
        "found": len(found.members),
        "method": "HDBSCAN",
        "parameters": {
            "neighbors": NEIGHBORS,
            "smallest": SMALLEST,
            "core_neighbor": DENSITY,
            "selection": "excess of mass",
            "least_stability": STABLE,
            "share_drawn": KEPT,
        },
        "dissolved": found.dissolved,
        "clusters": [
            {
                "name": name,
                "size": len(members),
                "stability": stability,
                "center": _center(vectors, members),
                "points": as_points(members),
            }
            for name, members, stability in zip(names, found.members, found.stability, strict=True)
        ],
        "unclustered": n - clustered,
        "resamples": RESAMPLES,
        "seed": seed,
    }
    statement = _statement(figures, found, layer)
    return [Finding(NAME, space.name, layer, statement, figures)]


def _center(vectors: NDArray[np.float32], members: NDArray[np.int64]) -> int:
    """Return the member with the highest mean cosine with all."""
    unit = normalize(vectors[members])
    return int(members[(unit @ unit.sum(axis=0)).argmax()])


def _statement(figures: dict[str, Any], found: Clusters, layer: int | None) -> str:
    where = "" if layer is None else f" at layer {layer}"
    again = (
        f"in four fifths of the points, drawn {figures['resamples']} times (seed {figures['seed']})"
    )
    if not found.members:
        reason = (
            f"{found.dissolved:,} were found and came again by less than {LEAST} {again}"
            if found.dissolved
            else "none is denser than what is around it"
        )
        return f"No dense clusters{where} among {figures['n']:,} points: {reason}."
    count = figures["found"]
    named = "; ".join(f"{each['name']} ({each['size']:,})" for each in figures["clusters"][:NAMED])
    lie = f"lie in {count:,} dense clusters" if count > 1 else "lie in one dense cluster"
    others = (
        f"; {found.dissolved:,} others came again by less than {LEAST} and are left out"
        if found.dissolved
        else ""
    )
    return (
        f"{figures['clustered']:,} of {figures['n']:,} points {lie}{where}, "
        f"{'the largest being' if count > 1 else 'named'} {named}; found again {again}, "
        f"clusters overlap with what they were by {100 * found.stability.mean():.0f} % on "
        f"average{others}."
    )

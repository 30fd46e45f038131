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
    chance_clusters,
)
from lexiscope.measure.clusters import clusters as find
from lexiscope.measure.evidence import finite
from lexiscope.measure.names import group_names
from lexiscope.neighbors import normalize
from lexiscope.space import Space

NAME = "clusters"
NAMED = 3
LEAST = f"{100 * STABLE:.0f} %"
# Shuffled, so many points take another neighbour graph of some ten seconds; more are not asked for.
SHUFFLED = 50_000


def clusters(
    space: Space, *, seed: int = 0, progress: Callable[[float], None] | None = None
) -> list[Finding]:
    """Find the dense clusters of a space; of one with layers, those of the last.

    Parameters
    ----------
    space : Space
    seed : int
        Draws the points of the resamples, and the shuffles that tell what chance finds.
    progress : callable, optional
        Called with the share done, in [0, 1].

    Returns
    -------
    list of Finding
        One ``"clusters"``.
    """
    layer, n = space.resolve_layer(None), len(space)
    vectors = finite(space.vectors)

    def half(number: int) -> Callable[[float], None]:
        return lambda share: progress((number + share) / 2) if progress else None

    # Even a graph needs two points.
    graph = space.graph(NEIGHBORS) if n > 1 else None
    near = graph.indices if graph else np.empty((n, 0), dtype=np.int32)
    cosines = graph.similarities if graph else np.empty((n, 0), dtype=np.float32)
    try:
        found = find(vectors, near, cosines, seed=seed, progress=half(0))
    except TooFewError as error:
        return [too_few(NAME, space.name, error, n, layer)]
    chance = chance_clusters(vectors, seed=seed, progress=half(1)) if n <= SHUFFLED else None
    names = group_names(found.members, space.points, vectors)
    points = np.sort(np.concatenate([np.empty(0, np.int64), *found.members]))
    clustered = len(points)
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
        "chance_found": None if chance is None else len(chance.members),
        "chance_clustered": None if chance is None else sum(map(len, chance.members)),
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
    return [Finding(NAME, space.name, layer, statement, figures, as_points(points))]


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
        return (
            f"No dense clusters{where} among {figures['n']:,} points: {reason}{_chance(figures)}."
        )
    count = figures["found"]
    named = "; ".join(f"{each['name']} ({each['size']:,})" for each in figures["clusters"][:NAMED])
    lie = f"lie in {count:,} dense clusters" if count > 1 else "lie in one dense cluster"
    others = (
        f"; {found.dissolved:,} others overlap by less and are left out" if found.dissolved else ""
    )
    return (
        f"{figures['clustered']:,} of {figures['n']:,} points {lie}{where}, "
        f"{'the largest being' if count > 1 else 'named'} {named}; found again {again}, "
        f"those kept (at least {LEAST}) overlap with what they were by "
        f"{100 * found.stability.mean():.0f} % on average{others}{_chance(figures)}."
    )


def _chance(figures: dict[str, Any]) -> str:
    count = figures["chance_found"]
    if count is None:
        return f"; of more than {SHUFFLED:,} points it was not asked what chance would find"
    held = f" with {figures['chance_clustered']:,} points" if count else ""
    return f"; were every dimension's values dealt out anew, there would be {count:,}{held}"

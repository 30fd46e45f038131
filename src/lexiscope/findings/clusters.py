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
    SMALLEST,
    STABLE,
    Clusters,
    chance_clusters,
)
from lexiscope.measure.clusters import clusters as find
from lexiscope.measure.evidence import finite
from lexiscope.measure.names import group_names
from lexiscope.neighbors import DECIMALS, normalize
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
    clustered, doubtful = _held(found)
    figures: dict[str, Any] = {
        "n": n,
        "clustered": clustered,
        "share": clustered / n,
        "found": int((~found.unsure).sum()),
        "unsure": int(found.unsure.sum()),
        "unsure_clustered": doubtful,
        "method": "HDBSCAN",
        "parameters": {
            "neighbors": NEIGHBORS,
            "smallest": SMALLEST,
            "core_neighbor": DENSITY,
            "selection": "excess of mass",
            "least_stability": STABLE,
            "share_drawn": KEPT,
        },
        "chance_found": None if chance is None else int((~chance.unsure).sum()),
        "chance_clustered": None if chance is None else _held(chance)[0],
        "chance_unsure": None if chance is None else int(chance.unsure.sum()),
        "dissolved": found.dissolved,
        "clusters": [
            {
                "name": name,
                "size": len(members),
                "stability": found.stability[number],
                "low": found.low[number],
                "high": found.high[number],
                "unsure": bool(found.unsure[number]),
                "center": _center(vectors, members),
                "points": as_points(members),
            }
            for number, (name, members) in enumerate(zip(names, found.members, strict=True))
        ],
        "unclustered": n - clustered - doubtful,
        "resamples": found.resamples,
        "seed": seed,
    }
    statement = _statement(figures, found, layer)
    return [Finding(NAME, space.name, layer, statement, figures, as_points(points))]


def _held(found: Clusters) -> tuple[int, int]:
    """Return how many points the clusters hold, those that are sure and those that are not."""
    sizes = np.array([len(members) for members in found.members], dtype=np.int64)
    return int(sizes[~found.unsure].sum()), int(sizes[found.unsure].sum())


def _center(vectors: NDArray[np.float32], members: NDArray[np.int64]) -> int:
    """Return the member with the highest mean cosine with all."""
    unit = normalize(vectors[members])
    alike = np.multiply(unit, unit.sum(axis=0, dtype=np.float64)).sum(axis=1)
    # What rounding tells apart is equal; of equal ones the first.
    return int(members[alike.round(DECIMALS).argmax()])


def _statement(figures: dict[str, Any], found: Clusters, layer: int | None) -> str:
    where = "" if layer is None else f" at layer {layer}"
    again = (
        f"in four fifths of the points, drawn {figures['resamples']} times (seed {figures['seed']})"
    )
    count, unsure = figures["found"], figures["unsure"]
    if not count and not unsure:
        reason = (
            f"{found.dissolved:,} were found and came again by less than {LEAST} {again}"
            if found.dissolved
            else "none is denser than what is around it"
        )
        return (
            f"No dense clusters{where} among {figures['n']:,} points: {reason}{_chance(figures)}."
        )
    others = (
        f"; {found.dissolved:,} others overlap by less and are left out" if found.dissolved else ""
    )
    if not count:
        return (
            f"Whether any of {figures['n']:,} points lie in dense clusters{where} is unsure: "
            f"{_unsure(figures)} {again}{others}{_chance(figures)}."
        )
    sure = [each for each in figures["clusters"] if not each["unsure"]]
    named = "; ".join(f"{each['name']} ({each['size']:,})" for each in sure[:NAMED])
    lie = f"lie in {count:,} dense clusters" if count > 1 else "lie in one dense cluster"
    more = f"; {_unsure(figures)}" if unsure else ""
    return (
        f"{figures['clustered']:,} of {figures['n']:,} points {lie}{where}, "
        f"{'the largest being' if count > 1 else 'named'} {named}; found again {again}, "
        f"they overlap with what they were by "
        f"{100 * np.mean([each['stability'] for each in sure]):.0f} % on average (each by more "
        f"than {LEAST}){more}{others}{_chance(figures)}."
    )


def _unsure(figures: dict[str, Any]) -> str:
    """Say how many clusters come again by about the least there must be."""
    count, points = figures["unsure"], figures["unsure_clustered"]
    if not figures["found"]:
        found = f"{count:,} clusters" if count > 1 else "one cluster"
        return f"{found} ({points:,} points) overlap{'s' * (count == 1)} by about {LEAST}"
    are = f"{count:,} more are" if count > 1 else "one more is"
    return f"{are} unsure ({points:,} points), overlapping by about {LEAST}"


def _chance(figures: dict[str, Any]) -> str:
    count = figures["chance_found"]
    if count is None:
        return f"; of more than {SHUFFLED:,} points it was not asked what chance would find"
    held = f" with {figures['chance_clustered']:,} points" if count else ""
    held += f" and {figures['chance_unsure']:,} unsure" if figures["chance_unsure"] else ""
    return f"; were every dimension's values dealt out anew, there would be {count:,}{held}"

"""Geometry: how evenly a space's vectors are spread, layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow.compute as pc

from lexiscope.errors import TooFewError
from lexiscope.findings.finding import Finding, too_few
from lexiscope.measure.geometry import Geometry
from lexiscope.measure.geometry import geometry as measure
from lexiscope.measure.intrinsic import CANDIDATES, Intrinsic
from lexiscope.space import Space

NAME = "geometry"
UNKNOWN = (float("nan"), float("nan"))


def geometry(
    space: Space, *, seed: int = 0, progress: Callable[[float], None] | None = None
) -> list[Finding]:
    """Say how evenly the vectors are spread and how many dimensions they need.

    Parameters
    ----------
    space : Space
    seed : int
        Draws the intervals.
    progress : callable, optional
        Called with the share done, in [0, 1].

    Returns
    -------
    list of Finding
        One ``"geometry"``, of the last layer where there are several; its figures have a value
        a layer. Intervals are over the points; of words in context over the words, since the
        occurrences of one are alike; of positions, which are no sample of any, there are none.
    """
    layers = space.layers or (None,)
    units = None
    if "target" in space.points.column_names:
        words = pc.dictionary_encode(space.points["target"], null_encoding="encode")
        units = words.combine_chunks().indices.to_numpy()
    measured = []
    for done, layer in enumerate(layers):
        at = space if layer is None else space.layer(layer)
        # Even a graph needs two points.
        graph = at.graph(CANDIDATES).indices if len(at) > 1 else np.empty((len(at), 0), np.int32)
        try:
            found = measure(at.vectors, graph, units=units, seed=seed)
        except TooFewError as error:
            return [too_few(NAME, space.name, error, len(space), layers[-1])]
        if "position" in space.points.column_names:
            # Two-NN takes points for drawn at random. Positions stand in a row, as evenly as beads
            # on a string: of 512 on a circle, which has one dimension, it finds 24 to 55.
            found = replace(
                found,
                intrinsic=Intrinsic(found.intrinsic.duplicates),
                mean_cosine_interval=UNKNOWN,
                isoscore_interval=UNKNOWN,
                participation_interval=UNKNOWN,
            )
        measured.append(found)
        if progress:
            progress((done + 1) / len(layers))
    dimensions = int(space.vectors.shape[1])
    figures: dict[str, Any] = {
        "n": len(space),
        "dimensions": dimensions,
        "layers": list(layers),
        "mean_cosine": [each.mean_cosine for each in measured],
        "mean_cosine_low": [each.mean_cosine_interval[0] for each in measured],
        "mean_cosine_high": [each.mean_cosine_interval[1] for each in measured],
        "isoscore": [each.isoscore for each in measured],
        "isoscore_low": [each.isoscore_interval[0] for each in measured],
        "isoscore_high": [each.isoscore_interval[1] for each in measured],
        "partition_ratio": [each.partition_ratio for each in measured],
        "participation_ratio": [each.participation_ratio for each in measured],
        "participation_ratio_low": [each.participation_interval[0] for each in measured],
        "participation_ratio_high": [each.participation_interval[1] for each in measured],
        "participation_even": measured[-1].participation_even,
        "intrinsic_dimension": [each.intrinsic.dimension for each in measured],
        "intrinsic_low": [each.intrinsic.low for each in measured],
        "intrinsic_high": [each.intrinsic.high for each in measured],
        "duplicates": [each.intrinsic.duplicates for each in measured],
        "top_share": [_top_share(each) for each in measured],
        "top_dimensions": [
            [{"dimension": dimension, "share": share} for dimension, share in each.top]
            for each in measured
        ],
        "sampled": None,
        "seed": seed,
    }
    over = "" if units is None else f" over {len(np.unique(units)):,} words"
    statement = _statement(len(space), dimensions, layers, measured, over)
    return [Finding(NAME, space.name, layers[-1], statement, figures)]


def _top_share(measured: Geometry) -> float:
    return sum(share for _, share in measured.top)


def _statement(
    n: int,
    dimensions: int,
    layers: Sequence[int | None],
    measured: Sequence[Geometry],
    over: str,
) -> str:
    first, last = measured[0], measured[-1]
    several = len(layers) > 1

    def before(value: float) -> str:
        told = f"{value:.3g}" if np.isfinite(value) else "undefined"
        return f"{told} at layer {layers[0]}" if several else ""

    where = "The" if layers[-1] is None else f"At layer {layers[-1]} the"
    if np.isnan(last.mean_cosine):
        return f"{where} vectors of {n:,} points are zero, but for one at most: no directions."
    low, high = last.mean_cosine_interval
    interval = f"95 % interval{over} {low:.3g} to {high:.3g}" if np.isfinite(low) else ""
    beside = [interval, before(first.mean_cosine), "0 where directions are spread evenly"]
    said = [
        f"{where} mean cosine of two of the {n:,} vectors, over all pairs, is "
        f"{last.mean_cosine:.3g} ({'; '.join(filter(None, beside))})"
    ]
    # Of so few dimensions or fewer the strongest are all.
    if np.isfinite(_top_share(last)) and len(last.top) < dimensions:
        percent = 100 * _top_share(last)
        said.append(
            f"{len(last.top)} of {dimensions:,} dimensions carry "
            f"{f'{percent:.0f}' if percent >= 10 else f'{percent:.1f}'} % of it "
            f"({100 * len(last.top) / dimensions:.2g} % if all carried as much)"
        )
    if np.isnan(last.participation_ratio):
        said.append("all vectors are equal")
    elif dimensions > 1:
        even = f"{last.participation_even:.3g} for as many points spread evenly"
        beside = [before(first.participation_ratio), even]
        said.append(
            f"their variance is shared as among {last.participation_ratio:.3g} dimensions "
            f"({'; '.join(filter(None, beside))})"
        )
    near = last.intrinsic
    if np.isfinite(near.dimension):
        beside = [
            f"95 % interval{over} {near.low:.3g} to {near.high:.3g}" if near.low > 0 else "",
            before(first.intrinsic.dimension),
        ]
        said.append(
            f"the surroundings of a point have about {near.dimension:.3g} dimensions "
            f"({'; '.join(filter(None, beside))})"
        )
    return "; ".join(said) + "."

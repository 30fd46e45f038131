"""Layers: a space's vectors of some points, and how alike two spaces' layers arrange them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lexiscope.comparison.matching import Points
from lexiscope.errors import TooFewError
from lexiscope.measure.evidence import finite
from lexiscope.measure.similarity import hsic, linear_cka
from lexiscope.space import Layer, Space

# Bytes of the second space's layers that are held while the first's are read one by one.
HELD = 2**31


def is_whole(space: Space, points: Points) -> bool:
    """Tell whether these are all points of a space, in their order."""
    return len(points) == len(space) and np.array_equal(points, np.arange(len(space)))


def rows_of(space: Space, layer: Layer, points: Points, name: str) -> NDArray[np.float32]:
    """Return the vectors of some points at one layer."""
    vectors = space.matrices[layer]
    chosen = vectors if is_whole(space, points) else vectors[points]
    return finite(chosen, f"the {space.name} vectors of {name}")


def layers_alike(
    spaces: tuple[Space, Space],
    points: tuple[Points, Points],
    compared: tuple[Layer, Layer],
    dimensions: int,
    progress: Callable[[float], None],
) -> dict[str, Any]:
    """Measure linear CKA of all pairs of layers."""
    a, b = spaces
    layers_a: Sequence[Layer] = a.layers or (None,)
    layers_b: Sequence[Layer] = b.layers or (None,)
    values: list[list[float | None]] = [[None] * len(layers_b) for _ in layers_a]
    debiased: list[list[float | None]] = [[None] * len(layers_b) for _ in layers_a]
    chance, done = None, 0
    # Reading is slow: as many layers of b are held as fit, and those of a read once for each part.
    held = max(1, HELD // (4 * len(points[1]) * max(1, dimensions)))
    for start in range(0, len(layers_b), held):
        part = [
            (column, layer, y, hsic(y, y))
            for column, layer in enumerate(layers_b[start : start + held], start)
            for y in (rows_of(b, layer, points[1], "the second space"),)
        ]
        for row, layer_a in enumerate(layers_a):
            x = rows_of(a, layer_a, points[0], "the first space")
            own_a = hsic(x, x)
            for column, layer_b, y, own_b in part:
                try:
                    found = linear_cka(x, y, (own_a, own_b))
                except TooFewError:  # all vectors of a layer are equal
                    continue
                values[row][column] = found.value
                if np.isfinite(found.debiased):
                    debiased[row][column] = found.debiased
                if (layer_a, layer_b) == compared:
                    chance = found.chance
            done += len(part)
            progress(done / (len(layers_a) * len(layers_b)))
    return {
        "layers_a": list(layers_a),
        "layers_b": list(layers_b),
        "values": values,
        "debiased": debiased,
        "chance": chance,
    }

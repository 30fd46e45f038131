"""The vectors that benchmarks work on: the word table of the embedded checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NOISE = 0.1


def word_table() -> NDArray[np.float32]:
    """Return all 30,522 rows, 384 dimensions each."""
    from lexiscope import Checkpoint

    return Checkpoint.open("embedded").table("word")


def noisy_words(n_points: int) -> NDArray[np.float32]:
    """Return `n_points` vectors: the table's rows over and over, each with its own noise.

    The noise has a tenth of the table's standard deviation, so real neighbourhoods remain.
    """
    import numpy as np

    table = word_table()
    rows = np.resize(np.arange(len(table)), n_points)
    noise = np.random.default_rng(0).standard_normal((n_points, table.shape[1]), np.float32)
    noisy: NDArray[np.float32] = table[rows] + noise * (NOISE * table.std())
    return noisy

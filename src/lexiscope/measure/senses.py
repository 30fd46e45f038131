"""Word senses: how far apart the occurrences of one word lie, by their labelled sense."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lexiscope.errors import LexiscopeError
from lexiscope.neighbors import normalize


@dataclass(frozen=True)
class Separation:
    """How far apart labelled groups of points lie.

    Attributes
    ----------
    within, between : float
        Mean cosine similarity of pairs of different points with the same label, and with
        different labels.
    accuracy : float
        Share of points whose nearest other point carries their own label (leave-one-out
        1-nearest-neighbour accuracy), in [0, 1].
    chance : float
        Share of the most frequent label, what always guessing it would reach.
    silhouette : float
        Mean silhouette (Rousseeuw 1987) with cosine distance, in [-1, 1].
    """

    within: float
    between: float
    accuracy: float
    chance: float
    silhouette: float


def separation(vectors: NDArray[np.float32], labels: Sequence[str]) -> Separation:
    """Measure how far apart the senses of a word lie.

    With ``a(i)`` the mean cosine distance of point i to the others of its label and ``b(i)``
    the smallest such mean to another label, the silhouette is the mean of
    ``(b(i) - a(i)) / max(a(i), b(i))``; a point alone with its label counts 0.

    Parameters
    ----------
    vectors : ndarray of shape (n_points, dim), float32
    labels : sequence of str, length n_points

    Returns
    -------
    Separation

    Raises
    ------
    LexiscopeError
        With fewer than two labels, or no label that has two points.
    """
    names, code, counts = np.unique(
        np.asarray(labels, dtype=object).astype(str), return_inverse=True, return_counts=True
    )
    if len(names) < 2 or counts.max() < 2:
        raise LexiscopeError(
            f"{len(labels)} points with {len(names)} label(s) are too few to compare senses: "
            "give at least two labels, one of them with two points"
        )
    unit = normalize(vectors).astype(np.float64)
    alike = unit @ unit.T
    same = code[:, None] == code[None, :]
    others = ~np.eye(len(code), dtype=bool)
    nearest = np.where(others, alike, -np.inf).argmax(axis=1)
    member = np.eye(len(names))[code]
    sums = (1 - alike) @ member
    own = counts[code]
    a = np.where(own > 1, sums[np.arange(len(code)), code] / np.maximum(own - 1, 1), 0.0)
    means = sums / counts
    means[np.arange(len(code)), code] = np.inf
    b = means.min(axis=1)
    larger = np.maximum(a, b)
    width = np.where((own > 1) & (larger > 0), (b - a) / np.where(larger > 0, larger, 1), 0.0)
    return Separation(
        within=float(alike[same & others].mean()),
        between=float(alike[~same].mean()),
        accuracy=float((code[nearest] == code).mean()),
        chance=float(counts.max() / counts.sum()),
        silhouette=float(width.mean()),
    )

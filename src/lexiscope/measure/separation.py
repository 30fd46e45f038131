"""How far apart labelled groups of points lie, by cosine similarity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lexiscope.errors import LexiscopeError
from lexiscope.measure.agreement import BLOCK, Codes, Doubles
from lexiscope.neighbors import normalize

# Cosines that differ by less are equal: single precision carries no more. A model without
# position embeddings gives one word the very same vector everywhere at layer 0.
TIE = 1e-6


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
        1-nearest-neighbour accuracy), in [0, 1]. Equally near ones are decided by the lot.
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
    n, everyone = len(code), np.arange(len(code))
    # The cosines of all pairs add up to the square of the vectors' sum.
    sums = np.eye(len(names))[code].T @ unit
    inside = (sums**2).sum()
    near = nearest(unit, everyone, everyone, everyone, np.random.default_rng(0))
    return Separation(
        within=float((inside - (unit**2).sum()) / (counts * (counts - 1)).sum()),
        between=float(((sums.sum(axis=0) ** 2).sum() - inside) / (n**2 - (counts**2).sum())),
        accuracy=float((code[near] == code).mean()),
        chance=float(counts.max() / n),
        silhouette=float(silhouettes(unit, code[None])[0]),
    )


def silhouettes(unit: Doubles, codes: Codes) -> Doubles:
    """Return the mean silhouette of points, labelled in several ways.

    See `separation` for the formula. Always giving one label has no silhouette, as that has no
    other label to compare with: of a chance level there is only that of shuffled labels.

    Parameters
    ----------
    unit : ndarray of shape (n, dim), float64
        Of length 1, or 0.
    codes : ndarray of shape (n_ways, n), int
        From 0, every one of them in every row.

    Returns
    -------
    ndarray of shape (n_ways,), float64
        In [-1, 1].
    """
    labels = np.arange(int(codes.max()) + 1)[:, None]
    # A point's distance to itself is 0, but 1 for a vector of zeros.
    itself = 1 - (unit**2).sum(axis=1)
    found = np.empty(len(codes))
    height = max(1, BLOCK // (len(labels) * max(unit.shape)))
    for start in range(0, len(codes), height):
        member = (codes[start : start + height, None] == labels).astype(np.float64)
        counts = member.sum(axis=2, keepdims=True)
        # The distances to the points of a label add up to their number less one product.
        sums = counts - (member @ unit) @ unit.T
        own = (member * counts).sum(axis=1)
        a = ((member * sums).sum(axis=1) - itself) / np.maximum(own - 1, 1)
        b = np.where(member, np.inf, sums / counts).min(axis=1)
        larger = np.maximum(a, b)
        fair = (own > 1) & (larger > TIE)
        each = np.where(fair, (b - a) / np.where(fair, larger, 1), 0.0)
        found[start : start + height] = each.mean(axis=1)
    return found


def nearest(
    unit: Doubles, scored: Codes, known: Codes, text: Codes, rng: np.random.Generator
) -> Codes:
    """Return for every point scored its nearest known one of another text."""
    near = np.empty(len(scored), dtype=np.int64)
    height = max(1, BLOCK // len(known))
    for start in range(0, len(scored), height):
        part = scored[start : start + height]
        alike = unit[part] @ unit[known].T
        alike[text[part][:, None] == text[known][None, :]] = -np.inf
        near[start : start + height] = known[highest(alike, rng)]
    return near


def highest(values: Doubles, rng: np.random.Generator) -> Codes:
    """Return where the last axis is highest, by the lot among equals."""
    highest = values >= values.max(axis=-1, keepdims=True) - TIE
    tied = highest.sum(axis=-1) > 1
    found: Codes = highest.argmax(axis=-1)
    found[tied] = (highest[tied] * (1 + rng.random(highest[tied].shape))).argmax(axis=-1)
    return found

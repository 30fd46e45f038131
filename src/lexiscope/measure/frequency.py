"""Frequency: what goes with a token's rank, and how unequally often points are neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lexiscope.errors import LexiscopeError, TooFewError

RESAMPLES = 1000
# Points drawn for one interval, about a second's worth; of more points there are fewer resamples.
DRAWS = 2**25
FEWEST_RESAMPLES = 200
# With fewer pairs a rank correlation's interval spans nearly everything.
PAIRS = 10
BINS = 40


@dataclass(frozen=True)
class RankCorrelation:
    """Spearman's rank correlation.

    Attributes
    ----------
    value : float
        In [-1, 1], by chance 0; NaN where all values of one side are equal.
    low, high : float
        95 % percentile bootstrap interval, the pairs drawn anew; NaN like `value`.
    resamples : int
    """

    value: float
    low: float
    high: float
    resamples: int


@dataclass(frozen=True)
class Bin:
    """Quartiles of the values whose ranks lie from `first` to `last`, these included."""

    first: int
    last: int
    median: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Hubness:
    """How unequally often points are among the k nearest of others.

    Attributes
    ----------
    occurrences : ndarray of shape (n,), int64
        ``N_k``: how many points have this one among their k nearest.
    skewness : float
        Of `occurrences`; NaN where all are equal.
    chance : float
        The skewness if every point drew its k neighbours at random.
    orphans : int
        Points that are nobody's neighbour.
    """

    occurrences: NDArray[np.int64]
    skewness: float
    chance: float
    orphans: int


def rank_correlation(
    values: NDArray[np.number], ranks: NDArray[np.number], *, seed: int = 0
) -> RankCorrelation:
    """Measure whether values rise or fall with a rank (Spearman 1904).

    It is Pearson's correlation of the two orders, equal values sharing the mean of their places.
    For the interval (Efron 1979) pairs are drawn anew 1,000 times, or as often as 2^25 drawn
    pairs allow, at least 200 times, and put in order anew each time.

    Parameters
    ----------
    values, ranks : ndarray of shape (n,)
    seed : int

    Returns
    -------
    RankCorrelation

    Raises
    ------
    TooFewError
        For fewer than 10 pairs.
    LexiscopeError
        For NaN or infinity.
    """
    n = len(values)
    if n < PAIRS:
        raise TooFewError(
            f"{n} point{'' if n == 1 else 's'}: too few to say what goes with the rank "
            f"({PAIRS} are needed)"
        )
    if not (np.isfinite(values).all() and np.isfinite(ranks).all()):
        raise LexiscopeError("a rank correlation needs numbers: some are NaN or infinity")
    # Equal values are one level; a resample's orders follow from how many it has of each.
    levels = [np.unique(side, return_inverse=True)[1] for side in (values, ranks)]
    value = _correlation(levels, np.ones(n))
    resamples = max(FEWEST_RESAMPLES, min(RESAMPLES, DRAWS // n))
    if not np.isfinite(value):
        return RankCorrelation(value, float("nan"), float("nan"), resamples)
    rng = np.random.default_rng(seed)
    drawn = [
        _correlation(levels, np.bincount(rng.integers(n, size=n), minlength=n).astype(np.float64))
        for _ in range(resamples)
    ]
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return RankCorrelation(value, float(low), float(high), resamples)


def _correlation(levels: list[NDArray[np.int64]], weights: NDArray[np.float64]) -> float:
    """Return the rank correlation of points that are there as often as their weights say."""
    total = weights.sum()
    centred = []
    for level in levels:
        counts = np.bincount(level, weights)
        places = np.cumsum(counts) - (counts - 1) / 2
        centred.append(places[level] - (total + 1) / 2)
    a, b = centred
    weighted = weights * a
    spread = float(np.sqrt((weighted @ a) * ((weights * b) @ b)))
    return float(weighted @ b) / spread if spread > 0 else float("nan")


def hubness(neighbors: NDArray[np.integer]) -> Hubness:
    """Count how often points are neighbours, and measure how unequal the counts are.

    ``N_k(x)`` is the number of points that have x among their k nearest, k on average; its
    skewness ``E[(N_k - k)^3] / sd^3`` says how much a few points, hubs, are neighbours of very
    many (Radovanović, Nanopoulos & Ivanović 2010). If every point drew its k neighbours at
    random, ``N_k`` were binomial with n - 1 trials and ``p = k / (n - 1)``, and its skewness
    ``(1 - 2p) / sqrt((n - 1) p (1 - p))``.

    Parameters
    ----------
    neighbors : ndarray of shape (n, k), int
        Every point's k nearest, itself left out.

    Returns
    -------
    Hubness

    Raises
    ------
    TooFewError
        For fewer than 3 k points, where most are neighbours of most.
    """
    n, k = neighbors.shape
    if n < max(3 * k, PAIRS):
        raise TooFewError(
            f"{n} point{'' if n == 1 else 's'}: too few to say who is near to many "
            f"({max(3 * k, PAIRS)} are needed for {k} neighbours each)"
        )
    occurrences = np.bincount(neighbors.ravel(), minlength=n)
    apart = occurrences - occurrences.mean()
    variance = float((apart**2).mean())
    p = k / (n - 1)
    return Hubness(
        occurrences=occurrences,
        skewness=float((apart**3).mean()) / variance**1.5 if variance else float("nan"),
        chance=(1 - 2 * p) / ((n - 1) * p * (1 - p)) ** 0.5,
        orphans=int((occurrences == 0).sum()),
    )


def rank_bins(values: NDArray[np.number], ranks: NDArray[np.number], most: int = BINS) -> list[Bin]:
    """Return the quartiles of values in stretches of the ranks with equally many points.

    Parameters
    ----------
    values, ranks : ndarray of shape (n,)
    most : int
        Stretches; fewer of fewer points.

    Returns
    -------
    list of Bin
        By rank.
    """
    found = []
    order = np.argsort(ranks, kind="stable")
    for part in np.array_split(order, min(most, len(order))):
        low, median, high = np.quantile(values[part], [0.25, 0.5, 0.75])
        first, last = int(ranks[part[0]]), int(ranks[part[-1]])
        found.append(Bin(first, last, float(median), float(low), float(high)))
    return found

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
# Standard errors above chance, sqrt(6 / n) each, from which hubs are marked.
CLEARLY = 5


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
    low, high : float
        95 % interval of the skewness, see `skewness_interval`; NaN where all are equal.
    chance : float
        The skewness if every point drew its k neighbours at random.
    orphans : int
        Points that are nobody's neighbour.
    """

    occurrences: NDArray[np.int64]
    skewness: float
    low: float
    high: float
    chance: float
    orphans: int

    @property
    def threshold(self) -> float:
        """Skewness from which hubs are marked: 5 standard errors, ``sqrt(6 / n)``, above chance."""
        return self.chance + CLEARLY * float((6 / len(self.occurrences)) ** 0.5)

    @property
    def unsure(self) -> bool:
        """Whether the skewness may lie on either side of the threshold."""
        return self.low <= self.threshold <= self.high

    @property
    def marked(self) -> bool:
        """Whether hubs are marked for sure."""
        return self.skewness > self.threshold and not self.unsure


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


def hubness(neighbors: NDArray[np.integer], *, seed: int = 0) -> Hubness:
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
    seed : int
        Draws the interval.

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
    values, counts = np.unique(occurrences, return_counts=True)
    low, high = skewness_interval(values, counts, seed=seed)
    p = k / (n - 1)
    return Hubness(
        occurrences=occurrences,
        skewness=float(_skewness(values, counts)[0]),
        low=low,
        high=high,
        chance=(1 - 2 * p) / ((n - 1) * p * (1 - p)) ** 0.5,
        orphans=int((occurrences == 0).sum()),
    )


def skewness_interval(
    values: NDArray[np.integer],
    counts: NDArray[np.integer],
    *,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> tuple[float, float]:
    """Return the studentized bootstrap interval of a skewness (Hall 1988).

    The n values are drawn anew, the skewness g and its standard error s are computed again, and
    with the quantiles q of ``(g* - g) / s*`` the interval is from ``g - q_high s`` to
    ``g - q_low s`` (*Theoretical Comparison of Bootstrap Confidence Intervals*, Ann. Stat.). The
    standard error is that of the skewness's influence function ``z^3 - 3z - g - 3/2 g (z^2 - 1)``,
    z being the standardized values.

    What skewness there is in a heavy tail hangs on a few values that a sample may not have, so
    there it is an interval that is too low: of 300 samples each of 500, 3,000 and 30,000
    counts with the mean 10, it held the true skewness of binomial counts (0.31) 95 %, 94 % and
    95 % of the time; of negative binomial ones with a skewness of 0.91 94 %, 96 % and 95 %, of
    2.83 80 %, 92 % and 95 %; of Poisson counts whose logarithmic rates are Gaussian with a
    skewness of 0.77 92 %, 96 % and 92 %, of 2.01 83 %, 88 % and 91 %, of 5.90 47 %, 71 % and
    77 %, always missing it above. The jackknife and the percentile bootstrap miss more. Near the
    threshold of marked hubs, which such skewnesses leave far below, it holds what it says. Of the
    10 nearest of 500 Gaussian points in 5, 10 and 30 dimensions, whose counts depend on one
    another, it held the mean skewness of 300 such samples in 92 %, 94 % and 93 % of them.

    Parameters
    ----------
    values : ndarray of shape (m,), int
        Different ones.
    counts : ndarray of shape (m,), int
        How often each is there; n together.
    level : float
        In (0, 1).
    resamples : int
    seed : int

    Returns
    -------
    low, high : float
        NaN where all values are equal.
    """
    if len(values) < 2:
        return float("nan"), float("nan")
    n = counts.sum()
    (skewness,), (error,) = _skewness(values, counts), _skewness_error(values, counts)
    rng = np.random.default_rng(seed)
    ratios = []
    part = max(1, 2**22 // len(values))
    for start in range(0, resamples, part):
        drawn = rng.multinomial(n, counts / n, size=min(part, resamples - start))
        drawn = drawn[(drawn > 0).sum(axis=1) > 1]  # of one value there is no skewness
        ratios.append((_skewness(values, drawn) - skewness) / _skewness_error(values, drawn))
    low, high = np.quantile(np.concatenate(ratios), [(1 - level) / 2, (1 + level) / 2])
    return float(skewness - high * error), float(skewness - low * error)


def _standardized(
    values: NDArray[np.integer], counts: NDArray[np.integer]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the shares of the values in each of some samples, (s, m), and their z-scores."""
    counts = np.atleast_2d(counts)
    shares = counts / counts.sum(axis=1, keepdims=True)
    apart = values - (shares * values).sum(axis=1, keepdims=True)
    spread = np.sqrt((shares * apart**2).sum(axis=1, keepdims=True))
    return shares, apart / np.where(spread > 0, spread, np.nan)


def _skewness(values: NDArray[np.integer], counts: NDArray[np.integer]) -> NDArray[np.float64]:
    """Return the skewness of each of some samples; NaN where all values are equal."""
    shares, z = _standardized(values, counts)
    return np.asarray((shares * z**3).sum(axis=1))


def _skewness_error(
    values: NDArray[np.integer], counts: NDArray[np.integer]
) -> NDArray[np.float64]:
    shares, z = _standardized(values, counts)
    skewness = (shares * z**3).sum(axis=1, keepdims=True)
    influence = z**3 - 3 * z - skewness - 1.5 * skewness * (z**2 - 1)
    n = np.atleast_2d(counts).sum(axis=1)
    return np.asarray(np.sqrt((shares * influence**2).sum(axis=1) / n))


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

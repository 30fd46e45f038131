"""Groups: whether tokens of one sort are nearer to one another than to the rest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lexiscope.errors import LexiscopeError, TooFewError
from lexiscope.measure.evidence import RESAMPLES, bootstrap_interval, monte_carlo_interval

PERMUTATIONS = 9999
# Of three members the lower end of a 95 % interval would be the least gathered one itself, drawn
# three times: that has a chance of 1 in 27, more than 2.5 %. Of four it has one of 1 in 256.
MEMBERS = 4
# Neighbours looked up for one group's permutations, about a second's worth. Groups for which all
# permutations would take more have fewer.
AFFORDABLE = 1e8
FEWER = 999


@dataclass(frozen=True, eq=False)
class Gathering:
    """How much the members of a group have one another as neighbours.

    Attributes
    ----------
    share : float
        Mean share of a member's k nearest neighbours that are members too, in [0, 1].
    chance : float
        What it is on average for as many points drawn at random: ``(m - 1) / (n - 1)``.
    possible : float
        The most it can be, ``min(1, (m - 1) / k)``: a group of seven has six others to be near.
    lift : float
        ``share / chance``.
    low, high : float
        95 % bootstrap interval of the share, the members drawn anew; NaN for fewer than 5.
    p : float
        Share of random groups of the same size that gather as much, this one counted with them.
    p_low, p_high : float
        95 % interval of that share among all groups of the size (`monte_carlo_interval`).
    permutations : int
        How many random groups were drawn.
    shares : ndarray of shape (m,), float64
        The share of every member, in their order.
    """

    share: float
    chance: float
    possible: float
    lift: float
    low: float
    high: float
    p: float
    p_low: float
    p_high: float
    permutations: int
    shares: NDArray[np.float64]


def gathering(
    indices: NDArray[np.int32],
    members: NDArray[np.int64],
    *,
    permutations: int = PERMUTATIONS,
    resamples: int = RESAMPLES,
    seed: int = 0,
    null: NDArray[np.int64] | None = None,
) -> Gathering:
    """Measure whether the members of a group have one another as nearest neighbours.

    With ``N(i)`` the k nearest neighbours of point i and G the m members, the share is the mean
    over i in G of ``|N(i) ∩ G| / k``: the neighbour purity of single-cell analysis, and the
    nearest-neighbour statistic T of Schilling (1986) and Henze (1988) for one group alone.

    The null hypothesis is that G is any m of the n points. Each neighbour of a member is then a
    member with the probability ``(m - 1) / (n - 1)``, also where some points are neighbours of
    very many (hubs): these change how much the share varies from group to group, which the
    permutations follow as they keep the graph, but not its mean. With c of R random groups
    gathering at least as much, ``p = (1 + c) / (1 + R)`` (Phipson & Smyth 2010), one-sided; it
    cannot be smaller than ``1 / (1 + R)``. The null says nothing of groups like this one: that
    words of one frequency or one spelling gather shows in p as well.

    The interval says how much the share depends on which members there are. It takes them for
    independent, though near ones share their neighbours.

    Parameters
    ----------
    indices : ndarray of shape (n, k), int32
        A neighbour graph, no point its own neighbour.
    members : ndarray of shape (m,), int64
        Different points.
    permutations : int
        R; of large groups fewer, see `random_counts`.
    resamples : int
    seed : int
    null : ndarray of shape (R,), int64, optional
        What `random_counts` gave for m members, where several groups are measured.

    Returns
    -------
    Gathering

    Raises
    ------
    TooFewError
        For fewer than 4 members, or when all points are members.
    LexiscopeError
        For members that are no points, or given twice.
    """
    (n, k), m = indices.shape, len(members)
    if m < MEMBERS:
        raise TooFewError(f"{m} members: too few to say whether they gather ({MEMBERS} are needed)")
    if len(np.unique(members)) < m or members.min() < 0 or members.max() >= n:
        raise LexiscopeError(f"members: give different numbers from 0 to {n - 1:,}")
    if m == n:
        raise TooFewError(f"all {n:,} points: none are left to compare them with")
    inside = np.zeros(n, dtype=bool)
    inside[members] = True
    held = inside[indices[members]].sum(axis=1)
    shares = held / k
    low, high = bootstrap_interval(shares, resamples=resamples, seed=seed)
    if null is None:
        null = random_counts(indices, [m], permutations=permutations, seed=seed)[m]
    as_much = int((null >= held.sum()).sum())
    p_low, p_high = monte_carlo_interval(as_much, len(null))
    share, chance = float(shares.mean()), (m - 1) / (n - 1)
    return Gathering(
        share=share,
        chance=chance,
        possible=min(1.0, (m - 1) / k),
        lift=share / chance,
        low=low,
        high=high,
        p=(1 + as_much) / (1 + len(null)),
        p_low=p_low,
        p_high=p_high,
        permutations=len(null),
        shares=shares,
    )


def random_counts(
    indices: NDArray[np.int32],
    sizes: Iterable[int],
    *,
    permutations: int = PERMUTATIONS,
    fewer: int = FEWER,
    seed: int = 0,
) -> dict[int, NDArray[np.int64]]:
    """Count the neighbours within groups drawn at random from the n points.

    Parameters
    ----------
    indices : ndarray of shape (n, k), int32
    sizes : iterable of int
        Numbers of members m, in [1, n - 1].
    permutations : int
        Groups drawn of each size.
    fewer : int
        At most so many of a size of which `permutations` would take more than 1e8 lookups,
        ``permutations * min(m, n - m) * k``.
    seed : int

    Returns
    -------
    dict of int to ndarray of shape (R,), int64
        For each size how often a member's neighbour is a member, summed over the members.
    """
    n, k = indices.shape
    asked = sorted(set(sizes))
    costly = [m for m in asked if permutations * min(m, n - m) * k > AFFORDABLE]
    quick = [m for m in asked if m not in costly]
    return {
        **_nested_counts(indices, quick, permutations, seed),
        **_nested_counts(indices, costly, min(permutations, fewer), seed),
    }


def _nested_counts(
    indices: NDArray[np.int32], sizes: list[int], permutations: int, seed: int
) -> dict[int, NDArray[np.int64]]:
    """Count for all sizes at once: the groups of a permutation are the first of one order."""
    if not sizes:
        return {}
    n, k = indices.shape
    rng = np.random.default_rng(seed)
    # Of groups of more than half of the points, those outside are drawn: what lies within is all
    # but what begins or ends outside.
    ends = np.array([min(m, n - m) for m in sizes]) - 1
    large = np.array([m > n - m for m in sizes])
    popularity = np.bincount(indices.ravel(), minlength=n)
    most = int(ends.max()) + 1
    order = np.arange(most)
    place = np.full(n, most)
    counts = np.empty((permutations, len(sizes)), dtype=np.int64)
    for count in counts:
        drawn = rng.choice(n, most, replace=False)
        place[drawn] = order
        # A point and its neighbour are both within the groups that reach the later of the two.
        later = np.maximum(place.take(indices.take(drawn, axis=0)), order[:, None])
        place[drawn] = most
        within = np.bincount(later.ravel(), minlength=most + 1).cumsum()[ends]
        touched = k * (ends + 1) + popularity[drawn].cumsum()[ends] - within
        count[:] = np.where(large, n * k - touched, within)
    return dict(zip(sizes, counts.T, strict=True))

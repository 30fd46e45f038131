"""Word senses: how well those of a word's occurrences are found again from its vectors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lexiscope.measure.agreement import (
    BLOCK,
    Codes,
    Doubles,
    adjusted_mutual_information,
    macro_f1,
)
from lexiscope.measure.evidence import finite, monte_carlo_interval
from lexiscope.measure.sense_labels import Labels
from lexiscope.measure.separation import TIE, highest, nearest, silhouettes
from lexiscope.neighbors import normalize

# A mean is known well from fewer shuffles than a p-value.
LEVEL_SHUFFLES = 100
RESTARTS = 10
# Digits of a silhouette that are the same on every processor, given the same vectors; layers that
# differ by less are equal.
DIGITS = 9


@dataclass(frozen=True, eq=False)
class Recovery:
    """How well the senses of a word are found again from its vectors, at one layer.

    Attributes
    ----------
    neighbor_accuracy : float
        Share of occurrences whose nearest other (with a split: nearest train) occurrence in
        another text has their sense, in [0, 1].
    centroid_accuracy : float
        Share of occurrences nearest to the mean of their own sense, in [0, 1].
    macro_f1 : float
        Mean over senses of the F1 of those centroids, in [0, 1]. The micro F1 is
        `centroid_accuracy`, as every occurrence is given exactly one sense.
    silhouette : float
        Mean silhouette with cosine distance, in [-1, 1].
    ami : float
        Adjusted mutual information (Vinh, Epps & Bailey 2010) of the senses with k-means
        clusters that know nothing of them; 0 by chance, 1 when they are the same.
    shuffled_neighbor : ndarray of shape (n_shuffles,), float64
        `neighbor_accuracy` with the senses shuffled.
    shuffled_centroid, shuffled_macro_f1, shuffled_silhouette, shuffled_ami : ndarray of float64
        The others with the senses shuffled, of shape (min(n_shuffles, 100),). What always saying
        the most frequent sense would reach is `Labels.majority` and `Labels.majority_macro_f1`;
        that has an adjusted mutual information of 0, and no silhouette.
    """

    neighbor_accuracy: float
    centroid_accuracy: float
    macro_f1: float
    silhouette: float
    ami: float
    shuffled_neighbor: Doubles
    shuffled_centroid: Doubles
    shuffled_macro_f1: Doubles
    shuffled_silhouette: Doubles
    shuffled_ami: Doubles


def recovery(
    vectors: NDArray[np.floating], labels: Labels, dealt: Codes, *, seed: int = 0
) -> Recovery:
    """Measure how well the senses of a word are found again, at one layer.

    All by cosine similarity. The nearest occurrence is looked for in other texts, for two of one
    text are alike without any sense. The means of senses are of vectors of length 1 and, where each
    occurrence is left out in turn, without the one that is looked for: of a sense with the sum
    ``S`` and an occurrence ``u`` of it, ``S - u``. Taking it out moves its own sense away from
    it, so where senses do not matter this accuracy lies below 1 / senses; what it is then is
    what `Recovery.shuffled_centroid` is for. Others of its text stay in the means, there and in
    the shuffles, where they hold together too. Equal cosines are decided by the lot.

    The clusters are of k-means on vectors of length 1 with as many clusters as senses, the best
    of 10 starts.

    Parameters
    ----------
    vectors : ndarray of shape (n, dim), float
        Of ``labels.rows``, in their order.
    labels : Labels
    dealt : ndarray of shape (n_shuffles, n), int
        The senses shuffled, of `deal`.
    seed : int
        Of the lot and the starts of k-means.

    Returns
    -------
    Recovery

    Raises
    ------
    LexiscopeError
        For NaN or infinity.
    """
    unit = normalize(finite(vectors)).astype(np.float64)
    clusters = _clusters(unit, len(labels.names), seed)
    if len(unit) < unit.shape[1]:  # in the space they span, points have the same cosines
        _, upper = np.linalg.qr(unit.T)
        unit = np.ascontiguousarray(upper.T)
    rng = np.random.default_rng(seed)
    code, scored = labels.code, labels.scored
    near = nearest(unit, scored, labels.known, labels.text, rng)
    height = max(1, BLOCK // len(scored))
    hits = [
        (part[:, near] == part[:, scored]).mean(axis=1)
        for part in np.split(dealt, range(height, len(dealt), height))
    ]
    # The true senses first, then shuffled ones.
    some = np.concatenate([code[None], dealt[:LEVEL_SHUFFLES]])
    found = np.concatenate(list(_nearest_centroids(unit, labels, some, rng)))
    right = (found == some[:, scored]).mean(axis=1)
    f1 = macro_f1(some[:, scored], found, len(labels.names))
    silhouette = silhouettes(unit, some)
    ami = adjusted_mutual_information(some, clusters)
    return Recovery(
        neighbor_accuracy=float((code[near] == code[scored]).mean()),
        centroid_accuracy=float(right[0]),
        macro_f1=float(f1[0]),
        silhouette=float(silhouette[0]),
        ami=float(ami[0]),
        shuffled_neighbor=np.concatenate(hits),
        shuffled_centroid=right[1:],
        shuffled_macro_f1=f1[1:],
        shuffled_silhouette=silhouette[1:],
        shuffled_ami=ami[1:],
    )


class Best(NamedTuple):
    """The layer that tells a word's senses apart best, and how likely chance does as well.

    Attributes
    ----------
    layer : int
        Its place among the layers.
    p : float
        In (0, 1]; one-sided.
    low, high : float
        95 % interval of p among all shuffles (`monte_carlo_interval`).
    """

    layer: int
    p: float
    low: float
    high: float


def best_layer(layers: Sequence[Recovery]) -> Best:
    """Choose the layer that tells senses apart best, and say how likely chance does as well.

    The best has the highest nearest-neighbour accuracy; among equals the highest silhouette, and
    among equals in that the first.
    The best of several layers is better than one by chance too, so it is compared with the
    best layer of every shuffle (the maximum statistic of Westfall & Young 1993): with c of R
    shuffles as good at any layer, ``p = (1 + c) / (1 + R)``.

    Parameters
    ----------
    layers : sequence of Recovery
        All of the same `Labels`, dealt out the same.

    Returns
    -------
    Best
    """
    ranks = [(each.neighbor_accuracy, round(each.silhouette, DIGITS)) for each in layers]
    best = ranks.index(max(ranks))
    shuffled = np.max([each.shuffled_neighbor for each in layers], axis=0)
    as_good = int((shuffled >= ranks[best][0] - TIE).sum())
    low, high = monte_carlo_interval(as_good, len(shuffled))
    return Best(best, (1 + as_good) / (1 + len(shuffled)), low, high)


def _nearest_centroids(
    unit: Doubles, labels: Labels, codes: Codes, rng: np.random.Generator
) -> Iterator[Codes]:
    """Yield the nearest sense of what is scored, for a block of rows of codes at a time."""
    senses = np.arange(len(labels.names))[:, None]
    known, scored = unit[labels.known], unit[labels.scored]
    itself = (scored**2).sum(axis=1)
    height = max(1, BLOCK // (len(senses) * max(unit.shape)))
    for start in range(0, len(codes), height):
        part = codes[start : start + height]
        member = (part[:, None, labels.known] == senses).astype(np.float64)
        sums = member @ known
        products = sums @ scored.T
        squares = np.broadcast_to((sums**2).sum(axis=2)[..., None], products.shape)
        if not labels.split:  # what is scored is what is known: each is taken out of its own
            squares = squares - member * (2 * products - itself)
            products = products - member * itself
        lengths = np.sqrt(np.maximum(squares, 0))
        cosines = products / np.where(lengths > TIE, lengths, 1)
        cosines[member.sum(axis=2) == 0] = -np.inf  # a sense that train does not have
        yield highest(cosines.swapaxes(1, 2), rng)


def _clusters(unit: Doubles, senses: int, seed: int) -> Codes:
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    rounded = unit.round(6)
    different = len(np.unique(rounded, axis=0))
    means = KMeans(min(senses, different), n_init=RESTARTS, random_state=seed)
    # Of so few points threads wait for one another longer than they work.
    with threadpool_limits(1):
        return np.asarray(means.fit_predict(rounded), dtype=np.int64)

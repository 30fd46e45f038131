"""Word senses: how far apart the occurrences of one word lie, by their labelled sense."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lexiscope.errors import LexiscopeError, TooFewError
from lexiscope.measure.evidence import finite
from lexiscope.neighbors import normalize

FEWEST = 5
SHUFFLES = 999
# A mean is known well from fewer shuffles than a p-value.
CENTROID_SHUFFLES = 100
# Cosines that differ by less are equal: single precision carries no more. A model without
# position embeddings gives one word the very same vector everywhere at layer 0.
TIE = 1e-6
# Numbers held at once by what goes over blocks: 8 MB in double precision.
BLOCK = 2**20
RESTARTS = 10

Codes = NDArray[np.int64]
Doubles = NDArray[np.float64]


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


@dataclass(frozen=True, eq=False)
class Labels:
    """The senses of one word's occurrences, and the same senses dealt out anew.

    Attributes
    ----------
    names : tuple of str, length n_senses
    rows : ndarray of shape (n,), int64
        Which of the occurrences given are used.
    codes : ndarray of shape (1 + shuffles, n), int64
        The sense of every occurrence used: row 0 as it is, the others shuffled.
    scored, known : ndarray of int64
        Numbers in ``[0, n)`` of the occurrences whose sense is looked for, and of those whose
        sense is known. Both are all of them where an occurrence is left out of what is known
        in its own turn (leave-one-out).
    split : bool
        Whether what is scored and what is known are apart (test and train).
    rare : int
        Occurrences left out because their sense has too few.
    """

    names: tuple[str, ...]
    rows: Codes
    codes: Codes
    scored: Codes
    known: Codes
    split: bool
    rare: int

    @property
    def counts(self) -> dict[str, int]:
        """Occurrences used, by sense."""
        each = np.bincount(self.codes[0], minlength=len(self.names))
        return dict(zip(self.names, each.tolist(), strict=True))

    @property
    def majority(self) -> float:
        """Share of what is scored that has the most frequent sense of what is known."""
        usual = np.bincount(self.codes[0, self.known]).argmax()
        return float((self.codes[0, self.scored] == usual).mean())


@dataclass(frozen=True, eq=False)
class Recovery:
    """How well the senses of a word are found again from its vectors, at one layer.

    Attributes
    ----------
    neighbor_accuracy : float
        Share of occurrences whose nearest other (with a split: nearest train) occurrence has
        their sense, in [0, 1].
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
    shuffled_neighbor : ndarray of shape (shuffles,), float64
        `neighbor_accuracy` with the senses shuffled.
    shuffled_centroid : ndarray of shape (min(shuffles, 100),), float64
        `centroid_accuracy` with the senses shuffled.
    """

    neighbor_accuracy: float
    centroid_accuracy: float
    macro_f1: float
    silhouette: float
    ami: float
    shuffled_neighbor: Doubles
    shuffled_centroid: Doubles


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
    near = _nearest(unit, everyone, everyone, np.random.default_rng(0))
    return Separation(
        within=float((inside - (unit**2).sum()) / (counts * (counts - 1)).sum()),
        between=float(((sums.sum(axis=0) ** 2).sum() - inside) / (n**2 - (counts**2).sum())),
        accuracy=float((code[near] == code).mean()),
        chance=float(counts.max() / n),
        silhouette=_silhouette(unit, code),
    )


def sense_labels(
    senses: Sequence[str | None],
    split: Sequence[str | None] | None = None,
    *,
    shuffles: int = SHUFFLES,
    seed: int = 0,
) -> Labels:
    """Choose which occurrences of a word are scored, and shuffle their senses.

    A split is followed where the word has occurrences of both ``"train"`` and ``"test"``, as
    in Loureiro et al. (2021): senses are learned from train and looked for in test, and other
    occurrences (``"dev"``) are left alone. Otherwise each is left out in turn. An occurrence
    whose sense cannot be learned is left out, for it says nothing of the vectors that it is
    not found: with a split, when train does not have its sense; else, when it is the only one.

    Senses are shuffled among what is known and among what is scored, so that each keeps as
    many of every sense.

    Parameters
    ----------
    senses : sequence of str or None, length n_occurrences
        None where there is no label.
    split : sequence of str or None, optional
    shuffles : int
    seed : int

    Returns
    -------
    Labels

    Raises
    ------
    TooFewError
        With fewer than two senses that can be learned, or fewer than 5 occurrences to score.
    """
    sense = np.asarray(senses, dtype=object)
    given = np.array([each is not None for each in senses], dtype=bool)
    part = np.asarray(split if split is not None else [None] * len(sense), dtype=object)
    train, test = given & (part == "train"), given & (part == "test")
    apart = bool(train.any() and test.any())
    if not apart:
        train = test = given
    names, counts = np.unique(sense[train].astype(str), return_counts=True)
    names = names[counts >= (1 if apart else 2)]
    learned = np.isin(sense.astype(str), names)
    rows = np.flatnonzero((train | test) & learned)
    everyone = np.arange(len(rows))
    scored, known = everyone[test[rows]], everyone[train[rows]]
    if len(names) < 2 or len(scored) < FEWEST:
        each = "in train" if apart else "with 2 each"
        raise TooFewError(
            f"{len(scored):,} occurrence(s) with {len(names)} known sense(s): too few to say "
            f"whether senses lie apart ({FEWEST} of 2 senses {each} are needed)"
        )
    code = np.searchsorted(names, sense[rows].astype(str))
    rng = np.random.default_rng(seed)
    codes = np.tile(code, (1 + shuffles, 1))
    for among in (known, scored) if apart else (everyone,):
        codes[1:, among] = rng.permuted(codes[1:, among], axis=1)
    rare = int(((train | test) & ~learned).sum())
    return Labels(tuple(names.tolist()), rows, codes, scored, known, apart, rare)


def recovery(vectors: NDArray[np.floating], labels: Labels, *, seed: int = 0) -> Recovery:
    """Measure how well the senses of a word are found again, at one layer.

    All by cosine similarity. The means of senses are of vectors of length 1 and, where each
    occurrence is left out in turn, without the one that is looked for: of a sense with the sum
    ``S`` and an occurrence ``u`` of it, ``S - u``. Taking it out moves its own sense away from
    it, so where senses do not matter this accuracy lies below 1 / senses; what it is then is
    what `Recovery.shuffled_centroid` is for. Equal cosines are decided by the lot.

    The clusters are of k-means on vectors of length 1 with as many clusters as senses, the best
    of 10 starts.

    Parameters
    ----------
    vectors : ndarray of shape (n, dim), float
        Of ``labels.rows``, in their order.
    labels : Labels
    seed : int

    Returns
    -------
    Recovery

    Raises
    ------
    LexiscopeError
        For NaN or infinity.
    """
    from sklearn.metrics import adjusted_mutual_info_score

    unit = normalize(finite(vectors)).astype(np.float64)
    rng = np.random.default_rng(seed)
    code, scored = labels.codes[0], labels.scored
    near = _nearest(unit, scored, labels.known, rng)
    hits = (labels.codes[:, near] == labels.codes[:, scored]).mean(axis=1)
    some = labels.codes[: 1 + CENTROID_SHUFFLES]
    found = np.concatenate(list(_nearest_centroids(unit, labels, some, rng)))
    right = (found == some[:, scored]).mean(axis=1)
    return Recovery(
        neighbor_accuracy=float(hits[0]),
        centroid_accuracy=float(right[0]),
        macro_f1=_macro_f1(code[scored], found[0], len(labels.names)),
        silhouette=_silhouette(unit, code),
        ami=float(adjusted_mutual_info_score(code, _clusters(unit, len(labels.names), seed))),
        shuffled_neighbor=hits[1:],
        shuffled_centroid=right[1:],
    )


def best_layer(layers: Sequence[Recovery]) -> tuple[int, float]:
    """Choose the layer that tells senses apart best, and say how likely chance does as well.

    The best has the highest nearest-neighbour accuracy; among equals the highest silhouette.
    The best of several layers is better than one by chance too, so it is compared with the
    best layer of every shuffle (the maximum statistic of Westfall & Young 1993): with c of R
    shuffles as good at any layer, ``p = (1 + c) / (1 + R)``.

    Parameters
    ----------
    layers : sequence of Recovery
        All of the same `Labels`.

    Returns
    -------
    best : int
        Position in the sequence.
    p : float
        In (0, 1]; one-sided.
    """
    ranks = [(each.neighbor_accuracy, each.silhouette) for each in layers]
    best = ranks.index(max(ranks))
    shuffled = np.max([each.shuffled_neighbor for each in layers], axis=0)
    as_good = (shuffled >= ranks[best][0] - TIE).sum()
    return best, float((1 + as_good) / (1 + len(shuffled)))


def _nearest(unit: Doubles, scored: Codes, known: Codes, rng: np.random.Generator) -> Codes:
    """Return for every point scored its nearest known one, itself left out."""
    near = np.empty(len(scored), dtype=np.int64)
    height = max(1, BLOCK // len(known))
    for start in range(0, len(scored), height):
        part = scored[start : start + height]
        alike = unit[part] @ unit[known].T
        alike[part[:, None] == known[None, :]] = -np.inf
        near[start : start + height] = known[_highest(alike, rng)]
    return near


def _highest(values: Doubles, rng: np.random.Generator) -> Codes:
    """Return where the last axis is highest, by the lot among equals."""
    highest = values >= values.max(axis=-1, keepdims=True) - TIE
    tied = highest.sum(axis=-1) > 1
    found: Codes = highest.argmax(axis=-1)
    found[tied] = (highest[tied] * (1 + rng.random(highest[tied].shape))).argmax(axis=-1)
    return found


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
        yield _highest(cosines.swapaxes(1, 2), rng)


def _macro_f1(truth: Codes, found: Codes, senses: int) -> float:
    """Return the mean F1 over the senses that are there or were found."""
    there, given = (np.bincount(each, minlength=senses) for each in (truth, found))
    right = np.bincount(truth[truth == found], minlength=senses)
    either = there + given > 0
    return float((2 * right[either] / (there + given)[either]).mean())


def _silhouette(unit: Doubles, code: Codes) -> float:
    """Return the mean silhouette; see `separation`."""
    counts, everyone = np.bincount(code), np.arange(len(code))
    # The distances to the points of a label add up to their number less one product.
    sums = counts - unit @ (np.eye(len(counts))[code].T @ unit).T
    own = counts[code]
    # A point's distance to itself is 0, but 1 for a vector of zeros.
    itself = 1 - (unit**2).sum(axis=1)
    a = (sums[everyone, code] - itself) / np.maximum(own - 1, 1)
    means = sums / counts
    means[everyone, code] = np.inf
    b = means.min(axis=1)
    larger = np.maximum(a, b)
    fair = (own > 1) & (larger > TIE)
    return float(np.where(fair, (b - a) / np.where(fair, larger, 1), 0.0).mean())


def _clusters(unit: Doubles, senses: int, seed: int) -> Codes:
    from sklearn.cluster import KMeans

    rounded = unit.round(6)
    different = len(np.unique(rounded, axis=0))
    means = KMeans(min(senses, different), n_init=RESTARTS, random_state=seed)
    return np.asarray(means.fit_predict(rounded), dtype=np.int64)

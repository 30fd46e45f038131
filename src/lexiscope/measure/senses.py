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
# So many that p corrected for 200 words can still be small.
SHUFFLES = 9999
# A mean is known well from fewer shuffles than a p-value.
CENTROID_SHUFFLES = 100
# Cosines that differ by less are equal: single precision carries no more. A model without
# position embeddings gives one word the very same vector everywhere at layer 0.
TIE = 1e-6
# Numbers held at once by what goes over blocks: 8 MB in double precision.
BLOCK = 2**20
RESTARTS = 10

Codes = NDArray[np.integer]
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
    """The senses of one word's occurrences, and which of these are looked for among which.

    Attributes
    ----------
    names : tuple of str, length n_senses
    rows : ndarray of shape (n,), int64
        Which of the occurrences given are used.
    code : ndarray of shape (n,), the smallest unsigned integer that holds n_senses
        The sense of every occurrence used.
    text : ndarray of shape (n,), int64
        The text of every occurrence used.
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
    code: Codes
    text: Codes
    scored: Codes
    known: Codes
    split: bool
    rare: int

    @property
    def counts(self) -> dict[str, int]:
        """Occurrences used, by sense."""
        each = np.bincount(self.code, minlength=len(self.names))
        return dict(zip(self.names, each.tolist(), strict=True))

    @property
    def majority(self) -> float:
        """Share of what is scored that has the most frequent sense of what is known."""
        usual = np.bincount(self.code[self.known]).argmax()
        return float((self.code[self.scored] == usual).mean())


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
    shuffled_centroid : ndarray of shape (min(n_shuffles, 100),), float64
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
    near = _nearest(unit, everyone, everyone, everyone, np.random.default_rng(0))
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
    texts: Sequence[int] | NDArray[np.integer] | None = None,
) -> Labels:
    """Choose which occurrences of a word are scored, and among which their sense is looked for.

    A split is followed where the word has occurrences of both train and test, as in Loureiro et
    al. (2021): senses are learned from train and looked for in test, and other occurrences
    ("dev") are left alone. A test occurrence whose sense train does not have counts as wrong.
    Without a split each is left out in turn, and those of a sense that stands in one text only
    are left out altogether: nothing else has their sense, whatever their vectors.

    Parameters
    ----------
    senses : sequence of str or None, length n_occurrences
        None where there is no label.
    split : sequence of str or None, optional
        "train" or "training", and "test", in any case.
    texts : sequence of int, optional
        Numbers of the texts that the occurrences stand in; without it, each in its own.

    Returns
    -------
    Labels

    Raises
    ------
    TooFewError
        With fewer than two senses that can be learned, or fewer than 5 occurrences to score.
    """
    sense = np.asarray(senses, dtype=object)
    text = np.arange(len(sense)) if texts is None else np.asarray(texts)
    given = np.array([each is not None for each in senses], dtype=bool)
    parts = [str(each).strip().lower() for each in split] if split is not None else []
    train, test = (
        given & (np.isin(parts, names) if parts else False)
        for names in (["train", "training"], ["test"])
    )
    apart = bool(train.any() and test.any())
    if not apart:
        train = test = given
    known_names, number = np.unique(sense[train].astype(str), return_inverse=True)
    if not apart:  # those of one text have no other to be found by
        pairs = np.unique(np.stack([number, text[train]]), axis=1)
        known_names = known_names[np.bincount(pairs[0], minlength=len(known_names)) >= 2]
    used = (train | test) & (apart | np.isin(sense.astype(str), known_names))
    rows = np.flatnonzero(used)
    everyone = np.arange(len(rows))
    scored, known = everyone[test[rows]], everyone[train[rows]]
    if len(known_names) < 2 or len(scored) < FEWEST:
        each = "in train" if apart else "in 2 texts each"
        raise TooFewError(
            f"{len(scored):,} occurrence(s) with {len(known_names)} known sense(s): too few to say "
            f"whether senses lie apart ({FEWEST} of 2 senses {each} are needed)"
        )
    names, code = np.unique(sense[rows].astype(str), return_inverse=True)
    return Labels(
        names=tuple(names.tolist()),
        rows=rows,
        code=code.astype(np.min_scalar_type(len(names) - 1)),
        text=np.unique(text[rows], return_inverse=True)[1],
        scored=scored,
        known=known,
        split=apart,
        rare=int(((train | test) & ~used).sum()),
    )


def deal(labels: Labels, shuffles: int = SHUFFLES, seed: int = 0) -> Codes:
    """Shuffle the senses of a word.

    Occurrences of one text are not independent: they often share their sense, and are alike
    for standing there. So texts hand on the senses of all their occurrences together, to texts
    that hold as many of the word. Senses are shuffled among what is known and among what is
    scored, so that each keeps as many of every sense.

    Parameters
    ----------
    labels : Labels
    shuffles : int
    seed : int

    Returns
    -------
    ndarray of shape (shuffles, n), of the type of ``labels.code``
    """
    rng = np.random.default_rng(seed)
    dealt = np.tile(labels.code, (shuffles, 1))
    for among in (labels.known, labels.scored) if labels.split else (labels.known,):
        for group in _equally_many(labels.text, among):
            senses = labels.code[group]
            height = max(1, BLOCK // group.size)
            for start in range(0, shuffles, height):
                part = dealt[start : start + height]
                order = np.tile(np.arange(len(group)), (len(part), 1))
                shuffled = senses[rng.permuted(order, axis=1, out=order)]
                part[:, group.ravel()] = shuffled.reshape(len(part), -1)
    return dealt


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
    from sklearn.metrics import adjusted_mutual_info_score

    unit = normalize(finite(vectors)).astype(np.float64)
    rng = np.random.default_rng(seed)
    code, scored = labels.code, labels.scored
    near = _nearest(unit, scored, labels.known, labels.text, rng)
    height = max(1, BLOCK // len(scored))
    hits = [
        (part[:, near] == part[:, scored]).mean(axis=1)
        for part in np.split(dealt, range(height, len(dealt), height))
    ]
    some = np.concatenate([code[None], dealt[:CENTROID_SHUFFLES]])
    found = np.concatenate(list(_nearest_centroids(unit, labels, some, rng)))
    right = (found == some[:, scored]).mean(axis=1)
    return Recovery(
        neighbor_accuracy=float((code[near] == code[scored]).mean()),
        centroid_accuracy=float(right[0]),
        macro_f1=_macro_f1(code[scored], found[0], len(labels.names)),
        silhouette=_silhouette(unit, code),
        ami=float(adjusted_mutual_info_score(code, _clusters(unit, len(labels.names), seed))),
        shuffled_neighbor=np.concatenate(hits),
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
        All of the same `Labels`, dealt out the same.

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


def _equally_many(text: Codes, among: Codes) -> Iterator[Codes]:
    """Yield points of texts with equally many of them; shape (n_texts, points of each)."""
    order = among[np.argsort(text[among], kind="stable")]
    size = np.bincount(text[among])[text[order]]
    for many in np.unique(size):
        yield order[size == many].reshape(-1, many)


def _nearest(
    unit: Doubles, scored: Codes, known: Codes, text: Codes, rng: np.random.Generator
) -> Codes:
    """Return for every point scored its nearest known one of another text."""
    near = np.empty(len(scored), dtype=np.int64)
    height = max(1, BLOCK // len(known))
    for start in range(0, len(scored), height):
        part = scored[start : start + height]
        alike = unit[part] @ unit[known].T
        alike[text[part][:, None] == text[known][None, :]] = -np.inf
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
        cosines[member.sum(axis=2) == 0] = -np.inf  # a sense that train does not have
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
    from threadpoolctl import threadpool_limits

    rounded = unit.round(6)
    different = len(np.unique(rounded, axis=0))
    means = KMeans(min(senses, different), n_init=RESTARTS, random_state=seed)
    # Of so few points threads wait for one another longer than they work.
    with threadpool_limits(1):
        return np.asarray(means.fit_predict(rounded), dtype=np.int64)

"""Contextuality: how much a word's vector is of its text rather than of the word."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from lexiscope.errors import TooFewError
from lexiscope.measure.evidence import finite, sample
from lexiscope.neighbors import normalize

# A word is measured in so many texts or more, as in Ethayarajh (2019).
CONTEXTS = 5
WORDS = 2
# A text has something within it with so many occurrences or more, and so many such texts tell.
WITHIN = 3
TEXTS = 5
# What one direction explains is computed of so many occurrences of a word at most.
EXPLAINED = 500
# Random sets of one size, and sizes of which there are some; between them lies a straight line.
# What one direction explains takes longer, and of random sets of a size it hardly varies.
DRAWS = 200
DRAWS_EXPLAINED = 20
SIZES = 24

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Occurrences:
    """Which points belong together, by their word and by their text.

    Attributes
    ----------
    of_words : list of ndarray of int64
        The points of every word.
    words : ndarray of int64
        Those words that stand in 5 texts or more.
    of_texts : list of ndarray of int64
        The points of every text that has 3 or more.
    """

    of_words: list[Codes]
    words: Codes
    of_texts: list[Codes]


@dataclass(frozen=True, eq=False)
class Contextuality:
    """How alike occurrences are at one layer (Ethayarajh 2019).

    Attributes
    ----------
    anisotropy : float
        Mean cosine of all pairs of occurrences of different words, in [-1, 1].
    self_similarity : ndarray of shape (n_words,), float64
        Of every word the mean cosine of its occurrences with one another, in [-1, 1].
    explained : ndarray of shape (n_words,), float64
        Maximum explainable variance of every word, in (0, 1].
    explained_chance : ndarray of shape (n_words,), float64
        What that is for as many occurrences drawn at random.
    explained_error : float
        Standard error of the mean of `explained_chance`.
    within : ndarray of shape (n_texts,), float64
        Of every text the mean cosine of its words with their mean, in [-1, 1].
    within_chance : ndarray of shape (n_texts,), float64
        What that is for as many occurrences drawn at random.
    within_error : float
        Standard error of the mean of `within_chance`; NaN without texts.
    sampled : int
        Words of which `explained` is that of 500 drawn occurrences.
    """

    anisotropy: float
    self_similarity: Doubles
    explained: Doubles
    explained_chance: Doubles
    explained_error: float
    within: Doubles
    within_chance: Doubles
    within_error: float
    sampled: int


def occurrences(words: NDArray[np.integer], texts: NDArray[np.integer]) -> Occurrences:
    """Group points by their word and by their text.

    Parameters
    ----------
    words, texts : ndarray of shape (n_points,), int
        Numbers from 0 on.

    Returns
    -------
    Occurrences

    Raises
    ------
    TooFewError
        With fewer than 2 words that stand in 5 texts.
    """
    of_words = _grouped(words)
    wide = [number for number, each in enumerate(of_words) if len(set(texts[each])) >= CONTEXTS]
    if len(wide) < WORDS:
        raise TooFewError(
            f"{len(words):,} occurrence{'' if len(words) == 1 else 's'}, with {len(wide)} "
            f"word{'' if len(wide) == 1 else 's'} in {CONTEXTS} texts or more: too few to say how "
            f"much words depend on their text ({WORDS} such words are needed)"
        )
    long = [each for each in _grouped(texts) if len(each) >= WITHIN]
    return Occurrences(of_words, np.array(wide), long if len(long) >= TEXTS else [])


def contextuality(
    vectors: NDArray[np.floating], points: Occurrences, *, seed: int = 0
) -> Contextuality:
    """Measure how much the vectors of words are of their texts, at one layer.

    Of a word with the m vectors ``v``, and ``u`` these at length 1 (Ethayarajh 2019):

    - its self-similarity is the mean of ``u_i . u_j`` over ``i != j``, 1 where its text has no
      say. As all products add up to the square of the sum it is
      ``(|sum u|**2 - sum |u|**2) / (m (m - 1))``, without looking at pairs.
    - its maximum explainable variance is ``s_1**2 / sum s_i**2`` of the singular values of the
      matrix ``v``, not centred: how much of its occurrences one fixed vector can give back.

    The intra-sentence similarity of a text is the mean cosine of its vectors with their mean.

    Each is to be seen beside what it is where nothing is shared, as vectors may all point one
    way. For the self-similarity this is the mean cosine of occurrences of different words. The
    other two are raised by having few vectors (one direction explains ``1 / m`` at the least,
    and each vector is in its own mean), so they are compared with random sets of as many
    occurrences: of a size 20 for the variance, 200 for the cosine, and together at least as many
    as there are words or texts. Of a space with few words such sets hold several occurrences of
    one, and the level is higher than among many words.

    Parameters
    ----------
    vectors : ndarray of shape (n_points, dim), float
    points : Occurrences
    seed : int
        Draws the random sets, and 500 occurrences of a word with more for `explained`.

    Returns
    -------
    Contextuality

    Raises
    ------
    LexiscopeError
        For NaN or infinity.
    """
    vectors = finite(vectors)
    unit = normalize(vectors)
    chosen = [points.of_words[word] for word in points.words]
    shown = [each[sample(len(each), EXPLAINED, seed)] for each in chosen]
    explained_chance = _at_random(vectors, shown, explained_variance, DRAWS_EXPLAINED, seed)
    within_chance = _at_random(vectors, points.of_texts, cosine_with_mean, DRAWS, seed)
    return Contextuality(
        anisotropy=mean_cosine_across(unit, points.of_words),
        self_similarity=np.array([mean_cosine(unit[each]) for each in chosen]),
        explained=np.array([explained_variance(vectors[each]) for each in shown]),
        explained_chance=explained_chance[0],
        explained_error=explained_chance[1],
        within=np.array([cosine_with_mean(vectors[each]) for each in points.of_texts]),
        within_chance=within_chance[0],
        within_error=within_chance[1],
        sampled=sum(len(each) > EXPLAINED for each in chosen),
    )


def mean_cosine(unit: Floats) -> float:
    """Return the mean cosine of all pairs of different rows; see `contextuality`.

    Parameters
    ----------
    unit : ndarray of shape (m, dim), float32
        Rows of length 1, at least two.
    """
    total = unit.sum(axis=0, dtype=np.float64)
    itself = np.square(unit, dtype=np.float64).sum()
    return float((total @ total - itself) / (len(unit) * (len(unit) - 1)))


def mean_cosine_across(unit: Floats, groups: Sequence[Codes]) -> float:
    """Return the mean cosine of all pairs of rows of different groups.

    With ``S`` the sum of all rows and ``S_g`` that of a group's, it is
    ``(|S|**2 - sum |S_g|**2) / (n**2 - sum n_g**2)``.

    Parameters
    ----------
    unit : ndarray of shape (n, dim), float32
        Rows of length 1.
    groups : sequence of ndarray of int
        At least two.
    """
    total = np.zeros(unit.shape[1])
    inside, pairs = 0.0, 0
    for each in groups:
        part = unit[each].sum(axis=0, dtype=np.float64)
        total += part
        inside += part @ part
        pairs += len(each) ** 2
    n = sum(len(each) for each in groups)
    return float((total @ total - inside) / (n**2 - pairs))


def explained_variance(vectors: Floats) -> float:
    """Return the share of the squared lengths that lies along one direction, at most.

    Parameters
    ----------
    vectors : ndarray of shape (m, dim), float32

    Returns
    -------
    float
        In [1 / min(m, dim), 1]; 1 for vectors that are all zero.
    """
    double = vectors.astype(np.float64)
    small = double @ double.T if len(double) < double.shape[1] else double.T @ double
    whole = np.trace(small)
    return float(np.linalg.eigvalsh(small)[-1] / whole) if whole > 0 else 1.0


def cosine_with_mean(vectors: Floats) -> float:
    """Return the mean cosine of vectors with their mean.

    Parameters
    ----------
    vectors : ndarray of shape (m, dim), float32
    """
    mean = vectors.mean(axis=0, dtype=np.float64)
    squares = np.einsum("nd,nd->n", vectors, vectors, dtype=np.float64)
    lengths = np.sqrt(squares) * np.linalg.norm(mean)
    return float((vectors @ mean / np.where(lengths > 0, lengths, 1)).mean())


def _grouped(codes: NDArray[np.integer]) -> list[Codes]:
    """Return where each code stands."""
    ends = np.cumsum(np.bincount(codes)) if len(codes) else np.zeros(1, dtype=np.int64)
    return np.split(np.argsort(codes, kind="stable"), ends[:-1])


def _at_random(
    vectors: Floats,
    sets: Sequence[Codes],
    figure: Callable[[Floats], float],
    draws: int,
    seed: int,
) -> tuple[Doubles, float]:
    """Return what a figure is for random sets of the sizes given, and the mean's standard error.

    Of every size `draws` sets are drawn, and together at least as many as there are sets.
    """
    if not sets:
        return np.empty(0), float("nan")
    sizes = np.array([len(each) for each in sets])
    some = np.unique(sizes)
    if len(some) > SIZES:
        some = np.unique(np.geomspace(some[0], some[-1], SIZES).round().astype(np.int64))
    draws = max(draws, ceil(len(sets) / len(some)))
    rng, n = np.random.default_rng(seed), len(vectors)
    drawn = np.array(
        [
            [
                figure(vectors[rng.choice(n, size, replace=False, shuffle=False)])
                for _ in range(draws)
            ]
            for size in some
        ]
    )
    at, known = np.log(sizes), np.log(some)
    weights = np.array([np.interp(at, known, row).mean() for row in np.eye(len(some))])
    error = np.sqrt(weights**2 @ drawn.var(axis=1, ddof=1) / draws)
    return np.interp(at, known, drawn.mean(axis=1)), float(error)

"""Frequency: what goes with how common a token is, and which points are near to very many."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lexiscope.errors import TooFewError
from lexiscope.findings.distinct import distinct, left_out
from lexiscope.findings.finding import Finding, as_points, too_few
from lexiscope.measure.evidence import finite
from lexiscope.measure.frequency import (
    Bin,
    Hubness,
    RankCorrelation,
    hubness,
    rank_bins,
    rank_correlation,
)
from lexiscope.space import Space

# Kinds of tokens that stand for no text.
WITHOUT_TEXT = ("special", "unused", "byte")
EXTREMES = 10
# A rank correlation all of whose interval lies nearer to 0 says next to nothing of a single token.
SLIGHT = 0.2
HUBS = 15


def with_text(space: Space) -> NDArray[np.int64]:
    """Return the points of tokens that stand for text."""
    points = np.arange(len(space))
    if "kind" not in space.points.column_names:
        return points
    kinds = np.array(space.points["kind"].to_pylist(), dtype=object)
    return points[~np.isin(kinds, WITHOUT_TEXT)]


def ranked(space: Space) -> NDArray[np.int64]:
    """Return the points whose row number may stand in for how rare they are.

    Single characters are a vocabulary's alphabet: in WordPiece and BPE they stand before or
    after all else, in the order of their codes.
    """
    points = with_text(space)
    if "length" not in space.points.column_names:
        return points
    lengths: NDArray[np.int32] = space.points["length"].to_numpy()
    return points[lengths[points] > 1]


def frequency(space: Space, *, k: int = 10, seed: int = 0) -> list[Finding]:
    """Say whether vectors' lengths and neighbourhoods go with the rank in the vocabulary.

    Vocabularies begin with what is frequent, so a row's number stands in for how common a
    token is. Special and unused tokens, bytes and single characters, which stand by other
    rules, are left out of what is said of ranks; who is whose neighbour is counted of all
    points but those whose vector is zero or has more than k copies.

    Parameters
    ----------
    space : Space
        A word table.
    k : int
        Neighbours a point.
    seed : int
        Draws the intervals.

    Returns
    -------
    list of Finding
        ``"norm_by_rank"``, its points those with the largest and the smallest norm, and
        ``"hubness"``, its points the hubs.

    Raises
    ------
    LexiscopeError
        For k below 1 or not below the number of points, and for vectors that hold NaN.
    """
    return [_norms(space, finite(space.vectors), ranked(space), seed), _hubs(space, k, seed)]


def hubs(space: Space, *, k: int = 10, seed: int = 0) -> list[Finding]:
    """Say which points are near to very many, where rows have no order; see `frequency`."""
    return [_hubs(space, k, seed, ordered=False)]


def _norms(
    space: Space, vectors: NDArray[np.float32], rows: NDArray[np.int64], seed: int
) -> Finding:
    name, n = "norm_by_rank", len(rows)
    norms = np.linalg.norm(vectors[rows], axis=1)
    try:
        found = rank_correlation(norms, rows, seed=seed)
    except TooFewError as error:
        return too_few(name, space.name, error, n)
    smallest, largest = (np.argsort(sign * norms, kind="stable")[:EXTREMES] for sign in (1, -1))
    labels = space.points["label"]
    listed = {
        what: [
            {"point": int(rows[at]), "label": labels[int(rows[at])].as_py(), "norm": norms[at]}
            for at in some
        ]
        for what, some in (("largest", largest), ("smallest", smallest))
    }
    figures = {
        "n": n,
        "left_out": len(space) - n,
        "correlation": found.value,
        "low": found.low,
        "high": found.high,
        "seed": seed,
        "bins": _bins(rank_bins(norms, rows)),
        **listed,
    }
    if np.isnan(found.value):
        statement = f"All vectors of {_tokens(space, rows)} have one length, whatever their rank."
    else:
        common, *_, rare = rank_bins(norms, rows, 10)
        trend = {
            1: "The rarer a token, the longer its vector",
            -1: "The rarer a token, the shorter its vector",
            0: "No relation of a vector's length with how rare its token is was found",
        }[_sign(found)]
        statement = (
            f"{trend}: {_correlation(found)} between length and row number, which stands in for "
            f"how rare a token is, over {_tokens(space, rows)}; the median length is "
            f"{common.median:.3g} in the first tenth of them and {rare.median:.3g} in the last."
        )
    points = as_points(rows[np.concatenate([largest, smallest])])
    return Finding(name, space.name, None, statement, figures, tuple(dict.fromkeys(points)))


def _hubs(whole: Space, k: int, seed: int, *, ordered: bool = True) -> Finding:
    name = "hubness"
    space, numbers = distinct(whole, k)
    n, rows = len(space), ranked(space) if ordered else np.empty(0, dtype=np.int64)
    without = left_out(whole, space, k)
    try:
        # Even a graph needs two points.
        neighbors = space.graph(k).first(k).indices if n > 1 else np.empty((n, k), dtype=np.int32)
        measured = hubness(neighbors, seed=seed)
    except TooFewError as error:
        return too_few(name, space.name, TooFewError(f"{error}{without}"), n)
    count = measured.occurrences
    try:
        found = rank_correlation(count[rows], rows, seed=seed)
    except TooFewError:  # of tokens with a rank; that some are hubs can be told all the same
        nan = float("nan")
        found = RankCorrelation(nan, nan, nan, 0)
    hubs = np.argsort(-count, kind="stable")[:HUBS]
    labels = space.points["label"]
    named = [
        {
            "point": int(numbers[hub]),
            "label": labels[int(hub)].as_py(),
            "occurrences": int(count[hub]),
        }
        for hub in hubs
    ]
    figures = {
        "n": n,
        "k": neighbors.shape[1],
        "skewness": measured.skewness,
        "skewness_low": measured.low,
        "skewness_high": measured.high,
        "chance_skewness": measured.chance,
        "marked": measured.marked,
        "unsure": measured.unsure,
        "largest": int(count.max()),
        "orphans": measured.orphans,
        "correlation": found.value,
        "low": found.low,
        "high": found.high,
        "seed": seed,
        "hubs": named,
        "histogram": _histogram(count),
        "bins": _bins(rank_bins(count[rows], numbers[rows])) if len(rows) else [],
    }
    statement = _hub_statement(space, rows, measured, neighbors.shape[1], found, hubs, named[0])
    statement = f"{statement.removesuffix('.')}{without}."
    return Finding(name, space.name, None, statement, figures, as_points(numbers[hubs]))


def _hub_statement(
    space: Space,
    rows: NDArray[np.int64],
    measured: Hubness,
    k: int,
    found: RankCorrelation,
    hubs: NDArray[np.int64],
    first: dict[str, Any],
) -> str:
    n = len(space)
    if np.isnan(measured.skewness):
        return f"No hubs: each of {n:,} points is among the {k} nearest of exactly {k} others."
    beginning, doubt = "No marked hubs", ""
    known = f"95 % interval {measured.low:.2f} to {measured.high:.2f}"
    if measured.unsure:
        beginning = "Whether a few points are near to very many is unsure"
        doubt = f" (hubs are marked from {measured.threshold:.2f} on)"
    elif measured.marked:
        beginning = "A few points are near to very many"
        # Of heavy tails the upper end is too low too often, see `skewness_interval`.
        known = f"at 97.5 % confidence at least {measured.low:.2f}"
    said = (
        f"{beginning}: of {n:,} points {first['label']} is among the {k} nearest of "
        f"{first['occurrences']:,} others, and {measured.orphans:,} "
        f"{'is' if measured.orphans == 1 else 'are'} nobody's neighbour; the "
        f"skewness of these counts is {measured.skewness:.2f} ({known}), against "
        f"{measured.chance:.2f} if neighbours were drawn at random{doubt}"
    )
    if "kind" in space.points.column_names:
        kinds = Counter(space.points["kind"].take(pa.array(hubs)).to_pylist())
        kind, number = kinds.most_common(1)[0]
        if number > len(hubs) / 2:
            said += f"; {number} of the {len(hubs)} greatest hubs are of the kind '{kind}'"
    if np.isnan(found.value):
        return f"{said}."
    somewhat = "slightly " if max(-found.low, found.high) < SLIGHT else ""
    trend = {
        1: f"rarer tokens are neighbours {somewhat}more often",
        -1: f"rarer tokens are neighbours {somewhat}less often",
        0: "no relation with how rare a token is was found",
    }[_sign(found)]
    return f"{said}; {trend}: {_correlation(found)} with row number over {_tokens(space, rows)}."


def _sign(found: RankCorrelation) -> int:
    """Return which way it goes; 0 where the interval holds 0."""
    return (found.low > 0) - (found.high < 0)


def _correlation(found: RankCorrelation) -> str:
    return (
        f"rank correlation {found.value:.2f} (95 % interval {found.low:.2f} to {found.high:.2f}, "
        "by chance 0)"
    )


def _tokens(space: Space, rows: NDArray[np.int64]) -> str:
    left_out = len(space) - len(rows)
    without = (
        f" ({left_out:,} single characters and tokens without text left out)" if left_out else ""
    )
    return f"{len(rows):,} tokens{without}"


def _bins(bins: list[Bin]) -> list[dict[str, float]]:
    return [
        {
            "from": each.first,
            "to": each.last,
            "median": each.median,
            "low": each.low,
            "high": each.high,
        }
        for each in bins
    ]


def _histogram(occurrences: NDArray[np.int64]) -> list[dict[str, int]]:
    """Count points by occurrences: none, 1, 2 to 3, 4 to 7 and so on, doubling."""
    doublings = int(occurrences.max()).bit_length()
    starts = np.array([0, *(2**power for power in range(doublings + 1))])
    counts = np.histogram(occurrences, starts)[0]
    return [
        {"occurrences_from": int(start), "occurrences_to": int(end) - 1, "points": int(points)}
        for start, end, points in zip(starts[:-1], starts[1:], counts, strict=True)
    ]

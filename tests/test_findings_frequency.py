from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import binom, nbinom, skew, spearmanr

from lexiscope.errors import LexiscopeError, TooFewError
from lexiscope.findings.finding import Finding
from lexiscope.findings.frequency import frequency
from lexiscope.measure.frequency import (
    hubness,
    rank_bins,
    rank_correlation,
    skewness_interval,
)
from lexiscope.neighbors import NeighborGraph, neighbor_graph
from lexiscope.space import Space


def words(vectors: np.ndarray, kinds: list[str] | None = None) -> Space:
    n = len(vectors)
    columns: dict[str, list] = {"label": [f"w{row}" for row in range(n)]}
    if kinds:
        columns["kind"] = kinds
    return Space("word", pa.table(columns), {None: vectors.astype(np.float32)})


# ---- rank correlation ----------------------------------------------------------------------------


@pytest.mark.parametrize("ties", [False, True])
def test_rank_correlation_agrees_with_scipy(ties: bool):
    rng = np.random.default_rng(0)
    ranks = np.arange(300)
    values = -0.01 * ranks + rng.normal(size=300)
    if ties:
        values = np.round(values)
    found = rank_correlation(values, ranks)
    assert found.value == pytest.approx(spearmanr(values, ranks).statistic, abs=1e-12)
    assert found.resamples == 1000
    # The plain bootstrap: draw pairs, let scipy rank them.
    drawn = []
    for _ in range(400):
        some = rng.integers(300, size=300)
        drawn.append(spearmanr(values[some], ranks[some]).statistic)
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.03)


def test_rank_correlation_by_hand():
    assert rank_correlation(np.arange(10) ** 3, np.arange(10)).value == pytest.approx(1)
    found = rank_correlation(-np.arange(10), np.arange(10))
    assert (found.value, found.low, found.high) == pytest.approx((-1, -1, -1))


def test_the_interval_covers_no_correlation_as_often_as_it_says():
    rng = np.random.default_rng(1)
    covered = 0
    for seed in range(30):
        found = rank_correlation(rng.normal(size=60), np.arange(60), seed=seed)
        covered += found.low <= 0 <= found.high
    assert covered >= 25


def test_rank_correlation_of_nothing():
    found = rank_correlation(np.ones(20), np.arange(20))
    assert np.isnan([found.value, found.low, found.high]).all()
    with pytest.raises(TooFewError, match="9 points: too few"):
        rank_correlation(np.arange(9), np.arange(9))
    with pytest.raises(LexiscopeError, match="NaN"):
        rank_correlation(np.full(20, np.nan), np.arange(20))


def test_rank_bins_are_quartiles():
    values = np.random.default_rng(0).normal(size=100)
    found = rank_bins(values, np.arange(100) + 7, 4)
    assert [(each.first, each.last) for each in found] == [(7, 31), (32, 56), (57, 81), (82, 106)]
    expected = np.quantile(values[25:50], [0.25, 0.5, 0.75])
    assert (found[1].low, found[1].median, found[1].high) == pytest.approx(expected)
    assert len(rank_bins(values[:3], np.arange(3))) == 3


# ---- hubness -------------------------------------------------------------------------------------


def test_hubness_agrees_with_scipy():
    vectors = np.random.default_rng(0).normal(size=(500, 100)).astype(np.float32)
    graph = neighbor_graph(vectors, 10)
    found = hubness(graph.indices)
    counts = [int((graph.indices == point).sum()) for point in range(500)]
    assert found.occurrences.tolist() == counts
    assert found.skewness == pytest.approx(skew(counts), abs=1e-12)
    assert found.chance == pytest.approx(binom.stats(499, 10 / 499, moments="s"))
    assert found.low < found.skewness < found.high
    assert found.threshold == pytest.approx(found.chance + 5 * (6 / 500) ** 0.5)
    assert found.orphans == counts.count(0)


def test_a_planted_hub_is_the_largest():
    # Of vectors scattered about one direction, that direction itself is nearest to most.
    vectors = np.random.default_rng(0).normal(size=(500, 100))
    vectors[:, 0] += 10
    vectors[123] = np.eye(100)[0]
    _, hubs = frequency(words(vectors))
    assert hubs.points[0] == 123
    assert hubs.figures["hubs"][0] == {"point": 123, "label": "w123", "occurrences": 499}
    assert hubs.figures["largest"] == 499
    assert hubs.figures["skewness"] > 5
    assert "w123 is among the 10 nearest of 499 others" in hubs.statement


def test_neighbors_drawn_at_random_have_the_chance_skewness():
    rng = np.random.default_rng(0)
    n, k = 4000, 10
    others = np.array([rng.choice(n - 1, k, replace=False) for _ in range(n)])
    drawn = others + (others >= np.arange(n)[:, None])
    found = hubness(drawn)
    assert found.skewness == pytest.approx(found.chance, abs=4 * (6 / n) ** 0.5)


def test_a_ring_has_no_hubs():
    ring = (np.arange(40)[:, None] + [1, 39]) % 40
    found = hubness(ring)
    assert np.isnan([found.skewness, found.low, found.high]).all()
    assert found.orphans == 0
    assert (found.marked, found.unsure) == (False, False)
    with pytest.raises(TooFewError, match="30 are needed"):
        hubness(np.zeros((29, 10), dtype=np.int32))


# ---- the findings --------------------------------------------------------------------------------


def test_planted_trends_are_found_and_their_points_named():
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(400, 20))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    vectors = directions * np.linspace(2, 1, 400)[:, None]
    vectors[:5] *= 10
    kinds = ["special"] * 3 + ["unused"] * 2 + ["word"] * 395
    norms, hubs = frequency(words(vectors, kinds), k=5)
    assert (norms.name, hubs.name) == ("norm_by_rank", "hubness")
    assert (norms.figures["n"], norms.figures["left_out"]) == (395, 5)
    assert norms.figures["correlation"] == pytest.approx(-1)
    assert norms.figures["bins"][0]["from"] == 5
    assert norms.figures["bins"][-1]["to"] == 399
    assert [each["point"] for each in norms.figures["largest"]] == list(range(5, 15))
    assert [each["point"] for each in norms.figures["smallest"]] == list(range(399, 389, -1))
    assert norms.points == (*range(5, 15), *range(399, 389, -1))
    assert "The rarer a token, the shorter its vector" in norms.statement
    # Directions are drawn alike, so how often a point is a neighbour has no trend.
    assert hubs.figures["low"] < 0 < hubs.figures["high"]
    assert "no relation with how rare a token is was found" in hubs.statement
    assert hubs.figures["n"] == 400


def test_no_trend_is_said_to_be_none():
    vectors = np.random.default_rng(2).normal(size=(300, 10))
    norms, _ = frequency(words(vectors))
    assert norms.figures["low"] < 0 < norms.figures["high"]
    assert "No relation of a vector's length" in norms.statement


def test_single_characters_are_not_ranked():
    vectors = np.random.default_rng(2).normal(size=(100, 10))
    space = words(vectors)
    lengths = pa.array([1] * 30 + [4] * 70, pa.int32())
    space = Space("word", space.points.append_column("length", lengths), space.matrices)
    norms, hubs = frequency(space)
    assert (norms.figures["n"], norms.figures["left_out"]) == (70, 30)
    assert norms.figures["bins"][0]["from"] == 30
    assert hubs.figures["n"] == 100


@pytest.mark.parametrize("n", [0, 1, 5, 20])
def test_too_few_points_are_refused(n: int):
    norms, hubs = frequency(words(np.random.default_rng(0).normal(size=(n, 4))))
    assert norms.refused == (n < 10)
    assert hubs.refused == (n < 30)
    assert norms.as_json()["figures"]["n"] == hubs.figures["n"] == n


def test_equal_points_and_nan():
    norms, hubs = frequency(words(np.ones((50, 4))))
    assert norms.as_json()["figures"]["correlation"] is None
    assert "one length" in norms.statement
    json.dumps(hubs.as_json())
    with pytest.raises(LexiscopeError, match="NaN"):
        frequency(words(np.full((50, 4), np.nan)))


def test_the_same_seed_gives_the_same_findings():
    space = words(np.random.default_rng(0).normal(size=(100, 4)))
    first, again = ([each.as_json() for each in frequency(space, seed=3)] for _ in range(2))
    assert first == again


def test_the_real_word_table(word_space: Space):
    # Every fourth row: their neighbours are found in a sixteenth of the time.
    rows = np.arange(0, len(word_space), 4)
    vectors = word_space.vectors[rows]
    norms, hubs = frequency(Space("word", word_space.points.take(rows), {None: vectors}))
    figures = norms.as_json()["figures"]
    n = len(rows)
    assert figures["n"] + figures["left_out"] == n
    # The first that is no single character is the most frequent word of English.
    assert word_space.points["label"][4 * figures["bins"][0]["from"]].as_py() == "the"
    assert -0.67 < figures["low"] < figures["correlation"] < figures["high"] < -0.57
    assert figures["high"] - figures["low"] < 0.06
    assert len(figures["bins"]) == 40
    lengths = np.linalg.norm(vectors, axis=1)
    first = figures["largest"][0]
    assert lengths[first["point"]] == pytest.approx(first["norm"], rel=1e-5)
    figures = hubs.as_json()["figures"]
    assert figures["n"] == n
    assert 3.5 < figures["skewness"] < 6
    assert figures["chance_skewness"] == pytest.approx(0.316, abs=0.001)
    assert 120 < figures["largest"] < 250
    assert 40 < figures["orphans"] < 160
    assert -0.09 < figures["low"] < figures["correlation"] < figures["high"] < 0
    assert sum(each["points"] for each in figures["histogram"]) == n
    ends = [(each["occurrences_from"], each["occurrences_to"]) for each in figures["histogram"]]
    assert ends[:4] == [(0, 0), (1, 1), (2, 3), (4, 7)]
    assert ends[-1][0] <= figures["largest"] <= ends[-1][1]
    assert [each["point"] for each in figures["hubs"]] == list(hubs.points)
    assert len(hubs.points) == 15


def test_copies_and_zeros_do_not_pass_for_hubs():
    # Forty equal vectors have whichever neighbours come first.
    _, hubs = frequency(words(np.ones((40, 4))))
    assert hubs.refused
    assert "40 points are left out" in hubs.statement
    vectors = np.random.default_rng(0).normal(size=(300, 10))
    _, alone = frequency(words(vectors))
    padded = np.vstack([np.zeros((100, 10)), vectors])
    _, hubs = frequency(words(padded))
    assert "100 points are left out" in hubs.statement
    for figure in ("n", "skewness", "largest", "orphans", "correlation"):
        assert hubs.figures[figure] == alone.figures[figure]
    # Rows and points are those of the space given.
    assert [point - 100 for point in hubs.points] == list(alone.points)
    assert hubs.figures["bins"][0]["from"] == 100
    assert hubs.figures["bins"][-1]["to"] == 399


def test_hubs_are_told_where_few_tokens_have_a_rank():
    vectors = np.random.default_rng(0).normal(size=(500, 100))
    vectors[:, 0] += 10
    vectors[123] = np.eye(100)[0]
    kinds = ["word"] * 9 + ["unused"] * 491
    norms, hubs = frequency(words(vectors, kinds))
    assert norms.refused
    assert hubs.as_json()["figures"]["correlation"] is None
    assert hubs.points[0] == 123
    assert "A few points are near to very many" in hubs.statement
    assert "row number" not in hubs.statement


def test_hubs_are_told_from_chance():
    """By the skewness above chance, which of one neighbour each is 1 already."""

    def told(neighbors: np.ndarray) -> str:
        n, k = neighbors.shape
        nearest = neighbors.astype(np.int32)
        graph = NeighborGraph(nearest, np.ones((n, k), np.float32), "exact", 1.0)
        space = words(np.random.default_rng(0).normal(size=(n, 4)))
        _, hubs = frequency(replace(space, graphs={None: graph}), k=k)
        assert (hubs.figures["chance_skewness"] > 0.9) == (k == 1)
        return hubs.statement

    rng = np.random.default_rng(3)
    one = rng.integers(399, size=(400, 1))
    one += one >= np.arange(400)[:, None]
    assert "No marked hubs" in told(one)
    # Some of 4,000 points are drawn more readily than others.
    liking = np.exp(0.5 * rng.normal(size=3999))
    liking /= liking.sum()
    others = np.array([rng.choice(3999, 10, replace=False, p=liking) for _ in range(4000)])
    others += others >= np.arange(4000)[:, None]
    assert "A few points are near to very many" in told(others)


def counted(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.unique(counts, return_counts=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("heavy", "n", "least"), [(5, 500, 0.9), (1, 3000, 0.8), (0.5, 30_000, 0.9)]
)
def test_intervals_hold_the_skewness_of_heavy_tails_about_as_often_as_told(
    heavy: float, n: int, least: float
):
    """Negative binomial counts with the mean 10 and a skewness of 0.9, 2.0 and 2.8."""
    share = heavy / (heavy + 10)
    true = nbinom.stats(heavy, share, moments="s")
    rng = np.random.default_rng(0)
    held = []
    for seed in range(200):
        low, high = skewness_interval(*counted(rng.negative_binomial(heavy, share, n)), seed=seed)
        held.append(low <= true <= high)
    assert least <= np.mean(held) <= 0.985


def test_the_interval_of_a_skewness_is_as_wide_as_it_varies():
    rng = np.random.default_rng(0)
    drawn = [counted(rng.poisson(10, 2000)) for _ in range(200)]
    ends = np.array([skewness_interval(*each, resamples=200) for each in drawn])
    varies = np.std([skew(np.repeat(*each)) for each in drawn])
    assert np.mean(ends[:, 1] - ends[:, 0]) == pytest.approx(2 * 1.96 * varies, rel=0.15)
    # Gaussian-like counts have the standard error of the threshold, sqrt(6 / n).
    assert varies == pytest.approx((6 / 2000) ** 0.5, rel=0.15)


def test_the_interval_of_few_values():
    assert np.isnan(skewness_interval(*counted(np.full(40, 3)))).all()
    # One of forty is another: a resample without it has no skewness, and does not count.
    low, high = skewness_interval(*counted(np.array([2] + [3] * 39)))
    assert low < skew([2] + [3] * 39) < high
    assert skewness_interval(*counted(np.arange(50))) == skewness_interval(*counted(np.arange(50)))


def hubs_of(liking: np.ndarray, k: int = 10) -> Finding:
    """What is said of hubs where points are drawn as neighbours more readily the more liked."""
    n = len(liking)
    rng = np.random.default_rng(1)
    keys = np.log(liking) + rng.gumbel(size=(n, n))  # the k highest are drawn without replacement
    np.fill_diagonal(keys, -np.inf)
    nearest = np.argpartition(-keys, k, axis=1)[:, :k].astype(np.int32)
    graph = NeighborGraph(nearest, np.ones((n, k), np.float32), "exact", 1.0)
    space = words(np.random.default_rng(0).normal(size=(n, 4)))
    return frequency(replace(space, graphs={None: graph}), k=k)[1]


@pytest.mark.parametrize(
    ("varied", "beginning"),
    [
        (0.0, "No marked hubs: of"),
        (0.27, "Whether a few points are near to very many is unsure: of"),
        (0.5, "A few points are near to very many: of"),
    ],
)
def test_a_skewness_near_what_marks_hubs_is_unsure(varied: float, beginning: str):
    found = hubs_of(np.exp(varied * np.random.default_rng(3).normal(size=2000)))
    figures = found.figures
    assert found.statement.startswith(beginning)
    assert figures["unsure"] == ("unsure" in beginning)
    assert figures["marked"] == beginning.startswith("A few")
    threshold = figures["chance_skewness"] + 5 * (6 / 2000) ** 0.5
    low, high = figures["skewness_low"], figures["skewness_high"]
    assert low < figures["skewness"] < high
    assert (low < threshold < high) == figures["unsure"]
    # Nothing hangs on the last digits.
    assert min(abs(low - threshold), abs(high - threshold)) > 0.02
    known = f"95 % interval {low:.2f} to {high:.2f}"
    if figures["marked"]:
        known = f"at 97.5 % confidence at least {low:.2f}"
    assert f"is {figures['skewness']:.2f} ({known})" in found.statement
    assert (f"(hubs are marked from {threshold:.2f} on)" in found.statement) == figures["unsure"]


@pytest.mark.parametrize(
    ("slope", "trend"),
    [
        (0.15, "rarer tokens are neighbours slightly more often: "),
        (-0.15, "rarer tokens are neighbours slightly less often: "),
        (0.2, "rarer tokens are neighbours more often: "),
        (2.0, "rarer tokens are neighbours more often: "),
    ],
)
def test_slightly_is_said_where_the_whole_interval_is_slight(slope: float, trend: str):
    found = hubs_of(np.exp(slope * np.arange(2000) / 2000))
    assert trend in found.statement
    low, high = found.figures["low"], found.figures["high"]
    assert (max(-low, high) < 0.2) == ("slightly" in trend)
    assert abs(max(-low, high) - 0.2) > 0.01
    # The middle one is nearer to 0 than .2, and may be farther.
    assert slope != 0.2 or low < 0.2 < high


@pytest.mark.parametrize("k", [0, 50, 10**9])
def test_k_that_cannot_be_is_refused(k: int):
    with pytest.raises(LexiscopeError, match=f"k {k:,}: "):
        frequency(words(np.random.default_rng(0).normal(size=(50, 4))), k=k)

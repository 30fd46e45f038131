"""Geometry: by hand, against loops and definitions, planted dimensions, and the real table."""

from __future__ import annotations

import json
import math

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from lexiscope.errors import LexiscopeError, TooFewError
from lexiscope.findings.geometry import geometry
from lexiscope.measure.geometry import (
    cosine_contributions,
    isoscore,
    participation_even,
    participation_ratio,
    partition_ratio,
)
from lexiscope.measure.geometry import geometry as measure
from lexiscope.measure.intrinsic import intrinsic_dimension
from lexiscope.measure.jackknife import jackknife_groups, jackknife_interval
from lexiscope.neighbors import neighbor_graph
from lexiscope.space import Space


def gaussian(n: int, dim: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)


def near(vectors: np.ndarray, k: int = 5) -> np.ndarray:
    return neighbor_graph(vectors, k).indices


def space_of(*matrices: np.ndarray) -> Space:
    points = pa.table({"label": [str(i) for i in range(len(matrices[0]))]})
    if len(matrices) == 1:
        return Space("word", points, {None: matrices[0]})
    return Space("context", points, dict(enumerate(matrices)))


def test_mean_cosine_and_its_dimensions_are_those_of_all_pairs():
    vectors = gaussian(30, 4) + np.float32([3, 0, 0, 1])
    vectors[7] = 0  # has no direction
    contributions, pairs = np.zeros(4), 0
    for i in range(30):
        for j in range(30):
            if i != j and 7 not in (i, j):
                norms = np.linalg.norm(vectors[i]) * np.linalg.norm(vectors[j])
                contributions += vectors[i] * vectors[j] / norms
                pairs += 1
    assert pairs == 29 * 28
    np.testing.assert_allclose(cosine_contributions(vectors), contributions / pairs, atol=1e-6)


def test_mean_cosine_by_hand():
    # Cosines 0, -1 and 0; of the first dimension 0, -1, 0.
    vectors = np.array([[2, 0], [0, 5], [-1, 0]], dtype=np.float32)
    np.testing.assert_allclose(cosine_contributions(vectors), [-1 / 3, 0], atol=1e-12)
    assert np.isnan(cosine_contributions(np.zeros((4, 2)))).all()
    assert np.isnan(cosine_contributions(np.array([[1, 0], [0, 0.0]]))).all()


def defined_isoscore(vectors: np.ndarray) -> float:
    """The paper's algorithm, step by step."""
    n = vectors.shape[1]
    centered = vectors - vectors.mean(axis=0)
    turned = centered @ np.linalg.svd(centered)[2].T
    diagonal = turned.var(axis=0, ddof=1)
    scaled = diagonal * math.sqrt(n) / np.linalg.norm(diagonal)
    defect = np.linalg.norm(scaled - 1) / math.sqrt(2 * (n - math.sqrt(n)))
    used = (n - defect**2 * (n - math.sqrt(n))) ** 2 / n**2
    return (n * used - 1) / (n - 1)


def test_isoscore_is_the_papers():
    assert isoscore(np.array([0, 0, 7.0])) == 0
    assert isoscore(np.full(9, 0.3)) == pytest.approx(1)
    # Half of the dimensions used evenly: (P - 1) / (d - 1) with P = 3 and d = 6.
    assert isoscore(np.array([2, 2, 2, 0, 0, 0.0])) == pytest.approx(2 / 5)
    vectors = gaussian(50, 5) * [1, 2, 3, 4, 9]
    expected = defined_isoscore(vectors.astype(np.float64))
    assert measure(vectors, near(vectors)).isoscore == pytest.approx(expected, abs=1e-5)
    assert math.isnan(isoscore(np.zeros(3)))
    assert math.isnan(isoscore(np.ones(1)))


def test_participation_ratio_by_hand():
    assert participation_ratio(np.array([3, 1.0])) == pytest.approx(16 / 10)
    assert participation_ratio(np.array([1e-200, 1e-200])) == pytest.approx(2)
    assert math.isnan(participation_ratio(np.zeros(2)))


@pytest.mark.parametrize(("n", "dim"), [(20, 50), (50, 384), (458, 384), (2000, 10)])
def test_even_participation_is_that_of_draws(n: int, dim: int):
    drawn = [
        participation_ratio(np.linalg.svd(x - x.mean(axis=0), compute_uv=False) ** 2)
        for x in (gaussian(n, dim, seed) for seed in range(10))
    ]
    assert participation_even(n, dim) == pytest.approx(np.mean(drawn), rel=0.03)
    assert participation_even(n, 1) == 1


def test_sentence_tells_the_ratio_of_as_many_even_points():
    [finding] = geometry(space_of(gaussian(50, 384)))
    assert finding.figures["participation_even"] == pytest.approx(43.36, abs=0.01)
    assert "43.4 for as many points spread evenly" in finding.statement
    assert "384" not in finding.statement


def test_no_intrinsic_dimension_of_few_distances():
    vectors = gaussian(30, 4)
    assert intrinsic_dimension(vectors, near(vectors)).dimension > 0
    fewer = intrinsic_dimension(vectors[:29], near(vectors[:29]))
    assert math.isnan(fewer.dimension)
    assert math.isnan(fewer.low)
    [finding] = geometry(space_of(vectors[:29]))
    assert "surroundings" not in finding.statement


def test_no_intrinsic_dimension_of_positions():
    points = pa.table({"label": [str(i) for i in range(60)], "position": range(60)})
    [finding] = geometry(
        Space("position", points, {None: np.repeat(gaussian(59, 8), [2] + [1] * 58, axis=0)})
    )
    assert math.isnan(finding.figures["intrinsic_dimension"][0])
    assert math.isnan(finding.figures["mean_cosine_low"][0])
    assert "interval" not in finding.statement
    assert finding.figures["duplicates"] == [2]
    assert "surroundings" not in finding.statement


def test_jackknife_of_a_mean_is_its_standard_error():
    values = gaussian(1, 12)[0].astype(float)
    without = np.array([np.delete(values, left).mean() for left in range(12)])
    reach = stats.t.ppf(0.975, 11) * values.std(ddof=1) / 12**0.5
    found = jackknife_interval(values.mean(), without, np.ones(12, int))
    assert found == pytest.approx((values.mean() - reach, values.mean() + reach))
    # Of groups of unequal size too it is about that of the mean.
    values = gaussian(1, 4000, seed=1)[0].astype(float)
    groups = np.split(np.arange(4000), np.cumsum(np.random.default_rng(0).integers(20, 200, 30)))
    groups = [group for group in groups if len(group)]
    without = np.array([np.delete(values, group).mean() for group in groups])
    low, high = jackknife_interval(values.mean(), without, np.array(list(map(len, groups))))
    assert (high - low) / 2 == pytest.approx(2 / 4000**0.5, rel=0.3)
    assert np.isnan(jackknife_interval(1.0, np.ones(4), np.ones(4, int))).all()


def test_units_are_left_out_whole():
    units = np.random.default_rng(0).integers(0, 200, 3000)
    groups = jackknife_groups(units)
    assert len(groups) == 64
    assert sorted(np.concatenate(groups)) == list(range(3000))
    assert sum(len(set(units[group])) for group in groups) == len(set(units))
    assert [group.tolist() for group in jackknife_groups(np.arange(6) % 5)].count([0, 5]) == 1
    assert jackknife_groups(np.arange(9) % 4) == []


def test_intervals_are_those_of_measuring_without_each_group():
    vectors = gaussian(90, 6) * [1, 1, 1, 2, 3, 4] + np.float32(0.7)
    vectors[11] = 0
    words = np.arange(90) % 7
    found = measure(vectors, near(vectors), units=words)
    kept = [words != word for word in range(7)]
    others = [measure(vectors[rows], near(vectors[rows])) for rows in kept]
    sizes = np.bincount(words)
    for name in ("mean_cosine", "isoscore", "participation_ratio"):
        without = np.array([getattr(other, name) for other in others])
        interval = getattr(found, f"{name.removesuffix('_ratio')}_interval")
        expected = jackknife_interval(getattr(found, name), without, sizes)
        np.testing.assert_allclose(interval, np.maximum(expected, name[0] == "p"), rtol=1e-5)
        assert interval[0] < getattr(found, name) < interval[1]


def test_intervals_hold_what_is_true_about_as_often_as_they_say():
    # Independent directions about a common one; then words, all of whose occurrences are alike.
    scale, center = np.float32([1, 1, 1, 2, 3]), np.float32([1, 0, 0, 0, 2])
    large = gaussian(100_000, 5, seed=99) * scale
    cosine = cosine_contributions(large + center).sum()
    even = participation_ratio(large.var(axis=0))
    points, words = [], []
    for seed in range(150):
        drawn = gaussian(200, 5, seed) * scale + center
        found = measure(drawn, np.empty((200, 0), np.int32))
        low, high = found.mean_cosine_interval
        points.append((low < cosine < high, found.participation_interval[0] < even
                       < found.participation_interval[1]))  # fmt: skip
        alike = np.repeat(drawn[:40], 10, axis=0) + gaussian(400, 5, seed) / 100
        # Of pairs of which 9 in 399 are of one word, with the cosine 1.
        truth = 390 / 399 * cosine + 9 / 399
        low, high = measure(
            alike, np.empty((400, 0), np.int32), units=np.arange(400) // 10
        ).mean_cosine_interval
        words.append(low < truth < high)
    assert 0.89 <= np.mean(points, axis=0).min() <= np.mean(points, axis=0).max() <= 0.99
    assert 0.87 <= np.mean(words) <= 0.99


def test_intervals_in_words():
    plain = geometry(space_of(gaussian(50, 8) + np.float32(1)))[0]
    figures = plain.as_json()["figures"]
    for name in ("mean_cosine", "isoscore", "participation_ratio"):
        assert figures[f"{name}_low"][0] < figures[name][0] < figures[f"{name}_high"][0]
    low, high = figures["mean_cosine_low"][0], figures["mean_cosine_high"][0]
    assert f"(95 % interval {low:.3g} to {high:.3g}; 0 where" in plain.statement
    points = pa.table({"label": ["w"] * 60, "target": [f"t{i % 6}" for i in range(60)]})
    [finding] = geometry(Space("context", points, {0: gaussian(60, 8), 1: gaussian(60, 8)}))
    assert "95 % interval over 6 words" in finding.statement
    one = pa.table({"label": ["w"] * 60, "target": ["bank"] * 60})
    [finding] = geometry(Space("context", one, {0: gaussian(60, 8)}))
    assert finding.as_json()["figures"]["mean_cosine_low"] == [None]
    assert "over 1 word" not in finding.statement


def test_partition_ratio():
    rows = gaussian(40, 3) + np.float32([1, 0, 0])
    directions = np.linalg.eigh(rows.T @ rows)[1]
    values = [np.exp(rows @ (sign * c)).sum() for c in directions.T for sign in (1, -1)]
    expected = min(values) / max(values)
    assert partition_ratio(rows, (rows.T @ rows).astype(float)) == pytest.approx(expected, rel=1e-4)
    # Where sums of exponents are no numbers any more, their logarithms are.
    long = (1000 * rows).astype(np.float32)
    assert 0 <= partition_ratio(long, (rows.T @ rows).astype(float)) < 1e-30
    assert partition_ratio(np.zeros((4, 2), np.float32), np.zeros((2, 2))) == 1


def test_even_directions():
    vectors = gaussian(4000, 6)
    found = measure(vectors, near(vectors))
    assert abs(found.mean_cosine) < 0.003
    assert found.isoscore > 0.97
    assert found.partition_ratio > 0.8
    assert found.participation_ratio == pytest.approx(6, rel=0.02)
    assert all(math.isnan(share) for _, share in found.top)


@pytest.mark.parametrize("dim", [1, 2, 3, 5])
def test_dimension_of_a_sphere(dim: int):
    # Spread evenly over a sphere of so many dimensions, turned into 20.
    turn = np.linalg.qr(gaussian(20, 20))[0][: dim + 1]
    vectors = (gaussian(4000, dim + 1, seed=1) @ turn).astype(np.float32)
    found = intrinsic_dimension(vectors, near(vectors))
    assert found.dimension == pytest.approx(dim, rel=0.12)
    assert found.low < found.dimension < found.high
    assert found.high - found.low < 0.2 * dim
    assert found.duplicates < 4  # on a circle some are as near by chance


def test_dimension_is_the_slope_of_the_paper():
    vectors = gaussian(60, 4)
    unit = vectors.astype(float) / np.linalg.norm(vectors, axis=1, keepdims=True).astype(float)
    ratios = []
    for i in range(60):
        first, second = sorted(float(np.linalg.norm(unit[i] - unit[j])) for j in range(60)
                               if j != i)[:2]  # fmt: skip
        ratios.append(second / first)
    x = np.log(sorted(ratios))[:54]
    y = [-math.log(1 - i / 60) for i in range(1, 55)]
    slope = np.linalg.lstsq(x[:, None], np.array(y), rcond=None)[0][0]
    assert intrinsic_dimension(vectors, near(vectors)).dimension == pytest.approx(slope, rel=1e-4)


def test_near_duplicates_are_told_apart_and_copies_left_out():
    # Around one direction, at distances whose cosines are all 1 in single precision.
    turned = gaussian(2000, 3, seed=2) * 3e-5
    close = np.concatenate([np.ones((2000, 1)), turned[:, :2]], axis=1).astype(np.float32)
    found = intrinsic_dimension(close, near(close, 15))
    assert 0 <= found.duplicates < 20
    vectors = gaussian(300, 3)
    twice = np.concatenate([vectors, vectors[:40] * 2])
    found = intrinsic_dimension(twice, near(twice))
    assert found.duplicates == 80
    assert found.dimension == pytest.approx(2, rel=0.25)
    every = np.repeat(vectors, 2, axis=0)
    found = intrinsic_dimension(every, near(every))
    assert found.duplicates == 600
    assert math.isnan(found.dimension)


def test_rogue_dimension_carries_the_cosine():
    vectors = gaussian(500, 50)
    vectors[:, 17] += 40
    found = measure(vectors, near(vectors))
    assert found.mean_cosine > 0.95
    assert found.top[0][0] == 17
    assert found.top[0][1] > 0.99
    assert found.isoscore > 0.85  # which knows nothing of where the cloud is
    assert found.partition_ratio < 1e-10
    [finding] = geometry(space_of(vectors))
    assert finding.figures["top_share"][0] > 0.99
    assert finding.figures["top_dimensions"][0][0]["dimension"] == 17
    assert "3 of 50 dimensions carry 100 %" in finding.statement


def test_no_interval_where_one_vector_makes_all_the_difference():
    for far in (1, 1000):
        vectors = np.tile(np.float32([0.3, 0.7, 0.1]), (200, 1))
        vectors[17] = far * np.float32([0.9, 0.1, 0.5])
        found = measure(vectors, np.zeros((200, 5), dtype=np.int32))
        assert found.participation_ratio == pytest.approx(1)
        assert np.isnan(found.participation_interval).all()


def test_intrinsic_interval_is_over_units():
    vectors = np.random.default_rng(0).normal(size=(400, 6)).astype(np.float32)
    graph = neighbor_graph(vectors, 5).indices
    units = np.arange(400) // 40
    of_points, of_units = (
        intrinsic_dimension(vectors, graph),
        intrinsic_dimension(vectors, graph, units=units),
    )
    assert of_points.dimension == of_units.dimension
    assert of_units.low < of_units.dimension < of_units.high
    assert (of_units.low, of_units.high) != (of_points.low, of_points.high)
    few = intrinsic_dimension(vectors, graph, units=units // 3)
    assert np.isfinite(few.dimension)
    assert np.isnan([few.low, few.high]).all()


@pytest.mark.parametrize("value", [0.0, 2.0])
def test_equal_vectors_say_so(value: float):
    [finding] = geometry(space_of(np.full((25, 5), value, dtype=np.float32)))
    figures = finding.as_json()["figures"]
    assert figures["participation_ratio"] == figures["isoscore"] == [None]
    assert figures["intrinsic_dimension"] == [None]
    assert figures["duplicates"] == ([25] if value else [0])
    assert figures["mean_cosine"] == ([pytest.approx(1)] if value else [None])
    assert ("zero" if not value else "equal") in finding.statement
    json.dumps(finding.as_json(), allow_nan=False)


@pytest.mark.parametrize("n", [0, 1, 2, 19])
def test_few_points_are_refused(n: int):
    [finding] = geometry(space_of(gaussian(n, 4)))
    assert finding.refused
    assert finding.figures == {"n": n, "refused": True}
    assert "20 are needed" in finding.statement
    with pytest.raises(TooFewError):
        measure(gaussian(n, 4), np.empty((n, 0), dtype=np.int32))


def test_twenty_points_and_one_dimension():
    [finding] = geometry(space_of(gaussian(20, 4)))
    assert not finding.refused
    [finding] = geometry(space_of(np.arange(1, 41, dtype=np.float32)[:, None]))
    assert finding.as_json()["figures"]["isoscore"] == [None]
    assert "dimensions" not in finding.statement
    wrong = gaussian(10, 3)
    wrong[4, 1] = np.nan
    with pytest.raises(LexiscopeError, match="NaN"):
        geometry(space_of(wrong))


def test_layers_side_by_side():
    shifted = gaussian(200, 8) + np.float32(1)
    done: list[float] = []
    [finding] = geometry(space_of(gaussian(200, 8), shifted, shifted), progress=done.append)
    assert finding.layer == 2
    assert done == pytest.approx([1 / 3, 2 / 3, 1])
    figures = finding.as_json()["figures"]
    assert figures["layers"] == [0, 1, 2]
    per_layer = {name: value for name, value in figures.items() if isinstance(value, list)}
    assert all(len(value) == 3 for value in per_layer.values())
    assert figures["mean_cosine"][0] == pytest.approx(0, abs=0.02)
    assert figures["mean_cosine"][1] == figures["mean_cosine"][2] > 0.4
    assert figures["top_share"][0] is None
    assert "at layer 0" in finding.statement
    assert geometry(space_of(gaussian(200, 8), shifted, shifted))[0].as_json() == finding.as_json()


def test_real_word_table(word_space: Space):
    rows = np.arange(0, len(word_space), 3)
    space = Space("word", word_space.points.take(rows), {None: word_space.vectors[rows]})
    [finding] = geometry(space)
    figures = finding.as_json()["figures"]
    rng = np.random.default_rng(0)
    one, other = rng.integers(len(space), size=(2, 20000))
    unit = space.vectors / np.linalg.norm(space.vectors, axis=1, keepdims=True)
    sampled = np.einsum("nd,nd->n", unit[one], unit[other])[one != other].mean()
    assert figures["mean_cosine"][0] == pytest.approx(sampled, abs=0.003)
    assert 0.4 < figures["isoscore"][0] < 0.7
    assert 5 < figures["intrinsic_dimension"][0] < 20
    assert figures["top_share"][0] < 0.15
    assert finding.layer is None
    assert finding.points == ()

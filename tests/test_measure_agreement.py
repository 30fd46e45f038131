"""F1, adjusted mutual information and silhouettes of many labellings at once."""

from __future__ import annotations

import sys
from itertools import permutations

import numpy as np
import pytest
from sklearn.metrics import adjusted_mutual_info_score, f1_score, silhouette_score

from lexiscope.measure import separation
from lexiscope.measure.agreement import adjusted_mutual_information, macro_f1
from lexiscope.measure.separation import silhouettes
from lexiscope.neighbors import normalize


def shuffled(codes: np.ndarray, rows: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.permuted(np.tile(codes, (rows, 1)), axis=1)


def directions(*degrees: float) -> np.ndarray:
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


@pytest.fixture(params=["one block", "blocks of a row"])
def blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param != "one block":
        for function in (adjusted_mutual_information, silhouettes):
            monkeypatch.setattr(sys.modules[function.__module__], "BLOCK", 1)


def test_macro_f1_by_hand() -> None:
    truth = np.array([[0, 0, 1, 1, 1]] * 3, dtype=np.uint8)
    found = np.array([[0, 0, 0, 1, 1], [1, 1, 1, 1, 1], [2, 2, 2, 2, 2]])
    # 0: 2 right of 2 and 3, 1: 2 right of 3 and 2; then 1: 3 right of 3 and 5, 0 never; then none.
    assert macro_f1(truth, found, 4) == pytest.approx([4 / 5, (6 / 8) / 2, 0])
    assert float(macro_f1(truth[1], found[1], 4)) == pytest.approx(0.375)


def test_macro_f1_agrees_with_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    truth, found = rng.integers(0, 5, (2, 20, 12))
    ours = macro_f1(truth, found, 6)
    theirs = [
        f1_score(one, other, average="macro", zero_division=0)
        for one, other in zip(truth, found, strict=True)
    ]
    assert ours == pytest.approx(theirs)


def test_adjusted_mutual_information_by_hand() -> None:
    """Two pairs in two clusters: ``I`` is ln 2 or 0, ``E`` a third of ln 2 (2 of 6 deals)."""
    clusters = np.array([0, 0, 1, 1])
    ways = np.array(sorted(set(permutations([0, 0, 1, 1]))))
    ami = adjusted_mutual_information(ways, clusters)
    assert ami == pytest.approx([1, -0.5, -0.5, -0.5, -0.5, 1])
    assert ami.mean() == pytest.approx(0)


def test_no_information_is_exactly_zero() -> None:
    ways = shuffled(np.repeat([0, 1], [7, 3]), 5)
    assert (adjusted_mutual_information(ways, np.zeros(10, dtype=np.int64)) == 0).all()
    alone = np.arange(6)  # all deals are alike: nothing lies beyond chance
    assert (adjusted_mutual_information(shuffled(alone, 5), alone) == 0).all()


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize(("senses", "clusters", "n"), [(2, 2, 30), (3, 5, 40), (9, 4, 300)])
def test_adjusted_mutual_information_agrees_with_scikit_learn(
    senses: int, clusters: int, n: int
) -> None:
    rng = np.random.default_rng(n)
    codes = np.concatenate([np.arange(senses), rng.integers(0, senses, n - senses)])
    found = np.where(rng.random(n) < 0.7, codes % clusters, rng.integers(0, clusters, n))
    ways = np.vstack([codes, shuffled(codes, 6)]).astype(np.uint8)
    theirs = [adjusted_mutual_info_score(each, found) for each in ways]
    assert adjusted_mutual_information(ways, found) == pytest.approx(theirs, abs=1e-9)
    assert max(theirs) > 0.1


def test_silhouettes_by_hand() -> None:
    unit = directions(0, 0, 90, 90)
    # Apart: all within 0, between 1. Mixed: the other of the label at 1, the others at 1/2.
    codes = np.array([[0, 0, 1, 1], [0, 1, 0, 1], [1, 0, 0, 1]])
    assert silhouettes(unit, codes) == pytest.approx([1, -0.5, -0.5])


@pytest.mark.usefixtures("blocks")
def test_silhouettes_agree_with_scikit_learn() -> None:
    vectors = np.random.default_rng(2).normal(size=(40, 7)) + 1
    codes = np.repeat([0, 1, 2, 3], [20, 12, 7, 1])
    ways = np.vstack([codes, shuffled(codes, 6)]).astype(np.uint8)
    unit = normalize(vectors.astype(np.float32)).astype(np.float64)
    theirs = [silhouette_score(unit, each, metric="cosine") for each in ways]
    assert silhouettes(unit, ways) == pytest.approx(theirs, abs=1e-6)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_equal_points_have_a_silhouette_of_zero(value: float) -> None:
    unit = np.zeros((6, 3))
    unit[:, 0] = value
    assert (silhouettes(unit, shuffled(np.repeat([0, 1], 3), 5)) == 0).all()


def test_separation_is_of_the_package() -> None:
    measured = separation(directions(0, 0, 90, 90).astype(np.float32), ["a", "a", "b", "b"])
    assert measured.silhouette == pytest.approx(1)

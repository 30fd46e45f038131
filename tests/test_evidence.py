from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from lexiscope.measure.evidence import (
    bootstrap_interval,
    corrected,
    decisive_draws,
    holm,
    monte_carlo_interval,
    percentile_interval,
)


@pytest.mark.parametrize("n", [5, 8, 14, 30])
def test_intervals_hold_the_mean_about_as_often_as_they_say(n: int):
    rng = np.random.default_rng(n)
    held = []
    for seed in range(400):
        low, high = bootstrap_interval(rng.normal(size=n), seed=seed)
        held.append(low <= 0 <= high)
    assert 0.88 <= np.mean(held) <= 0.98


@pytest.mark.parametrize("n", range(5))
def test_too_few_values_have_no_interval(n: int):
    assert np.isnan(bootstrap_interval(np.arange(n))).all()
    assert np.isnan(percentile_interval(np.arange(100), n)).all()


def test_intervals_of_shares_are_shares():
    low, high = bootstrap_interval([0, 0, 0, 0, 0, 1])
    assert 0 <= low < high <= 1
    assert bootstrap_interval([0.5] * 6) == (0.5, 0.5)


def test_many_values_have_the_standard_errors_interval():
    values = np.random.default_rng(0).normal(3, 2, 4000)
    low, high = bootstrap_interval(values)
    reach = 1.96 * values.std() / 4000**0.5
    assert (low, high) == pytest.approx((values.mean() - reach, values.mean() + reach), abs=0.01)


def test_what_they_are_compared_with_has_an_error_too():
    low, high = bootstrap_interval([1.0] * 1000, error=0.1)
    assert (low, high) == pytest.approx((1 - 0.196, 1 + 0.196), abs=0.02)


@pytest.mark.parametrize("draws", [1, 7, 999, 9999])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_intervals_of_counted_p_values_are_clopper_and_pearsons(draws: int, level: float):
    for count in {0, 1, draws // 20, draws // 2, draws - 1, draws}:
        found = monte_carlo_interval(count, draws, level=level)
        given = binomtest(count, draws).proportion_ci(level, "exact")
        assert found == pytest.approx((given.low, given.high), rel=1e-6, abs=1e-12)
        assert found[0] < (1 + count) / (1 + draws) <= found[1]


def test_intervals_of_none_and_of_all_by_hand():
    # None of R are as large with the chance (1 - P)^R.
    assert monte_carlo_interval(0, 999) == (0, pytest.approx(1 - 0.025 ** (1 / 999)))
    assert monte_carlo_interval(999, 999) == (pytest.approx(0.025 ** (1 / 999)), 1)


@pytest.mark.parametrize("p", [0.0001, 0.001, 0.01, 0.048, 0.05, 0.052, 0.5])
def test_counted_p_values_are_held_at_least_as_often_as_said(p: float):
    """Over all counts of 999 draws, by how likely each is."""
    counts = np.arange(1000)
    held = np.array(
        [low <= p <= high for low, high in (monte_carlo_interval(c, 999) for c in counts)]
    )
    assert 0.95 <= binom.pmf(counts, 999, p)[held].sum() <= 1
    # Neither end is missed more often than 2.5 %.
    below = np.array([monte_carlo_interval(c, 999)[1] < p for c in counts])
    assert binom.pmf(counts, 999, p)[below].sum() <= 0.025


@pytest.mark.parametrize("tests", [1, 2, 31, 200])
def test_so_many_draws_decide_where_none_is_as_large(tests: int):
    draws = decisive_draws(tests, 0.05)
    assert tests * monte_carlo_interval(0, draws)[1] < 0.05
    assert tests * monte_carlo_interval(0, draws - 1)[1] >= 0.05 - 1e-9
    assert draws == pytest.approx(74 * tests, rel=0.03)
    assert decisive_draws(0, 0.05) == 0


def test_corrected_p_values_lie_within_their_corrected_intervals():
    rng = np.random.default_rng(0)
    counts = rng.integers(0, 1000, size=40) // rng.integers(1, 200, size=40)
    told = [((1 + c) / 1000, *monte_carlo_interval(int(c), 999)) for c in counts]
    found = corrected(told)
    assert [each.p for each in found] == holm([p for p, *_ in told]).tolist()
    assert all(each.low <= each.p <= each.high for each in found)
    assert corrected([]) == []


def test_by_hand_a_p_is_unsure_where_its_interval_holds_the_level():
    low, middle, high = corrected([(0.001, 0, 0.004), (0.02, 0.01, 0.03), (0.2, 0.1, 0.3)])
    assert low == pytest.approx((0.003, 0, 0.012))
    assert middle == pytest.approx((0.04, 0.02, 0.06))
    assert high == pytest.approx((0.2, 0.1, 0.3))
    assert [each.unsure(0.05) for each in (low, middle, high)] == [False, True, False]

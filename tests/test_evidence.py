from __future__ import annotations

import numpy as np
import pytest

from lexiscope.measure.evidence import bootstrap_interval, percentile_interval


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

"""Numbers by seed: means, intervals and paired differences."""

import pytest
from scipy import stats

from spikefuse.analysis.estimates import Estimate, estimate


def test_the_interval_is_students() -> None:
    values = [0.97, 0.981, 0.969, 0.99]
    found = estimate(dict(enumerate(values)))
    assert found is not None
    low, high = stats.t.interval(0.95, 3, loc=sum(values) / 4, scale=stats.sem(values))
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-12)
    assert found.n == 4


def test_one_seed_has_a_mean_and_no_interval_and_no_seed_has_nothing() -> None:
    assert estimate({3: 0.5}) == Estimate({3: 0.5}, 0.5, None, None)
    assert estimate({}) is None


def test_the_sign_is_what_the_interval_proves() -> None:
    assert Estimate({0: 1.0, 1: 1.1}, 1.05, 0.2, 1.9).sign == 1
    assert Estimate({0: -1.0, 1: -1.1}, -1.05, -1.9, -0.2).sign == -1
    assert Estimate({0: 1.0, 1: 1.1}, 1.05, -0.2, 2.3).sign == 0
    assert Estimate({0: 1.0}, 1.0, None, None).sign == 0


def test_seeds_that_agree_are_as_wide_as_one_step_of_one_seed() -> None:
    alike = {0: 0.5, 1: 0.5, 2: 0.5}
    bare, stepped = estimate(alike), estimate(alike, resolution=0.01)
    assert bare is not None
    assert (bare.low, bare.high, bare.sign) == (0.5, 0.5, 0)
    assert stepped is not None
    half = stats.t.ppf(0.975, 2) * 0.01 / 3
    assert stepped.high == pytest.approx(0.5 + half, abs=1e-12)
    assert "agree exactly" in stepped.note
    assert stepped.sign == 1

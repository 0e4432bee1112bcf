"""Ratios of error rates: by hand, coverage, and where there is none."""

import math

import numpy as np
import pytest
from scipy import stats as scipy_stats

from spikefuse.core.errors import InputError
from spikefuse.stats import error_ratio, paired_samples_error_ratio


def test_by_hand() -> None:
    """Ratios 0.5, 0.25, 0.5: the geometric mean is 1/16 to the third root."""
    result = error_ratio([0.99, 0.99, 0.98], [0.98, 0.96, 0.96], paired=True)
    logs = np.log([0.5, 0.25, 0.5])
    theirs = scipy_stats.ttest_1samp(logs, 0.0)
    assert result.estimate == pytest.approx((1 / 16) ** (1 / 3), abs=1e-12)
    ends = theirs.confidence_interval(0.95)
    assert (result.low, result.high) == pytest.approx((math.exp(ends.low), math.exp(ends.high)))
    assert result.p_value == pytest.approx(theirs.pvalue, abs=1e-12)
    assert result.n == 3


def test_groups_that_share_no_seeds_are_welchs() -> None:
    a, b = [0.99, 0.985, 0.98], [0.97, 0.96]
    result = error_ratio(a, b, paired=False)
    test = scipy_stats.ttest_ind(np.log1p(-np.array(a)), np.log1p(-np.array(b)), equal_var=False)
    ends = test.confidence_interval(0.95)
    assert (math.log(result.low), math.log(result.high)) == pytest.approx(tuple(ends), abs=1e-12)


@pytest.mark.parametrize("n", [3, 5, 10])
def test_covers_the_true_ratio(n: int) -> None:
    generator = np.random.default_rng(n)
    errors = 0.01 * np.exp(generator.normal(0.0, 0.2, (2, 2000, n)))
    errors[0] *= 0.6
    found = [error_ratio(1 - a, 1 - b, paired=True) for a, b in zip(*errors, strict=True)]
    assert 0.93 <= np.mean([each.low <= 0.6 <= each.high for each in found]) <= 0.97


def test_paired_samples_by_hand_and_in_simulation() -> None:
    a = np.array([True] * 90 + [False] * 4 + [True] * 6)
    b = np.array([True] * 90 + [False] * 10)
    result = paired_samples_error_ratio(a, b)
    assert result.estimate == pytest.approx(0.4)
    factor = math.exp(1.959963984540054 * math.sqrt(6 / 40))
    assert (result.low, result.high) == pytest.approx((0.4 / factor, 0.4 * factor))

    generator, held = np.random.default_rng(1), 0
    for only_a, only_b, neither, _ in generator.multinomial(2000, [0.03, 0.01, 0.02, 0.94], 2000):
        a = np.repeat([True, False, False, True], [only_a, only_b, neither, 10])
        b = np.repeat([False, True, False, True], [only_a, only_b, neither, 10])
        each = paired_samples_error_ratio(a, b)
        held += each.low <= 0.6 <= each.high
    assert 0.93 <= held / 2000 <= 0.97


def test_without_errors_there_is_no_ratio() -> None:
    with pytest.raises(InputError, match="accuracies below 1"):
        error_ratio([1.0, 0.99], [0.99, 0.98], paired=True)
    with pytest.raises(InputError, match="at least 1 of each"):
        paired_samples_error_ratio([True, True], [True, False])

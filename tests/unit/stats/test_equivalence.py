"""Two one-sided tests and range tests: error rates, equality with scipy, edges."""

import math

import numpy as np
import pytest
from scipy import stats as scipy_stats

from spikefuse.core.errors import InputError
from spikefuse.stats import mean_interval, paired_difference, range_test, t_bounds, tost, welch_tost

MARGIN = 0.002


@pytest.mark.parametrize("n", [3, 5, 10])
@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_error_rate_at_the_margin_is_alpha(n: int, side: float) -> None:
    """Networks that differ by exactly the margin are called equivalent in 5 % of experiments."""
    generator = np.random.default_rng(5)
    # A spread small against the margin: the other side never decides and the rate is alpha itself.
    difference = generator.normal(side * MARGIN, 0.1 * MARGIN, (10_000, n))
    bounds = t_bounds(difference, confidence=0.90)
    passed = (bounds.low > -MARGIN) & (bounds.high < MARGIN)
    assert 0.04 <= passed.mean() <= 0.06
    for each, verdict in zip(difference[:200], passed[:200], strict=True):
        assert tost(each, np.zeros(n), MARGIN).equivalent == verdict


def test_error_rate_is_never_above_alpha_with_a_wide_spread() -> None:
    generator = np.random.default_rng(6)
    difference = generator.normal(MARGIN, 2 * MARGIN, (10_000, 5))
    bounds = t_bounds(difference, confidence=0.90)
    assert ((bounds.low > -MARGIN) & (bounds.high < MARGIN)).mean() <= 0.05


@pytest.mark.parametrize("n", [2, 3, 8])
def test_p_value_equals_scipys_larger_one_sided_test(n: int) -> None:
    generator = np.random.default_rng(n)
    for _ in range(20):
        a, b = generator.normal(0.991, 0.002, n), generator.normal(0.990, 0.002, n)
        above = scipy_stats.ttest_1samp(a - b, -MARGIN, alternative="greater").pvalue
        below = scipy_stats.ttest_1samp(a - b, MARGIN, alternative="less").pvalue
        assert tost(a, b, MARGIN).p_value == pytest.approx(max(above, below), abs=1e-12)


@pytest.mark.parametrize("sizes", [(2, 2), (3, 5), (10, 4)])
def test_welch_p_value_equals_scipys_larger_one_sided_test(sizes: tuple[int, int]) -> None:
    generator = np.random.default_rng(sum(sizes))
    for _ in range(20):
        a, b = generator.normal(0.991, 0.002, sizes[0]), generator.normal(0.990, 0.004, sizes[1])
        tests = [
            scipy_stats.ttest_ind(a + shift, b, equal_var=False, alternative=side).pvalue
            for shift, side in ((MARGIN, "greater"), (-MARGIN, "less"))
        ]
        result = welch_tost(a, b, MARGIN)
        assert result.p_value == pytest.approx(max(tests), abs=1e-12)
        assert result.equivalent == (result.low > -MARGIN and result.high < MARGIN)


@pytest.mark.parametrize("n", [3, 5, 10])
def test_welch_error_rate_at_the_margin_is_at_most_alpha(n: int) -> None:
    generator = np.random.default_rng(n)
    a, b = (generator.normal(at, s, (2000, n)) for at, s in ((MARGIN, 3e-4), (0.0, 6e-4)))
    passed = [welch_tost(one, other, MARGIN).equivalent for one, other in zip(a, b, strict=True)]
    assert 0.03 <= np.mean(passed) <= 0.065


def test_interval_decides() -> None:
    a, b = [0.9912, 0.9905, 0.9908, 0.9910], [0.9905, 0.9908, 0.9901, 0.9906]
    result = tost(a, b, 0.002)
    assert result.equivalent
    assert -0.002 < result.low < result.high < 0.002
    reference = paired_difference(a, b, confidence=0.90)
    assert (result.low, result.high) == pytest.approx((reference.low, reference.high))
    assert (result.n, result.alpha, result.margin) == (4, 0.05, 0.002)
    assert not tost(a, b, 0.0005).equivalent


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_range_test_agrees_with_the_interval(confidence: float) -> None:
    """Inside and outside fall below 1 - confidence exactly when the interval does."""
    generator = np.random.default_rng(9)
    seen = set()
    for _ in range(500):
        interval = mean_interval(
            generator.normal(generator.uniform(-2, 2), 0.3, 4), confidence=confidence
        )
        test = range_test(interval, -1.0, 1.0)
        inside = interval.low > -1.0 and interval.high < 1.0
        outside = interval.high < -1.0 or interval.low > 1.0
        assert (test.inside < 1 - confidence) == inside
        assert (test.outside < 1 - confidence) == outside
        seen.add((inside, outside))
    assert seen == {(True, False), (False, True), (False, False)}


def test_half_open_range_is_a_one_sided_test() -> None:
    values = [0.3, 0.5, 0.4, 0.1]
    test = range_test(mean_interval(values), 0.0, math.inf)
    greater = scipy_stats.ttest_1samp(values, 0.0, alternative="greater").pvalue
    less = scipy_stats.ttest_1samp(values, 0.0, alternative="less").pvalue
    assert test.inside == pytest.approx(min(1.0, 2 * greater), abs=1e-12)
    assert test.outside == pytest.approx(min(1.0, 2 * less), abs=1e-12)


@pytest.mark.parametrize(
    ("value", "inside", "outside"),
    [(0.5, True, False), (-0.5, False, True), (0.0, False, False), (1.0, False, False)],
)
def test_equal_values_inside_outside_and_on_an_edge(
    value: float, inside: bool, outside: bool
) -> None:
    """Their spread is that of counting, so that on an edge nothing is decided."""
    test = range_test(mean_interval([value, value], resolution=1e-4), 0.0, 1.0)
    assert (test.inside < 0.05, test.outside < 0.05) == (inside, outside)


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(InputError, match="margin"):
        tost([1, 2], [1, 2], 0.0)
    with pytest.raises(InputError, match="alpha"):
        tost([1, 2], [1, 2], 0.1, alpha=0.5)
    with pytest.raises(InputError, match="welch_tost: margin"):
        welch_tost([1, 2], [1, 2], -1.0)
    with pytest.raises(InputError, match="low must be below high"):
        range_test(mean_interval([1, 2]), 1.0, 1.0)

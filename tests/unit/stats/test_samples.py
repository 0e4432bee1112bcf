"""Exact McNemar: by hand, equality with scipy, coverage, degenerate samples."""

import numpy as np
import pytest
from scipy import stats as scipy_stats

from spikefuse.core.errors import InputError
from spikefuse.stats import mcnemar


def outcomes(both: int, only_a: int, only_b: int, none: int) -> tuple[np.ndarray, np.ndarray]:
    a = [True] * both + [True] * only_a + [False] * only_b + [False] * none
    b = [True] * both + [False] * only_a + [True] * only_b + [False] * none
    return np.array(a), np.array(b)


def test_by_hand() -> None:
    result = mcnemar(*outcomes(80, 8, 1, 11))
    assert result.estimate == pytest.approx(0.07)
    assert result.n == 100
    # 2 (C(9,0) + C(9,1)) / 2^9
    assert result.p_value == pytest.approx(20 / 512, abs=1e-12)
    assert result.low > 0.0


@pytest.mark.parametrize("counts", [(50, 12, 3, 5), (0, 1, 0, 0), (500, 0, 9, 1), (10, 6, 6, 0)])
def test_equals_scipys_binomial_test(counts: tuple[int, int, int, int]) -> None:
    result = mcnemar(*outcomes(*counts))
    _, only_a, only_b, _ = counts
    test = scipy_stats.binomtest(only_a, only_a + only_b, 0.5)
    share = test.proportion_ci(0.95, method="exact")
    scale = (only_a + only_b) / sum(counts)
    assert result.p_value == pytest.approx(test.pvalue, abs=1e-12)
    assert result.low == pytest.approx(scale * (2 * share.low - 1), abs=1e-12)
    assert result.high == pytest.approx(scale * (2 * share.high - 1), abs=1e-12)
    assert (result.p_value < 0.05) == (result.low > 0 or result.high < 0)


def test_swapping_the_two_flips_the_sign() -> None:
    a, b = outcomes(30, 9, 2, 4)
    one, other = mcnemar(a, b), mcnemar(b, a)
    assert (one.estimate, one.low, one.high) == pytest.approx(
        (-other.estimate, -other.high, -other.low)
    )
    assert one.p_value == pytest.approx(other.p_value)


def test_rate_of_false_findings_is_at_most_the_level() -> None:
    generator = np.random.default_rng(2)
    found = 0
    for _ in range(1000):
        right = generator.uniform(size=(2, 200)) < 0.9
        found += mcnemar(right[0], right[1]).p_value < 0.05
    assert 0 < found <= 60


def test_no_sample_tells_them_apart() -> None:
    result = mcnemar(*outcomes(99, 0, 0, 1))
    assert (result.estimate, result.p_value) == (0.0, 1.0)
    assert result.high == pytest.approx(1 - 0.025 ** (1 / 100))
    assert result.low == -result.high
    assert "agree on all 100" in result.note


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(InputError, match="booleans"):
        mcnemar([1, 0], [True, False])
    with pytest.raises(InputError, match="booleans"):
        mcnemar([], [])
    with pytest.raises(InputError, match="same samples"):
        mcnemar([True, False], [True])

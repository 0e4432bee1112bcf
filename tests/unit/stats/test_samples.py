"""Two classifiers on the same samples: by hand, scipy, published numbers, coverage, edges."""

import numpy as np
import pytest
from scipy import stats as scipy_stats

from spikefuse.core.errors import InputError
from spikefuse.stats import mcnemar, paired_samples_tost
from spikefuse.stats.samples import paired_score


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
def test_p_value_equals_scipys_binomial_test(counts: tuple[int, int, int, int]) -> None:
    _, only_a, only_b, _ = counts
    test = scipy_stats.binomtest(only_a, only_a + only_b, 0.5)
    assert mcnemar(*outcomes(*counts)).p_value == pytest.approx(test.pvalue, abs=1e-12)


def test_score_of_no_difference_is_mcnemars() -> None:
    """(b - c) / sqrt(b + c), the square root of the asymptotic statistic."""
    assert float(paired_score(12, 3, 70, 0.0)) == pytest.approx(9 / np.sqrt(15), abs=1e-12)


def test_published_interval() -> None:
    """Complete response before and after consolidation therapy, 161 patients (Cavo et al., 2012).

    The R package contingencytables, which accompanies M. W. Fagerland, S. Lydersen, P. Laake,
    "Statistical Analysis of Contingency Tables", 2017, prints Tango's interval as -0.1240 to
    -0.0054, and the estimate as -0.0621.
    """
    result = mcnemar(*outcomes(59, 6, 16, 80))
    printed = (-0.0621, -0.1240, -0.0054)
    assert (result.estimate, result.low, result.high) == pytest.approx(printed, abs=5e-5)


@pytest.mark.parametrize("counts", [(90, 8, 1, 11), (980, 20, 0, 0), (0, 7, 0, 0), (97, 0, 0, 3)])
@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_interval_ends_where_the_score_does(
    counts: tuple[int, int, int, int], confidence: float
) -> None:
    result = mcnemar(*outcomes(*counts), confidence=confidence)
    critical = scipy_stats.norm.ppf((1 + confidence) / 2)
    for end, wanted in ((result.low, critical), (result.high, -critical)):
        if abs(end) < 1.0:
            score = float(paired_score(counts[1], counts[2], sum(counts), end))
            assert score == pytest.approx(wanted, abs=1e-6)
    assert -1.0 <= result.low < result.estimate <= result.high <= 1.0


SHARES = [(1000, 0.02, 0.02), (1000, 0.02, 0.001), (300, 0.03, 0.01), (1000, 0.01, 0.0)]


@pytest.mark.parametrize(("n", "only_a", "only_b"), SHARES)
def test_interval_covers_the_truth(n: int, only_a: float, only_b: float) -> None:
    """10,000 experiments; the binomial interval would hold 52 to 92 % of the uneven ones."""
    shares = [only_a, only_b, 1 - only_a - only_b]
    drawn = np.random.default_rng(8).multinomial(n, shares, size=10_000)
    truth, critical = only_a - only_b, scipy_stats.norm.ppf(0.975)
    held = np.abs(paired_score(drawn[:, 0], drawn[:, 1], n, truth)) <= critical
    assert 0.93 <= held.mean() <= 0.97
    for (b, c, rest), inside in zip(drawn[:60], held[:60], strict=True):
        result = mcnemar(*outcomes(rest, b, c, 0))
        assert (result.low <= truth <= result.high) == inside


@pytest.mark.parametrize("side", [1, -1])
def test_tost_error_rate_at_the_margin_is_alpha(side: int) -> None:
    margin, n = 0.02, 1000
    shares = [0.03, 0.01] if side > 0 else [0.01, 0.03]
    drawn = np.random.default_rng(4).multinomial(n, [*shares, 0.96], size=10_000)
    passed = [
        scipy_stats.norm.sf(paired_score(drawn[:, 0], drawn[:, 1], n, -margin)) < 0.05,
        scipy_stats.norm.cdf(paired_score(drawn[:, 0], drawn[:, 1], n, margin)) < 0.05,
    ]
    both = passed[0] & passed[1]
    assert 0.04 <= both.mean() <= 0.06
    for (b, c, rest), verdict in zip(drawn[:60], both[:60], strict=True):
        assert paired_samples_tost(*outcomes(rest, b, c, 0), margin).equivalent == verdict


def test_tost_says_within_exactly_when_its_interval_does() -> None:
    seen = set()
    for only_a in range(0, 40, 3):
        result = paired_samples_tost(*outcomes(900, only_a, 10, 90 - only_a), 0.015)
        inside = result.low > -0.015 and result.high < 0.015
        assert result.equivalent == inside
        seen.add(inside)
    assert seen == {True, False}


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
    square = scipy_stats.norm.ppf(0.975) ** 2
    assert result.high == pytest.approx(square / (100 + square), abs=1e-9)
    assert result.low == pytest.approx(-result.high, abs=1e-9)
    assert "agree on all 100" in result.note


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(InputError, match="booleans"):
        mcnemar([1, 0], [True, False])
    with pytest.raises(InputError, match="booleans"):
        mcnemar([], [])
    with pytest.raises(InputError, match="same samples"):
        mcnemar([True, False], [True])
    with pytest.raises(InputError, match="margin"):
        paired_samples_tost([True, False], [True, True], 1.0)

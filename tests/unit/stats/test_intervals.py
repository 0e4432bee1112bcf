"""Intervals over seeds: coverage by simulation, equality with scipy, honest degenerate cases."""

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats as scipy_stats

from spikefuse.core.errors import InputError
from spikefuse.stats import (
    Bounds,
    difference_of_differences,
    mean_interval,
    paired_difference,
    t_bounds,
    tost,
    welch_difference,
)

EXPERIMENTS = 10_000
SEEDS = (3, 5, 10)
TOLERANCE = 1e-12


def as_floats(bounds: Bounds) -> tuple[float, float, float]:
    return float(bounds.estimate), float(bounds.low), float(bounds.high)


def coverage(values: np.ndarray, truth: float) -> float:
    """Share of experiments [E, n] whose interval holds the truth."""
    bounds = t_bounds(values)
    return float(((bounds.low <= truth) & (truth <= bounds.high)).mean())


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(20240607)


@pytest.mark.parametrize("n", SEEDS)
def test_mean_covers_the_truth(generator: np.random.Generator, n: int) -> None:
    values = generator.normal(0.97, 0.004, (EXPERIMENTS, n))
    assert 0.93 <= coverage(values, 0.97) <= 0.97
    for experiment in values[:50]:
        record, bounds = mean_interval(experiment), t_bounds(experiment)
        assert (record.estimate, record.low, record.high) == pytest.approx(
            as_floats(bounds), abs=1e-15
        )
        assert record.n == n


@pytest.mark.parametrize("n", SEEDS)
def test_paired_difference_covers_the_truth(generator: np.random.Generator, n: int) -> None:
    shared = generator.normal(0.0, 0.01, (EXPERIMENTS, n))  # what a seed does to both cells
    a = 0.99 + shared + generator.normal(0.0, 0.002, (EXPERIMENTS, n))
    b = 0.97 + shared + generator.normal(0.0, 0.006, (EXPERIMENTS, n))
    assert 0.93 <= coverage(a - b, 0.02) <= 0.97
    for first, second in zip(a[:50], b[:50], strict=True):
        record, bounds = paired_difference(first, second), t_bounds(first - second)
        assert (record.estimate, record.low, record.high) == pytest.approx(
            as_floats(bounds), abs=1e-15
        )


@pytest.mark.parametrize("n", SEEDS)
def test_difference_of_differences_covers_the_truth(generator: np.random.Generator, n: int) -> None:
    shared = generator.normal(0.0, 0.01, (EXPERIMENTS, n))
    spreads = (0.001, 0.004, 0.002, 0.003)
    means = (0.999, 0.970, 0.998, 0.985)
    cells = [
        mean + shared + generator.normal(0.0, spread, (EXPERIMENTS, n))
        for mean, spread in zip(means, spreads, strict=True)
    ]
    truth = (0.999 - 0.970) - (0.998 - 0.985)
    assert 0.93 <= coverage((cells[0] - cells[1]) - (cells[2] - cells[3]), truth) <= 0.97
    for one in zip(*(cell[:50] for cell in cells), strict=True):
        record = difference_of_differences(*one)
        bounds = t_bounds((one[0] - one[1]) - (one[2] - one[3]))
        assert (record.estimate, record.low, record.high) == pytest.approx(
            as_floats(bounds), abs=1e-15
        )


@pytest.mark.parametrize("n", SEEDS)
def test_welch_difference_covers_the_truth(generator: np.random.Generator, n: int) -> None:
    a, b = (
        generator.normal(mean, spread, (EXPERIMENTS, size))
        for mean, spread, size in ((0.98, 0.004, n), (0.97, 0.006, n + 2))
    )
    ends = scipy_stats.ttest_ind(a, b, axis=1, equal_var=False).confidence_interval(0.95)
    held = (ends.low <= 0.01) & (ends.high >= 0.01)
    assert 0.93 <= held.mean() <= 0.97
    for first, second, low, high in zip(a[:50], b[:50], ends.low, ends.high, strict=False):
        record = welch_difference(first, second)
        assert (record.low, record.high) == pytest.approx((low, high), abs=TOLERANCE)


def test_a_normal_quantile_would_not_cover(generator: np.random.Generator) -> None:
    """The simulation tells a t interval from one that ignores that the spread is estimated."""
    values = generator.normal(0.97, 0.004, (EXPERIMENTS, 3))
    half = 1.96 * values.std(axis=1, ddof=1) / math.sqrt(3)
    assert (np.abs(values.mean(axis=1) - 0.97) <= half).mean() < 0.90


@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95, 0.999])
@pytest.mark.parametrize("n", [2, 3, 5, 40])
def test_equals_scipy(generator: np.random.Generator, n: int, confidence: float) -> None:
    a, b = generator.normal(0.98, 0.01, n), generator.normal(0.97, 0.02, n + 1)
    one = mean_interval(a, confidence=confidence)
    theirs = scipy_stats.ttest_1samp(a, 0.0).confidence_interval(confidence)
    assert (one.low, one.high) == pytest.approx(tuple(theirs), rel=TOLERANCE, abs=TOLERANCE)

    paired = paired_difference(a, b[:n], confidence=confidence)
    test = scipy_stats.ttest_rel(a, b[:n])
    assert (paired.low, paired.high) == pytest.approx(
        tuple(test.confidence_interval(confidence)), rel=TOLERANCE, abs=TOLERANCE
    )
    assert paired.p_value == pytest.approx(test.pvalue, rel=TOLERANCE, abs=TOLERANCE)

    welch = welch_difference(a, b, confidence=confidence)
    test = scipy_stats.ttest_ind(a, b, equal_var=False)
    assert (welch.low, welch.high) == pytest.approx(
        tuple(test.confidence_interval(confidence)), rel=TOLERANCE, abs=TOLERANCE
    )
    assert welch.p_value == pytest.approx(test.pvalue, rel=TOLERANCE, abs=TOLERANCE)
    assert welch.degrees == pytest.approx(test.df, abs=1e-9)


def test_known_numbers() -> None:
    result = mean_interval([0.98, 0.99, 1.0])
    half = 4.302652729911275 * 0.01 / math.sqrt(3)
    assert result.estimate == pytest.approx(0.99, rel=TOLERANCE, abs=TOLERANCE)
    assert (result.low, result.high) == pytest.approx(
        (0.99 - half, 0.99 + half), rel=TOLERANCE, abs=TOLERANCE
    )
    assert (result.n, result.confidence, result.note) == (3, 0.95, "")
    assert result.method == "Student t over seeds"


def test_pairing_narrows_when_seeds_move_both_cells() -> None:
    seed_effect = np.array([0.0, 0.02, -0.02, 0.01, -0.01])
    a = 0.99 + seed_effect + np.array([1, -1, 1, -1, 0]) * 1e-4
    b = 0.98 + seed_effect
    assert paired_difference(a, b).low > 0.0
    assert welch_difference(a, b).low < 0.0


class TestSeedsThatAgreeExactly:
    """Two of 1,000 samples agree in 4 of 100 experiments: a width of nothing is no certainty."""

    @pytest.mark.parametrize("call", [mean_interval, lambda a: paired_difference(a, [0.9] * 3)])
    def test_without_resolution_they_are_refused(self, call: Any) -> None:
        with pytest.raises(InputError, match="must not all be equal without a resolution, got 3"):
            call([0.999, 0.999, 0.999])

    def test_tests_are_refused_too(self) -> None:
        """Once p was 0 and any margin was kept."""
        with pytest.raises(InputError, match="resolution"):
            tost([0.9, 0.9], [0.8, 0.8], margin=0.2)
        with pytest.raises(InputError, match="resolution"):
            welch_difference([0.9, 0.9], [0.8, 0.8])

    @pytest.mark.parametrize("swapped", [False, True])
    def test_one_group_of_two_leaves_a_width(self, swapped: bool) -> None:
        same, spread = [0.99, 0.99], [0.98, 0.985, 0.97]
        result = welch_difference(*((spread, same) if swapped else (same, spread)))
        assert result.high > result.low
        name = "b" if swapped else "a"
        assert result.note == (
            f"all 2 seeds of {name} agree exactly: only the other group's spread is in the width"
        )
        assert welch_difference(spread, [0.1, 0.2]).note == ""

    @pytest.mark.parametrize("n", [2, 3, 5])
    def test_resolution_gives_the_width_of_counting(self, n: int) -> None:
        result = mean_interval([0.99] * n, resolution=1 / 300)
        error = math.sqrt(0.99 * 0.01 / 300 / n)
        assert result.standard_error == pytest.approx(error, rel=1e-12)
        assert result.high == pytest.approx(0.99 + scipy_stats.t.ppf(0.975, n - 1) * error)
        assert "counting samples" in result.note

    def test_at_the_end_of_the_scale_it_is_one_step_of_one_seed(self) -> None:
        step = 1.0 / 300
        result = mean_interval([1.0] * 3, resolution=step)
        one_apart = mean_interval([1.0] * 2 + [1.0 - step])
        assert result.high - result.low == pytest.approx(one_apart.high - one_apart.low, abs=1e-12)

    def test_a_difference_has_the_counting_of_both(self) -> None:
        found = paired_difference([0.9, 0.9], [0.8, 0.8], resolution=0.001)
        assert found.standard_error == pytest.approx(math.sqrt((0.09 + 0.16) / 1000 / 2))
        assert found.p_value == pytest.approx(
            2 * scipy_stats.t.sf(0.1 / found.standard_error, 1), rel=1e-6
        )
        equal = paired_difference([0.5, 0.5], [0.5, 0.5], resolution=0.001)
        assert equal.p_value == pytest.approx(1.0)
        assert equal.low < 0.0 < equal.high

    def test_what_is_made_of_accuracies_brings_its_own_variance(self) -> None:
        found = mean_interval([0.2, 0.2], resolution=0.001, variance=4e-4)
        assert found.standard_error == pytest.approx(math.sqrt(4e-4 / 2))

    def test_resolution_changes_nothing_when_seeds_differ(self) -> None:
        values = [0.99, 0.991, 0.992]
        assert mean_interval(values, resolution=0.1) == mean_interval(values)

    def test_resolution_mends_the_coverage_of_counts(self, generator: np.random.Generator) -> None:
        """Two seeds on 300 clips at 99 %: exact ties are common, and zero widths would miss."""
        truth, samples = 0.99, 300
        counts = generator.binomial(samples, truth, (4000, 2)) / samples
        intervals = [mean_interval(pair, resolution=1 / samples) for pair in counts]
        held = [each.low <= truth <= each.high for each in intervals]
        tied = counts[:, 0] == counts[:, 1]
        assert np.mean(held) > 0.93
        assert np.mean(np.array(held)[tied]) > 0.99

    def test_rounding_noise_counts_as_agreement(self) -> None:
        a = np.array([0.3, 0.1 + 0.2])
        assert a[0] != a[1]
        assert "agree exactly" in mean_interval(a, resolution=0.01).note


@pytest.mark.parametrize(
    ("values", "match"),
    [
        ([0.9], "at least 2"),
        ([], "at least 2"),
        ([0.9, math.nan], "finite"),
        ([0.9, math.inf], "finite"),
        ([[0.9, 0.8]], "shape"),
    ],
)
def test_bad_values_are_refused(values: list[float], match: str) -> None:
    with pytest.raises(InputError, match=match):
        mean_interval(values)


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(InputError, match="b must be paired with a, 3 values"):
        paired_difference([1, 2, 3], [1, 2])
    with pytest.raises(InputError, match="b_base"):
        difference_of_differences([1, 2], [1, 2], [1, 2], [1, 2, 3])
    with pytest.raises(InputError, match="confidence"):
        mean_interval([1, 2], confidence=1.0)
    with pytest.raises(InputError, match="resolution"):
        mean_interval([1, 2], resolution=0.0)
    with pytest.raises(InputError, match="n at least 2"):
        t_bounds(np.zeros((4, 1)))
    with pytest.raises(InputError, match="finite"):
        t_bounds([[1.0, math.nan]])

"""Coverage of what `test_coverage` leaves out: groups in `compare`, crossings, silent seeds.

As there, the short form is quick and tolerant, the long one gives the figures of docs/method.md.
"""

from typing import Any

import numpy as np
import pytest

from spikefuse.analysis.crossing import crossing_point, mean_crossing
from spikefuse.analysis.estimates import Estimate, estimate
from spikefuse.analysis.sample_errors import widened
from spikefuse.analysis.series import Series
from spikefuse.stats import (
    cluster_bootstrap,
    group_interval,
    mean_interval,
)
from spikefuse.stats.groups import FEW_GROUPS
from tests.support.long import IS_LONG
from tests.unit.stats.test_coverage import HIGH, LOW, Draw, coverage

SLOW = 4_000 if IS_LONG else 300
"""Experiments of intervals that resample."""


def holds(found: Any, truth: float) -> bool:
    return bool(found.low <= truth <= found.high)


def compared(groups: int, mean: float = 0.05, spread: float = 0.05) -> Draw:
    """Differences of two networks on samples of groups of unequal size, as `compare` has them."""

    def draw(generator: np.random.Generator) -> bool:
        sizes = generator.integers(5, 30, groups)
        names = np.repeat(np.arange(groups), sizes)
        gain = generator.normal(mean, spread, groups)[names]
        first = generator.uniform(size=len(names)) < 0.8 + gain
        values = first.astype(float) - (generator.uniform(size=len(names)) < 0.8)
        if groups <= FEW_GROUPS:
            return holds(group_interval(values, names, resolution=1 / len(values)), mean)
        return holds(cluster_bootstrap(values, names, generator, resamples=1_000), mean)

    return draw


@pytest.mark.parametrize("groups", [4, 6, 10, 20])
def test_up_to_twenty_groups_by_t(groups: int) -> None:
    assert LOW <= coverage(compared(groups)) <= HIGH


@pytest.mark.parametrize("groups", [21, 40, 300] if IS_LONG else [21])
def test_more_groups_by_resampling(groups: int) -> None:
    """Of 300 experiments in the short form three standard errors are 3.8 points."""
    slack = 0.0 if IS_LONG else 0.025
    assert LOW - slack <= coverage(compared(groups), SLOW) <= HIGH + slack


def one_bad(groups: int) -> Draw:
    """Every speaker is, one time in six, far worse than the others: no interval over six knows."""

    def draw(generator: np.random.Generator) -> bool:
        means = np.where(generator.uniform(size=groups) < 1 / 6, 0.2, 0.65)
        values = generator.normal(means, 0.05)
        return holds(group_interval(values, np.arange(groups)), 0.65 - 0.45 / 6)

    return draw


def test_groups_of_which_one_may_be_far_worse_are_held_less_often() -> None:
    """No interval over so few can: in a third of the draws of six there is no bad one at all.

    The report therefore names the outermost groups beside the interval and shows every one.
    """
    none_bad = (5 / 6) ** 6
    assert 0.6 < coverage(one_bad(6)) < 1 - none_bad + 0.1


LEVELS = (0.0, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


def curves(generator: np.random.Generator, n: int, spread: float) -> np.ndarray:
    """[n, 2, levels]: one curve begins higher and falls earlier; counted on 1,000 samples."""
    middle = np.exp(generator.normal(np.log(0.5), spread, (n, 2))) * (0.8, 1.6)
    steep = (np.array(LEVELS) / middle[..., None]) ** 3
    true = 0.1 + (np.array([[0.97], [0.93]]) - 0.1) / (1 + steep)
    return np.asarray(generator.binomial(1_000, true) / 1_000)


def crossed(n: int, spread: float) -> Draw:
    """The level of n seeds, as the report has it, against that of very many."""
    many = curves(np.random.default_rng(1), 20_000 if IS_LONG else 4_000, spread)
    odds = np.log((many * 1_000 + 0.5) / (1_000 - many * 1_000 + 0.5)).mean(axis=0)
    truth = crossing_point(LEVELS, odds[0].tolist(), odds[1].tolist())
    assert truth is not None

    def draw(generator: np.random.Generator) -> bool | None:
        found = mean_crossing(LEVELS, dict(enumerate(curves(generator, n, spread).tolist())), 1_000)
        return None if found is None else holds(found, truth)

    return draw


@pytest.mark.parametrize("spread", [0.1, 0.25, 0.4] if IS_LONG else [0.25])
@pytest.mark.parametrize("n", [3, 5, 10])
def test_where_curves_cross(n: int, spread: float) -> None:
    """From seeds that are alike to seeds of which one in twenty never crosses by itself."""
    slack = (0.005 if spread > 0.3 else 0.0) if IS_LONG else 0.02
    assert LOW - slack <= coverage(crossed(n, spread), 8_000 if IS_LONG else 600) <= HIGH + slack


@pytest.mark.parametrize("share", [0.99, 0.999])
def test_three_seeds_that_are_often_equal(share: float) -> None:
    """1,000 samples and no spread of their own: wide rather than narrow, never below."""

    def draw(generator: np.random.Generator) -> bool:
        values = generator.binomial(1_000, share, 3) / 1_000
        counting = float(values.mean() * (1 - values.mean()) / 1_000)
        return holds(mean_interval(values, resolution=1e-3, variance=counting), share)

    assert coverage(draw) >= LOW


@pytest.mark.parametrize("n", [3, 4, 5, 6, 10])
def test_a_difference_with_one_silent_seed_in_ten(n: int) -> None:
    """Fused minus single, paired: a seed that is silent in either is counted apart."""

    def draw(generator: np.random.Generator) -> bool | None:
        gains = generator.normal(0.02, 0.01, n)
        silent = np.flatnonzero(generator.uniform(size=n) < 0.1)
        gains[silent] = -0.8
        series = Series(dict(enumerate(gains.tolist())), silent=tuple(silent.tolist()))
        found = estimate(series, 1e-4)
        return None if found is None or found.low is None else holds(found, 0.02)

    assert LOW <= coverage(draw) <= HIGH


def test_a_headline_over_seeds_and_clips_with_one_silent_seed_in_ten() -> None:
    """100 clips that all seeds share, of which every seed has its own luck besides."""

    def draw(generator: np.random.Generator) -> bool | None:
        clips = generator.normal(0.02, 0.2, 100)
        errors = clips[None, :] + generator.normal(0.0, 0.1, (5, 100))
        gains = errors.mean(axis=1) + generator.normal(0.0, 0.005, 5)
        silent = np.flatnonzero(generator.uniform(size=5) < 0.1)
        series = Series(dict(enumerate(gains.tolist())), silent=tuple(silent.tolist()))
        error = (float(clips.std(ddof=1) / 10.0), 100, "audio")
        found: Estimate | None = widened(estimate(series, 1e-4), error)
        return None if found is None or found.low is None else holds(found, 0.02)

    assert LOW <= coverage(draw) <= HIGH

"""Planning: powers and numbers of seeds against simulation and textbook values."""

import numpy as np
import pytest
import scipy.stats

from spikefuse.core.errors import InputError
from spikefuse.stats import (
    equivalence_power,
    minimum_detectable_effect,
    power,
    seeds_for_effect,
    seeds_for_equivalence,
    seeds_for_half_width,
    t_bounds,
)

SIMULATED = 20_000


@pytest.mark.parametrize("n", [2, 3, 5, 10])
def test_power_equals_simulation(n: int) -> None:
    values = np.random.default_rng(n).normal(1.2, 1.0, (SIMULATED, n))
    bounds = t_bounds(values)
    found = ((bounds.low > 0) | (bounds.high < 0)).mean()
    assert power(1.2, 1.0, n) == pytest.approx(found, abs=0.012)


def test_power_without_an_effect_is_the_level() -> None:
    assert power(0.0, 1.0, 5) == pytest.approx(0.05, abs=1e-9)
    assert power(-0.7, 1.0, 8) == pytest.approx(power(0.7, 1.0, 8), abs=1e-9)


@pytest.mark.parametrize("n", [2, 3, 5, 30])
def test_minimum_detectable_effect_has_the_wanted_power(n: int) -> None:
    effect = minimum_detectable_effect(0.004, n, wanted_power=0.8)
    assert power(effect, 0.004, n) == pytest.approx(0.8, abs=1e-8)


def test_textbook_sizes() -> None:
    # One-sample t test, d = 0.5, two-sided 5 %, 80 % power: 34 (G*Power, Cohen's tables).
    assert seeds_for_effect(1.0, 0.5) == 34
    assert seeds_for_effect(1.0, 0.8) == 15
    assert power(0.5, 1.0, 33) < 0.8 <= power(0.5, 1.0, 34)


def test_seeds_for_half_width_is_the_first_that_fits() -> None:
    n = seeds_for_half_width(0.002, 0.001)
    generator = np.random.default_rng(0)

    def half_width(count: int) -> float:
        values = generator.normal(size=count)
        values = 0.002 * (values - values.mean()) / values.std(ddof=1)
        return float(np.subtract(*t_bounds(values)[2:0:-1]) / 2)

    assert half_width(n) <= 0.001 < half_width(n - 1)
    assert seeds_for_half_width(0.001, 100.0) == 2


@pytest.mark.parametrize(("n", "difference"), [(2, 0.0), (3, 0.0), (5, 0.4), (10, -0.5)])
def test_equivalence_power_equals_simulation(n: int, difference: float) -> None:
    values = np.random.default_rng(n).normal(difference, 0.6, (SIMULATED, n))
    bounds = t_bounds(values, confidence=0.9)
    passed = ((bounds.low > -1.0) & (bounds.high < 1.0)).mean()
    expected = equivalence_power(1.0, 0.6, n, difference=difference)
    assert expected == pytest.approx(passed, abs=0.012)


def test_equivalence_power_at_the_margin_is_alpha() -> None:
    assert equivalence_power(1.0, 0.05, 6, difference=1.0) == pytest.approx(0.05, abs=1e-6)
    assert equivalence_power(1.0, 0.05, 6, difference=1.0, alpha=0.025) == pytest.approx(
        0.025, abs=1e-6
    )


@pytest.mark.parametrize("n", [1000, 50_000])
def test_equivalence_power_with_many_seeds_finds_the_narrow_peak(n: int) -> None:
    assert equivalence_power(1.0, 1.0, n) == pytest.approx(1.0, abs=1e-6)


def test_seeds_for_equivalence_is_the_first_that_suffices() -> None:
    n = seeds_for_equivalence(0.002, 0.002)
    assert equivalence_power(0.002, 0.002, n) >= 0.8 > equivalence_power(0.002, 0.002, n - 1)


@pytest.mark.parametrize(
    "call",
    [
        lambda: power(1.0, 0.0, 5),
        lambda: power(1.0, 1.0, 1),
        lambda: minimum_detectable_effect(1.0, 5, wanted_power=1.0),
        lambda: seeds_for_effect(1.0, 0.0),
        lambda: seeds_for_half_width(1.0, 0.0),
        lambda: seeds_for_equivalence(1.0, 0.5, difference=0.5),
        lambda: equivalence_power(-1.0, 1.0, 5),
    ],
)
def test_bad_arguments_are_refused(call: object) -> None:
    with pytest.raises(InputError):
        call()  # type: ignore[operator]


def test_out_of_reach_says_so() -> None:
    with pytest.raises(InputError, match="reachable"):
        seeds_for_half_width(1.0, 1e-6)


@pytest.mark.parametrize(
    ("effect", "wanted"),
    [(5.0, 0.0884371841), (13.503634, 0.2357946136), (64.0, 0.8448762060), (120.0, 0.9923153532)],
)
def test_power_at_99_percent_and_two_seeds(effect: float, wanted: float) -> None:
    """By a midpoint rule of four million places: rules over the whole range were off by 1e-3."""
    assert power(effect, 1.0, 2, confidence=0.99) == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize("n", [2, 3, 30])
@pytest.mark.parametrize("difference", [0.0, 0.3])
def test_equivalence_power_with_much_confidence(n: int, difference: float) -> None:
    """The same, where the outcome turns within a thousandth of the range."""
    margin, alpha = 100.0 / n, 0.0005
    degrees, critical = n - 1, scipy.stats.t.isf(alpha, n - 1)
    scale = 1 / np.sqrt(n)
    top = min(margin / (critical * scale), scipy.stats.chi.isf(1e-15, degrees) / degrees**0.5)
    ratio = (np.arange(400_000) + 0.5) / 400_000 * top
    room = margin - critical * ratio * scale
    passes = scipy.stats.norm.cdf((room - difference) / scale)
    passes -= scipy.stats.norm.cdf((-room - difference) / scale)
    density = scipy.stats.chi.pdf(ratio * degrees**0.5, degrees) * degrees**0.5
    wanted = (passes * density).mean() * top
    found = equivalence_power(margin, 1.0, n, difference=difference, alpha=alpha)
    assert found == pytest.approx(wanted, abs=1e-6)

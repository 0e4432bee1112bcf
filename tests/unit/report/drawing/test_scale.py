"""The accuracy axis."""

import numpy as np
import pytest

from spikefuse.analysis.words import short_percent
from spikefuse.report.drawing.scale import choose_scale, stretch, unstretch


def test_stretch_has_an_inverse_and_finite_ends() -> None:
    accuracy = np.linspace(0, 1, 201)

    np.testing.assert_allclose(unstretch(stretch(accuracy)), accuracy, atol=1e-12)
    assert np.isfinite(stretch(np.array([0.0, 1.0]))).all()
    assert (np.diff(stretch(accuracy)) > 0).all()


def test_stretch_shows_small_differences_and_a_fall_to_chance() -> None:
    low, chance, middle, good, best, top = stretch(np.array([0.0, 0.1, 0.75, 0.99, 0.999, 1.0]))

    height = top - low
    assert (best - good) / height > 0.15
    assert (middle - chance) / height > 0.15
    assert (chance - low) / height > 0.05


def test_close_values_get_a_zoom() -> None:
    scale = choose_scale([0.981, 0.99, 0.9993])

    assert not scale.stretched
    assert scale.low <= 0.981
    assert scale.high == 1.0
    assert (scale.ticks[0], scale.ticks[-1]) == (scale.low, scale.high)
    assert 4 <= len(scale.ticks) <= 8


def test_a_fall_to_chance_gets_a_stretched_axis_from_zero() -> None:
    scale = choose_scale([0.11, 0.95, 0.999], chance=0.1)

    assert scale.stretched
    assert scale.low == 0.0
    assert scale.chance == 0.1
    assert 0.1 in scale.ticks
    assert {0.5, 0.9, 0.99} <= set(scale.ticks)


@pytest.mark.parametrize("classes", [2, 3, 4, 10, 300])
def test_the_line_of_chance_stands_clear_of_the_ends(classes: int) -> None:
    scale = choose_scale([1 / classes, 0.999], chance=1 / classes)

    assert scale.low < 1 / classes < scale.high
    place, low, high = stretch(np.array([1 / classes, scale.low, scale.high]))
    assert (place - low) / (high - low) > (0.005 if classes > 100 else 0.05)


def test_without_classes_there_is_no_chance() -> None:
    assert choose_scale([0.11, 0.95, 0.999]).chance is None


@pytest.mark.parametrize(
    "values", [[0.5], [0.0], [1.0], [0.0, 1.0], [0.1, 0.101], [0.3, 0.9], [-0.1, 1.2], [0.999, 1.0]]
)
def test_every_value_is_on_the_axis(values: list[float]) -> None:
    scale = choose_scale(values)

    assert scale.low < scale.high
    assert 0 <= scale.low <= min(max(min(values), 0), 1)
    assert min(max(values), 1) <= scale.high <= 1
    assert sorted(set(scale.ticks)) == list(scale.ticks)
    places = np.array(scale.ticks)
    places = stretch(places) if scale.stretched else places
    assert np.diff(places).min() > (places[-1] - places[0]) / 14


def test_a_wide_interval_does_not_squeeze_the_values() -> None:
    values = [0.981, 0.985]

    assert choose_scale(values, [(0.2, 1.6)]).low > 0.96
    assert choose_scale(values, [(0.978, 0.988)]).low <= 0.978


def test_no_values_and_values_that_are_no_numbers() -> None:
    assert choose_scale([]).low == 0.0
    assert choose_scale([float("nan"), 0.99]).low > 0.9


@pytest.mark.parametrize(("value", "text"), [(0.995, "99.5"), (1.0, "100"), (0.1, "10"), (0, "0")])
def test_percent(value: float, text: str) -> None:
    assert short_percent(value) == text

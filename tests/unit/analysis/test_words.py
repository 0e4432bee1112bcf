"""Numbers and levels in words: one text for the page, its files and the terminal."""

from dataclasses import replace

import pytest

from spikefuse.analysis.estimates import Estimate
from spikefuse.analysis.words import (
    NONE,
    difference,
    in_brackets,
    level_name,
    percent,
    plural,
    points,
    rate_span,
    share,
    shown,
    signed,
    span,
    with_interval,
)

THREE = Estimate({0: 0.01, 1: -0.02, 2: 0.0}, -0.0033, -0.0412, 0.0345)
ONE = Estimate({0: 0.01}, 0.01, None, None)


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [(0.5, 0.75, "50.00 to 75.00"), (-0.1, 1.2, "0.00 to 100.00"), (None, None, NONE)],
)
def test_intervals_end_where_accuracy_does(
    low: float | None, high: float | None, text: str
) -> None:
    assert span(replace(ONE, low=low, high=high), share) == text


def test_shares_are_in_per_cent() -> None:
    assert percent(0.98765) == "98.77"
    assert percent(None) == NONE
    assert rate_span(Estimate({0: 0.0, 1: 0.1, 2: 0.1}, 0.07, -0.1, 0.25)) == "0.0000 to 0.2500"
    assert rate_span(Estimate({0: 0.25, 1: 0.5}, 0.375, None, None)) == "0.2500 and 0.5000"


def test_points_has_a_true_minus_and_no_signed_zero() -> None:
    assert points(-0.0123) == "\u22121.23"
    assert points(0.0123) == "+1.23"
    assert points(-0.00001) == "0.00"
    assert signed(-0.0123) == "-1.23"


def test_an_estimate_is_written_with_its_interval_and_n() -> None:
    said = with_interval(THREE).replace("\u00a0", " ")
    assert said == "\u22120.33 pp (95 % interval \u22124.12 to +3.45, n = 3)"
    assert with_interval(ONE).replace("\u00a0", " ") == "+1.00 pp (n = 1, too few for an interval)"
    assert difference(THREE) == ("\u22120.33", "\u22124.12 to +3.45", "3")
    assert difference(ONE) == ("+1.00", NONE, "1")
    assert difference(None) == (NONE, NONE, NONE)
    assert in_brackets(THREE, signed) == "[-4.12, +3.45]"
    assert (span(ONE, signed), span(None, signed), in_brackets(ONE, signed)) == (NONE,) * 3


def test_levels_and_counts() -> None:
    assert level_name("modality", "touch") == "Touch"
    assert level_name("noise_std", 0.1) == "Noise 0.1"
    assert level_name("reset", "hard") == "Hard reset"
    assert level_name("neuron", "plif") == "plif"
    assert plural(1, "seed") == "1 seed"
    assert plural(1200, "clip") == "1,200 clips"


def test_what_steers_a_terminal_is_not_shown() -> None:
    assert shown("a\x1b[31mb") == "a?[31mb"
    assert shown("x" * 60) == "x" * 39 + "\u2026"
    assert shown(None) == "nothing"

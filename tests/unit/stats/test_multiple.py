"""Holm's procedure: by hand, its laws, and the family-wise error rate."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikefuse.core.errors import InputError
from spikefuse.stats import holm


def test_by_hand() -> None:
    # Sorted: .005 x 4, .01 x 3, .03 x 2, .04 x 1, then never decreasing.
    assert holm([0.03, 0.005, 0.04, 0.01]) == pytest.approx((0.06, 0.02, 0.06, 0.03))
    assert holm([0.2]) == (0.2,)
    assert holm([]) == ()
    assert holm([0.6, 0.9]) == (1.0, 1.0)


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=12))
def test_between_the_raw_value_and_bonferroni(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    for raw, new in zip(p_values, adjusted, strict=True):
        assert raw <= new <= min(1.0, raw * len(p_values))
    assert min(adjusted) == pytest.approx(min(1.0, min(p_values) * len(p_values)))
    order = np.argsort(p_values, kind="stable")
    assert np.all(np.diff(np.array(adjusted)[order]) >= 0.0)


def test_family_wise_error_rate() -> None:
    p_values = np.random.default_rng(3).uniform(size=(4000, 6))
    any_raw = (p_values.min(axis=1) < 0.05).mean()
    any_holm = np.mean([min(holm(row)) < 0.05 for row in p_values])
    assert any_raw > 0.2
    assert 0.035 <= any_holm <= 0.06


@pytest.mark.parametrize("bad", [-0.1, 1.1, math.nan])
def test_bad_values_are_refused(bad: float) -> None:
    with pytest.raises(InputError, match="between 0 and 1"):
        holm([0.5, bad])

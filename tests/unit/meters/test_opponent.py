import pytest

from spikefuse.core.errors import InputError
from spikefuse.meters.opponent import break_even_rate, matched_bits


@pytest.mark.parametrize(
    ("steps", "bits", "percent"),
    [
        (4, 3, 9.375),
        (5, 3, 7.5),
        (6, 3, 6.25),
        (7, 3, 5.36),
        (8, 4, 6.25),
        (9, 4, 5.56),
        (10, 4, 5),
    ],
)
def test_matched_bits_and_the_rate_that_breaks_even(steps: int, bits: int, percent: float) -> None:
    assert matched_bits(steps) == bits
    assert 100 * break_even_rate(steps) == pytest.approx(percent, abs=0.005)


def test_with_weights_as_short_as_the_twins_it_is_one_in_t() -> None:
    assert break_even_rate(4, None) == 0.25
    assert break_even_rate(4, 16) == break_even_rate(4, 8) / 2


def test_refuses_no_step_and_no_bit() -> None:
    with pytest.raises(InputError, match="time_steps must be 1 or more"):
        matched_bits(0)
    with pytest.raises(InputError, match="weight_bits must be 1 or more"):
        break_even_rate(4, 0)

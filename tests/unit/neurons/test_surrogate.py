"""Each surrogate: its derivative is the derivative of its primitive, and its area is 1."""

import pytest
import torch

from spikefuse.core.errors import InputError
from spikefuse.neurons import SHAPES, Surrogate

WIDTHS = (0.2, 0.5, 1.0, 3.0)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", SHAPES)
def test_derivative_is_that_of_the_primitive(name: str, width: float) -> None:
    surrogate = Surrogate(name, width)
    x = torch.linspace(-4, 4, 4001, dtype=torch.float64)
    kinks = torch.tensor([-width, 0.0, width], dtype=torch.float64)
    x = x[((x[:, None] - kinks).abs() > 1e-3).all(dim=1)]
    step = 1e-6
    slope = (surrogate.primitive(x + step) - surrogate.primitive(x - step)) / (2 * step)
    torch.testing.assert_close(surrogate.derivative(x), slope, atol=1e-7, rtol=1e-6)


@pytest.mark.parametrize("name", SHAPES)
def test_primitive_rises_from_zero_to_one(name: str) -> None:
    surrogate = Surrogate(name)
    far = torch.tensor([-1e7, 0.0, 1e7], dtype=torch.float64)
    expected = torch.tensor([0.0, 0.5, 1.0], dtype=torch.float64)
    torch.testing.assert_close(surrogate.primitive(far), expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("name", "peak"), [("boxcar", 1.0), ("atan", 1.0), ("fast_sigmoid", 1.0), ("triangle", 1.0)]
)
def test_default_widths_have_a_peak_of_one(name: str, peak: float) -> None:
    assert Surrogate(name).derivative(torch.zeros(1)).item() == peak


def test_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(InputError, match="Did you mean boxcar"):
        Surrogate("boxcr")


@pytest.mark.parametrize("width", [0.0, -1.0, float("nan"), float("inf")])
def test_width_must_be_positive(width: float) -> None:
    with pytest.raises(InputError, match="width"):
        Surrogate("atan", width)

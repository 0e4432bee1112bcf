"""The C++ noise equals its definition within rounding, on every instruction set."""

import pytest
import torch

from spikefuse.core import library
from spikefuse.core.gaussian import add_normal

pytestmark = pytest.mark.skipif(not library.available(), reason=f"native: {library.why_not()}")

# Logarithm, sine and cosine are other polynomials than PyTorch's: a few roundings of a number
# whose size is at most 5.8.
TOLERANCE = 3e-6


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(
    ("shape", "steps"),
    [
        ((1, 1, 1), 1),
        ((1, 4, 31), 4),
        ((2, 1, 33), 3),
        ((3, 1, 2, 5, 7, 3), 4),
        ((1, 2, 8192 + 40), 2),
        ((2, 1, 100_001), 2),
        ((1, 3, 0), 3),
    ],
)
def test_equals_the_definition(
    instructions: str, dtype: torch.dtype, shape: tuple[int, ...], steps: int
) -> None:
    current = torch.randn(shape, generator=torch.Generator().manual_seed(1)).to(dtype)
    settings = {"time_steps": steps, "std": 0.7, "seeds": [11 + p for p in range(shape[0])]}
    ours, expected = (add_normal(current, native=native, **settings) for native in (True, False))
    assert ours.shape == expected.shape == (shape[0], steps, *shape[2:])
    assert ours.dtype == dtype
    if dtype == torch.float32:
        torch.testing.assert_close(ours, expected, rtol=0, atol=TOLERANCE)
    else:
        # A number beside the middle of two bf16 values may be rounded the other way.
        torch.testing.assert_close(ours, expected, rtol=2**-7, atol=TOLERANCE)
        other = (ours != expected).sum().item()
        assert other <= 2 + 1e-3 * ours.numel()


def test_threads_do_not_change_a_bit() -> None:
    current = torch.zeros(2, 1, 300_000)
    before, drawn = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            drawn.append(add_normal(current, time_steps=3, std=1.0, seeds=[1, 2], native=True))
    finally:
        torch.set_num_threads(before)
    assert torch.equal(drawn[0], drawn[1])
    assert torch.equal(drawn[0], drawn[2])


def test_the_extremes_of_the_words() -> None:
    # Words with the smallest and the largest radius and with angles in all four quarters.
    values = add_normal(torch.zeros(1, 1, 4_000_000), time_steps=1, std=1.0, seeds=[3], native=True)
    assert values.isfinite().all()
    assert 4.7 < values.abs().max() < 5.8

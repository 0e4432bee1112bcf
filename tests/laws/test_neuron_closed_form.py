"""What a leaky integrator must do, from its solution on paper."""

import pytest
import torch

from spikefuse.neurons import lif


@pytest.mark.parametrize("leak", [0.3, 0.9, 0.99])
def test_constant_current_without_reset_is_a_geometric_sum(leak: float) -> None:
    steps, current = 50, 0.37
    _, v = lif(torch.full((steps, 1), current, dtype=torch.float64), leak, 1e9, "none")
    expected = current * (1 - leak**steps) / (1 - leak)
    # The leak is kept in float32, so the sum differs by its rounding.
    assert v.item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("steps", [1, 10, 97])
def test_if_with_soft_reset_conserves_charge(steps: int) -> None:
    current = torch.rand(steps, 64, generator=torch.Generator().manual_seed(1)).double() * 0.9
    spikes, v = lif(current, leak=1.0, threshold=1.0, reset="soft")
    torch.testing.assert_close(spikes.sum(0) + v, current.sum(0), atol=1e-12, rtol=0)


def test_if_with_hard_reset_fires_with_its_period() -> None:
    # 0.3 a step: above 1 after 4 steps, then from zero again.
    spikes, _ = lif(torch.full((12, 1), 0.3), leak=1.0, reset="hard")
    assert spikes.flatten().tolist() == [0, 0, 0, 1] * 3


def test_below_rheobase_never_fires() -> None:
    # With leak b a constant current I ends at I / (1 - b); below the threshold it never fires.
    spikes, _ = lif(torch.full((500, 1), 0.0999), leak=0.9, threshold=1.0)
    assert spikes.sum() == 0

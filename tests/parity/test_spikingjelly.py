"""The neuron against SpikingJelly in the four cells both have (skipped where it is not installed).

SpikingJelly's tau is 1 / (1 - leak); it fires at a tie, we do not: random numbers avoid ties.
"""

import pytest
import torch

from spikefuse.neurons import Surrogate
from spikefuse.neurons.lif import RESETS, lif_population

neuron = pytest.importorskip("spikingjelly.activation_based.neuron")
surrogate = pytest.importorskip("spikingjelly.activation_based.surrogate")

PARAMETER_SETS, STEPS, NEURONS = 1_000, 200, 4
TOLERANCE = 1e-6


@pytest.mark.parametrize("detach", [False, True])
@pytest.mark.parametrize("reset", ["soft", "hard"])
def test_same_spikes_membrane_and_gradient(reset: str, detach: bool) -> None:
    generator = torch.Generator().manual_seed(5)
    leak = torch.rand(PARAMETER_SETS, generator=generator) * 0.9 + 0.05
    threshold = torch.rand(PARAMETER_SETS, generator=generator) + 0.5
    current = torch.randn(PARAMETER_SETS, STEPS, NEURONS, generator=generator).double() * 0.8 + 0.3
    ours = current.clone().requires_grad_()
    spikes, v = lif_population(
        ours,
        time_steps=STEPS,
        leak=leak,
        threshold=threshold,
        reset=torch.full((PARAMETER_SETS,), RESETS[reset], dtype=torch.int8),
        surrogate=Surrogate("atan", 0.5),
        detach_reset=detach,
        backend="reference",
    )
    assert v is not None
    spikes.sum().backward()
    theirs = current.clone().requires_grad_()
    their_spikes, their_v = [], []
    for p in range(PARAMETER_SETS):
        node = neuron.LIFNode(
            tau=1 / (1 - leak[p].double().item()),
            decay_input=False,
            v_threshold=threshold[p].double().item(),
            v_reset=0.0 if reset == "hard" else None,
            surrogate_function=surrogate.ATan(alpha=2.0),
            detach_reset=detach,
            step_mode="m",
        )
        their_spikes.append(node(theirs[p]))
        their_v.append(node.v)
    torch.stack(their_spikes).sum().backward()
    assert torch.equal(spikes, torch.stack(their_spikes))
    torch.testing.assert_close(v, torch.stack(their_v), atol=TOLERANCE, rtol=0)
    torch.testing.assert_close(ours.grad, theirs.grad, atol=TOLERANCE, rtol=1e-6)

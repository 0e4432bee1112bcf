"""The parametric LIF neuron: LIF whose leak is learned, one number a layer and member.

    leak = sigmoid(leak_logit)

keeps the leak between 0 and 1 whatever the update. In the backward pass

    d loss / d leak = sum over t of (d loss / d h_t) v_(t-1)

which the fused kernels do not compute: where the leak's gradient is wanted, the eager neuron runs.
In evaluation every implementation serves.

Source:
    Fang et al., "Incorporating learnable membrane time constant to enhance learning of spiking
    neural networks", ICCV 2021 (there the sigmoid of a learned number is 1 / tau = 1 - leak).
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from spikefuse.neurons.contract import NeuronSettings
from spikefuse.neurons.lif.neurons import LifNeurons


class PlifNeurons(LifNeurons):
    """LIF neurons with a learned leak, which begins at the member's `leak`."""

    def __init__(self, members: Sequence[NeuronSettings], time_steps: int, backend: str) -> None:
        super().__init__(members, time_steps, backend)
        start = torch.tensor([member.leak for member in members], dtype=torch.float64)
        del self.leak  # learned here, no buffer
        self.leak_logit = nn.Parameter(torch.logit(start).float())

    def implementation(self, device: torch.device | str) -> str:
        """PyTorch's operations: no fused kernel gives the leak a gradient."""
        return "reference" if self.backend == "reference" else "eager"

    def leaks(self) -> Tensor:
        """The leak that each member has learned, [P]."""
        return torch.sigmoid(self.leak_logit)

    def forward(self, current: Tensor, pool: bool) -> Tensor:
        """Spikes of every step."""
        leak = self.leaks()
        is_learning = leak.requires_grad and self.backend != "reference"
        return self.spikes(current, pool, leak, "eager" if is_learning else self.backend)

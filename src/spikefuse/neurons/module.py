"""One layer of a population's neurons, as a PyTorch module."""

import torch
from torch import Tensor, nn


class Neurons(nn.Module):
    """One layer of a population's neurons.

    Everything it learns is a parameter with a leading axis P, of which a member touches its own
    entry alone. What it cannot learn is a buffer.

    Attributes:
        writes_bits: Whether spikes may leave as `spikefuse.neurons.spikes.SpikeTensor`, for layers
            that compute by events.
        counts_fired: Whether somebody wants to know how many fired before pooling.
    """

    writes_bits = False
    counts_fired = False

    def forward(self, current: Tensor, pool: bool) -> Tensor:
        """What leaves the layer.

        Args:
            current: [P, T, B, ...], or [P, 1, B, ...] when it is the same at every step.
            pool: Take the 2x2 maximum of the output [P, T, B, H, W, C] over H and W.

        Returns:
            [P, T, B, ...] in the type of `current`.
        """
        raise NotImplementedError

    def implementation(self, device: torch.device | str) -> str:
        """What computes it there in training, one of `spikefuse.neurons.lif.BACKENDS`."""
        return "eager"

"""The rectifier: what stands for a neuron in the dense twin."""

from collections.abc import Sequence

import torch
from torch import Tensor

from spikefuse.neurons.contract import NeuronSettings
from spikefuse.neurons.lif.eager import pool_spikes
from spikefuse.neurons.module import Neurons


class ReluNeurons(Neurons):
    """The positive part of the current; it has no constants."""

    def __init__(self, members: Sequence[NeuronSettings], time_steps: int, backend: str) -> None:
        super().__init__()

    def forward(self, current: Tensor, pool: bool) -> Tensor:
        """The positive part; pooled first, which is the same and cheaper."""
        return torch.relu(pool_spikes(current) if pool else current)

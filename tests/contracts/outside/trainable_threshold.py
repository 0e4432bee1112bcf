"""A neuron with a learned constant: integrate-and-fire whose threshold is learned, one a layer."""

import math

import torch
from torch import Tensor, nn

from spikefuse.core.registry import register
from spikefuse.neurons import NEURONS, Constant, NeuronModel, Neurons, Surrogate
from spikefuse.neurons.lif.eager import pool_spikes
from spikefuse.neurons.lif.reference import lif_reference


class TrainableThreshold(Neurons):
    def __init__(self, members, time_steps: int, backend: str) -> None:
        super().__init__()
        self.time_steps = time_steps
        start = torch.tensor([member.constants["first_threshold"] for member in members])
        self.log_threshold = nn.Parameter(start.log())
        self.register_buffer("leak", torch.ones(len(members)), persistent=False)
        self.register_buffer("reset", torch.ones(len(members), dtype=torch.int8), persistent=False)

    def forward(self, current: Tensor, pool: bool) -> Tensor:
        spikes, _ = lif_reference(
            current,
            self.time_steps,
            self.leak,
            self.log_threshold.exp(),
            self.reset,
            Surrogate("triangle"),
        )
        return pool_spikes(spikes) if pool else spikes


register(
    "neuron",
    NEURONS,
    "trainable-threshold",
    NeuronModel(
        "integrate-and-fire with a learned threshold",
        TrainableThreshold,
        constants={"first_threshold": Constant(0.5, 0, math.inf, has_bounds=False)},
        learned=1,
    ),
)

"""Spike insertion: where no spike is, one appears with a probability, on its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spikefuse.core.counters import uniforms
from spikefuse.noise.contract import NoiseKind, Strength

if TYPE_CHECKING:
    from torch import Tensor


def _insert(values: Tensor, time_steps: int, strength: Strength) -> Tensor:
    import torch

    more = torch.empty_like(values)
    for member, seed in enumerate(strength.seeds):
        own = values[member]
        drawn = uniforms(seed, own.numel(), values.device).view(own.shape)
        appears = (own == 0) & (drawn < strength.severity)
        more[member] = own.masked_fill(appears, 1.0)
    return more


INSERTION = NoiseKind(
    "adds spikes (in a dense network: sets outputs of zero to one)",
    "probability that a silent neuron spikes at a step",
    _insert,
    positions=("after", "pooled"),
    highest=1.0,
)

"""Spike deletion: each spike is lost on its way with a probability, on its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spikefuse.core.counters import uniforms
from spikefuse.noise.contract import NoiseKind, Strength

if TYPE_CHECKING:
    from torch import Tensor


def _delete(values: Tensor, time_steps: int, strength: Strength) -> Tensor:
    import torch

    kept = torch.empty_like(values)
    for member, seed in enumerate(strength.seeds):
        own = values[member]
        drawn = uniforms(seed, own.numel(), values.device).view(own.shape)
        kept[member] = own * (drawn >= strength.severity)
    return kept


DELETION = NoiseKind(
    "loses spikes (in a dense network: sets outputs to zero)",
    "probability that a spike is lost",
    _delete,
    positions=("after", "pooled"),
    highest=1.0,
)

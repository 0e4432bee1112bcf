"""Spike jitter: each spike comes a step early or late with a probability.

Early and late are equally likely. A spike that would leave the first or the last step stays where
it is, and two that meet are one. A dense network has one step: nothing of it can move.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spikefuse.core.counters import uniforms
from spikefuse.noise.contract import NoiseKind, Strength

if TYPE_CHECKING:
    from torch import Tensor


def _move(values: Tensor, time_steps: int, strength: Strength) -> Tensor:
    import torch

    moved = torch.empty_like(values)
    half = strength.severity / 2
    for member, seed in enumerate(strength.seeds):
        own = values[member]
        drawn = uniforms(seed, own.numel(), values.device).view(own.shape)
        early, late = drawn < half, drawn >= 1 - half
        early[0], late[-1] = False, False
        stays = own.masked_fill(early | late, 0.0)
        stays[:-1] = torch.maximum(stays[:-1], (own * early)[1:])
        stays[1:] = torch.maximum(stays[1:], (own * late)[:-1])
        moved[member] = stays
    return moved


JITTER = NoiseKind(
    "moves spikes a step early or late",
    "probability that a spike moves",
    _move,
    positions=("after", "pooled"),
    highest=1.0,
)

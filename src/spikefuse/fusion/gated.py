"""Gated fusion: each modality's features are scaled by what the others' features say.

With s_m the mean of branch m's features over its map, one number a channel,

    gate_m = sigmoid(W_m [s_k for all k other than m] + b_m)          a number a channel of m
    f_m    = gate_m * features of m, at every place of the map

and the heads see the f_m side by side, as in early fusion. A gate for each single feature would
need more weights than the rest of a network of this size.

Source:
    Joze et al., "MMTM: multimodal transfer module for CNN fusion", CVPR 2020 (squeeze, then
    excite across modalities); Arevalo et al., "Gated multimodal units for information fusion",
    ICLR workshop 2017.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from spikefuse.fusion.contract import LayerCost, Layers, Parts
from spikefuse.fusion.early import EarlyFusion

if TYPE_CHECKING:
    from torch import Tensor


def _gates(parts: Parts) -> dict[str, tuple[int, int]]:
    """Inputs and outputs of each branch's gate: the others' channels, its own channels."""
    channels = {name: shape[0] for name, shape in parts.features.items()}
    total = sum(channels.values())
    return {name: (total - own, own) for name, own in channels.items()}


class GatedFusion(EarlyFusion):
    """Features scaled by a sigmoid of a linear map of the other modalities' features."""

    title: ClassVar[str] = "features scaled by the other modalities, then concatenated"

    def __init__(self, parts: Parts, layers: Layers) -> None:
        from torch import nn

        super().__init__(parts, layers)
        self._channels = {name: shape[0] for name, shape in parts.features.items()}
        # A list: a modality may have a name that a ModuleDict keeps for itself.
        self.weights = self.gates = nn.ModuleList(
            layers.linear(f"fusion.{name}", *sizes) for name, sizes in _gates(parts).items()
        )

    @classmethod
    def costs(cls, parts: Parts) -> list[LayerCost]:
        """A linear map for each branch, and the scaling itself."""
        return [
            LayerCost(f"fusion.{name}", (inputs + 1) * own, inputs * own + parts.widths[name])
            for name, (inputs, own) in _gates(parts).items()
        ]

    @classmethod
    def kept(cls, parts: Parts) -> int:
        """What enters each gate and what leaves it."""
        return sum(sum(sizes) for sizes in _gates(parts).values())

    def join_features(self, features: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Scaled, then concatenated along features."""
        import torch

        maps = {name: x.unflatten(-1, (-1, self._channels[name])) for name, x in features.items()}
        squeezed = {name: x.mean(dim=-2) for name, x in maps.items()}
        scaled = {}
        for (name, x), gate in zip(maps.items(), self.gates, strict=True):
            others = torch.cat([s for other, s in squeezed.items() if other != name], dim=-1)
            scaled[name] = (x * torch.sigmoid(gate(others)).unsqueeze(-2)).flatten(-2)
        return super().join_features(scaled)

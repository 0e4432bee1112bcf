"""A fusion with weights: each modality's features times a number that is learned."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from spikefuse.core.registry import register
from spikefuse.fusion import FUSIONS, Fusion, LayerCost, Layers, Parts


class Weights(nn.Module):
    def __init__(self, parts: Parts, layers: Layers) -> None:
        super().__init__()
        self.gain = layers.parameter("fusion.gain", (len(parts.features),), fan_in=1)


class WeightedFusion(Fusion):
    """Features weighed by modality, then added up: all branches must have as many."""

    title = "features weighed and added"

    def __init__(self, parts: Parts, layers: Layers) -> None:
        super().__init__(parts, layers)
        self.weights = Weights(parts, layers)

    @classmethod
    def heads(cls, features: Mapping[str, int]) -> dict[str, int]:
        return {"fused": max(features.values())}

    @classmethod
    def costs(cls, parts: Parts) -> list[LayerCost]:
        return [LayerCost("fusion.gain", len(parts.features), sum(parts.widths.values()))]

    def join_features(self, features: Mapping[str, Tensor]) -> dict[str, Tensor]:
        gains = self.weights.gain.unbind(dim=1)
        weighed = [
            x * gain.view(-1, 1, 1, 1).to(x.dtype)
            for x, gain in zip(features.values(), gains, strict=True)
        ]
        return {"fused": torch.stack(weighed).sum(dim=0)}


register("fusion", FUSIONS, "weighted", WeightedFusion)

"""Late fusion with learned weights: how much each modality's classifier is listened to.

With z_m the logits of modality m's head and a_m a number that is learned, equal at the start,

    z = sum over m of softmax(a)_m z_m

the same weights for every sample.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from spikefuse.fusion.contract import Fusion, LayerCost, Layers, Parts

if TYPE_CHECKING:
    from torch import Tensor


class LateWeightedFusion(Fusion):
    """A classifier per modality, whose logits are averaged with weights that are learned."""

    title: ClassVar[str] = "logits averaged with learned weights"

    def __init__(self, parts: Parts, layers: Layers) -> None:
        from torch import nn

        super().__init__(parts, layers)
        share = layers.parameter("fusion.share", (len(parts.features),), fan_in=1)
        share.data.zero_()  # no modality is preferred before anything was seen
        self.weights = self.shares = nn.ParameterDict({"share": share})

    @classmethod
    def costs(cls, parts: Parts) -> list[LayerCost]:
        """A number a modality; logits come once a sample, whatever T."""
        count = len(parts.features)
        return [LayerCost("fusion.share", count, count * parts.classes, passes=1)]

    def join_logits(self, logits: Mapping[str, Tensor]) -> Tensor:
        """Mean of the heads with the weights' softmax."""
        import torch

        shares = self.shares["share"].softmax(dim=1).t()[..., None, None]  # [heads, P, 1, 1]
        joined: Tensor = (shares * torch.stack(list(logits.values()))).sum(dim=0)
        return joined

"""Early fusion: features concatenated before the classifier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from spikefuse.data.sources.contract import FUSED
from spikefuse.fusion.contract import Fusion

if TYPE_CHECKING:
    from torch import Tensor


def concatenated(features: Mapping[str, Tensor]) -> Tensor:
    """Features of all branches side by side, in their order."""
    import torch

    return torch.cat(list(features.values()), dim=-1)


class EarlyFusion(Fusion):
    """Features concatenated before the classifier: the paper's fusion."""

    title: ClassVar[str] = "features concatenated before the classifier"

    @classmethod
    def heads(cls, features: Mapping[str, int]) -> dict[str, int]:
        """One head over all features."""
        return {FUSED: sum(features.values())}

    def join_features(self, features: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Concatenated along features."""
        return {FUSED: concatenated(features)}

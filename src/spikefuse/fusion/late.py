"""Late fusion: a classifier per modality."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from spikefuse.fusion.contract import Fusion

if TYPE_CHECKING:
    from torch import Tensor


class LateFusion(Fusion):
    """A classifier per modality, whose logits are averaged."""

    title: ClassVar[str] = "logits averaged"
    works_with_some: ClassVar[bool] = True

    def join_logits(self, logits: Mapping[str, Tensor]) -> Tensor:
        """Mean over the heads."""
        import torch

        return torch.stack(list(logits.values())).mean(dim=0)

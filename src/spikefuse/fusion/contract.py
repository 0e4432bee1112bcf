"""The contract of a fusion: what it makes of inputs, features and logits.

A network runs in three stages: encoders turn branches into features, heads turn features into
logits. A fusion says which branches exist, which heads exist, and how tensors join between the
stages. A kind that joins at one stage passes the others through.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from torch import Tensor


Shape = tuple[int, int, int]


class Fusion(Protocol):
    """How modalities meet. Tensors are channels-last populations: [P, T, B, ..., C]."""

    def branches(self, shapes: Mapping[str, Shape]) -> dict[str, Shape]:
        """Shape (channels, height, width) of each encoder's input, by branch name."""
        ...

    def join_inputs(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The encoders' inputs from the modalities' inputs [P, T, B, H, W, C]."""
        ...

    def heads(self, features: Mapping[str, int]) -> dict[str, int]:
        """Number of features each head sees, by head name."""
        ...

    def join_features(self, features: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The heads' inputs from the branches' features [P, T, B, F]."""
        ...

    def join_logits(self, logits: Mapping[str, Tensor]) -> Tensor:
        """The network's logits [P, B, K] from the heads' logits."""
        ...

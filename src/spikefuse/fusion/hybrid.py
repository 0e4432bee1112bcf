"""Hybrid fusion: a head over all features and a head for each modality, their losses summed.

The features meet as in early fusion, and every branch also answers for itself. Joint training alone
lets the modality that learns first take over, so that the others' encoders stay undertrained; a
loss of its own teaches each encoder whatever the other has learned.

Source: W. Wang, D. Tran, M. Feiszli, "What makes training multi-modal classification networks
hard?", CVPR 2020 (arXiv:1905.12681), with equal weights of the losses; Y. Huang et al., "Modality
competition: what makes joint training of multi-modal network fail in deep learning?", ICML 2022
(arXiv:2203.12221).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from spikefuse.data.sources.contract import FUSED
from spikefuse.fusion.contract import Fusion
from spikefuse.fusion.early import concatenated
from spikefuse.fusion.late_product import product

if TYPE_CHECKING:
    from torch import Tensor


class HybridFusion(Fusion):
    """A head over all features beside one for each modality; the first of them answers."""

    title: ClassVar[str] = "a head over all and one each, losses summed; the first answers"

    @classmethod
    def heads(cls, features: Mapping[str, int]) -> dict[str, int]:
        """One over all features, one for each branch."""
        return {FUSED: sum(features.values()), **features}

    @classmethod
    def losses(cls, heads: Sequence[str], epoch: int, epochs: int) -> tuple[str, ...]:
        """Every head's own."""
        return tuple(heads)

    @classmethod
    def answering(cls, heads: Sequence[str]) -> tuple[str, ...]:
        """The head over all features alone."""
        return (FUSED,)

    def join_features(self, features: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """All of them concatenated, and each as it is."""
        return {FUSED: concatenated(features), **features}

    def join_logits(self, logits: Mapping[str, Tensor]) -> Tensor:
        """Those of the head over all features."""
        return logits[FUSED]


class HybridProductFusion(HybridFusion):
    """The same, answered by all heads: their probabilities are multiplied."""

    title: ClassVar[str] = "a head over all and one each, losses summed; all are multiplied"

    @classmethod
    def answering(cls, heads: Sequence[str]) -> tuple[str, ...]:
        """Every head."""
        return tuple(heads)

    def join_logits(self, logits: Mapping[str, Tensor]) -> Tensor:
        """Sum of log probabilities of all heads."""
        return product(logits)

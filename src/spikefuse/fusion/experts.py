"""Experts joined: branches are trained apart, each by its own head, then a head over all features.

In the first half of the epochs (rounded down) every branch learns by the loss of its own head, and
nothing is shared. Then the head over all features is added and the whole is fine-tuned by its loss
alone; the branches' heads stay where they are and have no part in the answer. Which half it is
follows from the epoch, so that training goes on wherever it was stopped.

Source: C. Du et al., "On uni-modal feature learning in supervised multi-modal learning", ICML 2023
(arXiv:2305.01233), for why encoders are better taught by one modality.

"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from spikefuse.data.sources.contract import FUSED
from spikefuse.fusion.hybrid import HybridFusion


class ExpertsFusion(HybridFusion):
    """Branches trained apart in the first half of the epochs, then joined and fine-tuned."""

    title: ClassVar[str] = "branches trained apart for half of the epochs, then joined"
    least_epochs: ClassVar[int] = 2

    @classmethod
    def losses(cls, heads: Sequence[str], epoch: int, epochs: int) -> tuple[str, ...]:
        """The branches' own at first, then that of the head over all features."""
        if epoch <= epochs // 2:
            return tuple(head for head in heads if head != FUSED)
        return (FUSED,)

    @classmethod
    def is_ready(cls, epoch: int, epochs: int) -> bool:
        """From the first epoch in which the head over all features learns."""
        return epoch > epochs // 2

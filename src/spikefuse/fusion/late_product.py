"""Late fusion whose experts are multiplied: a classifier per modality, each with its own loss.

With p_m the class probabilities of modality m's head,

    log p = sum over m of log p_m      (up to a number that all classes share)
    loss  = sum over m of cross-entropy(p_m)

so no head learns from another's answer. One joint loss over the product would be the mean of
logits at another temperature, which is `late`. Given the class, samples that were paired at random
are independent, and the product of true probabilities cannot be bettered.

Source: G. E. Hinton, "Products of experts", ICANN 1999.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from spikefuse.fusion.contract import Fusion

if TYPE_CHECKING:
    from torch import Tensor


def product(logits: Mapping[str, Tensor]) -> Tensor:
    """Log probabilities of the heads added, [P, B, K] each.

    Example:
        >>> import torch
        >>> even, sure = torch.zeros(1, 1, 2), torch.tensor([[[0.0, 2.0]]])
        >>> torch.equal(product({"a": even, "b": sure}).softmax(-1), sure.softmax(-1))
        True
    """
    import torch

    return torch.stack([each.log_softmax(dim=-1) for each in logits.values()]).sum(dim=0)


class LateProductFusion(Fusion):
    """A classifier per modality, each with its own loss; their probabilities are multiplied."""

    title: ClassVar[str] = "a loss for each modality, probabilities multiplied"
    works_with_some: ClassVar[bool] = True

    @classmethod
    def losses(cls, heads: Sequence[str], epoch: int, epochs: int) -> tuple[str, ...]:
        """Every head's own."""
        return tuple(heads)

    def join_logits(self, logits: Mapping[str, Tensor]) -> Tensor:
        """Sum of log probabilities."""
        return product(logits)

"""Gradient modulation: the modality that is ahead learns more slowly, so that others catch up.

With s_m the probability that the network gives the right class from modality m alone (the features
of the others are zero), summed over the batch, and the others' mean for comparison,

    r_m = s_m / mean of s_n over the other modalities n
    k_m = 1 - tanh(0.3 r_m) where r_m > 1, else 1
    g  <- k_m g + e,   e normal with mean 0 and the standard deviation of g

for the gradient g of each weight and bias of m's convolutions. The noise e makes up for what the
smaller step loses in exploration (the "GE"). It is a function of seed, epoch, step and place.

Source:
    X. Peng et al., "Balanced multimodal learning via on-the-fly gradient modulation", CVPR 2022
    (arXiv:2203.15332), whose two modalities with a linear classifier are here any number with any
    head; 0.3 is within the range of its experiments.
"""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from spikefuse.core.counters import GAMMA, mixed, shifted
from spikefuse.core.streams import stream_seed
from spikefuse.networks import PopulationNetwork
from spikefuse.training.definition import TrialDefinition

STRENGTH = 0.3


def coefficients(scores: Tensor) -> Tensor:
    """What each modality's gradient is multiplied by, [M, P] of scores [M, P].

    Example:
        >>> coefficients(torch.tensor([[2.0], [1.0]])).flatten()
        tensor([0.4630, 1.0000])
    """
    others = (scores.sum(dim=0) - scores) / (len(scores) - 1)
    ratio = scores / others
    return torch.where(ratio > 1, 1 - torch.tanh(STRENGTH * ratio), torch.ones_like(ratio))


class Modulation:
    """Modulates the gradients of the members that ask for it.

    Args:
        network: Whose gradients.
        definitions: One a member.
    """

    def __init__(self, network: PopulationNetwork, definitions: Sequence[TrialDefinition]) -> None:
        device = next(network.parameters()).device
        self.network = network
        self._is_wanted = torch.tensor([d.modulation != "none" for d in definitions], device=device)
        # Made once: a captured step cannot copy from the host.
        self._keys = {
            name: torch.tensor([stream_seed(d.seed, "ogm-ge", name) for d in definitions]).to(
                device
            )
            for name, _ in network.named_parameters()
        }

    @torch.no_grad()
    def scores(self, features: Mapping[str, Tensor], labels: Tensor) -> Tensor:
        """Probability of the right class from each branch alone, summed over a batch, [M, P]."""
        found = []
        for name in features:
            alone = {n: x if n == name else torch.zeros_like(x) for n, x in features.items()}
            logits = self.network.answer(self.network.head_logits(alone))
            right = logits.softmax(dim=-1).gather(-1, labels.unsqueeze(-1).long())
            found.append(right.squeeze(-1).sum(dim=1))
        return torch.stack(found)

    @torch.no_grad()
    def apply(
        self, features: Mapping[str, Tensor], labels: Tensor, epoch: Tensor, step: Tensor
    ) -> None:
        """Change the gradients that the backward pass left.

        Args:
            features: Of the batch, by branch.
            labels: [P, B].
            epoch: [1], on the device.
            step: [1], of the epoch.
        """
        factors = coefficients(self.scores(features, labels))
        by_branch = dict(zip(features, factors, strict=True))
        for name, parameter in self.network.named_parameters():
            branch, _, site = name.removeprefix("weighted.").rpartition("_conv")
            gradient = parameter.grad
            if branch not in by_branch or not site or gradient is None:
                continue
            shape = (-1, *[1] * (gradient.dim() - 1))
            spread = gradient.flatten(1).std(dim=1).view(shape)
            noise = _normal(self._keys[name] + (epoch << 32) + step, gradient[0].numel())
            changed = gradient * by_branch[branch].view(shape) + noise.view_as(gradient) * spread
            gradient.copy_(torch.where(self._is_wanted.view(shape), changed, gradient))


def _normal(keys: Tensor, count: int) -> Tensor:
    """Standard normal numbers [P, count], float32, each a function of its key and place.

    Source: G. Box, M. Muller, "A note on the generation of random normal deviates", 1958.
    """
    places = torch.arange(1, count + 1, device=keys.device)
    words = mixed(mixed(keys).unsqueeze(1) + places * GAMMA)
    u = (shifted(words, 40) + 1).float() * 2.0**-24
    angle = ((words >> 8) & 0xFFFFFF).float() * (2 * math.pi * 2.0**-24)
    return (u.log() * -2).sqrt() * angle.cos()

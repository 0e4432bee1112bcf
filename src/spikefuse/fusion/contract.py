"""The contract of a fusion: what it makes of inputs, features and logits, with weights of its own.

A network runs in three stages: encoders turn branches into features, heads turn features into
logits. A fusion says which branches exist, which heads exist, and how tensors join between the
stages. A kind that joins at one stage passes the others through. Dictionaries come, and are walked,
in the order of the network's modalities.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

if TYPE_CHECKING:
    from torch import Tensor, nn


Shape = tuple[int, int, int]
"""Channels, height and width of a map."""

ANSWER = "(answer)"
"""Among what has a loss: what the whole network answers. No head has such a name."""


@dataclass(frozen=True)
class LayerCost:
    """One weighted layer: parameters with bias, and multiply-accumulates of one pass.

    Args:
        name: Of the layer.
        parameters: What it learns.
        macs: For one sample.
        passes: How often it runs for one sample; None where that is once a time step.
        each_step: It runs at every step, also behind features that are the same at every step.
    """

    name: str
    parameters: int
    macs: int
    passes: int | None = None
    each_step: bool = False


@dataclass(frozen=True)
class Parts:
    """What meets in a fusion, by branch.

    Args:
        inputs: Shape of each modality's input.
        features: Shape of each branch's features; they are flattened channels last, so a branch
            with shape (C, H, W) gives F = H W C features.
        classes: K.
    """

    inputs: Mapping[str, Shape]
    features: Mapping[str, Shape]
    classes: int

    @property
    def widths(self) -> dict[str, int]:
        """F of each branch."""
        return {name: c * h * w for name, (c, h, w) in self.features.items()}


class Layers(Protocol):
    """Makes weights for the members of a population, drawn from each member's own streams."""

    @property
    def members(self) -> int:
        """P."""
        ...

    def linear(self, name: str, inputs: int, outputs: int) -> nn.Module:
        """A dense layer from [P, T, B, inputs] to [P, T, B, outputs]; stored under its name."""
        ...

    def parameter(self, name: str, shape: tuple[int, ...], fan_in: int) -> nn.Parameter:
        """A parameter [P, *shape], uniform in +-1/sqrt(fan_in); stored under its attribute."""
        ...

    def firing(self, name: str, inputs: int, outputs: int) -> nn.Module:
        """A dense layer at each place of a map, then neurons; a site under its name.

        From [P, T, B, N, inputs] to [P, T, B, N, outputs]; the neurons are the network's.
        """
        ...

    def product(self, name: str, width: int) -> nn.Module:
        """A matrix product without weights, which meters count by what the first factor holds.

        Of [P, T, B, M, N] and [P, T, B, N, width].
        """
        ...


class Fusion:
    """How modalities meet. Tensors are channels-last populations: [P, T, B, ..., C].

    This class passes everything through. What a kind learns are layers and parameters made by
    `Layers`, whose leading axis is P, in the module `weights`; `costs` tells the budget of them.
    The class itself knows shapes and costs without PyTorch: a plan is made without it.

    Args:
        parts: What meets.
        layers: Makes weights.
    """

    title: ClassVar[str] = ""
    """What it does, in a user's words."""

    for_one: ClassVar[bool] = False
    """Whether it serves a network with one modality; if not, one with two or more."""

    works_with_some: ClassVar[bool] = False
    """Whether a trained network answers when some of its modalities are missing: if what meets is
    made of each modality alone, and the rest still means the same."""

    least_epochs: ClassVar[int] = 1
    """Fewest epochs that its training is made of."""

    weights: nn.Module | None
    """What it learns, part of the network; None if nothing."""

    def __init__(self, parts: Parts, layers: Layers) -> None:
        self.weights = None

    @classmethod
    def branches(cls, shapes: Mapping[str, Shape]) -> dict[str, Shape]:
        """Shape of each encoder's input, by branch name: one branch per modality."""
        return dict(shapes)

    @classmethod
    def heads(cls, features: Mapping[str, int]) -> dict[str, int]:
        """Number of features each head sees, by head name: one head per branch."""
        return dict(features)

    @classmethod
    def costs(cls, parts: Parts) -> list[LayerCost]:
        """What its own weights cost: parameters exactly, and multiply-accumulates."""
        return []

    @classmethod
    def neurons(cls, parts: Parts) -> dict[str, int]:
        """Layers of neurons of its own, by site: how many neurons each has."""
        return {}

    @classmethod
    def losses(cls, heads: Sequence[str], epoch: int, epochs: int) -> tuple[str, ...]:
        """What has a cross-entropy of its own in an epoch: names of heads, or `ANSWER`.

        Their sum is the loss. What no loss reaches is not trained in that epoch.

        Args:
            heads: All heads.
            epoch: Counted from 1.
            epochs: How many there will be.
        """
        return (ANSWER,)

    @classmethod
    def answering(cls, heads: Sequence[str]) -> tuple[str, ...]:
        """The heads that have a part in the network's answer, of all heads."""
        return tuple(heads)

    @classmethod
    def is_ready(cls, epoch: int, epochs: int) -> bool:
        """Whether what answers has been trained after an epoch, which can then be the best one."""
        return True

    @classmethod
    def kept(cls, parts: Parts) -> int:
        """Numbers kept for the backward pass, for one sample and step, beside the heads' inputs."""
        return 0

    def join_inputs(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The branches' inputs from the modalities' inputs [P, T, B, H, W, C]."""
        return dict(inputs)

    def join_features(self, features: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The heads' inputs from the branches' features [P, T, B, F]."""
        return dict(features)

    def join_logits(self, logits: Mapping[str, Tensor]) -> Tensor:
        """The network's logits [P, B, K] from the heads' logits: those of the only head."""
        (only,) = logits.values()
        return only

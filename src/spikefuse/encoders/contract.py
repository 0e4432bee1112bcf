"""The contract of an encoder: how a real-valued input becomes a network's input over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from torch import Tensor


EVALUATION = 0
"""Stands for the epoch outside training, whose epochs count from 1."""


@dataclass(frozen=True)
class Moment:
    """Which samples are shown, and when: what random spikes are a function of, beside the seed.

    Args:
        samples: Modality -> [P, B] int64, which sample of the data each is.
        epoch: Counted from 1, as int64 [1] on the device; `EVALUATION` outside training.
    """

    samples: Mapping[str, Tensor]
    epoch: Tensor | int = EVALUATION


class Encoder:
    """Encodes one modality of a population; it learns nothing.

    Args:
        modality: Its name.
        seeds: One per member.
        time_steps: T.
    """

    title: ClassVar[str] = ""
    """What it does, in a user's words."""

    is_static: ClassVar[bool] = False
    """Whether its output is the same at every step: the first layer then runs once, not T times."""

    gives_spikes: ClassVar[bool] = False
    """Whether its output is spikes by its nature: they are added, real numbers are multiplied."""

    is_random: ClassVar[bool] = False
    """Whether it draws numbers and so must know the `Moment`."""

    takes_time: ClassVar[bool] = False
    """Whether the last axis of its input is time, which it takes for the steps."""

    def __init__(self, modality: str, seeds: Sequence[int], time_steps: int) -> None:
        self.modality = modality
        self.seeds = list(seeds)
        self.time_steps = time_steps

    def __call__(self, inputs: Tensor, moment: Moment | None) -> Tensor:
        """Encode.

        Args:
            inputs: [P, B, C, H, W]; where it takes time, the last axis of five or six is time.
            moment: Which samples these are; None where nobody knows.

        Returns:
            [P, T, B, H, W, C], channels last; a static encoder's time axis is one step long.
        """
        raise NotImplementedError


def intensity(inputs: Tensor) -> Tensor:
    """Each sample's values between its lowest, 0, and its highest, 1; a flat sample is all 0.

    Images from 0 to 1 and standardised spectrograms alike become numbers that a spike train can
    stand for.

    Args:
        inputs: [P, B, C, H, W].
    """
    import torch

    low = inputs.amin(dim=(2, 3, 4), keepdim=True)
    span = inputs.amax(dim=(2, 3, 4), keepdim=True) - low
    return (inputs - low) / torch.where(span > 0, span, torch.ones_like(span))

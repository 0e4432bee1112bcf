"""Sequences: the time axis of an input becomes the network's steps.

For a spiking network the natural way to hear, to move and to see events. The other encoders show
the whole map at once, at every step.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

from spikefuse.core.checks import require
from spikefuse.encoders.contract import Encoder, Moment

if TYPE_CHECKING:
    import torch
    from torch import Tensor


def bounds(length: int, time_steps: int) -> list[range]:
    """Which places of a time axis each step sees: as equal parts as whole places allow.

    Where there are fewer places than steps, a place is seen by several steps.

    Args:
        length: Places of the time axis.
        time_steps: T.

    Example:
        >>> bounds(7, 3), bounds(2, 3)
        ([range(0, 2), range(2, 4), range(4, 7)], [range(0, 1), range(0, 1), range(1, 2)])
    """
    first = [step * length // time_steps for step in range(time_steps + 1)]
    return [range(a, max(b, a + 1)) for a, b in pairwise(first)]


class SequenceEncoder(Encoder):
    """Step t sees the mean of its share of the time axis.

    Inputs of unequal length so become T steps each. Of [C, F, time] every step has a map of C
    channels, height F and width 1.
    """

    title: ClassVar[str] = "the time axis as the steps, means within a step"
    takes_time: ClassVar[bool] = True
    is_mean: ClassVar[bool] = True

    def __init__(self, modality: str, seeds: Sequence[int], time_steps: int) -> None:
        super().__init__(modality, seeds, time_steps)
        self._shares: dict[tuple[int, torch.device, torch.dtype], Tensor] = {}

    def _share(self, inputs: Tensor) -> Tensor:
        """What each place gives each step [time, T]; made once: a captured step cannot copy."""
        import torch

        length = inputs.shape[-1]
        key = length, inputs.device, inputs.dtype
        if key not in self._shares:
            share = torch.zeros(length, self.time_steps, dtype=inputs.dtype)
            for step, places in enumerate(bounds(length, self.time_steps)):
                share[list(places), step] = 1 / len(places) if self.is_mean else 1
            self._shares[key] = share.to(inputs.device)
        return self._shares[key]

    def __call__(self, inputs: Tensor, moment: Moment | None) -> Tensor:
        """Encode.

        Args:
            inputs: [P, B, C, F, time], or frames [P, B, C, H, W, time].
            moment: Not needed.

        Returns:
            [P, T, B, F, 1, C], of frames [P, T, B, H, W, C].
        """
        frames = inputs.unsqueeze(4) if inputs.dim() == 5 else inputs
        return (frames @ self._share(frames)).permute(0, 5, 1, 3, 4, 2)


class EventsEncoder(SequenceEncoder):
    """Step t sees how many events each place had in its share of the time, by polarity.

    Counts are added up, not averaged, and no event is seen twice: T is at most the number of bins.
    """

    title: ClassVar[str] = "events in their own time, counted within a step"
    is_mean: ClassVar[bool] = False

    def __call__(self, inputs: Tensor, moment: Moment | None) -> Tensor:
        """As `SequenceEncoder`.

        Raises:
            InputError: There are fewer bins than steps.
        """
        bins = inputs.shape[-1]
        constraint = f"at most the number of bins of {self.modality!r} ({bins})"
        where = "encoder 'events'"
        require(self.time_steps <= bins, where, "time_steps", constraint, self.time_steps)
        return super().__call__(inputs, moment)

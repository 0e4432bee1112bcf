"""Direct encoding: the same real-valued input at every time step, stored once."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from spikefuse.encoders.contract import Encoder, Moment

if TYPE_CHECKING:
    from torch import Tensor


class DirectEncoder(Encoder):
    """The input itself, as the input current of every step.

    Source:
        Rueckauer et al., "Conversion of continuous-valued deep networks to efficient event-driven
        networks for image classification", Frontiers in Neuroscience 11:682, 2017 (analog input).
    """

    title: ClassVar[str] = "the input itself at every step"
    is_static: ClassVar[bool] = True

    def __call__(self, inputs: Tensor, moment: Moment | None) -> Tensor:
        """Give [P, B, C, H, W] a time axis of one and put channels last: [P, 1, B, H, W, C].

        A time axis of one means "the same at every step"; the first layer then runs once.
        """
        return inputs.permute(0, 1, 3, 4, 2).unsqueeze(1)

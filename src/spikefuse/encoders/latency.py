"""Latency encoding: one spike a value, the earlier the greater it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from spikefuse.encoders.contract import Encoder, Moment, intensity

if TYPE_CHECKING:
    from torch import Tensor


class LatencyEncoder(Encoder):
    """A value of intensity i above 0 spikes once, at step round((1 - i) (T - 1)), the first is 0.

    Source:
        Thorpe, Delorme, Van Rullen, "Spike-based strategies for rapid processing", Neural Networks
        14, 2001 (time to first spike).
    """

    title: ClassVar[str] = "one spike a value, greater values earlier"
    gives_spikes: ClassVar[bool] = True

    def __call__(self, inputs: Tensor, moment: Moment | None) -> Tensor:
        """Spikes 0 and 1, [P, T, B, H, W, C] of [P, B, C, H, W]."""
        import torch

        level = intensity(inputs).permute(0, 1, 3, 4, 2)
        # Half a step is the later one on every device: round() would take the even one.
        step = ((1 - level) * (self.time_steps - 1) + 0.5).floor()
        steps = torch.arange(self.time_steps, device=inputs.device).view(1, -1, 1, 1, 1, 1)
        fires = (step.unsqueeze(1) == steps) & (level > 0).unsqueeze(1)
        return fires.to(inputs.dtype)

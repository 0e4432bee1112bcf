"""An encoder over time: the input comes in slowly, step by step."""

import torch
from torch import Tensor

from spikefuse.core.registry import register
from spikefuse.encoders import ENCODERS, Encoder, Moment


class RampEncoder(Encoder):
    title = "the input, growing from step to step"

    def __call__(self, inputs: Tensor, moment: Moment | None) -> Tensor:
        steps = torch.arange(1, self.time_steps + 1, device=inputs.device) / self.time_steps
        maps = inputs.permute(0, 1, 3, 4, 2).unsqueeze(1)
        return maps * steps.to(inputs.dtype).view(1, -1, 1, 1, 1, 1)


register("encoder", ENCODERS, "ramp", RampEncoder)

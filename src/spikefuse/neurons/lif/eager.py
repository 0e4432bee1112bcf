"""The LIF neuron in plain PyTorch with its backward pass written out: any device, little memory.

The forward pass keeps only the input; the backward pass recomputes the membrane. Equal to
`reference.py`, which holds the equation.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from spikefuse.neurons.lif.reference import RESETS
from spikefuse.neurons.surrogate import Surrogate


class _Members:
    """Per-member constants, shaped to broadcast over [P, ...] (without the time axis)."""

    def __init__(self, leak: Tensor, threshold: Tensor, reset: Tensor, like: Tensor) -> None:
        shape = (-1, *[1] * (like.dim() - 2))
        self.leak = leak.to(like.dtype).view(shape)
        self.threshold = threshold.to(like.dtype).view(shape)
        self.soft = (reset == RESETS["soft"]).to(like.dtype).view(shape)
        self.hard = (reset == RESETS["hard"]).to(like.dtype).view(shape)
        self.all_soft = bool((reset == RESETS["soft"]).all())

    def amount(self, h: Tensor) -> Tensor:
        """What a spike takes from the membrane h."""
        if self.all_soft:
            return self.threshold
        return torch.addcmul(self.soft * self.threshold, self.hard, h)


def _scan(
    current: Tensor, time_steps: int, members: _Members, spikes: Tensor, potentials: Tensor | None
) -> Tensor:
    """Run the neuron; fill `spikes` and, when given, the potentials h before each reset."""
    static = current.shape[1] == 1
    v: Tensor | None = None
    for t in range(time_steps):
        drive = current[:, 0 if static else t]
        out = None if potentials is None else potentials[:, t]
        if v is None:
            h = drive.clone() if out is None else out.copy_(drive)
        else:
            h = torch.mul(v, members.leak, out=out) if out is not None else v.mul_(members.leak)
            h = h.add_(drive)
        s = spikes[:, t]
        s.copy_(h > members.threshold)
        v = h - s * members.amount(h)
    assert v is not None
    return v


class EagerLif(torch.autograd.Function):
    """Spikes and final membrane of a LIF population; see `lif_eager`."""

    @staticmethod
    def forward(
        ctx: Any,
        current: Tensor,
        time_steps: int,
        leak: Tensor,
        threshold: Tensor,
        reset: Tensor,
        surrogate: Surrogate,
        detach_reset: bool,
    ) -> tuple[Tensor, Tensor]:
        """Run the neuron over time, keeping only its input."""
        members = _Members(leak, threshold, reset, current)
        shape = (current.shape[0], time_steps, *current.shape[2:])
        spikes = torch.empty(shape, dtype=current.dtype, device=current.device)
        v = _scan(current, time_steps, members, spikes, None)
        ctx.save_for_backward(current, leak, threshold, reset)
        ctx.settings = (time_steps, surrogate, detach_reset)
        ctx.set_materialize_grads(False)
        return spikes, v

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor | None, ...]:
        """Recompute the membrane, then walk back through time."""
        spike_gradient, v_gradient = gradients
        current, leak, threshold, reset = ctx.saved_tensors
        time_steps, surrogate, detach_reset = ctx.settings
        members = _Members(leak, threshold, reset, current)
        static = current.shape[1] == 1 and time_steps > 1
        shape = (current.shape[0], time_steps, *current.shape[2:])
        spikes, potentials = current.new_empty(shape), current.new_empty(shape)
        _scan(current, time_steps, members, spikes, potentials)

        result = torch.empty_like(current)
        gv = v_gradient
        for t in reversed(range(time_steps)):
            h, s = potentials[:, t], spikes[:, t]
            slope = surrogate.derivative(h - members.threshold)
            through_spike = None if spike_gradient is None else spike_gradient[:, t]
            if gv is not None and not detach_reset:
                reset_part = gv * members.amount(h)
                through_spike = (
                    reset_part.neg_() if through_spike is None else through_spike - reset_part
                )
            gh = torch.zeros_like(h) if through_spike is None else slope.mul_(through_spike)
            if gv is not None:
                gh += gv if members.all_soft else gv * (1 - s * members.hard)
            if not static:
                result[:, t] = gh
            elif t == time_steps - 1:
                result[:, 0] = gh
            else:
                result[:, 0] += gh
            gv = gh * members.leak
        return result, None, None, None, None, None, None


def lif_eager(
    current: Tensor,
    time_steps: int,
    leak: Tensor,
    threshold: Tensor,
    reset: Tensor,
    surrogate: Surrogate,
    detach_reset: bool = False,
) -> tuple[Tensor, Tensor]:
    """As `lif_reference`, with the backward pass written out and the membrane recomputed in it."""
    spikes, v = EagerLif.apply(current, time_steps, leak, threshold, reset, surrogate, detach_reset)
    return spikes, v


def pool_spikes(spikes: Tensor) -> Tensor:
    """2x2 maximum over height and width of channels-last maps; a tie goes to the first index.

    Args:
        spikes: [P, T, B, H, W, C].

    Returns:
        [P, T, B, H // 2, W // 2, C].
    """
    flat = spikes.flatten(0, 2).permute(0, 3, 1, 2)
    pooled: Tensor = F.max_pool2d(flat, 2).permute(0, 2, 3, 1)
    return pooled.reshape(*spikes.shape[:3], *pooled.shape[1:])

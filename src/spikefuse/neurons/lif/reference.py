"""The leaky integrate-and-fire neuron: its definition, which every faster version must equal.

One step, with membrane `v`, input `current`, `leak` (beta; 1 is the IF neuron) and `threshold`:

    h = leak * v + current              leak, then integrate
    s = 1 if h > threshold else 0       fire; a tie does not fire
    v = h - s * amount                  reset

where `amount` is the threshold (soft reset), h itself (hard reset, to zero) or 0 (no reset). The
derivative of s is the surrogate's at h - threshold. With `detach_reset` the s in the reset line
counts as a constant in the backward pass.

This file is written to be read. It stores every step and is slow; `eager.py` is the same neuron for
every device, `native.py` for CPUs with the compiled library.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx

from spikefuse.neurons.lif.resets import RESETS
from spikefuse.neurons.surrogate import Surrogate


def state_type(values: torch.dtype) -> torch.dtype:
    """The type of membrane and sums beside values of this type: float32, or wider if those are.

    Half-precision values come from products that are fast in it. A membrane kept in it would lose
    a bit of every step, so that spikes would depend on who runs the neuron.

    Example:
        >>> state_type(torch.bfloat16), state_type(torch.float64)
        (torch.float32, torch.float64)
    """
    return torch.promote_types(values, torch.float32)


class Spike(torch.autograd.Function):
    """The step function of x, with the surrogate for a derivative."""

    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor, surrogate: Surrogate) -> Tensor:
        """1 where x > 0, else 0, in the type of x."""
        ctx.save_for_backward(x)
        ctx.surrogate = surrogate  # type: ignore[attr-defined]
        return (x > 0).to(x.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor, None]:
        """The incoming gradient times the surrogate's derivative."""
        (x,) = ctx.saved_tensors
        return gradients[0] * ctx.surrogate.derivative(x), None


def lif_reference(
    current: Tensor,
    time_steps: int,
    leak: Tensor,
    threshold: Tensor,
    reset: Tensor,
    surrogate: Surrogate,
    detach_reset: bool = False,
) -> tuple[Tensor, Tensor]:
    """The definition, step by step, differentiated by autograd.

    Args:
        current: Input [P, T, ...], or [P, 1, ...] for an input that is the same at every step.
        time_steps: T.
        leak: [P], decay per step.
        threshold: [P].
        reset: [P] integers, see `RESETS`.
        surrogate: What stands in for the derivative of a spike.
        detach_reset: No gradient through the spike in the reset line.

    Returns:
        Spikes [P, T, ...] of 0 and 1 in the type of `current`, and the final membrane [P, ...] in
        that of `state_type`.
    """
    drive = current.to(state_type(current.dtype))

    def per_member(values: Tensor) -> Tensor:
        return values.to(drive.dtype).view(-1, *[1] * (drive.dim() - 2))

    beta, theta = per_member(leak), per_member(threshold)
    soft, hard = per_member(reset == RESETS["soft"]), per_member(reset == RESETS["hard"])
    v = torch.zeros_like(drive[:, 0])
    spikes = []
    for t in range(time_steps):
        h = beta * v + drive[:, t if drive.shape[1] > 1 else 0]
        s = Spike.apply(h - theta, surrogate)
        fired = s.detach() if detach_reset else s
        v = h - fired * (soft * theta + hard * h)
        spikes.append(s)
    return torch.stack(spikes, dim=1).to(current.dtype), v

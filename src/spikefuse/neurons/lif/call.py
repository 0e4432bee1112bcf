"""What a call of a fused neuron consists of, whichever kernel runs it."""

from typing import NamedTuple

import torch
from torch import Tensor

from spikefuse.core.checks import require
from spikefuse.neurons.surrogate import Surrogate

DTYPES: tuple[torch.dtype, ...] = (torch.float32, torch.bfloat16)
"""Types of current, spikes and gradients that the kernels know."""

Constants = tuple[Tensor, Tensor, Tensor]
"""Leak, threshold (float32) and reset (int8) of each member, [P] each."""


class Settings(NamedTuple):
    """Everything of a call but its arrays; see `layer.lif_population`."""

    time_steps: int
    surrogate: Surrogate
    detach_reset: bool
    pool: bool
    need_membrane: bool


def output_shape(current: Tensor, settings: Settings) -> tuple[int, ...]:
    """Shape of the spikes, [P, T, ...], pooled when asked."""
    members, _, *rest = current.shape
    if settings.pool:
        rest = [rest[0], rest[1] // 2, rest[2] // 2, rest[3]]
    return (members, settings.time_steps, *rest)


def checked_constants(
    backend: str,
    current: Tensor,
    leak: Tensor,
    threshold: Tensor,
    reset: Tensor,
    settings: Settings,
) -> Constants:
    """The members' constants as kernels read them.

    Raises:
        InputError: An argument of the call breaks its constraint.
    """

    def must(condition: bool, argument: str, constraint: str, got: object) -> None:
        require(condition, "lif", argument, constraint, got)

    must(
        current.dtype in DTYPES,
        "current",
        f"float32 or bfloat16 for the {backend} backend (use 'auto' for other types)",
        current.dtype,
    )
    steps, pool = settings.time_steps, settings.pool
    must(
        current.dim() == 6 if pool else current.dim() >= 2,
        "current",
        "[P, T, B, H, W, C] with pooling" if pool else "[P, T, ...]",
        tuple(current.shape),
    )
    must(steps >= 1, "time_steps", "1 or more", steps)
    must(current.shape[1] in (1, steps), "current", f"1 or {steps} steps long", current.shape[1])
    for name, vector in (("leak", leak), ("threshold", threshold), ("reset", reset)):
        must(
            vector.shape == current.shape[:1] and vector.device == current.device,
            name,
            f"a vector of the {current.shape[0]} members, beside the current",
            vector,
        )
    return (
        leak.to(torch.float32).contiguous(),
        threshold.to(torch.float32).contiguous(),
        reset.to(torch.int8).contiguous(),
    )

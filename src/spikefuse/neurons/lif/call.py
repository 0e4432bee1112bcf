"""What a call of a fused neuron consists of, whichever kernel runs it."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from spikefuse.core.checks import require
from spikefuse.core.errors import InputError
from spikefuse.neurons.surrogate import Surrogate

DTYPES: tuple[torch.dtype, ...] = (torch.float32, torch.bfloat16)
"""Types of current, spikes and gradients that the kernels know."""

Constants = tuple[Tensor, Tensor, Tensor]
"""Leak, threshold (float32) and reset (int8) of each member, [P] each."""


def plain_number(where: str, argument: str, value: object, remedy: str) -> None:
    """Refuse a number that wants a gradient where it would be read as it is and get none.

    Raises:
        InputError: It does.
    """
    if isinstance(value, Tensor) and value.requires_grad:
        raise InputError(f"{where}: {argument} must need no gradient here. {remedy}")


def refuse_learned(backend: str, leak: Tensor, threshold: Tensor) -> None:
    """Refuse constants that want a gradient where the kernels have none for them.

    Raises:
        InputError: One does.
    """
    if torch.is_grad_enabled() and (leak.requires_grad or threshold.requires_grad):
        raise InputError(
            f"lif: leak and threshold must need no gradient on the {backend} backend, "
            "which has none for them. Take 'auto', 'eager' or 'reference', or detach them."
        )


class Settings(NamedTuple):
    """Everything of a call but its arrays; see `layer.lif_population`."""

    time_steps: int
    surrogate: Surrogate
    detach_reset: bool
    pool: bool
    need_membrane: bool


class Kernels(NamedTuple):
    """One implementation: what runs forward and what runs backward.

    Args:
        backend: Its name.
        forward: Current, constants and settings to spikes and final membrane (None if not wanted).
        backward: The same and the gradients of both (None is zero) to that of the current.
    """

    backend: str
    forward: Callable[[Tensor, Constants, Settings], tuple[Tensor, Tensor | None]]
    backward: Callable[[Tensor, Constants, Settings, Tensor | None, Tensor | None], Tensor]


class FusedLif(torch.autograd.Function):
    """Spikes and, when wanted, the final membrane."""

    @staticmethod
    def forward(
        ctx: Any,
        current: Tensor,
        leak: Tensor,
        threshold: Tensor,
        reset: Tensor,
        settings: Settings,
        kernels: Kernels,
    ) -> tuple[Tensor, Tensor | None]:
        """Run the neuron over time, keeping only its input."""
        ctx.save_for_backward(current, leak, threshold, reset)
        ctx.settings, ctx.kernels = settings, kernels
        ctx.set_materialize_grads(False)
        return kernels.forward(current, (leak, threshold, reset), settings)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor | None, ...]:
        """Compute the membrane again, then walk back through time."""
        current, *constants = ctx.saved_tensors
        spikes, membrane = (None if each is None else each.contiguous() for each in gradients)
        result = ctx.kernels.backward(current, tuple(constants), ctx.settings, spikes, membrane)
        return result, None, None, None, None, None


def run(
    kernels: Kernels,
    current: Tensor,
    leak: Tensor,
    threshold: Tensor,
    reset: Tensor,
    settings: Settings,
) -> tuple[Tensor, Tensor | None]:
    """Check a call and run it, recorded for the backward pass where a gradient is wanted.

    Raises:
        InputError: An argument breaks its constraint.
    """
    constants = checked_constants(kernels.backend, current, leak, threshold, reset, settings)
    refuse_learned(kernels.backend, leak, threshold)
    current = current.contiguous()
    if torch.is_grad_enabled() and current.requires_grad:
        spikes, membrane = FusedLif.apply(current, *constants, settings, kernels)
        return spikes, membrane
    return kernels.forward(current, constants, settings)


def output_shape(current: Tensor, settings: Settings) -> tuple[int, ...]:
    """Shape of the spikes, [P, T, ...], pooled when asked."""
    members, _, *rest = current.shape
    if settings.pool:
        rest = [rest[0], rest[1] // 2, rest[2] // 2, rest[3]]
    return (members, settings.time_steps, *rest)


def empty_outputs(current: Tensor, settings: Settings) -> tuple[Tensor, Tensor | None]:
    """Memory for the spikes and, when wanted, the final membrane."""
    spikes = current.new_empty(output_shape(current, settings))
    if not settings.need_membrane:
        return spikes, None
    members, _, *rest = current.shape
    return spikes, current.new_empty((members, *rest), dtype=torch.float32)


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
    must(
        settings.surrogate.shape.code is not None,
        "surrogate",
        f"one that the {backend} backend knows (use 'auto' for others)",
        settings.surrogate.name,
    )
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

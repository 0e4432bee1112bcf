"""The LIF neuron between event-driven products: spikes leave as bits, gradients as events.

Calls the library built from `native/`. Equal to `native.py`, whose backward pass it takes where the
current is the same at every step or the surrogate is nowhere zero: there no gradient is sparse.
"""

import ctypes
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from spikefuse.core import library
from spikefuse.core.errors import InputError
from spikefuse.neurons.lif import native
from spikefuse.neurons.lif.call import (
    Constants,
    Settings,
    checked_constants,
    output_shape,
    refuse_learned,
)
from spikefuse.neurons.spikes import EventGradient, SpikeTensor, as_floats, row_bytes
from spikefuse.neurons.surrogate import Surrogate

COMPACT = ("boxcar", "triangle")
"""Surrogates that are zero away from the threshold: only what lies near it needs a gradient."""

MOST_CHANNELS = 2**16 - 1
"""Lists name a channel in 16 bits."""


class _Call(ctypes.Structure):
    """`SpikefuseEventLif` of native/events.h, field by field."""

    _fields_ = [
        *[(name, ctypes.c_void_p) for name in ("current", "spikes", "needed", "fired")],
        ("spike_gradient", ctypes.c_void_p),
        *[(name, ctypes.c_void_p) for name in ("value", "channel", "start", "count")],
        *[(name, ctypes.c_void_p) for name in ("total", "broken")],
        *[(name, ctypes.c_int64) for name in ("steps", "batch", "height", "width", "channels")],
        ("surrogate_width", ctypes.c_double),
        *[(name, ctypes.c_float) for name in ("leak", "threshold")],
        *[(name, ctypes.c_int32) for name in ("reset", "surrogate", "is_static", "pool")],
        *[(name, ctypes.c_int32) for name in ("detach_reset", "backward", "threads")],
    ]


def _maps(current: Tensor) -> tuple[int, int, int, int]:
    """Batch, height, width, channels of [P, T, B, H, W, C], or of [P, T, B, ...] as one pixel."""
    if current.dim() == 6:
        batch, height, width, channels = current.shape[2:]
        return batch, height, width, channels
    return current.shape[2], 1, 1, current.shape[3:].numel()


def _run(
    current: Tensor, constants: Constants, settings: Settings, member: int, **arrays: Tensor | None
) -> None:
    """One member through the library; `arrays` are tensors [P, ...] or None of `_Call` by name."""
    batch, height, width, channels = _maps(current)
    leak, threshold, reset = constants
    call = _Call(
        current=current[member].data_ptr(),
        steps=settings.time_steps,
        batch=batch,
        height=height,
        width=width,
        channels=channels,
        surrogate_width=settings.surrogate.width,
        leak=leak[member].item(),
        threshold=threshold[member].item(),
        reset=int(reset[member]),
        surrogate=settings.surrogate.shape.code,
        is_static=current.shape[1] == 1,
        pool=settings.pool,
        detach_reset=settings.detach_reset,
        backward="spike_gradient" in arrays,
        threads=torch.get_num_threads(),
        **{name: each[member].data_ptr() for name, each in arrays.items() if each is not None},
    )
    if library.load().spikefuse_event_lif_run(ctypes.byref(call)):
        raise MemoryError(f"lif: no memory for the events of {settings.time_steps} time steps")


def _forward(
    current: Tensor,
    constants: Constants,
    settings: Settings,
    wants_need: bool,
    counts_fired: bool = False,
) -> SpikeTensor:
    """Spikes, and when wanted where their gradients can matter, or how many there were."""
    shape = output_shape(current, settings)
    rows = (*shape[:-1], row_bytes(shape[-1]))
    bits = torch.empty(rows, dtype=torch.uint8)
    needed = torch.empty_like(bits) if wants_need else None
    is_even = current.dim() == 6 and not any(size % 2 for size in current.shape[3:5])
    fired = None
    if counts_fired and settings.pool and is_even and bits.numel():
        fired = torch.empty(shape[:4], dtype=torch.int64)
    for member in range(len(current) if bits.numel() else 0):
        _run(current, constants, settings, member, spikes=bits, needed=needed, fired=fired)
    spikes = SpikeTensor(bits, shape[-1], needed)
    spikes.fired = None if fired is None else fired.sum(dim=3)
    return spikes


def _backward(
    current: Tensor,
    constants: Constants,
    settings: Settings,
    needed: Tensor,
    spike_gradient: Tensor,
) -> EventGradient:
    """Events of the current's gradient."""
    members, steps, batch, height, width, channels = current.shape
    pixels = height * width
    size = steps * batch * pixels * channels
    stored = {
        "value": torch.empty(members, size),
        "channel": torch.empty(members, size, dtype=torch.uint16),
        "start": torch.empty(members, steps * batch, pixels, dtype=torch.uint32),
        "count": torch.empty(members, steps * batch, pixels, dtype=torch.uint16),
    }
    total = torch.zeros(members, batch, dtype=torch.int64)
    broken = torch.zeros(members, batch, dtype=torch.int32)
    for member in range(members if size else 0):
        _run(
            current,
            constants,
            settings,
            member,
            needed=needed,
            spike_gradient=spike_gradient,
            total=total,
            broken=broken,
            **stored,
        )
    return EventGradient(
        current.shape,
        **stored,
        totals=total.sum(dim=1).tolist(),
        broken=broken.any(dim=1).tolist(),
    )


class _EventLif(torch.autograd.Function):
    """Spikes as bits."""

    @staticmethod
    def forward(
        ctx: Any,
        current: Tensor,
        leak: Tensor,
        threshold: Tensor,
        reset: Tensor,
        settings: Settings,
        reads_events: bool,
    ) -> SpikeTensor:
        """Run the neuron over time, keeping its input and where a gradient can matter."""
        ctx.save_for_backward(current, leak, threshold, reset)
        ctx.set_materialize_grads(False)
        is_compact = settings.surrogate.name in COMPACT
        is_static = current.shape[1] == 1 and settings.time_steps > 1
        spikes = _forward(current, (leak, threshold, reset), settings, is_compact and not is_static)
        ctx.settings, ctx.needed = settings, spikes.needed
        ctx.writes_events = spikes.needed is not None and reads_events
        return spikes

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor | None, ...]:
        """Compute the membrane again where a gradient enters, then walk back through time."""
        current, *constants = ctx.saved_tensors
        rest = (None,) * 5
        if gradients[0] is None:
            return (None, *rest)
        gradient = as_floats(gradients[0]).contiguous()
        three: Constants = tuple(constants)
        if ctx.writes_events:
            return (_backward(current, three, ctx.settings, ctx.needed, gradient), *rest)
        return (native._backward(current, three, ctx.settings, gradient, None), *rest)


def why_not(current: Tensor) -> str | None:
    """Why the neuron cannot write bits for such a current; None when it can."""
    reason = native.why_not(current.device)
    if reason is not None:
        return reason
    if current.dtype != torch.float32:
        return f"it needs float32 (--precision float32), got {current.dtype}"
    if current.dim() < 4 or _maps(current)[3] > MOST_CHANNELS:
        return f"it needs [P, T, B, ...] with at most {MOST_CHANNELS} channels"
    return None


def lif_events(
    current: Tensor,
    *,
    time_steps: int,
    leak: Tensor,
    threshold: Tensor,
    reset: Tensor,
    surrogate: Surrogate,
    detach_reset: bool = False,
    pool: bool = False,
    counts_fired: bool = False,
) -> SpikeTensor:
    """A population of LIF layers whose spikes are bits; arguments as in `layer.lif_population`.

    Args:
        current: [P, T, B, H, W, C] or [P, T, B, F], float32 on the CPU; T may be 1 for a current
            that is the same at every step. Copied when not contiguous.
        time_steps: T.
        leak: [P].
        threshold: [P].
        reset: [P] int8, see `reference.RESETS`.
        surrogate: What stands in for the derivative of a spike.
        detach_reset: No gradient through the spike in the reset.
        pool: Take the 2x2 maximum of the spikes over H and W; a tie goes to the first index.
        counts_fired: Say how many fired before pooling, where H and W are even and no gradient is
            wanted.

    Raises:
        InputError: An argument breaks its constraint, or the library cannot be used.
    """
    reason = why_not(current)
    if reason is not None:
        raise InputError(f"lif: spikes cannot be bits: {reason}. Use products 'dense'.")
    settings = Settings(time_steps, surrogate, detach_reset, pool, need_membrane=False)
    refuse_learned("native", leak, threshold)
    constants = checked_constants("native", current, leak, threshold, reset, settings)
    # Asked before a copy is made: whoever made the current says so.
    reads_events = bool(getattr(current.grad_fn, "reads_events", False))
    current = current.contiguous()
    if torch.is_grad_enabled() and current.requires_grad:
        spikes: SpikeTensor = _EventLif.apply(current, *constants, settings, reads_events)
        return spikes
    return _forward(current, constants, settings, wants_need=False, counts_fired=counts_fired)

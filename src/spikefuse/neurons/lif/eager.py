"""The LIF neuron in plain PyTorch with its backward pass written out: any device, little memory.

The forward pass keeps only the input; the backward pass recomputes the membrane. Equal to
`reference.py`, which holds the equation.
"""

from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from spikefuse.neurons.lif.reference import state_type
from spikefuse.neurons.lif.resets import RESETS
from spikefuse.neurons.surrogate import Surrogate

BLOCK = 65_536
"""Neurons that are run through all time steps before the next ones: their state stays in a core's
second-level cache, where whole layers would travel to memory and back at every operation."""


class _Members:
    """Per-member constants [P, 1] in the type of the membrane, to broadcast over [P, neurons]."""

    def __init__(self, leak: Tensor, threshold: Tensor, reset: Tensor, like: Tensor) -> None:
        self.dtype = state_type(like.dtype)
        self.leak = leak.to(self.dtype).unsqueeze(1)
        self.threshold = threshold.to(self.dtype).unsqueeze(1)
        self.soft = (reset == RESETS["soft"]).to(self.dtype).unsqueeze(1)
        self.hard = (reset == RESETS["hard"]).to(self.dtype).unsqueeze(1)
        # A look at a value would make the host wait for another device.
        looks = reset.device.type == "cpu"
        self.all_soft = looks and bool((reset == RESETS["soft"]).all())

    def amount(self, h: Tensor) -> Tensor:
        """What a spike takes from the membrane h."""
        if self.all_soft:
            return self.threshold
        return torch.addcmul(self.soft * self.threshold, self.hard, h)


def _blocks(neurons: int, members: int, device: torch.device) -> list[slice]:
    """Slices of the neurons, each small enough for the cache; one slice on other devices."""
    size = max(1, BLOCK // members) if device.type == "cpu" else max(1, neurons)
    return [slice(start, start + size) for start in range(0, neurons, size)]


def _scan(
    current: Tensor, time_steps: int, members: _Members, spikes: Tensor, potentials: Tensor | None
) -> Tensor:
    """Run a block [P, T, n]; fill `spikes` and, when given, the potentials h before each reset."""
    static = current.shape[1] == 1
    v: Tensor | None = None
    for t in range(time_steps):
        drive = current[:, 0 if static else t]
        out = None if potentials is None else potentials[:, t]
        if v is None:
            h = drive.to(members.dtype, copy=True) if out is None else out.copy_(drive)
        else:
            h = v.mul_(members.leak) if out is None else torch.mul(v, members.leak, out=out)
            h = h.add_(drive)
        s = spikes[:, t]
        s.copy_(h > members.threshold)
        v = h - s * members.amount(h)
    assert v is not None
    return v


class _ConstantGradients(NamedTuple):
    """What each neuron adds to the gradients of leak and threshold, [P, n]; None where not wanted.

    Summed over the neurons at the end, member by member: the blocks, and with them the order of a
    running sum, depend on how many members there are.
    """

    leak: Tensor | None = None
    threshold: Tensor | None = None

    def block(self, of: slice) -> "_ConstantGradients":
        """The part of some neurons."""
        return _ConstantGradients(*(None if each is None else each[:, of] for each in self))

    def sums(self) -> list[Tensor | None]:
        """The gradients [P]."""
        return [None if each is None else torch.stack([m.sum() for m in each]) for each in self]


def _walk_back(
    current: Tensor,
    members: _Members,
    surrogate: Surrogate,
    detach_reset: bool,
    spike_gradient: Tensor | None,
    v_gradient: Tensor | None,
    result: Tensor,
    time_steps: int,
    constants: _ConstantGradients,
) -> None:
    """Recompute a block's membrane, then go back through time and fill `result` [P, T or 1, n]."""
    shape = (current.shape[0], time_steps, current.shape[2])
    spikes, potentials = (current.new_empty(shape, dtype=members.dtype) for _ in range(2))
    _scan(current, time_steps, members, spikes, potentials)
    static = current.shape[1] == 1 and time_steps > 1
    # Summed in the membrane's type and rounded once, whatever the type of the result.
    total = current.new_empty(shape[::2], dtype=members.dtype) if static else None
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
        if constants.threshold is not None:
            constants.threshold.sub_(gh)
            if gv is not None:
                constants.threshold.sub_(gv * s * members.soft)
        if gv is not None:
            gh += gv if members.all_soft else gv * (1 - s * members.hard)
        if total is None:
            result[:, t] = gh
        elif t == time_steps - 1:
            total.copy_(gh)
        else:
            total += gh
        if constants.leak is not None and t > 0:
            before = potentials[:, t - 1]
            constants.leak.add_(gh * (before - spikes[:, t - 1] * members.amount(before)))
        gv = gh * members.leak
    if total is not None:
        result[:, 0] = total


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
        outside = current.shape[2:]
        flat = current.flatten(2) if outside else current.unsqueeze(2)
        count, neurons = current.shape[0], flat.shape[2]
        spikes = flat.new_empty((count, time_steps, neurons))
        v = flat.new_empty((count, neurons), dtype=members.dtype)
        for block in _blocks(neurons, count, current.device):
            v[:, block] = _scan(flat[:, :, block], time_steps, members, spikes[:, :, block], None)
        ctx.save_for_backward(current, leak, threshold, reset)
        ctx.settings = (time_steps, surrogate, detach_reset)
        ctx.set_materialize_grads(False)
        return spikes.view(count, time_steps, *outside), v.view(count, *outside)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor | None, ...]:
        """Recompute the membrane, then walk back through time."""
        current, leak, threshold, reset = ctx.saved_tensors
        time_steps, surrogate, detach_reset = ctx.settings
        members = _Members(leak, threshold, reset, current)
        count, steps = current.shape[:2]
        flat = current.reshape(count, steps, current[0, 0].numel() if count else 0)
        spike_gradient, v_gradient = gradients
        if spike_gradient is not None:
            spike_gradient = spike_gradient.reshape(count, time_steps, -1)
        if v_gradient is not None:
            v_gradient = v_gradient.reshape(count, -1)
        result = torch.empty_like(flat)
        constants = _ConstantGradients(
            *(
                flat.new_zeros((count, flat.shape[2]), dtype=members.dtype) if wanted else None
                for wanted in ctx.needs_input_grad[2:4]
            )
        )
        for block in _blocks(flat.shape[2], count, current.device):
            _walk_back(
                flat[:, :, block],
                members,
                surrogate,
                detach_reset,
                None if spike_gradient is None else spike_gradient[:, :, block],
                None if v_gradient is None else v_gradient[:, block],
                result[:, :, block],
                time_steps,
                constants.block(block),
            )
        leak_gradient, threshold_gradient = constants.sums()
        return result.view(current.shape), None, leak_gradient, threshold_gradient, None, None, None


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

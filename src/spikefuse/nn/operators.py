"""The neuron as an operator that PyTorch knows: compiled, exported, traced and mapped over.

A kernel that PyTorch does not know is invisible to a tracer, which then keeps memory that nobody
writes. Registered with `torch.library`, the call itself is what is recorded.
"""

from typing import Any

import torch
from torch import Tensor

from spikefuse.core.errors import InputError
from spikefuse.neurons.lif.call import DTYPES, Settings
from spikefuse.neurons.lif.layer import KERNELS, lif_population, resolve_backend
from spikefuse.neurons.lif.reference import state_type
from spikefuse.neurons.lif.resets import RESETS
from spikefuse.neurons.surrogate import Surrogate


def _settings(steps: int, surrogate: str, width: float, detach: bool) -> Settings:
    return Settings(steps, Surrogate(surrogate, width), detach, False, True)


def _constants(leak: Tensor, threshold: float, reset: int) -> tuple[Tensor, Tensor, Tensor]:
    theta = torch.full_like(leak, threshold)
    return leak, theta, torch.full_like(leak, reset, dtype=torch.int8)


@torch.library.custom_op("spikefuse::lif", mutates_args=())
def lif_operator(
    current: Tensor,
    leak: Tensor,
    threshold: float,
    reset: int,
    surrogate: str,
    width: float,
    detach: bool,
) -> tuple[Tensor, Tensor]:
    """Spikes and final membrane of a current [T, ...]; `leak` is [1]."""
    beta, theta, mode = _constants(leak, threshold, reset)
    spikes, v = lif_population(
        current.unsqueeze(0),
        time_steps=current.shape[0],
        leak=beta,
        threshold=theta,
        reset=mode,
        surrogate=Surrogate(surrogate, width),
        detach_reset=detach,
    )
    assert v is not None
    return spikes[0], v[0]


@lif_operator.register_fake
def _fake(
    current: Tensor,
    leak: Tensor,
    threshold: float,
    reset: int,
    surrogate: str,
    width: float,
    detach: bool,
) -> tuple[Tensor, Tensor]:
    state = state_type(current.dtype)
    return current.new_empty(current.shape), current.new_empty(current.shape[1:], dtype=state)


@torch.library.custom_op("spikefuse::lif_backward", mutates_args=())
def lif_backward(
    spikes: Tensor,
    membrane: Tensor,
    current: Tensor,
    leak: Tensor,
    threshold: float,
    reset: int,
    surrogate: str,
    width: float,
    detach: bool,
    learns: bool,
) -> tuple[Tensor, Tensor]:
    """Gradients of current and leak from those of spikes and final membrane."""
    backend = resolve_backend("auto", current.device)
    settings = _settings(current.shape[0], surrogate, width, detach)
    known = settings.surrogate.shape.code is not None and current.dtype in DTYPES
    if backend in KERNELS and known and not learns:
        found = KERNELS[backend].KERNELS.backward(
            current.unsqueeze(0).contiguous(),
            _constants(leak.float(), threshold, reset),
            settings,
            spikes.unsqueeze(0).contiguous(),
            membrane.unsqueeze(0).contiguous(),
        )
        return found[0], torch.zeros_like(leak)
    return _through_time(spikes, membrane, current, leak, threshold, reset, settings)


def _through_time(
    spikes: Tensor,
    membrane: Tensor,
    current: Tensor,
    leak: Tensor,
    threshold: float,
    reset: int,
    settings: Settings,
) -> tuple[Tensor, Tensor]:
    """The gradients step by step, with h and s as in `spikefuse.neurons.lif.reference`."""
    drive = current.to(state_type(current.dtype))
    beta, is_hard = leak.to(drive.dtype), reset == RESETS["hard"]
    v = torch.zeros_like(drive[0])
    before, reached, fired = [], [], []
    for one in drive:
        before.append(v)
        h = beta * v + one
        s = (h > threshold).to(h.dtype)
        v = h - s * _amount(h, threshold, reset)
        reached.append(h)
        fired.append(s)
    carried, back, lost = membrane.to(drive.dtype), [], torch.zeros_like(beta)
    for t in reversed(range(len(drive))):
        h, s = reached[t], fired[t]
        through = spikes[t].to(drive.dtype)
        if not settings.detach_reset:
            through = through - carried * _amount(h, threshold, reset)
        kept = carried * (1 - s) if is_hard else carried
        own = kept + through * settings.surrogate.derivative(h - threshold)
        back.append(own)
        lost = lost + (own * before[t]).sum()
        carried = beta * own
    return torch.stack(back[::-1]).to(current.dtype), lost.to(leak.dtype)


def _amount(h: Tensor, threshold: float, reset: int) -> Tensor | float:
    """What a spike takes of the membrane."""
    if reset == RESETS["hard"]:
        return h
    return threshold if reset == RESETS["soft"] else 0.0


@lif_backward.register_fake
def _fake_backward(
    spikes: Tensor,
    membrane: Tensor,
    current: Tensor,
    leak: Tensor,
    threshold: float,
    reset: int,
    surrogate: str,
    width: float,
    detach: bool,
    learns: bool,
) -> tuple[Tensor, Tensor]:
    return current.new_empty(current.shape), torch.empty_like(leak)


def _keep(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
    current, leak, *rest = inputs
    ctx.save_for_backward(current, leak)
    ctx.rest = rest


def _backward(ctx: Any, spikes: Tensor, membrane: Tensor) -> tuple[Any, ...]:
    current, leak = ctx.saved_tensors
    learns = ctx.needs_input_grad[1]
    found, lost = lif_backward(spikes, membrane, current, leak, *ctx.rest, learns)
    return found, (lost if learns else None), None, None, None, None, None


def _refuse_second(ctx: Any, *gradients: Any) -> Any:
    raise InputError(
        "lif: a gradient must be of first order, got a second derivative: a spike's surrogate has "
        "none. Leave out create_graph, or use a method without double backward."
    )


def _mapped(info: Any, in_dims: tuple[Any, ...], current: Tensor, leak: Tensor, *rest: Any) -> Any:
    """`vmap`: neurons do not see each other, so the mapped axis is one more of theirs."""
    if in_dims[1] is not None:
        raise InputError(
            "lif: vmap must map over the current alone, got a mapped leak. Call a module for each "
            "leak, or use a population (spikefuse.neurons.lif)."
        )
    if in_dims[0] is None:
        return lif_operator(current, leak, *rest), (None, None)
    return lif_operator(current.movedim(in_dims[0], 1), leak, *rest), (1, 0)


lif_operator.register_autograd(_backward, setup_context=_keep)
lif_backward.register_autograd(_refuse_second, setup_context=lambda ctx, inputs, output: None)
lif_operator.register_vmap(_mapped)

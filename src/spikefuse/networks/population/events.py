"""Products that only spikes, or events of a gradient, take part in, on the CPU.

Each member chooses for each product of each step whether to go by events or densely (`choice.py`).
The dense ways are those of `layers.py`. docs/events.md explains the method.
"""

import ctypes
from collections.abc import Callable
from enum import IntEnum
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from spikefuse.core import library
from spikefuse.networks.population import onednn
from spikefuse.networks.population.choice import Choice
from spikefuse.neurons.spikes import EventGradient, SpikeTensor, as_floats, expand_bits


class Operation(IntEnum):
    """`SpikefuseOperation` of native/events.h."""

    FORWARD = 0
    WEIGHT_BY_SPIKES = 1
    WEIGHT_BY_EVENTS = 2
    INPUT_BY_EVENTS = 3


class _Call(ctypes.Structure):
    """`SpikefuseProduct` of native/events.h, field by field."""

    _fields_ = [
        *[(name, ctypes.c_void_p) for name in ("spikes", "needed", "weight", "bias", "gradient")],
        *[(name, ctypes.c_void_p) for name in ("value", "channel", "start", "count")],
        *[(name, ctypes.c_void_p) for name in ("output", "bias_gradient")],
        *[(name, ctypes.c_int64) for name in ("maps", "height", "width", "inputs", "outputs")],
        *[(name, ctypes.c_int32) for name in ("operation", "threads")],
    ]


class Shape(NamedTuple):
    """One member's product: N maps of H x W pixels (1 x 1 in a dense layer), channels."""

    maps: int
    height: int
    width: int
    inputs: int
    outputs: int


Dense = Callable[..., Any]


def _run(is_conv: bool, shape: Shape, operation: Operation, **arrays: Tensor | None) -> None:
    """One call of the library; `arrays` are tensors (or None) of `_Call` by name."""
    call = _Call(
        **shape._asdict(),
        operation=operation,
        threads=torch.get_num_threads(),
        **{name: each.data_ptr() for name, each in arrays.items() if each is not None},
    )
    native = library.load()
    run = native.spikefuse_conv_run if is_conv else native.spikefuse_dense_run
    if run(ctypes.byref(call)):
        raise MemoryError(f"network: no memory for a product by events of shape {tuple(shape)}")


def _channels_last(x: Tensor) -> Tensor:
    """[N, H, W, C] as PyTorch wants it, without a copy; one channel lies in memory both ways."""
    if x.shape[-1] == 1:
        x = x.squeeze(-1).unsqueeze(-1)
    return x.permute(0, 3, 1, 2)


def _dense_forward(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    if weight.dim() == 2:
        return onednn.linear(x, weight, bias)
    laid = weight.contiguous(memory_format=torch.channels_last)
    return F.conv2d(_channels_last(x), laid, bias, padding=1).permute(0, 2, 3, 1)


def _dense_gradients(
    x: Tensor | None, gradient: Tensor, weight: Tensor
) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    """Gradients of weight and bias if the input is given, else that of the input."""
    is_weight = x is not None
    if weight.dim() == 2:
        if x is None:
            return onednn.input_gradient(gradient, weight), None, None
        return None, onednn.weight_gradient(gradient, x), gradient.sum(0)
    shape = (*gradient.shape[:3], weight.shape[1])
    inputs = gradient.new_empty(shape) if x is None else x
    to_input, to_weight, to_bias = torch.ops.aten.convolution_backward(
        _channels_last(gradient),
        _channels_last(inputs),
        weight.contiguous(memory_format=torch.channels_last),
        [weight.shape[0]],
        [1, 1],
        [1, 1],
        [1, 1],
        False,
        [0, 0],
        1,
        [not is_weight, is_weight, is_weight],
    )
    return (None if to_input is None else to_input.permute(0, 2, 3, 1)), to_weight, to_bias


class _Product:
    """One layer's product, member by member."""

    def __init__(self, shape: tuple[int, ...], weight: Tensor, choice: Choice) -> None:
        """`shape` is that of the input, [P, T, B, H, W, C] or [P, T, B, F]."""
        height, width = shape[3:5] if len(shape) == 6 else (1, 1)
        self.is_conv = weight.dim() == 5
        self.shape = Shape(shape[1] * shape[2], height, width, shape[-1], weight.shape[1])
        self.choice = choice
        self.kind = "conv" if self.is_conv else "dense"

    def run(self, operation: Operation, **arrays: Tensor | None) -> None:
        """One member by events."""
        _run(self.is_conv, self.shape, operation, **arrays)

    def rows(self, x: Tensor) -> Tensor:
        """[N, H, W, C] or [N, F] of a member's [T, B, ...]."""
        return x.flatten(0, 1)

    def forward(self, x: SpikeTensor, weight: Tensor, bias: Tensor) -> Tensor:
        """All members' outputs."""
        output = torch.empty((*x.shape[:-1], weight.shape[1]))
        for member in range(len(x) if output.numel() else 0):
            kind = self.choice.cheapest("forward", {f"{self.kind}.forward": x.density(member)})
            if kind is None:
                floats = self.rows(expand_bits(x.bits[member], x.shape[-1]))
                result = _dense_forward(floats, weight[member], bias[member])
                output[member] = result.view(output.shape[1:])
            else:
                self.run(
                    Operation.FORWARD,
                    spikes=x.bits[member],
                    weight=weight[member],
                    bias=bias[member],
                    output=output[member],
                )
        return output

    def weight_gradients(
        self,
        x: SpikeTensor,
        gradient: Tensor,
        events: float | None,
        to_weight: Tensor,
        to_bias: Tensor,
        member: int,
    ) -> None:
        """One member's gradients of weight and bias; `events` from `event_density`."""
        by_spikes, by_events = f"{self.kind}.weight_by_spikes", f"{self.kind}.weight_by_events"
        densities = {by_spikes: x.density(member)}
        if events is not None:
            densities[by_events] = events
        kind = self.choice.cheapest("weight", densities)
        arrays: dict[str, Tensor] = {"output": to_weight[member], "bias_gradient": to_bias[member]}
        if kind is not None:
            is_by_events = kind == by_events
            self.run(
                Operation.WEIGHT_BY_EVENTS if is_by_events else Operation.WEIGHT_BY_SPIKES,
                spikes=x.bits[member],
                **arrays,
                **(_events if is_by_events else _floats)(gradient, member),
            )
            return
        floats = self.rows(expand_bits(x.bits[member], x.shape[-1]))
        dense = self.rows(_floats(gradient, member)["gradient"])
        _, weight, bias = _dense_gradients(floats, dense, to_weight[member])
        assert weight is not None
        assert bias is not None
        to_weight[member], to_bias[member] = weight, bias

    def event_density(self, gradient: Tensor, member: int) -> float | None:
        """The density of a member's gradient; None where it cannot be gone through by events."""
        if isinstance(gradient, EventGradient):
            return gradient.density(member)
        if self.is_conv:
            return None
        size = gradient[member].numel()
        return int(gradient[member].count_nonzero()) / size if size else 0.0

    def input_gradient(
        self,
        x: SpikeTensor,
        gradient: Tensor,
        events: float | None,
        weight: Tensor,
        to_input: Tensor,
        member: int,
    ) -> None:
        """One member's gradient of the input; `events` from `event_density`.

        One that is not finite is NaN everywhere: what it belongs to may be needed nowhere, and it
        would not be seen in the layers before.
        """
        kind = f"{self.kind}.input_by_events"
        chosen = self.choice.cheapest("input", {} if events is None else {kind: events})
        if isinstance(gradient, EventGradient):
            is_broken = gradient.broken[member]
        else:
            # Zero times what is not finite is NaN; several times as fast as to ask `isfinite`.
            is_broken = x.needed is not None and bool((gradient[member] * 0.0).sum() != 0)
        if is_broken:
            to_input[member] = torch.nan
        elif chosen is not None:
            self.run(
                Operation.INPUT_BY_EVENTS,
                needed=None if x.needed is None else x.needed[member],
                weight=weight[member],
                output=to_input[member],
                **_events(gradient, member),
            )
        else:
            dense = self.rows(_floats(gradient, member)["gradient"])
            result, _, _ = _dense_gradients(None, dense, weight[member])
            assert result is not None
            to_input[member] = result.reshape(to_input.shape[1:])


def _events(gradient: Tensor, member: int) -> dict[str, Tensor]:
    """One member's gradient as its kernel reads events."""
    if isinstance(gradient, EventGradient):
        names = ("value", "channel", "start", "count")
        return {name: getattr(gradient, name)[member] for name in names}
    return {"gradient": gradient[member]}


def _floats(gradient: Tensor, member: int) -> dict[str, Tensor]:
    """One member's gradient with its zeros."""
    if isinstance(gradient, EventGradient):
        return {"gradient": gradient.member_floats(member)}
    return {"gradient": gradient[member]}


class _EventProduct(torch.autograd.Function):
    """A layer's output from spikes."""

    @staticmethod
    def forward(ctx: Any, x: SpikeTensor, weight: Tensor, bias: Tensor, choice: Choice) -> Tensor:
        """Keep the bits."""
        product = _Product(tuple(x.shape), weight, choice)
        ctx.save_for_backward(weight, bias)
        # Bits, not the tensor: it would keep the graph that leads to it.
        ctx.spikes = SpikeTensor(x.bits, x.shape[-1], x.needed, x.counts)
        ctx.product, ctx.reads_events = product, product.is_conv
        ctx.set_materialize_grads(False)
        return product.forward(x, weight, bias)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor | None, ...]:
        """Gradients of input, weight and bias, those that are wanted."""
        (gradient,) = gradients
        if gradient is None:
            return None, None, None, None
        weight, bias = ctx.saved_tensors
        product, x = ctx.product, ctx.spikes
        if not (isinstance(gradient, EventGradient) and product.is_conv):
            gradient = as_floats(gradient).contiguous()
        wants_x, *wants = ctx.needs_input_grad[:3]
        to_input = torch.empty(tuple(x.shape)) if wants_x else None
        make = torch.empty_like if x.numel() else torch.zeros_like
        to_weight = make(weight) if any(wants) else None
        to_bias = make(bias) if any(wants) else None
        for member in range(len(x) if x.numel() else 0):
            events = product.event_density(gradient, member)
            if to_weight is not None and to_bias is not None:
                product.weight_gradients(x, gradient, events, to_weight, to_bias, member)
            if to_input is not None:
                product.input_gradient(x, gradient, events, weight, to_input, member)
        return to_input, to_weight, to_bias, None


def event_product(x: SpikeTensor, weight: Tensor, bias: Tensor, choice: Choice) -> Tensor:
    """Each member's layer on spikes.

    Args:
        x: [P, T, B, H, W, C] for a 3x3 convolution with padding 1, [P, T, B, F] for a dense layer.
        weight: [P, O, C, 3, 3] or [P, O, F].
        bias: [P, O].
        choice: By events or densely.

    Returns:
        [P, T, B, H, W, O] or [P, T, B, O].
    """
    if torch.is_grad_enabled() and (x.requires_grad or weight.requires_grad or bias.requires_grad):
        output: Tensor = _EventProduct.apply(x, weight.contiguous(), bias.contiguous(), choice)
        return output
    product = _Product(tuple(x.shape), weight, choice)
    return product.forward(x, weight.contiguous(), bias.contiguous())

"""Convolutions and dense layers of a whole population in one launch, in Triton.

Calls the kernels of `triton_kernel.py`, which is imported when first needed. The member is an axis
of the grid, and nothing that decides the order of a sum depends on how many members there are: a
member's numbers do not depend on who trains beside it, bit for bit. Nothing waits for the device
and no choice depends on data, so a step can be captured as a CUDA graph.

x is float32 or bf16, parameters and sums are float32. Beside bf16 the weights are rounded to bf16;
the bias is added before the sum is rounded. Gradients of parameters are the float32 sums.
"""

import functools
import importlib
from types import ModuleType
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from spikefuse.core.checks import require
from spikefuse.core.errors import InputError
from spikefuse.networks.population.blocks import Blocks, gradient_blocks, part_rows, product_blocks
from spikefuse.neurons.lif.call import DTYPES
from spikefuse.neurons.lif.triton import available, why_not

__all__ = ["available", "conv3x3", "linear", "why_not"]

ALIGNMENT = 16
"""Bytes that memory is read and written at once."""

SUMMED = 1024
"""Elements that a program of the sum over parts takes."""


@functools.cache
def _kernels() -> ModuleType:
    return importlib.import_module("spikefuse.networks.population.triton_kernel")


def _launch(
    kernel: Any, grid: tuple[int, ...], blocks: Blocks, *arguments: Any, **constants: int
) -> None:
    # Triton launches on the current device, which may be another one.
    with torch.cuda.device_of(arguments[0]):
        kernel[grid](
            *arguments,
            **constants,
            BLOCK_ROWS=blocks.rows,
            BLOCK_DEPTH=blocks.depth,
            BLOCK_COLUMNS=blocks.columns,
            num_warps=blocks.warps,
            num_stages=blocks.stages,
            enable_fp_fusion=True,
        )


def _geometry(x: Tensor) -> tuple[int, dict[str, int]]:
    """Rows a member, and the constants of a kernel that reads x [P, N, H, W, C] or [P, N, F]."""
    height, width = x.shape[2:4] if x.dim() == 5 else (1, 1)
    taps = 9 if x.dim() == 5 else 1
    constants = {"CHANNELS": x.shape[-1], "TAPS": taps, "HEIGHT": height, "WIDTH": width}
    return x.shape[1:-1].numel(), constants


def _placed(x: Tensor) -> Tensor:
    """`x`, contiguous and starting at 16 bytes.

    Kernels are compiled for the alignment they meet, and may add in another order with another one:
    a member's slice of a population must not sum differently from the population.
    """
    x = x.contiguous()
    return x.clone() if x.data_ptr() % ALIGNMENT else x


def _padded(gradient: Tensor) -> Tensor:
    """A dense layer's gradient with rows of whole 16 values, zeros at the end.

    The width of a hidden layer is what meets the budget, often odd; rows that are not aligned can
    be read one value at a time only, and not ahead.
    """
    missing = -gradient.shape[-1] % 16 if gradient.dim() == 3 else 0
    return F.pad(gradient, (0, missing)) if missing else _placed(gradient)


def _laid_out(weight: Tensor, back: bool) -> tuple[Tensor, int, int]:
    """Weights for a product, with the strides of its depth (tap, channel) and of its columns.

    A dense layer's stay where they are; those of a convolution are small and get a copy. `back`
    is for the product that leads from the gradient to that of the input.
    """
    if weight.dim() == 3:
        strides = (weight.shape[2], 1) if back else (1, weight.shape[2])
        return weight, *strides
    laid = weight.permute((0, 3, 4, 1, 2) if back else (0, 3, 4, 2, 1)).contiguous()
    return laid, laid.shape[-1], 1


def _product(x: Tensor, weight: Tensor, bias: Tensor | None, back: bool = False) -> Tensor:
    """The layer's output; with `back` the gradient of its input from that of its output, padded.

    x and weight are of one type, and placed.
    """
    columns = weight.shape[2 if back else 1]
    output = x.new_empty(*x.shape[:-1], columns)
    if output.numel() == 0:
        return output
    rows, constants = _geometry(x)
    depth = constants["TAPS"] * weight.shape[1 if back else 2]
    blocks = product_blocks(rows, depth, columns, constants["CHANNELS"], x.dtype)
    laid, *strides = _laid_out(weight, back)
    _launch(
        _kernels().product,
        (-(-rows // blocks.rows) * -(-columns // blocks.columns), len(x)),
        blocks,
        *(x, laid, laid if bias is None else bias.contiguous(), output, rows, *strides),
        **constants,
        DEPTH=depth,
        COLUMNS=columns,
        SIGN=-1 if back else 1,
        BIAS=bias is not None,
    )
    return output


def _parameter_gradients(x: Tensor, gradient: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Gradients of weight and bias from that of the output, padded.

    Sums over parts of the rows, then over the parts.
    """
    rows, constants = _geometry(x)
    members, columns = weight.shape[:2]
    depth = constants["TAPS"] * constants["CHANNELS"]
    blocks = gradient_blocks(depth, columns, x.dtype)
    rows_each = part_rows(rows)
    parts = max(1, -(-rows // rows_each))
    weight_parts = weight.new_empty(members, parts, *weight.shape[1:], dtype=torch.float32)
    bias_parts = weight.new_empty(members, parts, columns, dtype=torch.float32)
    if members:
        tiles = (-(-depth // blocks.depth) + 1) * -(-columns // blocks.columns)
        _launch(
            _kernels().weight_gradient,
            (tiles, members, parts),
            blocks,
            *(x, gradient, weight_parts, bias_parts, rows, rows_each),
            **constants,
            COLUMNS=columns,
            LENGTH=gradient.shape[-1],
        )
    return _sum_parts(weight_parts), _sum_parts(bias_parts)


def _sum_parts(partial: Tensor) -> Tensor:
    """[P, ...] of [P, parts, ...], in the order of the parts whatever P is."""
    members, parts = partial.shape[:2]
    if parts == 1:
        return partial.squeeze(1)
    total = partial.new_empty(members, *partial.shape[2:])
    if members:
        size = total[0].numel()
        with torch.cuda.device_of(partial):
            _kernels().sum_parts[(-(-size // SUMMED), members)](
                partial, total, size, parts, BLOCK=SUMMED, num_warps=4, enable_fp_fusion=True
            )
    return total


class _PopulationProduct(torch.autograd.Function):
    """Output, and the gradients that are wanted."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """Keep what was multiplied."""
        x, weight = _placed(x), _placed(weight.to(x.dtype))
        ctx.save_for_backward(x, weight)
        return _product(x, weight, bias)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of input, weight and bias."""
        x, weight = ctx.saved_tensors
        gradient = _padded(gradients[0])
        wants_x, *wants = ctx.needs_input_grad
        to_x = _product(gradient, weight, None, back=True) if wants_x else None
        parameters = _parameter_gradients(x, gradient, weight) if any(wants) else (None, None)
        return to_x, *parameters


def _run(where: str, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Check what both layers have in common, then multiply."""

    def must(condition: bool, argument: str, constraint: str, got: object) -> None:
        require(condition, where, argument, constraint, got)

    reason = why_not(x.device)
    if reason is not None:
        raise InputError(f"{where}: backend 'triton' cannot be used: {reason}. Use 'auto'.")
    must(x.dtype in DTYPES, "x", "float32 or bfloat16 for the triton backend", x.dtype)
    channels, columns = x.shape[-1], weight.shape[1]
    must(
        weight.shape[0] == len(x) and weight.shape[2] == channels > 0 and columns > 0,
        "weight",
        f"of {len(x)} members and {channels} inputs, with one input and one output or more",
        tuple(weight.shape),
    )
    must(bias.shape == weight.shape[:2], "bias", f"{list(weight.shape[:2])}", tuple(bias.shape))
    for name, parameter in (("weight", weight), ("bias", bias)):
        must(parameter.dtype == torch.float32, name, "float32", parameter.dtype)
        must(parameter.device == x.device, name, f"on {x.device}, as x is", parameter.device)
    largest = max(x.shape[1:-1].numel() * max(channels, columns + 15), weight.shape[1:].numel())
    must(
        largest < 2**31, "x", "below 2^31 elements a member, as output and weight must be", largest
    )
    result: Tensor = _PopulationProduct.apply(x, weight, bias)
    return result


def conv3x3(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Each member's convolution with padding 1, [P, N, H, W, O].

    Args:
        x: [P, N, H, W, C], float32 or bf16. Copied when not contiguous.
        weight: [P, O, C, 3, 3], float32.
        bias: [P, O], float32.

    Raises:
        InputError: An argument breaks its constraint, or the kernels cannot be used.
    """
    require(x.dim() == 5, "conv3x3", "x", "[P, N, H, W, C]", tuple(x.shape))
    is_3x3 = weight.dim() == 5 and weight.shape[3:] == (3, 3)
    require(is_3x3, "conv3x3", "weight", "[P, O, C, 3, 3]", tuple(weight.shape))
    return _run("conv3x3", x, weight, bias)


def linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Each member's dense layer, [P, N, O].

    Args:
        x: [P, N, F], float32 or bf16. Copied when not contiguous.
        weight: [P, O, F], float32.
        bias: [P, O], float32.

    Raises:
        InputError: An argument breaks its constraint, or the kernels cannot be used.
    """
    require(x.dim() == 3, "linear", "x", "[P, N, F]", tuple(x.shape))
    require(weight.dim() == 3, "linear", "weight", "[P, O, F]", tuple(weight.shape))
    return _run("linear", x, weight, bias)

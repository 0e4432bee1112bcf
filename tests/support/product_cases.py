"""Layers of a population, and how their Triton products are compared with PyTorch's."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from spikefuse.networks.population.triton import conv3x3, linear

NAMES = ("output", "gradient of x", "gradient of weight", "gradient of bias")
BF16_ROUNDING = 2.0**-8
"""The largest relative error of rounding to bf16."""


def leaves(shape: tuple[int, ...], outputs: int, dtype: torch.dtype) -> list[Tensor]:
    """x, weight, bias and the gradient of the output, of a layer with x of this shape."""
    generator = torch.Generator().manual_seed(5)
    taps = (3, 3) if len(shape) == 5 else ()
    sizes = [shape, (shape[0], outputs, shape[-1], *taps), (shape[0], outputs)]
    made = [torch.randn(size, generator=generator) for size in [*sizes, (*shape[:-1], outputs)]]
    return [made[0].to(dtype), made[1], made[2], made[3].to(dtype)]


def by_pytorch(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Each member through PyTorch."""
    if x.dim() == 3:
        return torch.stack([F.linear(*each) for each in zip(x, weight, bias, strict=True)])
    maps = [
        F.conv2d(inputs.permute(0, 3, 1, 2), *own, padding=1).permute(0, 2, 3, 1)
        for inputs, *own in zip(x, weight, bias, strict=True)
    ]
    return torch.stack(maps)


def by_triton(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return (conv3x3 if x.dim() == 5 else linear)(x, weight, bias)


def outcome(product: Any, given: list[Tensor]) -> list[Tensor]:
    """Output and all gradients."""
    *wanted, gradient = (each.detach().requires_grad_() for each in given)
    output = product(*wanted)
    return [output.detach(), *torch.autograd.grad(output, wanted, gradient.detach())]


def check(shape: tuple[int, ...], outputs: int, dtype: torch.dtype) -> None:
    """At most twice the error of PyTorch's float32 beside float64, and the rounding of a result."""
    given = leaves(shape, outputs, dtype)
    ours = outcome(by_triton, given)
    # What a product in bf16 multiplies: its operands rounded, its bias not.
    given[1] = given[1].to(dtype)
    plain = outcome(by_pytorch, [each.float() for each in given])
    exact = outcome(by_pytorch, [each.double() for each in given])
    types = (dtype, dtype, torch.float32, torch.float32)
    for name, kind, got, usual, want in zip(NAMES, types, ours, plain, exact, strict=True):
        assert (got.shape, got.dtype) == (want.shape, kind), name
        allowed = 2 * (usual - want).abs().max() + 1e-6 * want.abs().max()
        if kind == torch.bfloat16:
            allowed = allowed + BF16_ROUNDING * want.abs()
        assert ((got.double() - want).abs() <= allowed).all(), name

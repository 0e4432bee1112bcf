"""Synaptic operations of a weighted layer, counted exactly.

A synaptic operation is one visited pair of an input that is not zero and a weight:

    fan-out    all weights of the pair's input count, also those that are zero
    effective  weights that are zero are skipped (less than fan-out in a pruned network)
    dense      every pair there is, whatever the input

Zero padding, bias and pooling are no synaptic operations. A convolution counts by occupancy: an
input visits the taps of the kernel that fall on an output, times the output channels it reaches.

So each input has a number of weights that is known before anything runs, and a count is the sum of
these numbers over the inputs that are not zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from spikefuse.core.checks import require

_EXACT_FLOAT32 = 2**24
_EXACT_SHORT = 2**8  # also in bf16, into which PyTorch may be told to round factors of products


@dataclass(frozen=True)
class LayerShape:
    """Sizes of a weighted layer, of one sample and step.

    Args:
        kind: "conv" or "linear".
        inputs: Numbers that enter it.
        outputs: Numbers that leave it.
        dense: All its pairs of an input and a weight.
        weights: Weights as stored, without bias.
        biases: Biases as stored.
        taps: Positions of the kernel times output channels (linear: outputs).
    """

    kind: str
    inputs: int
    outputs: int
    dense: int
    weights: int
    biases: int
    taps: int


@dataclass(frozen=True)
class Synapses:
    """How many weights each input of a layer has.

    Args:
        shape: The layer's sizes.
        fan_out: int64, in the shape of one sample's input: weights of each.
        effective: The same without weights that are zero; the very tensor `fan_out` where none is.
    """

    shape: LayerShape
    fan_out: Tensor
    effective: Tensor


def linear_synapses(weight: Tensor, biases: int = 0) -> Synapses:
    """The synapses of a linear layer with weights [outputs, inputs].

    Example:
        >>> synapses = linear_synapses(torch.tensor([[1.3, 0, -3.2], [0, 1.2, -5.1]]))
        >>> synapses.fan_out.tolist(), synapses.effective.tolist(), synapses.shape.dense
        ([2, 2, 2], [1, 1, 2], 6)
    """
    outputs = len(weight)
    used = (weight != 0).sum(dim=0).cpu()
    fan_out = torch.full_like(used, outputs)
    whole = bool((used == outputs).all())
    pairs = weight.numel()
    shape = LayerShape("linear", len(used), outputs, pairs, pairs, biases, outputs)
    return Synapses(shape, fan_out, fan_out if whole else used)


def conv_synapses(
    weight: Tensor,
    shape: Sequence[int],
    *,
    stride: Sequence[int] = (1, 1),
    padding: Sequence[int] = (0, 0, 0, 0),
    dilation: Sequence[int] = (1, 1),
    groups: int = 1,
    biases: int = 0,
) -> Synapses:
    """The synapses of a two-dimensional convolution.

    Args:
        weight: [output channels, input channels / groups, kernel height, kernel width].
        shape: Channels, height and width of the input.
        stride: Down and across.
        padding: Rows and columns of zeros: top, bottom, left, right.
        dilation: Down and across.
        groups: Groups of channels that do not meet.
        biases: Biases as stored.

    Raises:
        InputError: The weight does not fit the channels, or the kernel is larger than the input.

    Example:
        >>> weight = torch.ones(2, 1, 3, 3)
        >>> conv_synapses(weight, (1, 4, 4), padding=(1, 1, 1, 1)).fan_out[0].tolist()
        [[8, 12, 12, 8], [12, 18, 18, 12], [12, 18, 18, 12], [8, 12, 12, 8]]
    """
    channels, height, width = shape
    filters, per_group, rows, columns = weight.shape
    require(
        channels == per_group * groups and filters % groups == 0,
        "count",
        "weight",
        f"a kernel of {groups} groups over {channels} channels",
        tuple(weight.shape),
    )
    down = _visits(height, rows, stride[0], padding[0], padding[1], dilation[0])
    across = _visits(width, columns, stride[1], padding[2], padding[3], dilation[1])
    positions = torch.outer(down.sum(dim=(0, 2)), across.sum(dim=(0, 2)))
    fan_out = (positions * (filters // groups)).expand(channels, height, width)
    effective = fan_out
    used = (weight != 0).view(groups, filters // groups, per_group, rows, columns).sum(dim=1).cpu()
    if bool((used != filters // groups).any()):
        # int64 has no matrix product; a tap's counts are far below where float64 is inexact.
        effective = torch.einsum(
            "cij,ih,jw->chw",
            used.reshape(channels, rows, columns).double(),
            down.sum(dim=2).double(),
            across.sum(dim=2).double(),
        ).long()
    outputs = filters * down.shape[2] * across.shape[2]
    taps = filters * rows * columns
    pairs = int(fan_out.sum())
    sizes = LayerShape("conv", fan_out.numel(), outputs, pairs, weight.numel(), biases, taps)
    return Synapses(sizes, fan_out, effective)


def _visits(size: int, kernel: int, stride: int, before: int, after: int, dilation: int) -> Tensor:
    """Whether a tap of the kernel brings an input to an output along one axis, 0 or 1.

    Returns:
        int64 [kernel, inputs, outputs].
    """
    outputs = (size + before + after - dilation * (kernel - 1) - 1) // stride + 1
    require(outputs >= 1, "count", "kernel", f"at most the padded input's {size}", kernel)
    tap = torch.arange(kernel).view(-1, 1, 1) * dilation
    place = torch.arange(size).view(1, -1, 1) + before
    output = torch.arange(outputs).view(1, 1, -1) * stride
    return (place - tap == output).long()


class Counter:
    """Sums of weights over inputs that are not zero.

    Args:
        per_input: int64 weights of each input, in any shape and memory order.
        most: What an input counts at most; 1 where it is there or not, more where it stands for
            several alike.

    Attributes:
        each: Weights of every input where all have as many; else None.
    """

    def __init__(self, per_input: Tensor, most: int = 1) -> None:
        flat = per_input.reshape(-1)
        self.total = int(flat.sum())
        self._unit = int(np.gcd.reduce(flat.numpy(force=True))) or 1
        reduced = flat // self._unit
        self.each = self._unit if bool((reduced == 1).all()) else None
        largest = max(most, int(reduced.max()) if flat.numel() else 0)
        # Every partial sum is an integer that float32 holds, so the order of sums does not matter
        # and a matrix product, which is many times faster than int64 sums, is exact.
        small = most * self.total // self._unit < _EXACT_FLOAT32 and largest <= _EXACT_SHORT
        self.dtype = torch.float32 if small else torch.float64
        self._factors = reduced.to(self.dtype)

    def __call__(self, active: Tensor) -> Tensor:
        """Weights visited.

        Args:
            active: 0 to `most`, in `dtype` [..., N]: whether each of the N inputs is not zero, or
                how many of those that it stands for.

        Returns:
            int64 [...].
        """
        if not active.numel():
            return active.new_zeros(active.shape[:-1], dtype=torch.int64)
        rows = active.reshape(-1, active.shape[-1])
        sums = rows @ self._factors.to(active.device)
        return sums.long().view(active.shape[:-1]) * self._unit


def as_active(values: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
    """1 where a value is not zero, else 0; a value that is not a number counts as not zero."""
    return (values != 0).to(dtype)

"""Device memory that a population needs while it trains and is evaluated, estimated from shapes.

With s bytes of the product type (2 in bf16, 4 in float32), batch B and time steps T, a layer has
c numbers of current for a sample and step, and o of output (c / 4 after 2x2 pooling). Its current
has r rows: B where its input is the same at every step (the first layer of a branch, unless an
encoder spreads the input over time), else T B. Sums and maxima are over the layers.

    weights    = parameters (8 * 4 + 2 s)
    kept       = s sum(r c + T B o) + s T B (F + G), and where neuron and pooling are not one kernel
                 sum(s T B c + 8 T B o) over the layers that pool; behind an encoder over time
                 s T B I for the encoded input and, while it is made, 4 * 8 B I (4 B (N + T I) of an
                 input of N numbers whose time becomes the steps)
    gradients  = 2 s max(r c + T B o), where not one kernel 2 s max(r c + 2 T B c)
                 (spiking: 8 for 2 s, because membranes are float32)
    evaluation = 3 s T B max(c)
    member     = SAFETY (weights + kept + gradients + evaluation)
    shared     = 16 T B max(c)

- weights: weight, gradient, Adam's two moments, the best epoch's copy and three copies while a step
  is captured, in float32; copies in the product type and in the order of convolutions.
- kept: what autograd keeps between forward and backward pass. F features enter the heads, G numbers
  are kept by a fusion with weights, I numbers are an input. Without
  fused kernels the outputs before pooling and the place of each window's maximum are kept as well.
- gradients: of one layer's current and output, each once more while members are stacked.
- evaluation: a pass that looks at, or disturbs, every output before pooling. It adds up with the
  training step, because the memory of a captured step stays its own.
- shared: noise, drawn for one member at a time in float32.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from spikefuse.core.device import product_type
from spikefuse.fusion import FUSIONS
from spikefuse.networks.budget import (
    branches,
    count_parameters,
    heads,
    is_constant_to_heads,
    parts,
    solve_width,
)
from spikefuse.networks.spec import NetworkSpec

SAFETY = 1.25
"""For what the formula leaves out: the allocator's rounding and fragments, libraries' workspaces.

Without them, on a CPU, all that is alive at once in a training step is at most the formula without
this factor (`tests/unit/networks/test_memory.py`). No GPU has been measured yet.
"""

_FLOAT32 = 4
_INDEX = 8


@dataclass(frozen=True)
class LayerSize:
    """Numbers of one activation for one sample and step.

    Args:
        current: Numbers that enter it.
        output: Numbers that leave it, after pooling.
        is_first: Whether its current is the same at every step.
    """

    current: int
    output: int
    is_first: bool = False


@dataclass(frozen=True)
class NetworkMemory:
    """What one network needs of a device, in bytes; see the module for the formula.

    Args:
        weights: Whatever is trained.
        kept: Kept from the forward for the backward pass.
        gradients: Alive at once in the backward pass.
        evaluation: A pass that looks at every output.
        shared: What a population needs once, however many members it has.
    """

    weights: int
    kept: int
    gradients: int
    evaluation: int
    shared: int

    @property
    def member(self) -> int:
        """What each further member of a population needs."""
        return int(SAFETY * (self.weights + self.kept + self.gradients + self.evaluation))


def network_memory(
    spec: NetworkSpec, precision: str, batch: int, is_fused: bool = False
) -> NetworkMemory:
    """Estimate what a network needs.

    Args:
        spec: The network.
        precision: A name in `spikefuse.core.device.PRECISIONS`.
        batch: Samples of a batch.
        is_fused: Whether spiking neuron and pooling are one kernel; those of a dense network, and
            neurons that learn a constant, never are.

    Example:
        >>> spec = NetworkSpec(input_shapes={"image": (1, 28, 28)})
        >>> network_memory(spec, "bf16", 100, is_fused=True).member // 2**20
        201
    """
    number = product_type(precision).itemsize
    is_fused = is_fused and not spec.neuron.learned
    rows = spec.time_steps * batch
    layers = list(layer_sizes(spec))
    currents = [(batch if layer.is_first else rows) * layer.current for layer in layers]
    outputs = [rows * layer.output for layer in layers]
    is_spiking = spec.neuron.is_spiking
    state = _FLOAT32 if is_spiking and not is_fused else number
    apart = [
        rows * layer.current
        if layer.output < layer.current and not (is_fused and is_spiking)
        else 0
        for layer in layers
    ]
    indices = sum(output for output, whole in zip(outputs, apart, strict=True) if whole)
    most = max(
        current + max(output, 2 * whole)
        for current, output, whole in zip(currents, outputs, apart, strict=True)
    )
    features = rows * _features(spec)
    largest = rows * max(layer.current for layer in layers)
    return NetworkMemory(
        weights=count_parameters(spec, solve_width(spec)) * (8 * _FLOAT32 + 2 * number),
        kept=number * (sum(currents) + sum(outputs) + sum(apart) + features)
        + _INDEX * indices
        + _encoded(spec, number, batch),
        gradients=2 * state * most,
        evaluation=3 * number * largest,
        shared=4 * _FLOAT32 * largest,
    )


def layer_sizes(spec: NetworkSpec) -> Iterator[LayerSize]:
    """Every weighted layer of a network before a neuron or a logit, in order of execution."""
    width = solve_width(spec)
    for branch in branches(spec, width):
        _, height, across = branch.shape
        for index, conv in enumerate(branch.convolutions):
            current = conv.channels * height * across
            if conv.pool:
                height, across = height // 2, across // 2
            is_first = index == 0 and spec.is_static_branch(branch.name)
            yield LayerSize(current, conv.channels * height * across, is_first)
    is_constant = is_constant_to_heads(spec, width)
    for _ in heads(spec, width):
        yield LayerSize(width.hidden, width.hidden, is_constant)
        yield LayerSize(spec.classes, spec.classes)


def _features(spec: NetworkSpec) -> int:
    """Numbers that enter the heads, or are kept by the fusion, for one sample and step."""
    meeting = parts(spec, solve_width(spec))
    return sum(meeting.widths.values()) + FUSIONS[spec.fusion].kept(meeting)


def _encoded(spec: NetworkSpec, number: int, batch: int) -> int:
    """Bytes of inputs over time, kept for the first layers' weights, and of what makes them."""
    needed = 0
    for name, shape in spec.maps.items():
        kind, steps = spec.encoder_of(name), spec.time_steps * math.prod(shape)
        if kind.takes_time:
            made = _FLOAT32 * (math.prod(spec.input_shapes[name]) + steps)
            needed += steps * number + made
        elif not kind.is_static:
            needed += steps * number + 4 * _INDEX * math.prod(shape)
    return batch * needed

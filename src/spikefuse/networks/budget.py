"""Budgets: how many parameters and multiply-accumulates a plan needs, and the width that fits."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from spikefuse.core.errors import InputError
from spikefuse.fusion import FUSIONS, LayerCost, Parts
from spikefuse.fusion.contract import Shape
from spikefuse.networks.plans import Conv, convolutions_of
from spikefuse.networks.spec import NetworkSpec

TOLERANCE = 0.01
"""A network's parameter count lies within this share of its budget."""


@dataclass(frozen=True)
class Width:
    """What the budget decides of a plan: the hidden layer's width and, rarely, the last channels.

    One hidden unit of a plan with many features can cost more than 1 % of the budget; then the
    last convolution of each branch gets a few channels more or fewer than the plan says.
    """

    hidden: int
    extra_channels: int = 0

    def convolutions(self, plan: str, branch: str, shape: Shape) -> tuple[Conv, ...]:
        """The plan's convolutions of a branch at this width."""
        planned = convolutions_of(plan, branch, shape)
        if not self.extra_channels or not planned:
            return planned
        last = planned[-1]
        return (*planned[:-1], Conv(last.channels + self.extra_channels, last.pool))


@dataclass(frozen=True)
class Branch:
    """One encoder: its name, input, convolutions and the shape of the features that leave it."""

    name: str
    shape: Shape
    convolutions: tuple[Conv, ...]

    @property
    def features(self) -> Shape:
        """Channels, height and width of what leaves it."""
        channels, height, width = self.shape
        for conv in self.convolutions:
            channels = conv.channels
            if conv.pool:
                height, width = height // 2, width // 2
        return channels, height, width

    def costs(self, is_static: bool) -> Iterator[LayerCost]:
        """Costs of its convolutions."""
        channels, height, width = self.shape
        for index, conv in enumerate(self.convolutions, start=1):
            weights = 9 * channels * conv.channels
            passes = 1 if is_static and index == 1 else None
            name = f"{self.name}.conv{index}"
            yield LayerCost(name, weights + conv.channels, weights * height * width, passes)
            channels = conv.channels
            if conv.pool:
                height, width = height // 2, width // 2


def branches(spec: NetworkSpec, width: Width) -> list[Branch]:
    """The encoders: one per modality, or one stacked for fusion at the input."""
    shapes = FUSIONS[spec.fusion].branches(spec.maps)
    return [
        Branch(name, shape, width.convolutions(spec.plan, name, shape))
        for name, shape in shapes.items()
    ]


def parts(spec: NetworkSpec, width: Width) -> Parts:
    """What meets in the network's fusion."""
    features = {branch.name: branch.features for branch in branches(spec, width)}
    return Parts(spec.maps, features, spec.classes)


def heads(spec: NetworkSpec, width: Width) -> dict[str, int]:
    """Features that each head sees, by its name."""
    return FUSIONS[spec.fusion].heads(parts(spec, width).widths)


def _is_constant_to_fusion(spec: NetworkSpec, width: Width) -> bool:
    """Whether features are the same at every step: no neuron stands before them."""
    return spec.is_static and not any(branch.convolutions for branch in branches(spec, width))


def is_constant_to_heads(spec: NetworkSpec, width: Width) -> bool:
    """Whether what reaches the heads is the same at every step: no neuron stands before them."""
    if FUSIONS[spec.fusion].neurons(parts(spec, width)):
        return False
    return _is_constant_to_fusion(spec, width)


def layer_costs(spec: NetworkSpec, width: Width) -> list[LayerCost]:
    """Every weighted layer of the network at a width, in order of execution."""
    costs: list[LayerCost] = []
    hidden, classes = width.hidden, spec.classes
    for branch in branches(spec, width):
        costs += branch.costs(spec.is_static_branch(branch.name))
    met = 1 if _is_constant_to_fusion(spec, width) else None
    own = FUSIONS[spec.fusion].costs(parts(spec, width))
    costs += [c if c.each_step else replace(c, passes=c.passes or met) for c in own]
    once = 1 if is_constant_to_heads(spec, width) else None
    # The mean current is the current at the mean rate: one pass, whatever T.
    read = 1 if spec.readout == "mean-current" else None
    for name, count in heads(spec, width).items():
        costs.append(LayerCost(f"{name}.hidden", count * hidden + hidden, count * hidden, once))
        readout = (hidden + 1) * classes
        costs.append(LayerCost(f"{name}.readout", readout, hidden * classes, read))
    return costs


def activation_count(spec: NetworkSpec, width: Width) -> int:
    """Layers of neurons."""
    convolutions = sum(len(branch.convolutions) for branch in branches(spec, width))
    per_head = 2 if spec.readout == "spike-count" else 1
    own = len(FUSIONS[spec.fusion].neurons(parts(spec, width)))
    return convolutions + own + per_head * len(heads(spec, width))


def count_parameters(spec: NetworkSpec, width: Width) -> int:
    """Parameters of the network at a width: weights, biases and what its neurons learn."""
    weights = sum(cost.parameters for cost in layer_costs(spec, width))
    return weights + spec.neuron.learned * activation_count(spec, width)


def count_macs(spec: NetworkSpec, width: Width) -> int:
    """Multiply-accumulates of one dense pass (one time step) over one sample."""
    return sum(cost.macs for cost in layer_costs(spec, width))


def count_sample_macs(spec: NetworkSpec, width: Width) -> int:
    """Multiply-accumulates of one sample over all time steps, computed densely.

    A layer whose input is the same at every step runs once; behind an encoder over time none is.

    Example:
        >>> spec = NetworkSpec(input_shapes={"image": (1, 28, 28)}, time_steps=4)
        >>> coded = spec.model_copy(update={"encoder": "rate"})
        >>> width, first = solve_width(spec), 9 * 32 * 28 * 28
        >>> count_sample_macs(coded, width) - count_sample_macs(spec, width) == 3 * first
        True
    """
    return sum(cost.macs * (cost.passes or spec.time_steps) for cost in layer_costs(spec, width))


@cache
def _solve(
    plan: str,
    fusion: str,
    shapes: tuple[tuple[str, tuple[int, ...]], ...],
    classes: int,
    budget: int,
) -> Width:
    # What neurons learn is left out, a number a layer: so a network and its twin are equally wide.
    spec = NetworkSpec(plan=plan, fusion=fusion, input_shapes=dict(shapes), classes=classes)
    has_convolutions = any(branch.convolutions for branch in branches(spec, Width(1)))
    offsets = sorted(range(-8, 9), key=abs) if has_convolutions else [0]
    nearest: tuple[int, Width] | None = None
    for extra in offsets:
        fixed = count_parameters(spec, Width(0, extra))
        per_unit = count_parameters(spec, Width(1, extra)) - fixed
        width = Width(max(1, round((budget - fixed) / per_unit)), extra)
        miss = abs(count_parameters(spec, width) - budget)
        if miss <= TOLERANCE * budget:
            return width
        if nearest is None or miss < nearest[0]:
            nearest = miss, width
    assert nearest is not None
    raise InputError(
        f"budget: {budget:,} parameters cannot be met within 1 % by plan {plan!r} "
        f"({spec.modality}): the nearest network has {count_parameters(spec, nearest[1]):,}. "
        "Take another budget."
    )


def solve_width(spec: NetworkSpec) -> Width:
    """The width that brings the network within 1 % of its budget.

    Raises:
        InputError: No width of at least 1 does.

    Example:
        >>> solve_width(NetworkSpec(input_shapes={"image": (1, 28, 28)}, budget=1_630_090)).hidden
        512
    """
    # The maps, as an encoder makes them: what it made them of has no weights.
    shapes = tuple(spec.maps.items())
    return _solve(spec.plan, spec.fusion, shapes, spec.classes, spec.budget)

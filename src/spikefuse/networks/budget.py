"""Budgets: how many parameters and multiply-accumulates a plan needs, and the width that fits."""

from dataclasses import dataclass
from functools import cache

from spikefuse.core.errors import InputError
from spikefuse.fusion import FUSIONS
from spikefuse.networks.spec import CLASSES, PLANS, Conv, NetworkSpec

Shape = tuple[int, int, int]
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

    def convolutions(self, plan: str) -> tuple[Conv, ...]:
        """The plan's convolutions at this width."""
        planned = PLANS[plan].convolutions
        if not self.extra_channels:
            return planned
        last = planned[-1]
        return (*planned[:-1], Conv(last.channels + self.extra_channels, last.pool))


@dataclass(frozen=True)
class LayerCost:
    """One weighted layer: parameters with bias, and multiply-accumulates of one pass."""

    name: str
    parameters: int
    macs: int


def branch_shapes(spec: NetworkSpec) -> dict[str, Shape]:
    """The inputs of the encoders: one per modality, or one stacked for fusion at the input."""
    return FUSIONS[spec.fusion].branches(spec.input_shapes)


def encoder_costs(
    convolutions: tuple[Conv, ...], name: str, shape: Shape
) -> tuple[list[LayerCost], int]:
    """Costs of one encoder's convolutions and the number of features that leave it."""
    channels, height, width = shape
    costs = []
    for index, conv in enumerate(convolutions, start=1):
        weights = 9 * channels * conv.channels
        costs.append(
            LayerCost(f"{name}.conv{index}", weights + conv.channels, weights * height * width)
        )
        channels = conv.channels
        if conv.pool:
            height, width = height // 2, width // 2
    return costs, channels * height * width


def layer_costs(spec: NetworkSpec, width: Width) -> list[LayerCost]:
    """Every weighted layer of the network at a width, in order of execution."""
    costs: list[LayerCost] = []
    features: dict[str, int] = {}
    convolutions, hidden = width.convolutions(spec.plan), width.hidden
    for name, shape in branch_shapes(spec).items():
        encoder, features[name] = encoder_costs(convolutions, name, shape)
        costs += encoder
    for name, count in FUSIONS[spec.fusion].heads(features).items():
        costs.append(LayerCost(f"{name}.hidden", count * hidden + hidden, count * hidden))
        costs.append(LayerCost(f"{name}.readout", (hidden + 1) * CLASSES, hidden * CLASSES))
    return costs


def count_parameters(spec: NetworkSpec, width: Width) -> int:
    """Parameters of the network at a width, biases included."""
    return sum(cost.parameters for cost in layer_costs(spec, width))


def count_macs(spec: NetworkSpec, width: Width) -> int:
    """Multiply-accumulates of one dense pass (one time step) over one sample."""
    return sum(cost.macs for cost in layer_costs(spec, width))


@cache
def _solve(plan: str, fusion: str, shapes: tuple[tuple[str, Shape], ...], budget: int) -> Width:
    modality = shapes[0][0] if len(shapes) == 1 else "fused"
    spec = NetworkSpec.model_validate(
        {"modality": modality, "plan": plan, "fusion": fusion, "input_shapes": dict(shapes)}
    )
    offsets = sorted(range(-8, 9), key=abs) if PLANS[plan].convolutions else [0]
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
        f"budget: {budget:,} parameters cannot be met within 1 % by plan {plan!r} ({modality}): "
        f"the nearest network has {count_parameters(spec, nearest[1]):,}. Take another budget."
    )


def solve_width(spec: NetworkSpec) -> Width:
    """The width that brings the network within 1 % of its budget.

    Raises:
        InputError: No width of at least 1 does.

    Example:
        >>> solve_width(NetworkSpec(input_shapes={"image": (1, 28, 28)}, budget=1_630_090)).hidden
        512
    """
    return _solve(spec.plan, spec.fusion, tuple(spec.input_shapes.items()), spec.budget)

"""Layer plans: the layers of one branch, before the hidden layer whose width the budget decides."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from spikefuse.core.errors import InputError
from spikefuse.fusion.contract import Shape


@dataclass(frozen=True)
class Conv:
    """A 3x3 convolution with padding 1, an activation and, with `pool`, a 2x2 maximum."""

    channels: int
    pool: bool


@dataclass(frozen=True)
class Plan:
    """The layers of one branch before the hidden dense layer.

    Args:
        convolutions: In order.
        notation: In the paper's way of writing; h is the hidden width, K the number of classes.
        choose: Names the plan for a shape, where shapes decide; the plan then has no layers of its
            own.
    """

    convolutions: tuple[Conv, ...]
    notation: str
    choose: Callable[[Shape], str] | None = None

    @property
    def smallest(self) -> int:
        """Height and width below which a map is halved to nothing."""
        return int(2 ** sum(conv.pool for conv in self.convolutions))


def _by_shape(shape: Shape) -> str:
    side = min(shape[1:])
    if side >= PLANS["pool-twice"].smallest:
        return "pool-twice"
    return "simple-audio" if side >= PLANS["simple-audio"].smallest else "mlp"


PLANS: dict[str, Plan] = {
    "pool-twice": Plan((Conv(32, True), Conv(64, True)), "32C3-P2-64C3-P2-FC(h)-K"),
    "simple-audio": Plan((Conv(32, False), Conv(64, True)), "32C3-64C3-P2-FC(h)-K"),
    "mlp": Plan((), "FC(h)-K"),
    "by-shape": Plan((), "of each branch, the deepest of the others that fits its map", _by_shape),
}
"""Layer plans by name."""


USUAL_PLAN, PLAN_OF_SMALL = "pool-twice", "by-shape"
"""Where some map is too small for the usual layers, each branch has the deepest that fit."""


def plan_that_fits(shapes: Iterable[Shape]) -> str:
    """The usual plan where every map is large enough for it.

    Example:
        >>> plan_that_fits([(1, 28, 28), (6, 1, 50)])
        'by-shape'
    """
    least = min(min(shape[1:]) for shape in shapes)
    return USUAL_PLAN if least >= PLANS[USUAL_PLAN].smallest else PLAN_OF_SMALL


def convolutions_of(plan: str, branch: str, shape: Shape) -> tuple[Conv, ...]:
    """A plan's convolutions for one branch.

    Raises:
        InputError: The branch's map is too small; the message says which size would do.
    """
    record = PLANS[plan]
    if record.choose is not None:
        return convolutions_of(record.choose(shape), branch, shape)
    _, height, width = shape
    least = record.smallest
    if min(height, width) < least:
        fitting = [
            name
            for name, other in PLANS.items()
            if other.choose is not None or min(height, width) >= other.smallest
        ]
        raise InputError(
            f"network: the map of {branch!r} must be at least {least} x {least} for plan {plan!r}, "
            f"which halves it {least.bit_length() - 1} times, got {height} x {width}. Give it "
            f"larger maps, or take a plan that fits: {', '.join(fitting)}."
        )
    return record.convolutions

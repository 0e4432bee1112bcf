"""The contract of noise: what may disturb a network, and what a kind of noise consists of."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from torch import Tensor, nn


Position = Literal["before", "after", "pooled", "membrane", "input", "weights"]
"""Of an activation: the current that enters it, the output that leaves it before or after pooling,
the membrane between two steps; or the network's inputs as they enter the first layer; or weights.
"""

Varies = Literal["step", "sample", "draw"]
"""How often random numbers are drawn anew: at every time step, once a sample, once a draw."""

Unit = Literal["absolute", "threshold", "std"]
"""What a severity of 1 is: 1, the neuron's threshold, or the values' own standard deviation: of a
sample over all neurons and steps of a layer, or of a layer's weights."""


class Noise(Protocol):
    """Disturbs a network at evaluation; see `spikefuse.noise.NoiseDraw`."""

    def input(
        self, modality: str, encoded: Tensor, time_steps: int, encode: Callable[[Tensor], Tensor]
    ) -> Tensor:
        """The input [P, T or 1, B, ...] of a modality as it enters the first layer.

        Args:
            modality: Its name.
            encoded: The input over time.
            time_steps: T.
            encode: From a raw input [P, B, ...] of that modality to one over time.
        """
        ...

    def before(
        self, site: str, current: Tensor, time_steps: int, neurons: nn.Module | None = None
    ) -> Tensor:
        """The current [P, T or 1, B, ...] that enters the activation at `site`.

        Noise on the membrane enters here too: what a disturbed membrane keeps of it is a current.
        """
        ...

    def reaches_output(self, site: str) -> bool:
        """Whether `after` changes anything at `site`; if not, pooling can be fused."""
        ...

    def after(self, site: str, output: Tensor) -> Tensor:
        """What leaves it, [P, T, B, ...], before pooling."""
        ...

    def reaches_pooled(self, site: str) -> bool:
        """Whether `pooled` changes anything at `site`."""
        ...

    def pooled(self, site: str, output: Tensor) -> Tensor:
        """What leaves it, [P, T, B, ...], after pooling where it is pooled."""
        ...


@dataclass(frozen=True)
class Strength:
    """How much noise, and from which random numbers.

    Args:
        severity: In the unit of the kind, above 0.
        seeds: One 63-bit number per member, of this draw, batch and site alone.
        native: Compute in C++ where there is code for it.
        scale: Numbers that broadcast with [P, T, B, ...] by which the severity is multiplied; None
            is 1.
        common: One number for all neurons of a layer, in place of one for each.
        varies: How often it is drawn anew.
        replacement: [P, T or 1, B, ...], what stands in for the values; kinds with a `fill` alone.
    """

    severity: float
    seeds: Sequence[int]
    native: bool = False
    scale: Tensor | None = None
    common: bool = False
    varies: Varies = "step"
    replacement: Tensor | None = None


@dataclass(frozen=True)
class NoiseKind:
    """A kind of noise.

    Args:
        title: What it does, in a user's words.
        unit: Of its severity, in a user's words; severity 0 is no noise.
        disturb: From values [P, T or 1, B, ...], time steps T and strength to disturbed values
            [P, T, B, ...] in their type. A member's numbers depend on its own seed alone.
        positions: Where it makes sense; the first is taken where none is named.
        highest: The greatest severity.
        options: Further fields of a condition that it heeds: "unit", "common", "varies".
        fill: What takes an input's place, a name in `spikefuse.training.senses.FILLS`; empty for
            noise that needs nothing but the values.
    """

    title: str
    unit: str
    disturb: Callable[[Tensor, int, Strength], Tensor]
    positions: tuple[Position, ...] = ("before", "after")
    highest: float = math.inf
    options: frozenset[str] = frozenset()
    fill: str = ""

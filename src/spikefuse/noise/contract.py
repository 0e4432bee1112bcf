"""The contract of noise: what may disturb a network, and what a kind of noise consists of."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from torch import Tensor


Position = Literal["before", "after"]
"""Of an activation: the current that enters it, or the output that leaves it."""


class Noise(Protocol):
    """Disturbs what enters or leaves a hidden activation; see `spikefuse.noise.NoiseDraw`."""

    def before(self, site: str, current: Tensor, time_steps: int) -> Tensor:
        """The current [P, T or 1, B, ...] that enters the activation at `site`."""
        ...

    def reaches_output(self, site: str) -> bool:
        """Whether `after` changes anything at `site`; if not, pooling can be fused."""
        ...

    def after(self, site: str, output: Tensor) -> Tensor:
        """What leaves it, [P, T, B, ...]."""
        ...


@dataclass(frozen=True)
class Strength:
    """How much noise, and from which random numbers.

    Args:
        severity: In the unit of the kind, above 0.
        seeds: One 63-bit number per member, of this draw, batch and site alone.
        native: Compute in C++ where there is code for it.
    """

    severity: float
    seeds: Sequence[int]
    native: bool = False


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
    """

    title: str
    unit: str
    disturb: Callable[[Tensor, int, Strength], Tensor]
    positions: tuple[Position, ...] = ("before", "after")
    highest: float = math.inf

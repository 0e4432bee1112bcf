"""The contract of a neuron model: a record that says what it is; `module` has what responds."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from spikefuse.core.checks import require
from spikefuse.neurons.surrogate import Surrogate

if TYPE_CHECKING:
    from spikefuse.neurons.module import Neurons


@dataclass(frozen=True)
class Constant:
    """A number of a neuron model that a user may set.

    Args:
        default: Its value if none is given.
        low: No value is below it.
        high: No value is above it.
        has_bounds: Whether the bounds themselves are values; if not, values lie between them.
    """

    default: float
    low: float = -math.inf
    high: float = math.inf
    has_bounds: bool = True

    def check(self, where: str, name: str, value: float) -> float:
        """Return `value` if it is in range.

        Raises:
            InputError: It is not.
        """
        inside = self.low <= value <= self.high if self.has_bounds else self.low < value < self.high
        words = "from {} to {}" if self.has_bounds else "between {} and {} (both excluded)"
        require(inside, where, name, words.format(f"{self.low:g}", f"{self.high:g}"), value)
        return value


class NeuronSettings(Protocol):
    """What a member's neurons are made from; `spikefuse.neurons.NeuronSpec` is one."""

    @property
    def leak(self) -> float:
        """Decay of the membrane per step, or what it is at first."""
        ...

    @property
    def threshold(self) -> float:
        """The neuron fires above it."""
        ...

    @property
    def reset(self) -> str:
        """A name in `spikefuse.neurons.lif.RESETS`."""
        ...

    @property
    def detach_reset(self) -> bool:
        """No gradient through the spike in the reset."""
        ...

    @property
    def constants(self) -> Mapping[str, float]:
        """The model's further constants by name."""
        ...

    def surrogate_function(self) -> Surrogate:
        """The surrogate derivative it learns with."""
        ...


@dataclass(frozen=True)
class NeuronModel:
    """A neuron model.

    Args:
        title: What it is, in a user's words.
        make: From each member's settings, time steps and backend to one layer.
        is_spiking: Whether its output is spikes; if not, a network of it has one time step.
        constants: What a user may set, by name.
        fixed: Constants that are what they are.
        learned: Parameters a layer and member, beside the weights.
        differs: Settings in which the members of a population may differ.
        family: Models of one family may stand in one population; its name if there is only one.
    """

    title: str
    make: Callable[[Sequence[NeuronSettings], int, str], Neurons]
    is_spiking: bool = True
    constants: Mapping[str, Constant] = field(default_factory=dict)
    fixed: Mapping[str, float] = field(default_factory=dict)
    learned: int = 0
    differs: frozenset[str] = frozenset()
    family: str = ""

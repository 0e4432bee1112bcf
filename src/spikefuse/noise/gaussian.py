"""Gaussian noise: N(0, severity^2) of its own for every value and step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spikefuse.core.gaussian import add_normal
from spikefuse.noise.contract import NoiseKind, Strength

if TYPE_CHECKING:
    from torch import Tensor


def _add(values: Tensor, time_steps: int, strength: Strength) -> Tensor:
    return add_normal(
        values,
        time_steps=time_steps,
        std=strength.severity,
        seeds=strength.seeds,
        native=strength.native,
    )


GAUSSIAN = NoiseKind(
    "adds a normal number", "standard deviation, in the unit of the disturbed quantity", _add
)

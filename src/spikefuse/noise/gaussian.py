"""Gaussian noise: N(0, severity^2), of its own for every value and step where nothing is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spikefuse.core.gaussian import add_normal
from spikefuse.noise.contract import NoiseKind, Strength
from spikefuse.noise.draws import is_plain, normals

if TYPE_CHECKING:
    from torch import Tensor


def _add(values: Tensor, time_steps: int, strength: Strength) -> Tensor:
    if not is_plain(strength):
        moved = values.float() + normals(values, time_steps, strength) * strength.severity
        return moved.to(values.dtype)
    return add_normal(
        values,
        time_steps=time_steps,
        std=strength.severity,
        seeds=strength.seeds,
        native=strength.native,
    )


GAUSSIAN = NoiseKind(
    "adds a normal number",
    "standard deviation, in the unit of the disturbed quantity",
    _add,
    positions=("before", "after", "pooled", "membrane", "input", "weights"),
    options=frozenset({"unit", "common", "varies"}),
)

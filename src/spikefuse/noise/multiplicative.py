"""Multiplicative noise: each value times 1 + N(0, severity^2). What is zero stays zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spikefuse.noise.contract import NoiseKind, Strength
from spikefuse.noise.draws import normals

if TYPE_CHECKING:
    from torch import Tensor


def _scale(values: Tensor, time_steps: int, strength: Strength) -> Tensor:
    factor = 1 + normals(values, time_steps, strength) * strength.severity
    return (values.float() * factor).to(values.dtype)


MULTIPLICATIVE = NoiseKind(
    "multiplies by one plus a normal number",
    "standard deviation of the factor",
    _scale,
    positions=("before", "after", "pooled", "input", "weights"),
    options=frozenset({"common", "varies"}),
)

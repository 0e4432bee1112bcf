"""Normal numbers for a disturbed quantity: one each or one a layer, fresh or frozen."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from spikefuse.core.gaussian import normal
from spikefuse.noise.contract import Strength

if TYPE_CHECKING:
    from torch import Tensor


def normals(values: Tensor, time_steps: int, strength: Strength) -> Tensor:
    """Standard normal numbers that broadcast with [P, T, B, ...], times the strength's scale.

    Args:
        values: [P, T or 1, B, ...].
        time_steps: T.
        strength: Whose seeds, scale, `common` and `varies` decide the numbers and their shape: a
            frozen pattern (`varies` "draw") is one for all samples, its seeds must be too.
    """
    import torch

    batch, inner = values.shape[2], tuple(values.shape[3:])
    steps = time_steps if strength.varies == "step" else 1
    samples = 1 if strength.varies == "draw" else batch
    shape = (1,) * len(inner) if strength.common else inner
    count = samples * math.prod(shape)
    drawn = [
        normal(seed, steps, count, values.device).view(steps, samples, *shape)
        for seed in strength.seeds
    ]
    found = torch.stack(drawn)
    return found if strength.scale is None else found * strength.scale


def is_plain(strength: Strength) -> bool:
    """Whether each value and step has a number of its own, of one standard deviation for all."""
    return strength.scale is None and not strength.common and strength.varies == "step"

"""A kind of noise: every value becomes a fraction of itself."""

from torch import Tensor

from spikefuse.core.registry import register
from spikefuse.noise import NOISES, NoiseKind, Strength


def weaken(values: Tensor, time_steps: int, strength: Strength) -> Tensor:
    weaker = values * (1 - strength.severity)
    return weaker.expand(-1, time_steps, *[-1] * (values.dim() - 2)) if time_steps > 1 else weaker


register(
    "noise", NOISES, "weakened", NoiseKind("weakens", "share that is lost", weaken, highest=1.0)
)

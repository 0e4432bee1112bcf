"""Kinds of noise by name."""

from spikefuse.noise.contract import NoiseKind
from spikefuse.noise.deletion import DELETION
from spikefuse.noise.gaussian import GAUSSIAN

NOISES: dict[str, NoiseKind] = {"gaussian": GAUSSIAN, "deletion": DELETION}
"""Kinds of noise by name."""

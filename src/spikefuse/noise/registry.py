"""Kinds of noise by name."""

from spikefuse.noise.contract import NoiseKind
from spikefuse.noise.deletion import DELETION
from spikefuse.noise.gaussian import GAUSSIAN
from spikefuse.noise.insertion import INSERTION
from spikefuse.noise.jitter import JITTER
from spikefuse.noise.multiplicative import MULTIPLICATIVE
from spikefuse.noise.senses import SENSES

NOISES: dict[str, NoiseKind] = {
    "gaussian": GAUSSIAN,
    "deletion": DELETION,
    "multiplicative": MULTIPLICATIVE,
    "insertion": INSERTION,
    "jitter": JITTER,
    **SENSES,
}
"""Kinds of noise by name."""

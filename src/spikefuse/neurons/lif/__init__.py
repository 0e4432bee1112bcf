"""The leaky integrate-and-fire neuron: `reference` defines it, the other files make it fast."""

from spikefuse.neurons.lif.layer import BACKENDS, lif, lif_population, resolve_backend
from spikefuse.neurons.lif.reference import RESETS

__all__ = ["BACKENDS", "RESETS", "lif", "lif_population", "resolve_backend"]

"""The leaky integrate-and-fire neuron: `reference` defines it, the other files make it fast."""

from typing import TYPE_CHECKING

from spikefuse.core.lazy import on_demand

if TYPE_CHECKING:
    from spikefuse.neurons.lif.backends import BACKENDS
    from spikefuse.neurons.lif.layer import lif, lif_population, resolve_backend
    from spikefuse.neurons.lif.resets import RESETS

__all__ = ["BACKENDS", "RESETS", "lif", "lif_population", "resolve_backend"]

on_demand(__name__)

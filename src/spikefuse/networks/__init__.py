"""Networks of a given parameter budget, as populations: image, audio, fused; spiking, dense."""

from typing import TYPE_CHECKING

from spikefuse.core.lazy import on_demand

if TYPE_CHECKING:
    from spikefuse.networks.budget import Width, solve_width
    from spikefuse.networks.build import PopulationNetwork, build
    from spikefuse.networks.spec import MODALITIES, PLANS, NetworkSpec, NeuronSpec
    from spikefuse.networks.twin import twin

__all__ = [
    "MODALITIES",
    "PLANS",
    "NetworkSpec",
    "NeuronSpec",
    "PopulationNetwork",
    "Width",
    "build",
    "solve_width",
    "twin",
]

on_demand(__name__)

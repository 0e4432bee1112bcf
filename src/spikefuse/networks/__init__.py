"""Networks of a given parameter budget, as populations: one modality or several, spiking, dense."""

from typing import TYPE_CHECKING

from spikefuse.core.lazy import on_demand

if TYPE_CHECKING:
    from spikefuse.networks.budget import Width, solve_width
    from spikefuse.networks.build import PopulationNetwork, build
    from spikefuse.networks.plans import PLANS, Conv, Plan
    from spikefuse.networks.spec import NetworkSpec
    from spikefuse.networks.twin import twin
    from spikefuse.neurons.spec import NeuronSpec

__all__ = [
    "PLANS",
    "Conv",
    "NetworkSpec",
    "NeuronSpec",
    "Plan",
    "PopulationNetwork",
    "Width",
    "build",
    "solve_width",
    "twin",
]

on_demand(__name__)

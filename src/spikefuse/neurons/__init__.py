"""Spiking neurons as functions over time: current in, spikes and final membrane out."""

from typing import TYPE_CHECKING

from spikefuse.core.lazy import on_demand

if TYPE_CHECKING:
    from spikefuse.neurons.contract import Constant, NeuronModel, NeuronSettings
    from spikefuse.neurons.lif import lif
    from spikefuse.neurons.module import Neurons
    from spikefuse.neurons.registry import DENSE, NEURONS
    from spikefuse.neurons.spec import NeuronSpec
    from spikefuse.neurons.surrogate import SHAPES, Surrogate, SurrogateShape

__all__ = [
    "DENSE",
    "NEURONS",
    "SHAPES",
    "Constant",
    "NeuronModel",
    "NeuronSettings",
    "NeuronSpec",
    "Neurons",
    "Surrogate",
    "SurrogateShape",
    "lif",
]

on_demand(__name__)

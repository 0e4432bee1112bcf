"""Spiking neurons as functions over time: current in, spikes and final membrane out."""

from spikefuse.neurons.lif import lif
from spikefuse.neurons.surrogate import SHAPES, Surrogate

__all__ = ["SHAPES", "Surrogate", "lif"]

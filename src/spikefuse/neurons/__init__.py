"""Spiking neurons as functions over time: current in, spikes and final membrane out."""

from typing import TYPE_CHECKING

from spikefuse.core.lazy import on_demand

if TYPE_CHECKING:
    from spikefuse.neurons.lif import lif
    from spikefuse.neurons.surrogate import SHAPES, Surrogate

__all__ = ["SHAPES", "Surrogate", "lif"]

on_demand(__name__)

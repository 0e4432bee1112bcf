"""Weighted layers of a population: products of each member (oneDNN, PyTorch) or of all (Triton)."""

from typing import TYPE_CHECKING

from spikefuse.core.lazy import on_demand

if TYPE_CHECKING:
    from spikefuse.networks.population.layers import (
        PopulationConv2d,
        PopulationLayers,
        PopulationLinear,
    )

__all__ = ["PopulationConv2d", "PopulationLayers", "PopulationLinear"]

on_demand(__name__)

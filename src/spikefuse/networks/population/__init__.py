"""Weighted layers of a population: products of each member (dense, events) or of all (Triton)."""

from typing import TYPE_CHECKING

from spikefuse.core.lazy import on_demand

if TYPE_CHECKING:
    from spikefuse.networks.population.choice import PRODUCTS, shares
    from spikefuse.networks.population.layers import (
        PopulationConv2d,
        PopulationLayer,
        PopulationLayers,
        PopulationLinear,
        PopulationPlaces,
    )

__all__ = [
    "PRODUCTS",
    "PopulationConv2d",
    "PopulationLayer",
    "PopulationLayers",
    "PopulationLinear",
    "PopulationPlaces",
    "shares",
]

on_demand(__name__)

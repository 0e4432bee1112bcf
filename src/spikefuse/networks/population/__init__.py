"""Weighted layers of a population: products of each member (oneDNN, PyTorch) or of all (Triton)."""

from spikefuse.networks.population.layers import PopulationConv2d, PopulationLinear

__all__ = ["PopulationConv2d", "PopulationLinear"]

"""Spiking neurons as PyTorch modules, for anybody's network: LIF, IF and PLIF with our kernels.

net = nn.Sequential(nn.Linear(784, 100), spikefuse.nn.LIF(), nn.Linear(100, 10))
"""

from typing import TYPE_CHECKING

from spikefuse.core.lazy import on_demand

if TYPE_CHECKING:
    from spikefuse.nn.neurons import IF, LIF, PLIF

__all__ = ["IF", "LIF", "PLIF"]

on_demand(__name__)

"""How a real-valued input becomes a network's input over time."""

from typing import TYPE_CHECKING

from spikefuse.core.lazy import on_demand

if TYPE_CHECKING:
    from spikefuse.encoders.contract import Encoder, Moment, intensity
    from spikefuse.encoders.registry import ENCODERS

__all__ = ["ENCODERS", "Encoder", "Moment", "intensity"]

on_demand(__name__)

"""How a real-valued input becomes a network's input over time."""

from typing import TYPE_CHECKING

from spikefuse.core.lazy import on_demand

if TYPE_CHECKING:
    from spikefuse.encoders.direct import DirectEncoder

__all__ = ["DirectEncoder"]

on_demand(__name__)

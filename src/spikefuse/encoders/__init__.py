"""How a real-valued input becomes a network's input over time."""

from spikefuse.encoders.direct import DirectEncoder

__all__ = ["DirectEncoder"]

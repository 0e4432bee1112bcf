"""Encoders by name."""

from spikefuse.encoders.contract import Encoder
from spikefuse.encoders.direct import DirectEncoder
from spikefuse.encoders.latency import LatencyEncoder
from spikefuse.encoders.rate import RateEncoder

ENCODERS: dict[str, type[Encoder]] = {
    "direct": DirectEncoder,
    "latency": LatencyEncoder,
    "rate": RateEncoder,
}
"""Encoders by name."""

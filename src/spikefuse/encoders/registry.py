"""Encoders by name."""

from spikefuse.encoders.contract import Encoder
from spikefuse.encoders.direct import DirectEncoder
from spikefuse.encoders.latency import LatencyEncoder
from spikefuse.encoders.rate import RateEncoder
from spikefuse.encoders.sequence import EventsEncoder, SequenceEncoder

ENCODERS: dict[str, type[Encoder]] = {
    "direct": DirectEncoder,
    "latency": LatencyEncoder,
    "rate": RateEncoder,
    "sequence": SequenceEncoder,
    "events": EventsEncoder,
}
"""Encoders by name."""

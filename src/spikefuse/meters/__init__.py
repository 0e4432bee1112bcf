"""What a network does while it runs: rates, rasters, operations, and what these would cost."""

from typing import TYPE_CHECKING

from spikefuse.core.lazy import on_demand

if TYPE_CHECKING:
    from spikefuse.meters.contract import Meter, MeterKind, Subject
    from spikefuse.meters.rates import RATE_SAMPLES, Rates, mean_rates
    from spikefuse.meters.registry import METERS

__all__ = ["METERS", "RATE_SAMPLES", "Meter", "MeterKind", "Rates", "Subject", "mean_rates"]

on_demand(__name__)

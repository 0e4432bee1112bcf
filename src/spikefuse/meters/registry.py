"""Kinds of meters by name."""

from spikefuse.meters.contract import MeterKind
from spikefuse.meters.rasters import RASTERS
from spikefuse.meters.rates import RATES
from spikefuse.meters.synops import SYNOPS

METERS: dict[str, MeterKind] = {"rates": RATES, "rasters": RASTERS, "synops": SYNOPS}
"""Kinds of meters by name; a trial stores what each of them gives."""

"""What an open equivalence could have shown: its power at this n, and the seeds it would need."""

import math
from dataclasses import dataclass
from functools import lru_cache

from spikefuse.analysis.claims.observations import Observations
from spikefuse.analysis.claims.rules import Part
from spikefuse.core.errors import InputError
from spikefuse.data.sources.contract import FUSED
from spikefuse.stats import Interval, equivalence_power, seeds_for_equivalence, spread_range
from spikefuse.stats.planning import MOST_SEEDS

WANTED_POWER = 0.8
_SAMPLES = {"image": "images", "audio": "clips", FUSED: "pairs"}
"""What the paper's test sets hold, by modality."""


@dataclass(frozen=True, slots=True)
class Prospect:
    """What an equivalence that is open could show if the two were exactly equal.

    Attributes:
        power: Chance that these seeds show it, at the measured spread.
        fewest: Seeds for a chance of 0.8 at the lower end of the 95 % range of the spread.
        most: The same at its upper end; None for more than anybody trains.
        undecidable: Why no number of seeds shows it with these samples; empty where some does.
    """

    power: float
    fewest: int | None
    most: int | None
    undecidable: str = ""

    def words(self) -> str:
        """As a reader would say it."""
        ends = [f"{end:,}" if end else f"more than {MOST_SEEDS:,}" for end in self.ends]
        needed = ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"
        text = f"power {self.power:.2f} at this n, {needed} seeds for {WANTED_POWER:g}"
        return f"{self.undecidable}; {text}" if self.undecidable else text

    @property
    def ends(self) -> tuple[int | None, int | None]:
        """The range of seeds."""
        return self.fewest, self.most


def prospect(part: Part, interval: Interval, observed: Observations) -> Prospect | None:
    """Of an equivalence; None for other rules, or without any spread to plan by."""
    if part.kind != "equivalence" or not interval.standard_error:
        return None
    spread = interval.standard_error * math.sqrt(interval.n)
    alpha = (1.0 - interval.confidence) / 2.0
    low, high = spread_range(spread, interval.n)
    return Prospect(
        power=equivalence_power(part.high, spread, interval.n, alpha=alpha),
        fewest=_seeds(low, part.high, alpha),
        most=_seeds(high, part.high, alpha),
        undecidable=_undecidable(part, observed),
    )


@lru_cache(maxsize=512)
def _seeds(spread: float, margin: float, alpha: float) -> int | None:
    try:
        return seeds_for_equivalence(spread, margin, wanted_power=WANTED_POWER, alpha=alpha)
    except InputError:
        return None


def _undecidable(part: Part, observed: Observations) -> str:
    """Where one sample is more than the margin, no network can be that close to another."""
    cells = {cell: observed.series(cell).samples for _, cell in part.quantity.terms}
    coarse = {cell: count for cell, count in cells.items() if count and 1 / count > part.high}
    if not coarse:
        return ""
    cell, count = min(coarse.items(), key=lambda each: each[1])
    what = _SAMPLES.get(cell.modality, "samples")
    return f"cannot be decided with {count:,} {what}, of which one is {100 / count:.2f} pp"

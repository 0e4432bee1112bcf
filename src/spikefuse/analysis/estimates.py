"""A number by seed, its mean and its interval; differences are paired by seed.

One seed has a mean and no interval; no seed has nothing, and neither has a cell with a seed that
diverged.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from spikefuse.analysis.table import Series

Values = Mapping[int, float]


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds with its 95 % t interval; a difference is paired by seed.

    Attributes:
        values: The number of each seed, in the unit of the mean (a share, not per cent).
        low: None below two seeds.
        note: What a reader must know besides; often empty.
    """

    values: Values
    mean: float
    low: float | None
    high: float | None
    note: str = ""

    @property
    def n(self) -> int:
        """Number of seeds."""
        return len(self.values)

    @property
    def sign(self) -> int:
        """1 or -1 where the interval leaves zero out, else 0.

        Seeds that agree exactly give a width of zero, which proves nothing.
        """
        if self.low is None or self.high is None or self.low == self.high:
            return 0
        return 1 if self.low > 0 else -1 if self.high < 0 else 0


def estimate(values: Values | Series, resolution: float | None = None) -> Estimate | None:
    """Mean and interval of the values by seed; None without values, or where a seed diverged.

    Args:
        values: One number a seed.
        resolution: Smallest step a value can take, where it is known; see `stats.intervals`.

    Example:
        >>> found = estimate({0: 0.98, 1: 0.99, 2: 1.0})
        >>> round(found.low, 4), round(found.high, 4), found.n
        (0.9652, 1.0148, 3)
        >>> estimate(Series({0: 0.98, 1: 0.99}, diverged=(2,))) is None
        True
    """
    if isinstance(values, Series):
        if values.diverged:
            return None
        values = values.values
    if not values:
        return None
    mean = math.fsum(values.values()) / len(values)
    if len(values) < 2:
        return Estimate(dict(values), mean, None, None)
    # scipy takes a second to import, and a terminal table with one seed never needs it.
    from spikefuse.stats import mean_interval

    interval = mean_interval(list(values.values()), resolution=resolution)
    return Estimate(dict(values), mean, interval.low, interval.high, interval.note)

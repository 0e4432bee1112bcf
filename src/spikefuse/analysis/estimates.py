"""A number by seed, its mean and its interval; differences are paired by seed.

One seed has a mean and no interval, two have their values: with one degree of freedom the width of
an interval is luck. No seed has nothing, and neither has a cell with a seed that diverged. Networks
that are silent are counted apart: their share has an interval of its own, and the mean is that of
the others; where no other is left the mean is theirs and has no interval, so that nothing is
decided by it. (With one silent network in ten a t interval over all covers 41 % at five seeds.)
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from spikefuse.analysis.series import Series
from spikefuse.analysis.words import FEWEST, plural

if TYPE_CHECKING:
    from spikefuse.stats import Interval

Values = Mapping[int, float]
Key = TypeVar("Key")

LEVEL = 0.05
"""What a p-value, adjusted over its family, has to be below."""


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds with its 95 % t interval; a difference is paired by seed.

    Attributes:
        values: The number of each seed, in the unit of the mean (a share, not per cent).
        low: None below three seeds.
        over: What other test samples the interval holds for, too; empty where for seeds alone.
        note: What a reader must know besides; often empty.
        p_value: Two-sided, that the mean is zero; says something of a difference alone.
        silent: Seeds that are not in `values`, since their networks are silent.
        variance: Of a number from counting samples; 0 where not known.
        interval: What `low` and `high` are from, where test samples are in it.
    """

    values: Values
    mean: float
    low: float | None
    high: float | None
    note: str = ""
    p_value: float | None = None
    silent: tuple[int, ...] = ()
    variance: float = 0.0
    over: str = ""
    interval: "Interval | None" = None

    @property
    def n(self) -> int:
        """Number of seeds."""
        return len(self.values)

    @property
    def are_all_silent(self) -> bool:
        """Whether its values are those of silent networks, since no seed is left without one."""
        return bool(self.silent) and set(self.values) <= set(self.silent)

    @property
    def sign(self) -> int:
        """1 or -1 where the interval leaves zero out, else 0."""
        if self.low is None or self.high is None or self.low == self.high:
            return 0
        return 1 if self.low > 0 else -1 if self.high < 0 else 0


def estimate(values: Values | Series, resolution: float | None = None) -> Estimate | None:
    """Mean and interval of the values by seed; None without values, or where a seed diverged.

    Args:
        values: One number a seed.
        resolution: Smallest step a value can take, where it is known; see `stats.intervals`.
            Equal values have no interval without.

    Example:
        >>> found = estimate({0: 0.98, 1: 0.99, 2: 1.0})
        >>> round(found.low, 4), round(found.high, 4), found.n
        (0.9652, 1.0148, 3)
        >>> estimate(Series({0: 0.98, 1: 0.99}, diverged=(2,))) is None
        True
        >>> estimate(Series({0: 0.98, 1: 0.1}, silent=(1,))).note
        '1 of 2 networks silent (1.3 to 98.7 %), counted apart'
    """
    variance: float | None = None
    silent: tuple[int, ...] = ()
    note = ""
    fewest = FEWEST
    if isinstance(values, Series):
        if values.diverged:
            return None
        silent, note = values.silent, silent_words(values)
        variance = values.variance or None
        # Silent networks alone say nothing of the others that other seeds would give.
        fewest = len(values.values) + 1 if values.are_all_silent else FEWEST
        values = values.averaged
    if not values:
        return None
    mean = math.fsum(values.values()) / len(values)
    if len(values) < fewest:
        return Estimate(dict(values), mean, None, None, note, silent=silent)
    # scipy takes a second to import, and a terminal table with one seed never needs it.
    from spikefuse.stats.intervals import against_zero, has_spread, mean_interval

    numbers = list(values.values())
    if resolution is None and not has_spread(numbers):
        alike = f"all {len(values)} seeds agree exactly, and rows do not say their samples"
        return Estimate(dict(values), mean, None, None, _joined(note, alike), silent=silent)
    found = against_zero(mean_interval(numbers, resolution=resolution, variance=variance))
    told = _joined(note, found.note)
    ends = found.low, found.high
    return Estimate(dict(values), mean, *ends, told, found.p_value, silent, variance or 0.0)


def adjusted(found: Mapping[Key, Estimate | None]) -> dict[Key, float]:
    """Holm's p-values over the differences that have one.

    Example:
        >>> first, second = ({0: x, 1: x + 0.01, 2: x + 0.02} for x in (0.01, 0.1))
        >>> both = {"first": estimate(first), "second": estimate(second), "none": None}
        >>> {name: round(p_value, 3) for name, p_value in adjusted(both).items()}
        {'first': 0.074, 'second': 0.005}
    """
    from spikefuse.stats import holm

    known = {n: e.p_value for n, e in found.items() if e is not None and e.p_value is not None}
    return dict(zip(known, holm(list(known.values())), strict=True))


def silent_words(series: Series) -> str:
    """How many of a cell's networks are silent, with the interval of that share; empty for none."""
    if not series.silent:
        return ""
    from spikefuse.stats import clopper_pearson

    total, count = len(series.values), len(series.silent)
    share = clopper_pearson(count, total)
    ends = f"{100 * share.low:.1f} to {100 * share.high:.1f} %"
    if count == total:
        return f"{'both' if total == 2 else f'all {total}'} networks silent ({ends})"
    return f"{count} of {plural(total, 'network')} silent ({ends}), counted apart"


def _joined(*notes: str) -> str:
    return "; ".join(note for note in notes if note)

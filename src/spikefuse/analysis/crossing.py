"""Where two curves over noise cross: of one pair, and of several seeds with an interval.

Of several seeds it is where the mean difference of their log odds of being right is zero, over all
seeds, and the interval holds the levels around it at which a t test paired by seed does not tell
the two apart. So a seed whose own curves hardly cross, or do not, stays in: a mean of the seeds'
own crossings leaves it out, and where it lies late drags a mean and an interval with it (87 to 91 %
of such intervals hold the mean of very many, of these 93 to 95 %, see docs/method.md).

Source: E. C. Fieller, "Some problems in interval estimation", J. R. Stat. Soc. B 16, 1954: the ends
are where a test turns. Differences of log odds spread evenly where a curve falls from near 1 to
chance; differences of accuracies do not (88 to 94 % in the same simulation).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from spikefuse.analysis.estimates import Estimate
from spikefuse.analysis.words import FEWEST

ASSUMED_SAMPLES = 300
"""Behind an accuracy where rows do not say; matters for accuracies of 0 and 1 alone."""

STEPS, HALVINGS = 10, 30
"""Places between two levels at which is looked, and how finely an end is then found."""


def crossing_point(
    levels: Sequence[float], first: Sequence[float], second: Sequence[float]
) -> float | None:
    """The first noise level above 0 at which two curves meet; None where they do not.

    Between two levels the curves are straight over the logarithm of the level, and over the level
    itself where the lower one is 0.

    Example:
        >>> round(crossing_point([0.0, 1.0, 4.0], [0.9, 0.9, 0.1], [0.8, 0.8, 0.2]), 6)
        2.0
    """
    gaps = [a - b for a, b in zip(first, second, strict=True)]
    place = _first_zero(gaps)
    return None if place is None else _level(levels, *place)


def _first_zero(gaps: Sequence[float]) -> tuple[int, int, float] | None:
    """Between which two places a sign turns first, and at which part of the way."""
    lead = 0.0
    for place, gap in enumerate(gaps):
        if lead * gap < 0:
            start = max(p for p in range(place) if gaps[p] != 0)
            return start, place, gaps[start] / (gaps[start] - gap)
        lead = gap if gap != 0 else lead
    return None


def _level(levels: Sequence[float], start: int, end: int, part: float) -> float:
    low, high = levels[start], levels[end]
    if low == 0:
        return low + part * (high - low)
    return math.exp(math.log(low) + part * (math.log(high) - math.log(low)))


def mean_crossing(
    levels: Sequence[float],
    pairs: Mapping[int, tuple[Sequence[float], Sequence[float]]],
    samples: int = 0,
) -> Estimate | None:
    """Where the curves of several seeds cross, with its 95 % interval from three seeds on.

    Args:
        levels: Noise levels, ascending, the first 0.
        pairs: By seed, the accuracies of both curves at these levels.
        samples: Behind an accuracy; 0 where not known.

    Returns:
        The level and its interval, which begins at 0 or ends at infinity where the two are told
        apart at no level below, or above; `values` are the seeds' own crossings, of those that
        have one. None where the mean log odds do not cross.

    Example:
        >>> seeds = {s: ([0.9, 0.8 + s / 99, 0.2], [0.8, 0.7, 0.3]) for s in range(3)}
        >>> found = mean_crossing([0.0, 0.1, 1.0], seeds, 1000)
        >>> 0.1 < found.low < found.mean < found.high < 1.0
        True
    """
    count = samples or ASSUMED_SAMPLES
    gaps = [
        [_log_odds(a, count) - _log_odds(b, count) for a, b in zip(first, second, strict=True)]
        for first, second in pairs.values()
    ]
    mean = [math.fsum(at) / len(gaps) for at in zip(*gaps, strict=True)]
    place = _first_zero(mean)
    if place is None:
        return None
    own = {seed: _first_zero(each) for seed, each in zip(pairs, gaps, strict=True)}
    values = {seed: _level(levels, *at) for seed, at in own.items() if at is not None}
    low = high = None
    if len(pairs) >= FEWEST:
        alike = _Alike(gaps, [_counting(each, count) for each in zip(*pairs.values(), strict=True)])
        start = place[0] + place[2] * (place[1] - place[0])
        low, high = (_end(alike, levels, start, way) for way in (-1, 1))
    return Estimate(values, _level(levels, *place), low, high)


def _log_odds(accuracy: float, count: int) -> float:
    """Of being right, with half a sample on either side, so that none is infinite."""
    right = accuracy * count
    return math.log((right + 0.5) / (count - right + 0.5))


def _counting(curves: Sequence[Sequence[float]], count: int) -> list[float]:
    """Variance of the log odds of one curve from counting right answers, by level."""
    shares = [math.fsum(at) / len(at) for at in zip(*curves, strict=True)]
    return [1.0 / (share * count + 0.5) + 1.0 / ((1.0 - share) * count + 0.5) for share in shares]


@dataclass(frozen=True)
class _Alike:
    """Whether a paired t test at 5 % leaves two curves together at a place between the levels.

    Attributes:
        gaps: By seed, the differences of log odds by level.
        counting: For each curve, their variance from counting, by level: what stands in where
            all seeds agree.
    """

    gaps: Sequence[Sequence[float]]
    counting: Sequence[Sequence[float]]

    def __call__(self, place: float) -> bool:
        from spikefuse.stats.intervals import ROUNDING, critical_value

        values = [_between(own, place) for own in self.gaps]
        n = len(values)
        mean = math.fsum(values) / n
        variance = math.fsum((value - mean) ** 2 for value in values) / (n - 1)
        if max(values) - min(values) <= ROUNDING:
            variance = math.fsum(_between(own, place) for own in self.counting)
        return abs(mean) <= critical_value(0.95, n - 1) * math.sqrt(variance / n)


def _between(values: Sequence[float], place: float) -> float:
    start = min(int(place), len(values) - 2)
    part = place - start
    return values[start] * (1.0 - part) + values[start + 1] * part


def _end(alike: _Alike, levels: Sequence[float], start: float, way: int) -> float:
    """The level at which the two are told apart first, below or above where they cross."""
    last, inside = float(len(levels) - 1), start
    while True:
        beyond = inside + way / STEPS
        if beyond < 0.0 or beyond > last:
            beyond = 0.0 if way < 0 else last
            if alike(beyond):
                return 0.0 if way < 0 else math.inf
        if not alike(beyond):
            break
        inside = beyond
    for _ in range(HALVINGS):
        middle = (inside + beyond) / 2.0
        inside, beyond = (middle, beyond) if alike(middle) else (inside, middle)
    place = min(int(inside), len(levels) - 2)
    return _level(levels, place, place + 1, inside - place)

"""Is a quantity inside a range? Two one-sided tests, and the same question for any range.

A claim names a range: above 0, at least 0.985, within 0.002 of each other. The interval answers:
wholly inside, the claim is supported; wholly outside, refuted; across an edge, undecided.
"""

import math
from dataclasses import dataclass

from numpy.typing import ArrayLike

from spikefuse.core.checks import require
from spikefuse.stats.crossed import over_samples
from spikefuse.stats.intervals import Interval, paired_difference, tail, welch_difference


@dataclass(frozen=True, slots=True)
class Equivalence:
    """Outcome of two one-sided tests.

    Attributes:
        estimate: Mean difference.
        low: Lower end of the interval of confidence 1 - 2 alpha, the one that decides.
        high: Upper end.
        n: Number of pairs of seeds, of seeds in the smaller group, or of samples.
        method: How it was decided, in words.
        margin: Differences up to this size count as none.
        p_value: The larger of the two one-sided p values.
        alpha: Level of each one-sided test.
        note: What a reader must know besides.
    """

    estimate: float
    low: float
    high: float
    n: int
    method: str
    margin: float
    p_value: float
    alpha: float
    note: str = ""

    @property
    def equivalent(self) -> bool:
        """Whether the difference lies within the margin, at level alpha."""
        return self.p_value < self.alpha


@dataclass(frozen=True, slots=True)
class RangeTest:
    """Evidence that a quantity lies inside, or outside, a range.

    Both p values are doubled one-sided ones, so that each compares with 1 - confidence: `inside`
    falls below it exactly when the interval lies wholly inside the range, and `outside` exactly
    when it lies wholly outside.
    """

    inside: float
    outside: float


def range_test(interval: Interval, low: float, high: float) -> RangeTest:
    """Whether the quantity of a t interval lies inside low..high.

    Args:
        interval: A t interval, with standard error and degrees of freedom.
        low: Lower edge, or minus infinity.
        high: Upper edge, or infinity.

    Raises:
        InputError: The interval is not a t interval, or the range is empty.

    Source:
        Inside: two one-sided tests, D. J. Schuirmann, J. Pharmacokinet. Biopharm. 15, 1987.
    """
    where = "range_test"
    require(interval.degrees is not None, where, "interval", "a t interval", interval.method)
    require(low < high, where, "low", f"below high ({high})", low)
    inside = max(tail(interval.estimate - low, interval), tail(high - interval.estimate, interval))
    outside = min(tail(low - interval.estimate, interval), tail(interval.estimate - high, interval))
    return RangeTest(inside=min(1.0, 2.0 * inside), outside=min(1.0, 2.0 * outside))


def tost(
    a: ArrayLike,
    b: ArrayLike,
    margin: float,
    *,
    alpha: float = 0.05,
    resolution: float | None = None,
    further: tuple[float, int] | None = None,
) -> Equivalence:
    """Are a and b within a margin of each other? Two one-sided paired t tests.

    Args:
        a: [n], one number a seed.
        b: [n], the same seeds in the same order.
        margin: Largest difference that counts as none, in the unit of the values.
        alpha: Level of each one-sided test; also the chance of calling two networks equivalent
            that differ by exactly the margin.
        resolution: Smallest step a difference can take; see `intervals`.
        further: Standard error over test samples and their number; see `crossed`.

    Raises:
        InputError: Margin or alpha out of range, or data that do not pair.

    Source:
        D. J. Schuirmann, J. Pharmacokinet. Biopharm. 15, 657-680, 1987.

    Example:
        >>> tost([0.991, 0.990, 0.992], [0.990, 0.991, 0.991], margin=0.01).equivalent
        True
    """
    where = "tost"
    check_margin(where, margin, alpha)
    interval = paired_difference(a, b, confidence=1.0 - 2.0 * alpha, resolution=resolution)
    if further is not None:
        interval = over_samples(interval, *further)
    return _equivalence(interval, margin, alpha, "two one-sided paired t tests")


def welch_tost(
    a: ArrayLike,
    b: ArrayLike,
    margin: float,
    *,
    alpha: float = 0.05,
    resolution: float | None = None,
) -> Equivalence:
    """Are two groups that share no seeds within a margin? Two one-sided Welch t tests.

    Args:
        a: [n], one number a seed.
        b: [m], one number a seed, other seeds than a's.
        margin: Largest difference that counts as none, in the unit of the values.
        alpha: Level of each one-sided test.
        resolution: Smallest step a value can take; see `intervals`.

    Raises:
        InputError: Margin or alpha out of range, or fewer than 2 values in a group.

    Source:
        D. J. Schuirmann, 1987, with B. L. Welch, Biometrika 34, 1947, for the variances.
    """
    where = "welch_tost"
    check_margin(where, margin, alpha)
    interval = welch_difference(a, b, confidence=1.0 - 2.0 * alpha, resolution=resolution)
    return _equivalence(interval, margin, alpha, "two one-sided Welch t tests")


def check_margin(where: str, margin: float, alpha: float) -> None:
    """Refuse a margin that is not positive or a level that is not between 0 and 0.5.

    Raises:
        InputError: They are.
    """
    require(margin > 0.0 and math.isfinite(margin), where, "margin", "positive", margin)
    require(0.0 < alpha < 0.5, where, "alpha", "between 0 and 0.5", alpha)


def _equivalence(interval: Interval, margin: float, alpha: float, method: str) -> Equivalence:
    """The two one-sided tests of a t interval of confidence 1 - 2 alpha."""
    return Equivalence(
        estimate=interval.estimate,
        low=interval.low,
        high=interval.high,
        n=interval.n,
        method=f"{method}, margin {margin:g}",
        margin=margin,
        p_value=max(
            tail(interval.estimate + margin, interval), tail(margin - interval.estimate, interval)
        ),
        alpha=alpha,
        note=interval.note,
    )

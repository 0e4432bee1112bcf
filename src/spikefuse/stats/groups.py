"""A few groups (speakers, subjects), and shares of a few networks."""

import numpy as np
from numpy.typing import ArrayLike

from spikefuse.core.checks import require
from spikefuse.stats.intervals import Interval, check_confidence, mean_interval
from spikefuse.stats.special import betaincinv

FEWEST_GROUPS = 4
"""Below this nothing is said of other groups: a t interval over three spans most of the scale."""

FEW_GROUPS = 20
"""Up to so many t over group means is taken; of more, resampling whole groups covers as well."""


def group_interval(
    values: ArrayLike,
    groups: ArrayLike,
    *,
    confidence: float = 0.95,
    resolution: float | None = None,
) -> Interval:
    """What other groups would give: Student t over the means of a few groups.

    With few groups (up to about 20) this covers what it says and resampling them does not: at six
    groups 95 % against 92 to 93 % of the widened cluster bootstrap, at three 95 % against 76 %.
    Every group counts the same, however many values it has.

    Args:
        values: [N], a number a value, for example the accuracy of a speaker and seed.
        groups: [N], the group of each: integers or strings.
        confidence: Nominal coverage.
        resolution: Smallest step a value can take; see `intervals`.

    Raises:
        InputError: Fewer than 4 groups, different lengths, NaN or infinity.

    Source:
        A. C. Cameron, J. B. Gelbach, D. L. Miller, "Bootstrap-based improvements for inference with
        clustered errors", Rev. Econ. Stat. 90, 2008: with 5 to 30 clusters the usual methods
        reject too often.

    Example:
        >>> group_interval([0.8, 0.8, 0.9, 0.7, 0.6], ["a", "a", "b", "c", "d"]).n
        4
    """
    where = "group_interval"
    data, group = np.asarray(values, dtype=np.float64), np.asarray(groups)
    require(data.ndim == 1 and data.size > 0, where, "values", "of shape [N]", data.shape)
    require(group.shape == data.shape, where, "groups", f"of shape {data.shape}", group.shape)
    _, member = np.unique(group, return_inverse=True)
    n = int(member.max()) + 1
    require(n >= FEWEST_GROUPS, where, "groups", f"at least {FEWEST_GROUPS} different groups", n)
    means = np.bincount(member, weights=data) / np.bincount(member)
    found = mean_interval(means, confidence=confidence, resolution=resolution)
    return Interval(
        estimate=found.estimate,
        low=found.low,
        high=found.high,
        n=n,
        method=f"Student t over the means of {n} groups",
        confidence=confidence,
        standard_error=found.standard_error,
        degrees=found.degrees,
        note=found.note.replace("seeds", "groups"),
    )


def clopper_pearson(count: int, total: int, *, confidence: float = 0.95) -> Interval:
    """Exact interval of a share, for example of networks that are silent.

    Raises:
        InputError: Not 0 <= count <= total, or no total.

    Source:
        C. J. Clopper, E. S. Pearson, Biometrika 26, 1934.

    Example:
        >>> found = clopper_pearson(1, 5)
        >>> round(found.low, 3), round(found.high, 3)
        (0.005, 0.716)
    """
    where = "clopper_pearson"
    check_confidence(where, confidence)
    require(total >= 1, where, "total", "at least 1", total)
    require(0 <= count <= total, where, "count", f"between 0 and {total}", count)
    tail = (1.0 - confidence) / 2.0
    low = 0.0 if count == 0 else float(betaincinv(count, total - count + 1, tail))
    high = 1.0 if count == total else float(betaincinv(count + 1, total - count, 1.0 - tail))
    return Interval(
        estimate=count / total,
        low=low,
        high=high,
        n=total,
        method="Clopper-Pearson",
        confidence=confidence,
    )

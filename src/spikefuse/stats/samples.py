"""Two fixed classifiers on the same samples.

For samples that are independent of each other: images, or audio clips each used once. Pairs that
share a clip are not; use `cluster_bootstrap` on the per-pair difference for those.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikefuse.core.checks import require
from spikefuse.stats.equivalence import Equivalence, check_margin
from spikefuse.stats.intervals import Interval, check_confidence
from spikefuse.stats.special import bdtr, ndtr, ndtri


class Counts(NamedTuple):
    """Samples by who is right: only a, only b, neither; and all of them."""

    only_a: int
    only_b: int
    neither: int
    n: int


def count_answers(where: str, correct_a: ArrayLike, correct_b: ArrayLike) -> Counts:
    """Count the samples by who is right.

    Raises:
        InputError: Not booleans, different lengths, or empty.
    """
    first, second = np.asarray(correct_a), np.asarray(correct_b)
    for name, array in (("correct_a", first), ("correct_b", second)):
        shape_ok = array.dtype == np.bool_ and array.ndim == 1 and array.size > 0
        require(shape_ok, where, name, "booleans, one a sample", (array.dtype, array.shape))
    constraint = f"on the same samples as correct_a, {first.size}"
    require(first.size == second.size, where, "correct_b", constraint, second.size)
    return Counts(
        only_a=int(np.count_nonzero(first & ~second)),
        only_b=int(np.count_nonzero(~first & second)),
        neither=int(np.count_nonzero(~first & ~second)),
        n=int(first.size),
    )


def paired_score(
    only_a: ArrayLike, only_b: ArrayLike, n: int, difference: float
) -> NDArray[np.float64]:
    """Tango's score: standard errors by which the data exceed a supposed accuracy difference.

    Args:
        only_a: [...], samples that only a has right.
        only_b: [...], samples that only b has right.
        n: All samples.
        difference: Supposed accuracy of a minus accuracy of b, between -1 and 1.

    Source:
        T. Tango, "Equivalence test and confidence interval for the difference in proportions for
        the paired-sample design", Statistics in Medicine 17, 891-908, 1998, equations 14 to 16.
    """
    b, c = np.asarray(only_a, dtype=np.float64), np.asarray(only_b, dtype=np.float64)
    middle = -b - c + (2 * n - b + c) * difference
    last = -c * difference * (1.0 - difference)
    share = (np.sqrt(middle * middle - 8.0 * n * last) - middle) / (4.0 * n)
    variance = n * (2.0 * share + difference * (1.0 - difference))
    excess = b - c - n * difference
    with np.errstate(divide="ignore", invalid="ignore"):
        score = excess / np.sqrt(np.maximum(variance, 0.0))
    return np.where(excess == 0.0, 0.0, score)


def _ends(counts: Counts, confidence: float) -> tuple[float, float]:
    """Differences that the score does not refuse: from where it is z to where it is -z."""
    from scipy import optimize

    critical = float(ndtri((1.0 + confidence) / 2.0))
    estimate = (counts.only_a - counts.only_b) / counts.n

    def end(bound: float, wanted: float) -> float:
        def excess(difference: float) -> float:
            score = float(paired_score(counts.only_a, counts.only_b, counts.n, difference))
            # At the very ends the variance may vanish; a score of infinity is past any bound.
            return math.copysign(min(abs(score), 1e9), score) - wanted

        if excess(bound) * excess(estimate) >= 0.0:
            return bound
        return float(optimize.brentq(excess, bound, estimate, xtol=1e-14))

    return end(-1.0, critical), end(1.0, -critical)


def mcnemar(correct_a: ArrayLike, correct_b: ArrayLike, *, confidence: float = 0.95) -> Interval:
    """Exact McNemar test: do two classifiers differ in accuracy on the same samples?

    Only samples on which exactly one of the two is right tell them apart; given their number, the
    count that favours a is binomial with share 1/2 if the two are equally good. The interval is
    Tango's score interval of the accuracy difference. (The binomial's own interval, turned into a
    difference, takes the number of such samples as known: where nearly all favour one side it held
    the truth in 59 of 100 experiments.) The exact p value is the stricter of the two.

    Args:
        correct_a: [n] bool, whether a is right.
        correct_b: [n] bool, whether b is right on the same samples in the same order.
        confidence: Nominal coverage.

    Returns:
        Accuracy of a minus accuracy of b, with exact two-sided p value.

    Raises:
        InputError: Not booleans, different lengths, or empty.

    Source:
        Q. McNemar, Psychometrika 12, 1947; T. Tango, Statistics in Medicine 17, 1998.

    Example:
        >>> mcnemar([True] * 9 + [False], [False] * 6 + [True] * 4).p_value
        0.125
    """
    where = "mcnemar"
    check_confidence(where, confidence)
    counts = count_answers(where, correct_a, correct_b)
    apart = counts.only_a + counts.only_b
    low, high = _ends(counts, confidence)
    if apart == 0:
        p_value, note = 1.0, f"the two agree on all {counts.n} samples"
    else:
        p_value = min(1.0, 2.0 * float(bdtr(min(counts.only_a, counts.only_b), apart, 0.5)))
        note = f"{counts.only_a} samples only the first has right, {counts.only_b} only the second"
    return Interval(
        estimate=(counts.only_a - counts.only_b) / counts.n,
        low=low,
        high=high,
        n=counts.n,
        method="exact McNemar, Tango's score interval over samples",
        confidence=confidence,
        p_value=p_value,
        note=note,
    )


def paired_samples_tost(
    correct_a: ArrayLike, correct_b: ArrayLike, margin: float, *, alpha: float = 0.05
) -> Equivalence:
    """Are two classifiers within a margin of each other on the same samples? Two score tests.

    Args:
        correct_a: [n] bool, whether a is right.
        correct_b: [n] bool, whether b is right on the same samples in the same order.
        margin: Largest difference in accuracy that counts as none, below 1.
        alpha: Level of each one-sided test.

    Raises:
        InputError: Margin or alpha out of range, not booleans, different lengths, or empty.

    Source:
        T. Tango, Statistics in Medicine 17, 891-908, 1998.
    """
    where = "paired_samples_tost"
    check_margin(where, margin, alpha)
    require(margin < 1.0, where, "margin", "below 1", margin)
    counts = count_answers(where, correct_a, correct_b)
    low, high = _ends(counts, 1.0 - 2.0 * alpha)
    above, below = (
        float(paired_score(counts.only_a, counts.only_b, counts.n, edge))
        for edge in (-margin, margin)
    )
    return Equivalence(
        estimate=(counts.only_a - counts.only_b) / counts.n,
        low=low,
        high=high,
        n=counts.n,
        method=f"two one-sided score tests over samples, margin {margin:g}",
        margin=margin,
        p_value=float(max(ndtr(-above), ndtr(below))),
        alpha=alpha,
        note="",
    )

"""Ratios of error rates: near 100 % a gain of 0.5 pp may halve the errors."""

import numpy as np
from numpy.typing import ArrayLike

from spikefuse.core.checks import require
from spikefuse.stats.intervals import (
    Interval,
    check_confidence,
    paired_difference,
    seed_values,
    welch_difference,
)
from spikefuse.stats.samples import count_answers
from spikefuse.stats.special import ndtri


def error_ratio(a: ArrayLike, b: ArrayLike, *, paired: bool, confidence: float = 0.95) -> Interval:
    """Errors of a per error of b: 0.5 says that a makes half as many.

    The t interval of the difference of log error rates, turned back: a ratio of geometric means.
    That of `welch_difference` where the seeds are not shared.

    Args:
        a: [n], accuracy of each seed, a fraction below 1.
        b: [m], the same for b; with `paired` the same seeds in the same order.
        paired: Whether the seeds are shared.
        confidence: Nominal coverage.

    Returns:
        The ratio; its p value is for the hypothesis that the ratio is 1.

    Raises:
        InputError: An accuracy of 1 or more (a ratio to no errors is not a number), fewer than 2
            seeds, or data that do not pair.

    Example:
        >>> result = error_ratio([0.99, 0.98], [0.98, 0.92], paired=True)
        >>> round(result.estimate, 12)
        0.353553390593
    """
    where = "error_ratio"
    check_confidence(where, confidence)
    first, second = seed_values(where, "a", a), seed_values(where, "b", b)
    for name, values in (("a", first), ("b", second)):
        require(bool((values < 1.0).all()), where, name, "accuracies below 1", values.tolist())
    difference = paired_difference if paired else welch_difference
    logs = difference(np.log1p(-first), np.log1p(-second), confidence=confidence)
    return Interval(
        estimate=float(np.exp(logs.estimate)),
        low=float(np.exp(logs.low)),
        high=float(np.exp(logs.high)),
        n=logs.n,
        method=f"{logs.method}, of the logarithm of the error rate",
        confidence=confidence,
        degrees=logs.degrees,
        p_value=logs.p_value,
        note=logs.note,
    )


def paired_samples_error_ratio(
    correct_a: ArrayLike, correct_b: ArrayLike, *, confidence: float = 0.95
) -> Interval:
    """Errors of a per error of b on the same samples.

    Args:
        correct_a: [n] bool, whether a is right.
        correct_b: [n] bool, whether b is right on the same samples in the same order.
        confidence: Nominal coverage.

    Raises:
        InputError: One of them makes no error, not booleans, different lengths, or empty.

    Source:
        D. G. Bonett, R. M. Price, "Confidence intervals for a ratio of binomial proportions based
        on paired data", Statistics in Medicine 25, 2006, equation 1 (Wald, logarithm of the ratio).
    """
    where = "paired_samples_error_ratio"
    check_confidence(where, confidence)
    counts = count_answers(where, correct_a, correct_b)
    wrong_a, wrong_b = counts.neither + counts.only_b, counts.neither + counts.only_a
    require(min(wrong_a, wrong_b) > 0, where, "errors", "at least 1 of each", (wrong_a, wrong_b))
    error = float(np.sqrt((counts.only_a + counts.only_b) / (wrong_a * wrong_b)))
    factor = float(np.exp(ndtri((1.0 + confidence) / 2.0) * error))
    ratio = wrong_a / wrong_b
    return Interval(
        estimate=ratio,
        low=ratio / factor,
        high=ratio * factor,
        n=counts.n,
        method="Wald interval of the logarithm of the ratio of error rates, paired samples",
        confidence=confidence,
    )

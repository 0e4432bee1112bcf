"""Two fixed classifiers on the same samples.

For samples that are independent of each other: images, or audio clips each used once. Pairs that
share a clip are not; use `cluster_bootstrap` on the per-pair difference for those.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats as scipy_stats

from spikefuse.core.checks import require
from spikefuse.stats.intervals import Interval, check_confidence


def mcnemar(correct_a: ArrayLike, correct_b: ArrayLike, *, confidence: float = 0.95) -> Interval:
    """Exact McNemar test: do two classifiers differ in accuracy on the same samples?

    Only samples on which exactly one of the two is right tell them apart. Given their number d,
    the count that favours a is binomial; the interval is the Clopper-Pearson one of its share s,
    turned into the accuracy difference d (2 s - 1) / n.

    Args:
        correct_a: [n] bool, whether a is right.
        correct_b: [n] bool, whether b is right on the same samples in the same order.
        confidence: Nominal coverage.

    Returns:
        Accuracy of a minus accuracy of b, with exact two-sided p value.

    Raises:
        InputError: Not booleans, different lengths, or empty.

    Source:
        Q. McNemar, Psychometrika 12, 1947; C. J. Clopper, E. S. Pearson, Biometrika 26, 1934.

    Example:
        >>> mcnemar([True] * 9 + [False], [False] * 6 + [True] * 4).p_value
        0.125
    """
    where = "mcnemar"
    check_confidence(where, confidence)
    first, second = np.asarray(correct_a), np.asarray(correct_b)
    for name, array in (("correct_a", first), ("correct_b", second)):
        shape_ok = array.dtype == np.bool_ and array.ndim == 1 and array.size > 0
        require(shape_ok, where, name, "booleans, one a sample", (array.dtype, array.shape))
    constraint = f"on the same samples as correct_a, {first.size}"
    require(first.size == second.size, where, "correct_b", constraint, second.size)
    n = int(first.size)
    only_a = int(np.count_nonzero(first & ~second))
    only_b = int(np.count_nonzero(~first & second))
    apart = only_a + only_b
    method = "exact McNemar, Clopper-Pearson on the samples where one is right"
    if apart == 0:
        # Exact upper bound of the share of such samples when none of n is one.
        bound = 1.0 - ((1.0 - confidence) / 2.0) ** (1.0 / n)
        note = f"the two agree on all {n} samples"
        return Interval(0.0, -bound, bound, n, method, confidence, p_value=1.0, note=note)
    test = scipy_stats.binomtest(only_a, apart, 0.5)
    share = test.proportion_ci(confidence, method="exact")
    return Interval(
        estimate=(only_a - only_b) / n,
        low=apart * (2.0 * float(share.low) - 1.0) / n,
        high=apart * (2.0 * float(share.high) - 1.0) / n,
        n=n,
        method=method,
        confidence=confidence,
        p_value=float(test.pvalue),
        note=f"{only_a} samples only the first has right, {only_b} only the second",
    )

"""Student-t intervals: a mean over seeds, and differences of means paired by seed or not.

What a seed interval says: where the mean over all seeds lies, for this data and these samples.
It does not say what other clips, speakers or images would give (see `bootstrap`).

Seeds that agree exactly. Accuracy is a count over a finite set, so all seeds can give the same
number, and a t interval then has width zero, which claims to know more than it does. Give
`resolution`, the smallest step the value can take (1 / number of samples): the spread is then
taken as that of counting right answers among so many samples (binomial), and never below that of n
seeds of which one differs by a single step. The record's note says it. Without `resolution` there
is nothing to take it from, and such values are refused.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikefuse.core.checks import require
from spikefuse.core.errors import InputError
from spikefuse.stats.special import stdtr, stdtrit

Floats = NDArray[np.float64]

# Below this spread, values on the scale of an accuracy differ by floating-point rounding alone.
ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its confidence interval.

    Attributes:
        estimate: The quantity, in the unit of the values (accuracy is a fraction, not per cent).
        low: Lower end.
        high: Upper end.
        n: Number of independent units: seeds, pairs of seeds, samples or clusters.
        method: How the interval was made, in words.
        confidence: Nominal coverage.
        standard_error: Of the estimate; None where the method has none.
        degrees: Degrees of freedom of the t distribution; None where the method has none.
        p_value: Two-sided, for the hypothesis that a difference is zero; None for a mean.
        note: What a reader must know besides; often empty.
        further: A second standard error, of the test samples, and its degrees of freedom; see
            `crossed`.
    """

    estimate: float
    low: float
    high: float
    n: int
    method: str
    confidence: float = 0.95
    standard_error: float | None = None
    degrees: float | None = None
    p_value: float | None = None
    note: str = ""
    further: tuple[float, float] | None = None


class Bounds(NamedTuple):
    """Estimates and interval ends of many experiments at once, each of shape [...]."""

    estimate: Floats
    low: Floats
    high: Floats


@lru_cache(maxsize=1024)
def critical_value(confidence: float, degrees: float) -> float:
    """Two-sided critical value of Student's t."""
    return float(stdtrit(degrees, (1.0 + confidence) / 2.0))


def check_confidence(where: str, confidence: float) -> None:
    """Refuse a confidence level that is not strictly between 0 and 1.

    Raises:
        InputError: It is not.
    """
    require(0.0 < confidence < 1.0, where, "confidence", "between 0 and 1", confidence)


def seed_values(where: str, argument: str, values: ArrayLike) -> Floats:
    """One finite number a seed, [n] with n at least 2.

    Raises:
        InputError: Wrong shape, too few values, NaN or infinity.
    """
    array = np.asarray(values, dtype=np.float64)
    require(array.ndim == 1, where, argument, "one number a seed, shape [n]", array.shape)
    require(array.size >= 2, where, argument, "at least 2 values", array.size)
    require(bool(np.isfinite(array).all()), where, argument, "finite numbers", array.tolist())
    return array


def t_bounds(values: ArrayLike, confidence: float = 0.95) -> Bounds:
    """Student-t interval of the mean for many experiments at once.

    Args:
        values: [..., n], one number a seed in the last axis, n at least 2.
        confidence: Nominal coverage.

    Returns:
        Mean, lower and upper end, each [...].

    Raises:
        InputError: Fewer than 2 values an experiment, NaN or infinity.

    Source:
        Student, "The probable error of a mean", Biometrika 6, 1908.
    """
    where = "t_bounds"
    check_confidence(where, confidence)
    array = np.asarray(values, dtype=np.float64)
    n = array.shape[-1] if array.ndim else 0
    require(n >= 2, where, "values", "of shape [..., n] with n at least 2", array.shape)
    require(bool(np.isfinite(array).all()), where, "values", "finite numbers", "NaN or infinity")
    mean = array.mean(axis=-1)
    half = critical_value(confidence, n - 1) * array.std(axis=-1, ddof=1) / np.sqrt(n)
    return Bounds(np.asarray(mean), np.asarray(mean - half), np.asarray(mean + half))


def has_spread(values: ArrayLike) -> bool:
    """Whether values differ by more than rounding."""
    array = np.asarray(values, dtype=np.float64)
    return float(np.ptp(array)) > ROUNDING * max(1.0, float(np.abs(array).max()))


def counting_variance(samples: float, *accuracies: ArrayLike) -> float:
    """Variance of a sum or difference of accuracies from counting right answers, the binomial's.

    Args:
        samples: How many samples stand behind each accuracy.
        *accuracies: [n] each; the mean of each is taken as the share, kept within 0 to 1.
    """
    shares = [float(np.clip(np.mean(np.asarray(each)), 0.0, 1.0)) for each in accuracies]
    return sum(share * (1.0 - share) for share in shares) / samples


def _standard_error(
    where: str, values: Floats, resolution: float | None, variance: float | None
) -> tuple[float, str]:
    """Standard error of the mean, and a note when all values agree."""
    n = values.size
    if has_spread(values):
        return float(values.std(ddof=1)) / float(np.sqrt(n)), ""
    if resolution is None:
        raise InputError(
            f"{where}: values must not all be equal without a resolution, got {n} times "
            f"{values[0]:g}. Give resolution, 1 / the number of samples behind a value."
        )
    # One of n values moved by one step has standard deviation resolution / sqrt(n).
    spread = max(resolution / float(np.sqrt(n)), float(np.sqrt(variance or 0.0)))
    note = f"all {n} seeds agree exactly: spread taken from counting samples ({spread:.2g})"
    return spread / float(np.sqrt(n)), note


def _interval(
    where: str,
    values: Floats,
    confidence: float,
    resolution: float | None,
    method: str,
    variance: float | None,
) -> Interval:
    check_confidence(where, confidence)
    require(
        resolution is None or resolution > 0.0, where, "resolution", "positive or None", resolution
    )
    n = int(values.size)
    mean = float(values.mean())
    error, note = _standard_error(where, values, resolution, variance)
    half = critical_value(confidence, n - 1) * error
    return Interval(
        estimate=mean,
        low=mean - half,
        high=mean + half,
        n=n,
        method=method,
        confidence=confidence,
        standard_error=error,
        degrees=float(n - 1),
        note=note,
    )


def against_zero(interval: Interval) -> Interval:
    """The same interval with the two-sided p value for a difference of zero."""
    return replace(interval, p_value=2.0 * tail(abs(interval.estimate), interval))


def _errors(interval: Interval) -> list[tuple[float, float]]:
    """Standard errors with degrees of freedom: of seeds, and of seeds and samples together.

    Source: F. E. Satterthwaite, Biometrics Bulletin 2, 1946, for the degrees of a sum.
    """
    error, degrees = interval.standard_error, interval.degrees
    assert error  # values without spread and resolution are refused
    assert degrees
    if interval.further is None:
        return [(error, degrees)]
    other, more = interval.further
    both = float(np.hypot(error, other))
    return [(error, degrees), (both, both**4 / (error**4 / degrees + other**4 / more))]


def half_width(interval: Interval, tail: float) -> float:
    """How far an end lies from the estimate of a t interval that leaves out `tail` on one side."""
    return max(float(stdtrit(degrees, 1.0 - tail)) * size for size, degrees in _errors(interval))


def tail(distance: float, interval: Interval) -> float:
    """One-sided p value of an estimate that lies `distance` beyond a bound."""
    if np.isinf(distance):
        return 0.0 if distance > 0 else 1.0
    p_values = [float(stdtr(degrees, -distance / size)) for size, degrees in _errors(interval)]
    return max(p_values) if distance > 0.0 else min(p_values)


def mean_interval(
    values: ArrayLike,
    *,
    confidence: float = 0.95,
    resolution: float | None = None,
    variance: float | None = None,
) -> Interval:
    """Student-t interval of the mean over seeds.

    Args:
        values: [n], one number a seed, n at least 2.
        confidence: Nominal coverage.
        resolution: Smallest step a value can take; see the module's text.
        variance: Of a value from counting samples, where the values are no accuracies but made of
            some; that of accuracies if not given.

    Raises:
        InputError: Fewer than 2 values, NaN or infinity, or equal values without a resolution.

    Example:
        >>> result = mean_interval([0.98, 0.99, 1.0])
        >>> round(result.low, 4), round(result.high, 4), result.n
        (0.9652, 1.0148, 3)
    """
    where = "mean_interval"
    array = seed_values(where, "values", values)
    if variance is None and resolution is not None and resolution > 0.0:
        variance = counting_variance(1.0 / resolution, array)
    return _interval(where, array, confidence, resolution, "Student t over seeds", variance)


def paired_difference(
    a: ArrayLike, b: ArrayLike, *, confidence: float = 0.95, resolution: float | None = None
) -> Interval:
    """Mean of a - b, paired by seed.

    Args:
        a: [n], one number a seed.
        b: [n], the same seeds in the same order.
        confidence: Nominal coverage.
        resolution: Smallest step a difference can take; see the module's text.

    Raises:
        InputError: Different lengths, fewer than 2 pairs, NaN or infinity.

    Example:
        >>> result = paired_difference([0.99, 0.98, 0.99], [0.95, 0.95, 0.94])
        >>> round(result.estimate, 4), result.low > 0
        (0.04, True)
    """
    where = "paired_difference"
    first, second = _paired(where, a=a, b=b)
    method = "paired Student t over seeds"
    variance = counting_variance(1.0 / resolution, first, second) if resolution else None
    difference = first - second
    return against_zero(_interval(where, difference, confidence, resolution, method, variance))


def difference_of_differences(
    a: ArrayLike,
    a_base: ArrayLike,
    b: ArrayLike,
    b_base: ArrayLike,
    *,
    confidence: float = 0.95,
    resolution: float | None = None,
) -> Interval:
    """Mean of (a - a_base) - (b - b_base), all four paired by seed.

    "The gain is larger for the SNN than for the DNN" is this quantity being positive, with a the
    fused SNN, a_base its baseline, b the fused DNN and b_base its baseline.

    Args:
        a: [n], one number a seed.
        a_base: [n], what `a` is compared with.
        b: [n], one number a seed.
        b_base: [n], what `b` is compared with.
        confidence: Nominal coverage.
        resolution: Smallest step the quantity can take; see the module's text.

    Raises:
        InputError: Different lengths, fewer than 2 seeds, NaN or infinity.
    """
    where = "difference_of_differences"
    one, one_base, two, two_base = _paired(where, a=a, a_base=a_base, b=b, b_base=b_base)
    contrast = (one - one_base) - (two - two_base)
    method = "difference of differences, paired Student t over seeds"
    four = (one, one_base, two, two_base)
    variance = counting_variance(1.0 / resolution, *four) if resolution else None
    return against_zero(_interval(where, contrast, confidence, resolution, method, variance))


def _paired(where: str, **arguments: ArrayLike) -> tuple[Floats, ...]:
    """The arrays, all of one length."""
    arrays = {name: seed_values(where, name, values) for name, values in arguments.items()}
    first_name, first = next(iter(arrays.items()))
    for name, array in arrays.items():
        constraint = f"paired with {first_name}, {first.size} values"
        require(array.size == first.size, where, name, constraint, array.size)
    return tuple(arrays.values())


def welch_difference(
    a: ArrayLike, b: ArrayLike, *, confidence: float = 0.95, resolution: float | None = None
) -> Interval:
    """Mean of a minus mean of b for two groups that share no seeds, of unequal variances.

    Args:
        a: [n], one number a seed.
        b: [m], one number a seed, other seeds than a's.
        confidence: Nominal coverage.
        resolution: Smallest step a value can take; see the module's text.

    Raises:
        InputError: Fewer than 2 values in a group, NaN or infinity.

    Source:
        B. L. Welch, "The generalization of Student's problem when several different population
        variances are involved", Biometrika 34, 1947.
    """
    where = "welch_difference"
    check_confidence(where, confidence)
    first, second = seed_values(where, "a", a), seed_values(where, "b", b)
    errors, notes = zip(
        *(_group_error(where, group, resolution, (first, second)) for group in (first, second)),
        strict=True,
    )
    error = float(np.hypot(*errors))
    degrees = error**4 / (errors[0] ** 4 / (first.size - 1) + errors[1] ** 4 / (second.size - 1))
    estimate = float(first.mean() - second.mean())
    half = critical_value(confidence, degrees) * error
    return against_zero(
        Interval(
            estimate=estimate,
            low=estimate - half,
            high=estimate + half,
            n=int(min(first.size, second.size)),
            method="Welch t over seeds, not paired",
            confidence=confidence,
            standard_error=error,
            degrees=degrees,
            note=_welch_note(notes, first.size, second.size, resolution),
        )
    )


def _group_error(
    where: str, group: Floats, resolution: float | None, both: tuple[Floats, Floats]
) -> tuple[float, str]:
    """Standard error of one of two groups; zero where its values agree and the other's do not."""
    if resolution is None and not has_spread(group) and any(map(has_spread, both)):
        return 0.0, "agree"
    variance = counting_variance(1.0 / resolution, group) if resolution else None
    return _standard_error(where, group, resolution, variance)


def _welch_note(notes: tuple[str, ...], first: int, second: int, resolution: float | None) -> str:
    """What is to be said of groups whose seeds agree."""
    if resolution is not None:
        return "; ".join(dict.fromkeys(note for note in notes if note))
    sizes = {"a": first, "b": second}
    return "; ".join(
        f"all {sizes[name]} seeds of {name} agree exactly: only the other group's spread is in the "
        "width"
        for name, note in zip(sizes, notes, strict=True)
        if note
    )

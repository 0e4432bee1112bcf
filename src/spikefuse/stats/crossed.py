"""What other seeds and other test samples would give together: one interval for both.

A t interval over seeds holds for these test samples alone, since every seed is judged on the same
clips; an interval over clips holds for these networks alone. Both are crossed: every network meets
every clip. Variances of crossed clusters add, less what clusters share (Cameron, Gelbach, Miller):

    V = V_seeds
        + S / (S - 1) sum over non-empty sets T of modalities of (-1)^(|T| + 1) (V_T - V_{seed, T})

where V_T sums the deviations of all observations that hold the same samples of all modalities in T.
Samples that every seed draws anew are in V_seeds already, and their terms cancel. What S seeds
share is in V_{seed, T} once for each, which S / (S - 1) makes up for: three would lose a third.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from spikefuse.core.checks import require
from spikefuse.stats.intervals import Interval, against_zero, half_width


@dataclass(frozen=True, eq=False)
class Observed:
    """One seed's numbers on its test samples; of several records of a seed the means are added.

    Args:
        seed: Which.
        values: [n], for example right or wrong (1 or 0), right minus right, or minus right.
        samples: Modality -> [n], which sample of its pool each number is of.
    """

    seed: int
    values: NDArray[np.float64]
    samples: Mapping[str, NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class SampleError:
    """What test samples add to the variance of a mean over seeds.

    Attributes:
        error: Standard error; 0 where seeds share no samples.
        clusters: Fewest different samples of a modality.
        modality: That modality.
    """

    error: float
    clusters: int
    modality: str


def sample_error(observed: Sequence[Observed]) -> SampleError:
    """The standard error over test samples of a sum of means over seeds.

    Deviations are from the mean of each seed and part, so that what seeds differ by is not in it.

    Raises:
        InputError: Nothing observed, no modality, or lengths that differ.

    Source:
        A. C. Cameron, J. B. Gelbach, D. L. Miller, "Robust inference with multiway clustering",
        J. Bus. Econ. Stat. 29, 2011, equation 2.10.

    Example:
        >>> clip = {"audio": np.arange(4)}
        >>> right = np.array([1.0, 1.0, 1.0, 0.0])
        >>> round(sample_error([Observed(seed, right, clip) for seed in (0, 1)]).error, 4)
        0.2673
    """
    where = "sample_error"
    names = sorted({name for each in observed for name in each.samples})
    require(bool(names), where, "observed", "of at least one seed and modality", len(observed))
    for each in observed:
        lengths = {len(index) for index in each.samples.values()}
        require(lengths == {len(each.values)}, where, "samples", "as many as values", lengths)
    count = len({each.seed for each in observed})
    deviations = np.concatenate(
        [(each.values - each.values.mean()) / len(each.values) for each in observed]
    )
    deviations /= count
    seeds = np.concatenate([np.full(len(each.values), each.seed) for each in observed])
    columns = {name: _column(observed, name) for name in names}
    known = {name: column[column >= 0] for name, column in columns.items()}
    sizes = {name: len(np.unique(column)) for name, column in known.items()}
    fewest = min(sizes, key=lambda name: sizes[name])
    total = 0.0
    for size in range(1, len(names) + 1):
        sign = 1.0 if size % 2 else -1.0
        for chosen in combinations(names, size):
            held = [columns[name] for name in chosen]
            # A sample that lacks one of the modalities is in no cluster of it.
            here = np.all([column >= 0 for column in held], axis=0)
            rows = [column[here] for column in held]
            both = _variance(deviations[here], rows)
            total += sign * (both - _variance(deviations[here], [*rows, seeds[here]]))
    total *= count / max(count - 1, 1)
    return SampleError(float(np.sqrt(max(total, 0.0))), sizes[fewest], fewest)


def _column(observed: Sequence[Observed], name: str) -> NDArray[np.int64]:
    """Which sample of a modality every number holds; -1 where it holds none."""
    parts = [each.samples.get(name, np.full(len(each.values), -1)) for each in observed]
    return np.concatenate(parts).astype(np.int64)


def _variance(deviations: NDArray[np.float64], columns: Sequence[NDArray[np.int64]]) -> float:
    """Sum of squares of the sums over clusters, those whose columns are all equal."""
    if not len(deviations):
        return 0.0
    # One column after the other: whole rows take ten times as long to sort.
    member = np.zeros(len(deviations), dtype=np.int64)
    for column in columns:
        _, own = np.unique(column, return_inverse=True)
        _, member = np.unique(member * (int(own.max()) + 1) + own, return_inverse=True)
    sums = np.bincount(member, weights=deviations)
    return float(len(sums) / max(len(sums) - 1, 1) * (sums**2).sum())


def over_samples(found: Interval, error: float, clusters: int, of: str = "samples") -> Interval:
    """An interval over seeds as one over seeds and test samples; never a narrower one.

    Variances add, with Satterthwaite's degrees of freedom. With three seeds these bring so many
    that the interval could be narrower than that over seeds, which then stands.

    Args:
        found: A t interval over seeds.
        error: From `sample_error`.
        clusters: How many samples it rests on.
        of: What they are called.

    Raises:
        InputError: Not a t interval, a negative error, or fewer than 2 samples.
    """
    where = "over_samples"
    require(found.degrees is not None, where, "found", "a t interval", found.method)
    require(error >= 0.0, where, "error", "0 or more", error)
    require(clusters >= 2, where, "clusters", "at least 2", clusters)
    if error == 0.0:
        return found
    further = (error, float(clusters - 1))
    half = half_width(replace(found, further=further), (1.0 - found.confidence) / 2.0)
    wider = replace(
        found,
        low=found.estimate - half,
        high=found.estimate + half,
        further=further,
        method=f"{found.method} and {clusters} {of}",
    )
    return wider if found.p_value is None else against_zero(wider)

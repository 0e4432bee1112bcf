"""One number by seed, and what is reckoned with several: what diverged or is silent stays said."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Series:
    """One number by seed, of one cell or of several that were combined by seed.

    Attributes:
        values: Seed -> number, in order of seed.
        trials: Seed -> name of the trial behind it; empty where several stand behind it.
        samples: The fewest samples behind a number, draws of noise included; 0 where not known.
        diverged: Seeds without a number because training diverged.
        reasons: For each cell with such seeds, which and how many are left.
        silent: Seeds with a silent network (`silence`): they have a number, of one answer for all
            samples, which is counted apart and not averaged with the others.
        variance: Of a number from counting right answers (binomial); 0 where not known.
    """

    values: Mapping[int, float] = field(default_factory=dict)
    trials: Mapping[int, str] = field(default_factory=dict)
    samples: int = 0
    diverged: tuple[int, ...] = ()
    reasons: tuple[str, ...] = ()
    silent: tuple[int, ...] = ()
    variance: float = 0.0

    @property
    def live(self) -> dict[int, float]:
        """The numbers of the seeds that are not silent."""
        return {seed: value for seed, value in self.values.items() if seed not in self.silent}

    @property
    def are_all_silent(self) -> bool:
        """Whether no seed is left to be averaged: then nothing is shown, of whatever it is."""
        return bool(self.values) and not self.live

    @property
    def averaged(self) -> dict[int, float]:
        """What a mean is of: the seeds that are not silent, or all where none is left."""
        return self.live or dict(self.values)

    @property
    def n(self) -> int:
        """Number of seeds that have a number."""
        return len(self.values)

    @property
    def is_there(self) -> bool:
        """Whether any seed ran, with or without a number."""
        return bool(self.values or self.diverged)

    @property
    def reason(self) -> str:
        """Why the cell has no mean; empty where no seed diverged."""
        return "; ".join(self.reasons)


def minus(first: Series, second: Series) -> Series:
    """Difference by seed, for the seeds that both have; what diverged in either stays said."""
    shared = {
        seed: value - second.values[seed]
        for seed, value in first.values.items()
        if seed in second.values
    }
    return _combined(shared, 1.0, first, second)


def mean_of(*series: Series) -> Series:
    """Mean by seed, for the seeds that all have; what diverged in any of them stays said."""
    first = series[0].values if series else {}
    seeds = [seed for seed in first if all(seed in each.values for each in series)]
    means = {seed: math.fsum(each.values[seed] for each in series) / len(series) for seed in seeds}
    return _combined(means, max(len(series), 1) ** -2.0, *series)


def blend(first: Series, second: Series, share: float) -> Series:
    """By seed what is expected where a share of the samples is of the second and the rest not.

    Example:
        >>> blend(Series({0: 0.9}), Series({0: 0.5}), 0.25).values
        {0: 0.8}
    """
    both = {s: (value, second.values[s]) for s, value in first.values.items() if s in second.values}
    values = {seed: (1 - share) * one + share * other for seed, (one, other) in both.items()}
    found = _combined(values, 1.0, first, second)
    variance = (1 - share) ** 2 * first.variance + share**2 * second.variance
    return replace(found, variance=variance)


def _combined(values: Mapping[int, float], weight: float, *parts: Series) -> Series:
    known = [part.samples for part in parts if part.samples]
    return Series(
        values=values,
        samples=min(known, default=0),
        diverged=tuple(sorted({seed for part in parts for seed in part.diverged})),
        reasons=tuple(dict.fromkeys(reason for part in parts for reason in part.reasons)),
        silent=tuple(sorted({seed for part in parts for seed in part.silent} & set(values))),
        variance=weight * math.fsum(part.variance for part in parts),
    )


def resolution(*series: Series) -> float | None:
    """The coarsest step an accuracy of these cells can take; None where none says its samples."""
    return max((1 / each.samples for each in series if each.samples), default=None)

"""Accuracies of one cell by seed, and estimates of differences that are paired by seed."""

from collections.abc import Mapping, Sequence

from spikefuse.studies.rows import Level, Row, seed_values, select
from spikefuse.studies.seeds import Estimate, estimate

Values = Mapping[int, float]


def accuracies(
    rows: Sequence[Row], where: Mapping[str, Level], split: str, metric: str = "accuracy"
) -> dict[int, float]:
    """By seed, of the rows with these levels.

    Raises:
        StudyError: Two different trials claim the same cell and seed.
    """
    levels: dict[str, Level] = {**where, "split": split, "metric": metric}
    named = ", ".join(str(level) for level in levels.values())
    return seed_values(select(rows, levels), named)


def minus(first: Values, second: Values) -> dict[int, float]:
    """First minus second where both have the seed."""
    return {seed: first[seed] - second[seed] for seed in first if seed in second}


def paired(first: Values, second: Values) -> Estimate | None:
    """Mean of the differences with its interval; None where they share no seed."""
    return estimate(minus(first, second))

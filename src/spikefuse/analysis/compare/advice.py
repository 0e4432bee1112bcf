"""How many seeds an open comparison needs, or what those that it has can show."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from spikefuse.core.errors import InputError
from spikefuse.stats import (
    minimum_detectable_effect,
    seeds_for_effect,
    seeds_for_equivalence,
    spread_range,
)
from spikefuse.stats.planning import MOST_SEEDS

if TYPE_CHECKING:
    from spikefuse.analysis.compare.judge import Comparison

POWER = 0.8
"""Of the numbers of seeds that are advised."""

MORE_SEEDS = (
    "One or two trained networks say too little of the spread over seeds: train at least 3 seeds "
    "of each, better the same ones, and ask again how many are needed."
)


def advice(found: "Comparison", spread: float, margin: float | None, confidence: float) -> str:
    """How many seeds the open question needs, or what these can show.

    The spread of a few seeds is itself known only within a range, and so are the answers.
    """
    if found.difference is None or spread <= 0.0:
        return ""
    n = found.difference.n
    if margin is None:
        if found.outcome != "undecided":
            return ""
        least, most = (
            minimum_detectable_effect(each, n, wanted_power=POWER, confidence=confidence)
            for each in spread_range(spread, n)
        )
        return (
            f"At a spread like this {n} seeds find a true difference of {100 * least:.2f} to "
            f"{100 * most:.2f} pp in 8 of 10 experiments; name a margin to learn how many a "
            "smaller one needs."
        )
    if found.within != "undecided":
        return ""

    def effect(spread: float) -> int:
        return seeds_for_effect(spread, margin, wanted_power=POWER, confidence=confidence)

    def equal(spread: float) -> int:
        return seeds_for_equivalence(spread, margin, wanted_power=POWER, alpha=1.0 - confidence)

    ends = spread_range(spread, n)
    return (
        f"At a spread like this, in 8 of 10 experiments: {_count(effect, ends)} find a true "
        f"difference of {100 * margin:g} pp, and {_count(equal, ends)} show that two equal ones "
        f"are within it; there are {n}."
    )


def _count(seeds: Callable[[float], int], spreads: tuple[float, float]) -> str:
    """`7 to 90 seeds`, for both ends of the range in which the spread lies."""
    told = []
    for spread in spreads:
        try:
            told.append(f"{seeds(spread):,}")
        except InputError:
            told.append(f"more than {MOST_SEEDS:,}")
    return f"{' to '.join(dict.fromkeys(told))} seeds"

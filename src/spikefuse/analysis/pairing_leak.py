"""What the leak is worth: a clip in training and validation makes the validation accuracy flatter.

The same fused network and the same clips, paired before the split (`paper`) and after (`disjoint`).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from spikefuse.analysis.estimates import Estimate, estimate, minus
from spikefuse.analysis.rows import (
    DEFAULT_STUDIES,
    METRIC,
    Row,
    default_levels,
    resolution_of,
    seed_values,
    select,
)


@dataclass(frozen=True)
class Leak:
    """Best validation accuracy of one kind of fused network under both pairings.

    Attributes:
        difference: `paper` minus `disjoint`, paired by seed.
    """

    network: str
    paper: Estimate
    disjoint: Estimate
    difference: Estimate


def leak_of(rows: Iterable[Row], network: str, size: str = "S") -> Leak | None:
    """The leak of the default fused network; None where either pairing is not stored.

    Args:
        rows: Tidy rows, typed or as text; those of `model-size` and `controls` are read.
        network: "snn" or "dnn".
        size: "S", "S/2" or "S/3".

    Raises:
        StudyError: Two different trials claim the same cell and seed.
    """
    where = default_levels(network, "fused") | {
        "size": size,
        "metric": METRIC,
        "split": "validation",
    }
    fused = select([row for row in rows if str(row.get("study")) in DEFAULT_STUDIES], where)
    step = resolution_of(fused)
    paper, disjoint = (
        seed_values(select(fused, {"protocol": protocol}), f"{network} fused {protocol}")
        for protocol in ("paper", "disjoint")
    )
    first, second = estimate(paper, step), estimate(disjoint, step)
    difference = estimate(minus(paper, disjoint), step)
    if first is None or second is None or difference is None:
        return None
    return Leak(network, first, second, difference)

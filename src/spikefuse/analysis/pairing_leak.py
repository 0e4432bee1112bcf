"""What the pairing leak is worth: a sample in training and validation flatters the validation.

The same fused network and the same samples, paired before the split (`paper`) and after
(`disjoint`). Training then holds more distinct samples, too: the study `leak` has the same with as
many.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from spikefuse.analysis.estimates import Estimate, estimate
from spikefuse.analysis.row_index import Row
from spikefuse.analysis.series import minus, resolution
from spikefuse.analysis.table import DEFAULT_STUDIES, Table
from spikefuse.data.sources.contract import FUSED
from spikefuse.studies.readings import MATCHED, composed


@dataclass(frozen=True)
class PairingLeak:
    """Best validation accuracy of one kind of fused network under both pairings.

    Attributes:
        paper: None where one of its seeds diverged; likewise `disjoint`.
        difference: `paper` minus `disjoint`, paired by seed; None where a seed of either diverged.
        reason: Why there is no difference; empty where there is one.
        matched: `paper` with as many distinct samples in training as `disjoint`, minus `disjoint`;
            None where the study `leak` is not stored or a seed diverged.
    """

    network: str
    paper: Estimate | None
    disjoint: Estimate | None
    difference: Estimate | None
    reason: str = ""
    matched: Estimate | None = None


def pairing_leak(rows: Iterable[Row], network: str, size: str = "S") -> PairingLeak | None:
    """The leak of the default fused network; None where either pairing is not stored.

    Args:
        rows: Tidy rows, typed or as text; those of `DEFAULT_STUDIES` are read.
        network: "snn" or "dnn".
        size: "S", "S/2" or "S/3".

    Raises:
        StudyError: A row cannot be read, or two say different things of one cell and seed.
    """
    table = Table(rows)
    levels = table.default_levels(network, FUSED) | {"size": size}
    paper, disjoint = (
        table.series(split="validation", study=DEFAULT_STUDIES, protocol=protocol, **levels)
        for protocol in ("paper", "disjoint")
    )
    fewer = levels | {"reading": composed(table.reading, MATCHED), "protocol": "paper"}
    matched = table.series(split="validation", study=DEFAULT_STUDIES, **fewer)
    step, gap = resolution(paper, disjoint), minus(paper, disjoint)
    if not (paper.is_there and disjoint.is_there and gap.is_there):
        return None
    return PairingLeak(
        network,
        estimate(paper, step),
        estimate(disjoint, step),
        estimate(gap, step),
        gap.reason,
        estimate(minus(matched, disjoint), resolution(matched, disjoint)),
    )

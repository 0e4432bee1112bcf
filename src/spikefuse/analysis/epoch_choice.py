"""What it is worth to choose the epoch: best of all epochs against test and against the last.

The paper reports the best validation accuracy of 200 epochs. The maximum of many noisy numbers is
too high; how much of what choosing brings on validation does the untouched test set confirm?
"""

from collections.abc import Iterable
from dataclasses import dataclass

from spikefuse.analysis.estimates import Estimate, estimate
from spikefuse.analysis.row_index import Row
from spikefuse.analysis.series import Series, minus, resolution
from spikefuse.analysis.table import (
    DEFAULT_STUDIES,
    METRIC,
    Table,
    single_modalities,
)
from spikefuse.data.sources.contract import FUSED


@dataclass(frozen=True)
class EpochChoice:
    """One network kind, modality and protocol; differences are paired by seed.

    Attributes:
        n: Seeds that have the numbers.
        best: Best validation accuracy of all epochs: what the paper reports.
        test: Test accuracy of the same weights: what we report.
        last: Test accuracy after the last epoch; None where it is not stored.
        optimism: `best` minus `test`. The two splits hold different samples, so this is more than
            the choice alone.
        on_test: `test` minus `last`: what choosing brings where nothing was chosen by.
        on_validation: The same on validation, never below zero.
        bias: `on_validation` minus `on_test`: what choosing seems to bring and does not.
        reason: The seeds that diverged, for which every number above is None; else empty.
    """

    network: str
    modality: str
    protocol: str
    size: str
    n: int
    best: Estimate | None
    test: Estimate | None
    last: Estimate | None
    optimism: Estimate | None
    on_test: Estimate | None
    on_validation: Estimate | None
    bias: Estimate | None
    reason: str = ""


def epoch_choices(rows: Iterable[Row], size: str = "S") -> list[EpochChoice]:
    """What choosing the epoch is worth, for every network kind, modality and protocol with rows.

    A network of one modality has the same split under both protocols and is trained once, so it
    stands once.

    Args:
        rows: Tidy rows, typed or as text; those of `model-size` and `controls` are read.
        size: "S", "S/2" or "S/3".

    Raises:
        StudyError: A row cannot be read, or two say different things of one cell and seed.
    """
    table = Table(rows)
    choices = []
    for network in ("snn", "dnn"):
        for modality in (*single_modalities(table), FUSED):
            cells = (
                _choice(table, network, modality, protocol, size)
                for protocol in (table.protocol, "paper")
            )
            found = [each for each in cells if each is not None]
            choices += found if modality == FUSED else found[:1]
    return choices


def _choice(
    table: Table, network: str, modality: str, protocol: str, size: str
) -> EpochChoice | None:
    levels = table.default_levels(network, modality) | {"protocol": protocol, "size": size}

    def series(split: str, metric: str = METRIC) -> Series:
        return table.series(study=DEFAULT_STUDIES, split=split, metric=metric, **levels)

    validation, test = series("validation"), series("test")
    optimism = minus(validation, test)
    if not (validation.is_there and test.is_there and optimism.is_there):
        return None
    last, last_validation = series("test", f"{METRIC}_last"), series("validation", f"{METRIC}_last")
    step = resolution(validation, test, last, last_validation)
    on_test, on_validation = minus(test, last), minus(validation, last_validation)
    return EpochChoice(
        network=network,
        modality=modality,
        protocol=protocol,
        size=size,
        n=optimism.n,
        best=estimate(validation, step),
        test=estimate(test, step),
        last=estimate(last, step),
        optimism=estimate(optimism, step),
        on_test=estimate(on_test, step),
        on_validation=estimate(on_validation, step),
        bias=estimate(minus(on_validation, on_test), step),
        reason=optimism.reason,
    )

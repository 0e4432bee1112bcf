"""What it is worth to choose the epoch: best of all epochs against test and against the last.

The paper reports the best validation accuracy of 200 epochs. The maximum of many noisy numbers is
too high; how much of what choosing brings on validation does the untouched test set confirm?
"""

from collections.abc import Iterable
from dataclasses import dataclass

from spikefuse.analysis.estimates import Estimate, Values, estimate, minus
from spikefuse.analysis.rows import (
    DEFAULT_STUDIES,
    Row,
    default_levels,
    resolution_of,
    seed_values,
    select,
)


@dataclass(frozen=True)
class SelectionBias:
    """One network kind, modality and protocol; differences are paired by seed.

    Attributes:
        best: Best validation accuracy of all epochs: what the paper reports.
        test: Test accuracy of the same weights: what we report.
        last: Test accuracy after the last epoch; None where it is not stored.
        optimism: `best` minus `test`. The two splits hold different samples, so this is more than
            selection alone.
        on_test: `test` minus `last`: what choosing brings where nothing was chosen by.
        on_validation: The same on validation, never below zero.
        bias: `on_validation` minus `on_test`: what choosing seems to bring and does not.
    """

    network: str
    modality: str
    protocol: str
    size: str
    best: Estimate
    test: Estimate
    last: Estimate | None
    optimism: Estimate
    on_test: Estimate | None
    on_validation: Estimate | None
    bias: Estimate | None


def selection_biases(rows: Iterable[Row], size: str = "S") -> list[SelectionBias]:
    """Selection bias of every network kind, modality and protocol that has rows.

    A network of one modality has the same split under both protocols and is trained once, so it
    stands once.

    Args:
        rows: Tidy rows, typed or as text; those of `model-size` and `controls` are read.
        size: "S", "S/2" or "S/3".

    Raises:
        StudyError: Two different trials claim the same cell and seed.
    """
    chosen = [row for row in rows if str(row.get("study")) in DEFAULT_STUDIES]
    biases = []
    for network in ("snn", "dnn"):
        for modality in ("image", "audio", "fused"):
            cells = (
                _bias(chosen, network, modality, protocol, size)
                for protocol in ("disjoint", "paper")
            )
            found = [each for each in cells if each is not None]
            biases += found if modality == "fused" else found[:1]
    return biases


def _bias(
    rows: list[Row], network: str, modality: str, protocol: str, size: str
) -> SelectionBias | None:
    where = default_levels(network, modality) | {"protocol": protocol, "size": size}
    ours = select(rows, where)

    def values(split: str, metric: str) -> Values:
        name = f"{network} {modality} {protocol} {split} {metric}"
        return seed_values(select(ours, {"split": split, "metric": metric}), name)

    validation, test = values("validation", "accuracy"), values("test", "accuracy")
    last = values("test", "accuracy_last")
    step = resolution_of(row for row in ours if row.get("split") in ("validation", "test"))
    best, tested = estimate(validation, step), estimate(test, step)
    optimism = estimate(minus(validation, test), step)
    if best is None or tested is None or optimism is None:
        return None
    on_test = minus(test, last)
    on_validation = minus(validation, values("validation", "accuracy_last"))
    return SelectionBias(
        network=network,
        modality=modality,
        protocol=protocol,
        size=size,
        best=best,
        test=tested,
        last=estimate(last, step),
        optimism=optimism,
        on_test=estimate(on_test, step),
        on_validation=estimate(on_validation, step),
        bias=estimate(minus(on_validation, on_test), step),
    )

"""Selection bias from tidy rows of study "model-size"."""

from collections.abc import Sequence

from spikefuse.report.adapters.differences import accuracies, paired
from spikefuse.report.selection import Selected
from spikefuse.report.settings import MODALITIES
from spikefuse.studies.rows import Level, Row
from spikefuse.studies.seeds import estimate


def selected(rows: Sequence[Row]) -> list[Selected]:
    """Of every network kind, modality and pairing of size S that stored its last epoch.

    A single modality has one split under both pairings, so it stands once, under disjoint.

    Raises:
        StudyError: Two different trials claim the same cell and seed.
    """
    own = [row for row in rows if str(row.get("study")) == "model-size"]
    found = []
    for network in ("snn", "dnn"):
        for modality in MODALITIES:
            for protocol in ("paper", "disjoint") if modality == "fused" else ("disjoint",):
                each = _selected(own, network, modality, protocol)
                if each is not None:
                    found.append(each)
    return found


def _selected(rows: Sequence[Row], network: str, modality: str, protocol: str) -> Selected | None:
    where: dict[str, Level] = {
        "network": network,
        "modality": modality,
        "protocol": protocol,
        "size": "S",
        "noise_std": 0.0,
    }
    best, test = (accuracies(rows, where, split) for split in ("validation", "test"))
    last = accuracies(rows, where, "test", "accuracy_last")
    optimism = paired(best, test)
    shown_best, shown_test = estimate(best), estimate(test)
    if not last or optimism is None or shown_best is None or shown_test is None:
        return None
    return Selected(
        network,
        modality,
        protocol,
        best=shown_best,
        test=shown_test,
        last=estimate(last),
        optimism=optimism,
        chosen=paired(test, last),
    )

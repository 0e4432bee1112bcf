"""What speakers cost whom training never heard, from the rows of the study `speakers`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spikefuse.analysis.estimates import Estimate, Values, estimate, minus
from spikefuse.analysis.rows import (
    DEFAULT_STUDIES,
    METRIC,
    Row,
    default_levels,
    resolution_of,
    seed_values,
    select,
)
from spikefuse.core.streams import numpy_stream
from spikefuse.studies.speakers import SPEAKERS

if TYPE_CHECKING:
    from spikefuse.stats import Interval


@dataclass(frozen=True)
class SpeakerSummary:
    """Test accuracy for speakers whom training never heard, one network kind and modality.

    Attributes:
        speakers: Accuracy over seeds for each held-out speaker.
        mean: Over speakers and seeds, resampling speakers: what would other speakers give? None
            below two speakers.
        known: Accuracy under protocol "disjoint", where training knows every test speaker; None
            where it is not stored.
        cost: Known minus unknown speakers, paired by seed, resampling speakers; None likewise.
        reason: Why a part is None; empty where none is.
    """

    network: str
    modality: str
    speakers: Mapping[str, Estimate]
    mean: "Interval | None"
    known: Estimate | None
    cost: "Interval | None"
    reason: str


def speaker_summaries(rows: Iterable[Row]) -> list[SpeakerSummary]:
    """What unknown speakers cost, for every network kind and modality that has rows.

    Args:
        rows: Tidy rows, typed or as text; those of study "speakers", and of `model-size` or
            `controls` for the same networks with known speakers.

    Raises:
        StudyError: Two different trials claim the same cell and seed.
    """
    chosen = select(rows, {"metric": METRIC, "split": "test", "size": "S"})
    summaries = (
        _summary(chosen, network, modality)
        for network in ("snn", "dnn")
        for modality in ("audio", "fused")
    )
    return [summary for summary in summaries if summary.speakers]


def _summary(rows: list[Row], network: str, modality: str) -> SpeakerSummary:
    levels = default_levels(network, modality)
    anyone = {column: level for column, level in levels.items() if column != "held_out"}
    unknown = select(rows, anyone | {"study": SPEAKERS.name, "protocol": "speaker"})
    where = f"{network} {modality} without"
    names = sorted({str(row.get("held_out") or "") for row in unknown} - {""})
    values = {
        name: seed_values(select(unknown, {"held_out": name}), f"{where} {name}") for name in names
    }
    values = {name: by_seed for name, by_seed in values.items() if by_seed}
    familiar = select(
        [row for row in rows if str(row.get("study")) in DEFAULT_STUDIES],
        levels | {"protocol": "disjoint"},
    )
    known = seed_values(familiar, f"{network} {modality} with known speakers")
    gaps = {name: minus(known, by_seed) for name, by_seed in values.items()}
    mean = _over_speakers(values, f"{network} {modality}")
    cost = _over_speakers(gaps, f"{network} {modality} cost")
    reason = ""
    if mean is None:
        reason = f"{len(values)} speaker held out, an interval needs at least 2"
    elif cost is None:
        reason = "no rows of the same networks and seeds with known speakers"
    return SpeakerSummary(
        network=network,
        modality=modality,
        speakers={
            name: found
            for name in values
            if (found := estimate(values[name], resolution_of(unknown))) is not None
        },
        mean=mean,
        known=estimate(known, resolution_of(familiar)),
        cost=cost,
        reason=reason,
    )


def _over_speakers(values: Mapping[str, Values], name: str) -> "Interval | None":
    """The mean over speakers and seeds, with an interval for other speakers."""
    flat = [(speaker, value) for speaker in values for value in values[speaker].values()]
    if len({speaker for speaker, _ in flat}) < 2:
        return None
    from spikefuse.stats import cluster_bootstrap

    return cluster_bootstrap(
        [value for _, value in flat],
        [speaker for speaker, _ in flat],
        numpy_stream(0, "speaker-bootstrap", name),
    )

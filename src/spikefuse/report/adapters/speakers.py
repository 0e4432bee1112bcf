"""Accuracy for unknown speakers from tidy rows of study "speakers"."""

from collections.abc import Mapping, Sequence

from spikefuse.core.streams import numpy_stream
from spikefuse.report.adapters.differences import Values, accuracies, minus
from spikefuse.report.speakers import HeldOut, OverSpeakers, Speakers
from spikefuse.stats import Interval, cluster_bootstrap
from spikefuse.studies.rows import Level, Row
from spikefuse.studies.seeds import estimate


def speakers(rows: Sequence[Row]) -> Speakers | None:
    """Every speaker held out, and all of them together; None without rows of the study.

    Raises:
        StudyError: Two different trials claim the same cell and seed.
    """
    own = [row for row in rows if str(row.get("study")) == "speakers"]
    usual = [row for row in rows if str(row.get("study")) == "model-size"]
    each: list[HeldOut] = []
    over: list[OverSpeakers] = []
    for network in ("snn", "dnn"):
        for modality in ("audio", "fused"):
            where: dict[str, Level] = {"network": network, "modality": modality, "size": "S"}
            by_speaker = _by_speaker(own, where | {"protocol": "speaker"})
            for name, values in by_speaker.items():
                found = estimate(values)
                if found is not None:
                    each.append(HeldOut(network, modality, name, found))
            if by_speaker:
                calm: dict[str, Level] = {"protocol": "disjoint", "noise_std": 0.0}
                known = accuracies(usual, where | calm, "test")
                over.append(_over(network, modality, by_speaker, known))
    return Speakers(each, over) if each else None


def _by_speaker(rows: Sequence[Row], where: Mapping[str, Level]) -> dict[str, Values]:
    names = sorted({str(row.get("held_out", "")) for row in rows} - {"", "None"})
    found = {name: accuracies(rows, {**where, "held_out": name}, "test") for name in names}
    return {name: values for name, values in found.items() if values}


def _over(
    network: str, modality: str, by_speaker: Mapping[str, Values], known: Values
) -> OverSpeakers:
    flat = [value for values in by_speaker.values() for value in values.values()]
    name = f"{network} {modality}"
    mean = _resampled(by_speaker, name)
    costs = {speaker: minus(known, values) for speaker, values in by_speaker.items()}
    cost = _resampled({speaker: each for speaker, each in costs.items() if each}, f"{name} cost")
    return OverSpeakers(
        network,
        modality,
        mean=sum(flat) / len(flat),
        low=None if mean is None else mean.low,
        high=None if mean is None else mean.high,
        speakers=len(by_speaker),
        known=estimate(known),
        cost=None if cost is None else (cost.estimate, cost.low, cost.high),
    )


def _resampled(values: Mapping[str, Values], name: str) -> Interval | None:
    """The mean over speakers and seeds, with an interval for other speakers."""
    pairs = [(speaker, each) for speaker in values for each in values[speaker].values()]
    if len(values) < 2:
        return None
    return cluster_bootstrap(
        [each for _, each in pairs],
        [speaker for speaker, _ in pairs],
        numpy_stream(0, "speaker-bootstrap", name),
    )

"""Baselines and the shuffled control from tidy rows of study "controls"."""

from collections.abc import Sequence

from spikefuse.report.adapters.differences import Values, accuracies, minus, paired
from spikefuse.report.controls import NETWORKS, Controls, Rival, ShuffledAudio
from spikefuse.stats import tost
from spikefuse.studies.rows import Level, Row
from spikefuse.studies.seeds import Estimate, estimate

MARGIN = 0.006
"""The control counts as image-only within 0.6 pp: the widest difference that the paper itself calls
none (its Figure 13)."""


def controls(rows: Sequence[Row]) -> Controls | None:
    """Every yardstick of the fused networks of size S; None without rows of the study.

    Raises:
        StudyError: Two different trials claim the same cell and seed.
    """
    own = [row for row in rows if str(row.get("study")) == "controls"]
    if not own:
        return None
    usual = [row for row in rows if str(row.get("study")) == "model-size"]
    rivals: list[Rival] = []
    shuffled: list[ShuffledAudio] = []
    gains: dict[str, dict[str, Estimate]] = {}
    for network in NETWORKS:
        fused, by_name = _yardsticks(usual, own, network)
        for name, values in by_name.items():
            gain = paired(fused, values)
            rivals.append(Rival(network, name, estimate(values), gain, _reason(fused, values)))
            if gain is not None:
                gains.setdefault(name, {})[network] = gain
        control = _shuffled(network, by_name["shuffled audio"], by_name["image alone"])
        if control is not None:
            shuffled.append(control)
    more = [
        (name, difference)
        for name, found in gains.items()
        if len(found) == len(NETWORKS)
        and (difference := paired(found["snn"].values, found["dnn"].values)) is not None
    ]
    return Controls(rivals, shuffled, more)


def _yardsticks(
    usual: Sequence[Row], own: Sequence[Row], network: str
) -> tuple[Values, dict[str, Values]]:
    """Test accuracies by seed: of the fused network, and of all it is compared with."""
    where: dict[str, Level] = {
        "network": network,
        "size": "S",
        "protocol": "disjoint",
        "noise_std": 0.0,
    }
    image, audio, fused = (
        accuracies(usual, where | {"modality": modality}, "test")
        for modality in ("image", "audio", "fused")
    )
    both = {seed: (image[seed] + audio[seed]) / 2 for seed in image if seed in audio}
    joined = where | {"modality": "fused"}
    experts = accuracies(own, joined | {"fusion": "product-of-experts"}, "test")
    blind = accuracies(own, joined | {"pairing": "shuffled"}, "test")
    return fused, {
        "image alone": image,
        "audio alone": audio,
        "mean of both alone": both,
        "product of experts": experts,
        "shuffled audio": blind,
    }


def _reason(fused: Values, values: Values) -> str:
    if not values:
        return "not stored"
    return "" if minus(fused, values) else "no seed in common"


def _shuffled(network: str, blind: Values, image: Values) -> ShuffledAudio | None:
    difference = paired(blind, image)
    if difference is None:
        return None
    verdict = {1: "above", -1: "below", 0: "undecided"}[difference.sign]
    if difference.n >= 2:
        seeds = sorted(difference.values)
        test = tost([blind[seed] for seed in seeds], [image[seed] for seed in seeds], MARGIN)
        # Seeds that agree exactly have no spread, which proves nothing.
        if test.equivalent and test.low < test.high:
            verdict = "equal"
    return ShuffledAudio(network, difference, MARGIN, verdict)

"""What the second modality brings: the fused network against every yardstick, paired by seed.

Image, audio and fused networks of one size are solved to the same number of parameters, so each
unimodal network is the parameter-matched baseline of the fused one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from spikefuse.analysis.estimates import Estimate, Values, estimate, mean_of, minus
from spikefuse.analysis.rows import (
    DEFAULT_STUDIES,
    METRIC,
    Level,
    Row,
    default_levels,
    resolution_of,
    seed_values,
    select,
)
from spikefuse.core.checks import one_of

if TYPE_CHECKING:
    from spikefuse.stats import Equivalence

NETWORKS = ("snn", "dnn")
PRODUCT = "product-of-experts"
"""Level of the tidy column `fusion` of two networks trained apart; see `baselines`."""

BEST, IMAGE, AUDIO, MEAN, EXPERTS, CONTROL = (
    "best unimodal",
    "image alone",
    "audio alone",
    "mean of unimodals",
    "product of experts",
    "shuffled audio",
)
YARDSTICKS = (BEST, IMAGE, AUDIO, MEAN, EXPERTS, CONTROL)
"""What a fused network is compared with; the first decides the answer."""

CONTROL_MARGIN = 0.006
"""The control counts as image-only within 0.6 pp.

That is the widest difference between two settings of a network of size S that the paper itself
calls none (Figure 13: T = 4, 8 and 16), and a gain that this margin hides is one that the paper
would not have reported.
"""


@dataclass(frozen=True)
class Yardstick:
    """One baseline and what the fused network gains over it, on the test set.

    Attributes:
        name: One of `YARDSTICKS`.
        accuracy: Of the baseline; None where `reason` says why.
        gain: Fused minus baseline, paired by seed; None likewise.
        reason: Why there is no number; empty where there is one.
    """

    name: str
    accuracy: Estimate | None
    gain: Estimate | None
    reason: str = ""


@dataclass(frozen=True)
class Control:
    """The fused network with shuffled audio against the image network.

    Attributes:
        difference: Shuffled minus image-only, paired by seed.
        equivalence: Two one-sided tests within `CONTROL_MARGIN`; None below two seeds.
        verdict: "equal", "above" (then something else than what the audio says brings accuracy),
            "below" (a second input without information costs some), or "undecided".
    """

    difference: Estimate
    equivalence: "Equivalence | None"
    verdict: str


@dataclass(frozen=True)
class Baselines:
    """A fused network and its yardsticks.

    Attributes:
        fused: Test accuracy; None where it is not stored.
        best_modality: The better unimodal network, chosen on validation; None where either is
            missing.
        yardsticks: By name, always all of `YARDSTICKS`.
        control: None where a part is missing.
        resolution: Coarsest step that any of the accuracies can take; None where rows do not say.
    """

    network: str
    size: str
    protocol: str
    fused: Estimate | None
    best_modality: str | None
    yardsticks: Mapping[str, Yardstick]
    control: Control | None
    resolution: float | None


@dataclass(frozen=True)
class _Cells:
    """Finds accuracies by seed, and the coarsest step that any of them can take."""

    rows: list[Row]
    network: str
    levels: Mapping[str, Level]
    used: list[Row] = field(default_factory=list)

    def values(self, modality: str, split: str = "test", **levels: Level) -> dict[int, float]:
        where = {**default_levels(self.network, modality), **self.levels, **levels}
        found = select(self.rows, where | {"metric": METRIC, "split": split})
        self.used.extend(found)
        return seed_values(found, f"{self.network} {modality} {split}")

    @property
    def resolution(self) -> float | None:
        return resolution_of(self.used)


def baselines(
    rows: Iterable[Row],
    network: str,
    size: str = "S",
    protocol: str = "disjoint",
    **levels: Level,
) -> Baselines:
    """A fused network's gain over each yardstick, from tidy rows.

    Args:
        rows: Tidy rows, typed or as text.
        network: "snn" or "dnn".
        size: "S", "S/2" or "S/3".
        protocol: Pairing protocol.
        **levels: Other levels than the default neuron, reset, time steps, held-out speaker or
            reading; then the rows of every study are read, else those of `model-size` and
            `controls`.

    Raises:
        InputError: The network is unknown.
        StudyError: Two different trials claim the same cell and seed.
    """
    one_of("baselines", "network", network, NETWORKS)
    chosen = [
        row
        for row in select(rows, {"network": network, "size": size, "protocol": protocol})
        if levels or str(row.get("study")) in DEFAULT_STUDIES
    ]
    cells = _Cells(chosen, network, levels)
    early = cells.values("fused")
    image, audio = cells.values("image"), cells.values("audio")
    best = _better(cells, image, audio)
    found = {
        BEST: {"image": image, "audio": audio}.get(best or "", {}),
        IMAGE: image,
        AUDIO: audio,
        MEAN: mean_of(image, audio),
        EXPERTS: cells.values("fused", fusion=PRODUCT),
        CONTROL: cells.values("fused", pairing="shuffled"),
    }
    step = cells.resolution
    return Baselines(
        network=network,
        size=size,
        protocol=protocol,
        fused=estimate(early, step),
        best_modality=best,
        yardsticks={name: _yardstick(name, early, found[name], step) for name in YARDSTICKS},
        control=_control(found[CONTROL], image, step),
        resolution=step,
    )


def _better(cells: _Cells, image: Values, audio: Values) -> str | None:
    """The better unimodal network by validation, so that the test set keeps its innocence."""
    if not image or not audio:
        return None
    means = {}
    for modality, test in (("image", image), ("audio", audio)):
        values = cells.values(modality, "validation") or test
        means[modality] = sum(values.values()) / len(values)
    return max(means, key=lambda modality: means[modality])


def _yardstick(name: str, fused: Values, values: Values, resolution: float | None) -> Yardstick:
    reason = ""
    if not values:
        reason = f"no rows of {name}"
    elif not fused:
        reason = "no rows of the fused network"
    elif not minus(fused, values):
        reason = f"the fused network and {name} share no seed"
    return Yardstick(
        name, estimate(values, resolution), estimate(minus(fused, values), resolution), reason
    )


def _control(shuffled: Values, image: Values, resolution: float | None) -> Control | None:
    difference = estimate(minus(shuffled, image), resolution)
    if difference is None:
        return None
    if difference.n < 2:
        return Control(difference, None, "undecided")
    from spikefuse.stats import tost

    seeds = sorted(difference.values)
    test = tost(
        [shuffled[seed] for seed in seeds],
        [image[seed] for seed in seeds],
        CONTROL_MARGIN,
        resolution=resolution,
    )
    # Seeds that agree exactly, in rows that do not say their samples, have no spread: no proof.
    equal = test.equivalent and test.low < test.high
    signed = {1: "above", -1: "below", 0: "undecided"}[difference.sign]
    return Control(difference, test, "equal" if equal else signed)


def gain_differences(snn: Baselines, dnn: Baselines) -> dict[str, Estimate]:
    """How much more the SNN gains than the DNN, paired by seed, for each yardstick that both have.

    Each is a difference of differences: (fused - yardstick) of the SNN minus that of the DNN.
    """
    found = {}
    for name in YARDSTICKS:
        first, second = snn.yardsticks[name].gain, dnn.yardsticks[name].gain
        if first is not None and second is not None:
            steps = [each.resolution for each in (snn, dnn) if each.resolution is not None]
            difference = estimate(minus(first.values, second.values), max(steps, default=None))
            if difference is not None:
                found[name] = difference
    return found

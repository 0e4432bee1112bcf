"""The numbers of the answer: gains, their difference between SNN and DNN, the leak."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from spikefuse.analysis.estimates import Estimate
from spikefuse.analysis.gains import BEST, MEAN, NETWORKS, Baselines, baselines, gain_differences
from spikefuse.analysis.pairing_leak import Leak, leak_of
from spikefuse.analysis.rows import Row


@dataclass(frozen=True)
class Gain:
    """What the fused network of one kind gains over single modalities, on the test set.

    Attributes:
        best_modality: The better single modality, chosen on validation.
    """

    network: str
    fused: Estimate
    best_modality: str
    over_best: Estimate
    over_mean: Estimate


@dataclass(frozen=True)
class Headline:
    """The networks of size S; a part without data is missing.

    Attributes:
        baselines: Every yardstick and the shuffled control, by network kind.
        more: How much more the SNN gains than the DNN, by yardstick.
        leaks: By network kind.
    """

    baselines: Mapping[str, Baselines] = field(default_factory=dict)
    more: Mapping[str, Estimate] = field(default_factory=dict)
    leaks: Mapping[str, Leak] = field(default_factory=dict)

    @property
    def gains(self) -> dict[str, Gain]:
        """Network kinds whose fused and both single networks are stored."""
        found = ((name, _gain(each)) for name, each in self.baselines.items())
        return {name: gain for name, gain in found if gain is not None}

    def gain(self, network: str, yardstick: str) -> Estimate | None:
        """Fused minus a yardstick of `YARDSTICKS`; None where it is not stored."""
        found = self.baselines.get(network)
        return found.yardsticks[yardstick].gain if found else None


def headline(rows: Sequence[Row]) -> Headline:
    """The numbers of the answer, from tidy rows.

    Raises:
        StudyError: Two different trials claim the same cell and seed.
    """
    found = {name: baselines(rows, name) for name in NETWORKS}
    leaks = {name: leak for name in NETWORKS if (leak := leak_of(rows, name)) is not None}
    return Headline(found, gain_differences(found["snn"], found["dnn"]), leaks)


def _gain(found: Baselines) -> Gain | None:
    best, mean = (found.yardsticks[name].gain for name in (BEST, MEAN))
    if found.fused is None or found.best_modality is None or best is None or mean is None:
        return None
    return Gain(found.network, found.fused, found.best_modality, best, mean)

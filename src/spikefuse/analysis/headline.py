"""The numbers of the answer: gains, their difference between SNN and DNN, the pairing leak."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from spikefuse.analysis.estimates import Estimate
from spikefuse.analysis.gains import BEST, MEAN, NETWORKS, Baselines, baselines, gain_differences
from spikefuse.analysis.pairing_leak import PairingLeak, pairing_leak
from spikefuse.analysis.table import Row, Table
from spikefuse.data.sources.contract import FUSED

DISJOINT, PAIRED = "disjoint", "paired"


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
        leaks: By network kind; what cannot be measured since a seed diverged has its reason.
    """

    baselines: Mapping[str, Baselines] = field(default_factory=dict)
    more: Mapping[str, Estimate] = field(default_factory=dict)
    leaks: Mapping[str, PairingLeak] = field(default_factory=dict)

    @property
    def gains(self) -> dict[str, Gain]:
        """Network kinds whose fused and single networks are stored and have no diverged seed."""
        found = ((name, _gain(each)) for name, each in self.baselines.items())
        return {name: gain for name, gain in found if gain is not None}

    def gain(self, network: str, yardstick: str) -> Estimate | None:
        """Fused minus a yardstick of `yardsticks_of`; None where it is not stored."""
        found = self.baselines.get(network)
        if found is None or yardstick not in found.yardsticks:
            return None
        return found.yardsticks[yardstick].gain

    def lost(self, network: str) -> str:
        """Why a network kind has no gain although it ran: the seeds that diverged; else empty."""
        found = self.baselines.get(network)
        best = found.yardsticks[BEST] if found else None
        return best.reason if best is not None and best.diverged else ""


def headline(rows: Iterable[Row]) -> Headline:
    """The numbers of the answer, from tidy rows.

    Raises:
        StudyError: A row cannot be read, or two say different things of one cell and seed.
    """
    table = Table(rows)
    protocol = plain_protocol(table)
    found = {name: baselines(table, name, protocol=protocol) for name in NETWORKS}
    leaks = {name: leak for name in NETWORKS if (leak := pairing_leak(table, name)) is not None}
    return Headline(found, gain_differences(found["snn"], found["dnn"]), leaks)


def plain_protocol(table: Table) -> str:
    """The protocol without a leak: samples that truly belong together have one of their own."""
    found = table.levels("protocol", modality=FUSED)
    return PAIRED if PAIRED in found and DISJOINT not in found else DISJOINT


def _gain(found: Baselines) -> Gain | None:
    best, mean = (found.yardsticks[name].gain for name in (BEST, MEAN))
    if found.fused is None or found.best_modality is None or best is None or mean is None:
        return None
    return Gain(found.network, found.fused, found.best_modality, best, mean)

"""The numbers of the answer: gains, their difference between SNN and DNN, the pairing leak."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from spikefuse.analysis.estimates import LEVEL, Estimate, adjusted
from spikefuse.analysis.gains import (
    BEST,
    EXPERTS,
    MEAN,
    NETWORKS,
    TEMPERED,
    Baselines,
    baselines,
    gain_differences,
)
from spikefuse.analysis.pairing_leak import PairingLeak, pairing_leak
from spikefuse.analysis.row_index import Row
from spikefuse.analysis.table import SPLIT, Table


def gain_of(network: str | None, yardstick: str) -> str:
    """The name of a gain among the answers; without network that of the SNN less the DNN's.

    Example:
        >>> gain_of("snn", "best unimodal"), gain_of(None, "mean of unimodals")
        ('SNN over best unimodal', 'SNN minus DNN over mean of unimodals')
    """
    return f"{network.upper() if network else 'SNN minus DNN'} over {yardstick}"


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
    def modalities(self) -> tuple[str, ...]:
        """Those that the fused networks join, in their order."""
        return next((each.modalities for each in self.baselines.values()), ())

    @property
    def protocol(self) -> str:
        """The pairing protocol of the gains."""
        return next((each.protocol for each in self.baselines.values()), SPLIT)

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

    @property
    def answers(self) -> dict[str, Estimate]:
        """Every difference that the first screen answers with, by what it is; those that are there.

        The words name the difference as `corrected` shows it.
        """
        found: dict[str, Estimate | None] = {}
        for network in self.baselines:
            for yardstick in (BEST, MEAN, EXPERTS, TEMPERED):
                found[gain_of(network, yardstick)] = self.gain(network, yardstick)
        for yardstick in (BEST, MEAN):
            found[gain_of(None, yardstick)] = self.more.get(yardstick)
        for each in self.baselines.values():
            if each.control is not None:
                found[f"{each.network.upper()} control"] = each.control.difference
        for leak in self.leaks.values():
            found[f"{leak.network.upper()} leak"] = leak.difference
            found[f"{leak.network.upper()} leak, clips matched"] = leak.matched
        return {name: value for name, value in found.items() if value is not None}

    @property
    def adjusted(self) -> dict[str, float]:
        """P values of the answers, Holm-adjusted over all of them; without one where n is small."""
        return adjusted(self.answers)

    def sign(self, answer: str) -> int:
        """1 or -1 where an answer stands beside all others of the first screen, else 0."""
        found = self.answers.get(answer)
        if found is None or self.adjusted.get(answer, 1.0) >= LEVEL:
            return 0
        return found.sign

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
    found = {name: baselines(table, name) for name in NETWORKS}
    leaks = {name: leak for name in NETWORKS if (leak := pairing_leak(table, name)) is not None}
    return Headline(found, gain_differences(found["snn"], found["dnn"]), leaks)


def _gain(found: Baselines) -> Gain | None:
    best, mean = (found.yardsticks[name].gain for name in (BEST, MEAN))
    if found.fused is None or found.best_modality is None or best is None or mean is None:
        return None
    return Gain(found.network, found.fused, found.best_modality, best, mean)

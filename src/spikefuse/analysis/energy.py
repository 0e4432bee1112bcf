"""What the energies of a run say: SNN against dense twin, what a modality costs, the front.

Read from tidy rows alone (`results.csv` and `energy.csv`), so every number here can be found there.
Energies of two cost models are never put together: they leave out different things.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from spikefuse.analysis.estimates import Estimate, estimate
from spikefuse.analysis.row_index import DEFAULTS, Level, Row
from spikefuse.analysis.series import Series, minus, resolution
from spikefuse.analysis.table import Table, single_modalities
from spikefuse.data.sources.contract import FUSED
from spikefuse.meters.opponent import break_even_rate, matched_bits

ENERGY = "energy.csv"
"""The table of a results folder."""

PART = "_pj"
_PARTS = ("operations", "weights", "bias", "state", "neurons", "input", "output", "addressing")
_WHOLE: Mapping[str, Level] = {"layer": "", "branch": ""}
_CELL = ("network", "modality", "size", "neuron", "reset", "time_steps", "fusion")
_PICO_TO_NANO = 1e-3


@dataclass(frozen=True)
class Duel:
    """A spiking network beside its dense twin, under one cost model.

    Attributes:
        snn: pJ an inference.
        once: The same of the spiking network with its first layer counted once.
        dnn: pJ of the twin.
        ratio: The first over the second: geometric mean, interval of its logarithm turned back.
        parts: What the spiking network spends it on, as shares of its mean.
        first_layer: Share of its layers with the same input at every step.
        ahead: Test accuracy of the spiking network minus its twin's, in shares.
    """

    modality: str
    model: str
    snn: Estimate
    once: Estimate
    dnn: Estimate
    ratio: Estimate
    parts: Mapping[str, float]
    first_layer: float
    ahead: Estimate | None

    @property
    def winner(self) -> str:
        """Of "snn" and "dnn"; empty where the interval (of two seeds: they) has both, or n is 1.

        Silent networks spend next to nothing and answer nothing: they win nothing either.
        """
        if self.ratio.n == 1 or self.ratio.are_all_silent:
            return ""
        ends = (self.ratio.low, self.ratio.high)
        low, high = (
            (ends[0], ends[1])
            if ends[0] is not None and ends[1] is not None
            else (min(self.ratio.values.values()), max(self.ratio.values.values()))
        )
        return "snn" if high < 1 else "dnn" if low > 1 else ""

    @property
    def largest(self) -> tuple[str, float]:
        """What most of the spiking network's energy goes to, and its share."""
        return max(self.parts.items(), key=lambda each: each[1])


@dataclass(frozen=True)
class Firing:
    """How often a spiking network's neurons fire, beside the rates at which it breaks even.

    Attributes:
        rate: Spikes per neuron and step on the test samples.
        bits: Of the activations of a twin that carries as much.
        eight_bit: Break-even rate with 8-bit weights.
        matched: With weights of `bits` bits.
    """

    modality: str
    time_steps: int
    rate: Estimate
    bits: int
    eight_bit: float
    matched: float


@dataclass(frozen=True)
class ModalityCost:
    """What a modality costs in a joint network, and what it brings.

    Attributes:
        share: Of the network's energy, caused by the modality's branch.
        cost: pJ an inference.
        brings: Accuracy of the joint network minus that of the other modality alone, in shares;
            None where that network is not there or there are more than two modalities.
        per_nano: What it brings for each nJ that it costs; None as above.
    """

    network: str
    modality: str
    model: str
    share: Estimate
    cost: Estimate
    brings: Estimate | None
    per_nano: Estimate | None


@dataclass(frozen=True)
class Point:
    """Accuracy and energy of one network.

    Attributes:
        levels: By tidy column.
        energy: pJ an inference.
        right: pJ a right answer.
        accuracy: On the test set.
        is_best: No other network here is at least as accurate (mean) for less energy (mean).
    """

    levels: Mapping[str, str]
    model: str
    energy: Estimate
    right: Estimate | None
    accuracy: Estimate
    is_best: bool = False


@dataclass(frozen=True)
class Energies:
    """The rows of a run, ready to be asked for energies.

    Args:
        results: Tidy rows of `results.csv`.
        rows: Tidy rows of `energy.csv`.
        protocol: The pairing that answers are read by.
    """

    results: Iterable[Row]
    rows: Sequence[Row]
    protocol: str

    @cached_property
    def table(self) -> Table:
        """All rows: which networks are silent stands in `results.csv`."""
        return Table([*self.results, *self.rows])

    @cached_property
    def own(self) -> Table:
        """The rows of `energy.csv`."""
        return Table(self.rows)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The cost models of the rows, in their order."""
        named = (row for row in self.rows if row.get("metric") == "energy.pj")
        return tuple(dict.fromkeys(str(row["model"]) for row in named))

    @property
    def modalities(self) -> tuple[str, ...]:
        """Single ones in their order, then the joint one."""
        joint = (FUSED,) if self.table.select(modality=FUSED) else ()
        return (*single_modalities(self.table), *joint)

    def default(self, network: str, modality: str) -> dict[str, Level]:
        """The levels of the default network of size S."""
        return self.table.default_levels(network, modality) | {
            "size": "S",
            "protocol": self.protocol,
        }

    def series(
        self, levels: Mapping[str, Level], model: str, metric: str = "energy.pj", **place: str
    ) -> Series:
        """A number of a cell by seed; what diverged stays said."""
        return self.table.series(**{**levels, **_WHOLE, "model": model, **place}, metric=metric)

    def accuracy(self, levels: Mapping[str, Level]) -> Series:
        """Test accuracy of a cell by seed."""
        return self.table.series(**levels)


def duels(energies: Energies) -> list[Duel]:
    """The default SNN beside its twin, for every modality and cost model that both have."""
    found = []
    for modality in energies.modalities:
        snn, dnn = (energies.default(network, modality) for network in ("snn", "dnn"))
        right = (energies.accuracy(snn), energies.accuracy(dnn))
        ahead = estimate(minus(*right), resolution(*right))
        for model in energies.names:
            first, second = energies.series(snn, model), energies.series(dnn, model)
            ours, theirs, ratio = estimate(first), estimate(second), ratio_of(first, second)
            if ours is None or theirs is None or ratio is None or not ours.mean:
                continue
            parts = _parts(energies, snn, model)
            static = estimate(energies.series(snn, model, "energy.first_layer_pj"))
            share = static.mean / ours.mean if static is not None else 0.0
            once = estimate(energies.series(snn, model, "energy.once_pj")) or ours
            found.append(Duel(modality, model, ours, once, theirs, ratio, parts, share, ahead))
    return found


def _parts(energies: Energies, levels: Mapping[str, Level], model: str) -> dict[str, float]:
    """Shares of the mean energy by what it is spent on; those that are nothing are left out."""
    means = {
        part: mean.mean
        for part in _PARTS
        if (mean := estimate(energies.series(levels, model, f"energy.{part}{PART}"))) is not None
    }
    whole = math.fsum(means.values())
    return {part: mean / whole for part, mean in means.items() if mean > 0}


def ratio_of(first: Series, second: Series) -> Estimate | None:
    """First over second, paired by seed: geometric mean and the interval of the logarithm.

    Example:
        >>> found = ratio_of(Series({0: 1.0, 1: 4.0}), Series({0: 1.0, 1: 1.0}))
        >>> found.mean, found.values
        (2.0, {0: 1.0, 1: 4.0})
    """
    positive = all(v > 0 for each in (first, second) for v in each.values.values())
    if not positive:
        return None
    logs = minus(_logs(first), _logs(second))
    found = estimate(logs)
    if found is None:
        return None
    return replace(
        found,
        values={seed: math.exp(value) for seed, value in found.values.items()},
        mean=math.exp(found.mean),
        low=None if found.low is None else math.exp(found.low),
        high=None if found.high is None else math.exp(found.high),
    )


def _logs(series: Series) -> Series:
    return replace(series, values={seed: math.log(v) for seed, v in series.values.items()})


def firings(energies: Energies) -> list[Firing]:
    """Of every default spiking network, and of joint ones with other numbers of steps."""
    found = []
    for modality in energies.modalities:
        levels = energies.default("snn", modality)
        steps = [int(each) for each in energies.table.levels("time_steps", network="snn")]
        for count in sorted(set(steps)):
            rate = estimate(energies.series({**levels, "time_steps": count}, "", "synops.rate"))
            if rate is not None:
                ends = break_even_rate(count), break_even_rate(count, None)
                found.append(Firing(modality, count, rate, matched_bits(count), *ends))
    return found


@dataclass(frozen=True)
class Twin:
    """A dense twin with few bits, beside itself and beside the spiking network.

    All on the same test samples, those whose operations are counted.

    Attributes:
        bits: "w8a3" has weights of 8 bits and activations of 3.
        accuracy: Of the twin with these bits.
        lost: What rounding costs it, paired by seed; in shares.
        ahead: Accuracy of the spiking network minus the twin's; None where there is none.
    """

    modality: str
    bits: str
    accuracy: Estimate
    lost: Estimate | None
    ahead: Estimate | None


def twins(energies: Energies) -> list[Twin]:
    """The default dense networks with few bits, for every modality that has them."""
    rows = [row for row in energies.rows if row.get("metric") == "quantised.accuracy"]
    names = dict.fromkeys(str(row["model"]) for row in rows)
    found = []
    for modality in energies.modalities:
        dnn, snn = (energies.default(network, modality) for network in ("dnn", "snn"))
        plain, ours = (energies.series(each, "", "counted.accuracy") for each in (dnn, snn))
        for bits in names:
            own = energies.series(dnn, bits, "quantised.accuracy")
            accuracy = estimate(own, resolution(own))
            if accuracy is not None:
                lost = estimate(minus(plain, own), resolution(plain, own))
                ahead = estimate(minus(ours, own), resolution(ours, own))
                found.append(Twin(modality, bits, accuracy, lost, ahead))
    return found


def modality_costs(energies: Energies) -> list[ModalityCost]:
    """What each modality costs in the default joint networks, and what it brings."""
    singles = [name for name in energies.modalities if name != FUSED]
    found = []
    for network in ("snn", "dnn"):
        joint = energies.default(network, FUSED)
        for model in energies.names:
            whole = energies.series(joint, model)
            for modality in singles:
                cost = energies.series(joint, model, branch=modality)
                own, share = estimate(cost), estimate(_over(cost, whole))
                if own is None or share is None:
                    continue
                gain = _brought(energies, network, modality, singles)
                brings = estimate(gain) if gain is not None else None
                per = None
                if gain is not None and brings is not None:
                    per = estimate(_over(gain, cost, _PICO_TO_NANO))
                found.append(ModalityCost(network, modality, model, share, own, brings, per))
    return found


def _brought(
    energies: Energies, network: str, modality: str, singles: Sequence[str]
) -> Series | None:
    """Accuracy of the joint network minus that of the other modality alone."""
    others = [name for name in singles if name != modality]
    if len(others) != 1:
        return None
    joint = energies.accuracy(energies.default(network, FUSED))
    alone = energies.accuracy(energies.default(network, others[0]))
    found = minus(joint, alone)
    return found if found.values else None


def _over(first: Series, second: Series, unit: float = 1.0) -> Series:
    """Quotient by seed; of energies in units of pJ divided by `unit`."""
    values = {
        seed: value / (second.values[seed] * unit)
        for seed, value in first.values.items()
        if second.values.get(seed)
    }
    lost = tuple(sorted({*first.diverged, *second.diverged}))
    reasons = tuple(dict.fromkeys([*first.reasons, *second.reasons]))
    silent = tuple(sorted({*first.silent, *second.silent} & set(values)))
    return Series(values=values, diverged=lost, reasons=reasons, silent=silent)


def points(energies: Energies, model: str) -> list[Point]:
    """Accuracy and energy of every network without noise, true pairs and known groups.

    Those that no other one beats in both are marked.
    """
    found = []
    for levels in _cells(energies):
        cell: dict[str, Level] = {**levels, "noise_std": 0.0, **DEFAULTS}
        cell["reading"] = energies.table.reading
        cell["protocol"] = energies.protocol
        energy = estimate(energies.series(cell, model))
        accuracy = estimate(energies.accuracy(cell))
        if energy is not None and accuracy is not None:
            right = estimate(energies.series(cell, model, "energy.right_pj"))
            found.append(Point(levels, model, energy, right, accuracy))
    # A silent network is cheap and no answer: nothing is beaten by it.
    able = [each for each in found if not each.accuracy.are_all_silent]
    return [replace(each, is_best=each in able and _is_best(each, able)) for each in found]


def _cells(energies: Energies) -> list[dict[str, str]]:
    """Levels of the networks that have energies under the protocol of the answers."""
    usual = {**DEFAULTS, "reading": energies.table.reading, "protocol": energies.protocol}
    chosen = energies.own.select(metric="energy.pj", **usual, **_WHOLE)
    cells = {tuple(str(row.get(name, "")) for name in _CELL) for row in chosen}
    return [dict(zip(_CELL, cell, strict=True)) for cell in sorted(cells)]


def _is_best(point: Point, among: Sequence[Point]) -> bool:
    """Whether nothing else is as accurate for less, or more accurate for as much."""
    ours = (point.energy.mean, -point.accuracy.mean)
    return not any(
        (other.energy.mean, -other.accuracy.mean) != ours
        and other.energy.mean <= ours[0]
        and -other.accuracy.mean <= ours[1]
        for other in among
    )

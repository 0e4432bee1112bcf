"""Accuracy over noise: curves, relative and effective robustness, and where curves cross.

Relative robustness is the area under the curve, effective robustness what a curve keeps beyond a
baseline's once both begin at the same accuracy. Both are means over the grid of noise levels with
equal weights, as of levels that stand equally far apart: the numbers compare networks on one grid,
and say nothing of a single level.

Source: P. P. Liang et al., "MultiBench: Multiscale Benchmarks for Multimodal Representation
Learning", NeurIPS 2021 (arXiv:2107.07502), after R. Taori et al., "Measuring robustness to natural
distribution shifts in image classification", NeurIPS 2020. There the area is a sum of trapezoids
and the difference a sum over levels, each scaled among the methods; here they are in accuracy.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from spikefuse.analysis.crossing import crossing_point, mean_crossing
from spikefuse.analysis.estimates import Estimate, estimate
from spikefuse.analysis.row_index import Level, Row
from spikefuse.analysis.series import Series, minus, resolution
from spikefuse.analysis.table import Table, single_modalities
from spikefuse.data.sources.contract import FUSED
from spikefuse.studies.readings import BASE, OWN_STD, READINGS, composed
from spikefuse.studies.robustness import ROBUSTNESS, ROBUSTNESS_OWN_STD

STUDY = ROBUSTNESS.name
_OWN_READING = {ROBUSTNESS.name: BASE, ROBUSTNESS_OWN_STD.name: OWN_STD}
STUDIES = tuple(_OWN_READING)
NETWORKS = ("snn", "dnn")
PLACES = ("before", "after", "pooled")
"""Where the smaller of the paper's noises stands, for the costs by place."""
PLACED = 0.1


@dataclass(frozen=True)
class Curve:
    """One network over noise.

    Attributes:
        accuracy: By noise level, ascending; the first is 0.
        seeds: By seed, the accuracies in that order; of seeds that have all of them.
        relative: Relative robustness.
        silent: Seeds that are not averaged.
        samples: The fewest behind an accuracy; 0 where not known.
    """

    network: str
    modality: str
    accuracy: Mapping[float, Estimate]
    seeds: Mapping[int, tuple[float, ...]]
    relative: Estimate | None
    silent: tuple[int, ...] = ()
    samples: int = 0

    @property
    def levels(self) -> tuple[float, ...]:
        """Noise levels, ascending."""
        return tuple(self.accuracy)


@dataclass(frozen=True)
class Against:
    """One curve against another, paired by seed.

    Attributes:
        first: Network and modality.
        second: Of the baseline.
        effective: Effective robustness of the first with the second as baseline.
        crossing: Noise level at which the first falls below the second, or rises above it, in the
            mean of all seeds, see `crossing`; None where it does not.
        crossed: Seeds whose curves cross.
        compared: Seeds that both have.
        last: The largest noise level of both, beyond which nothing was looked at.
    """

    first: tuple[str, str]
    second: tuple[str, str]
    effective: Estimate | None
    crossing: Estimate | None
    crossed: int
    compared: int
    last: float


@dataclass(frozen=True)
class Robustness:
    """All curves, what they say of each other, and the cost of the smaller noise by its place."""

    curves: tuple[Curve, ...]
    against: tuple[Against, ...]
    places: Mapping[tuple[str, str, str], Estimate] = field(default_factory=dict)
    study: str = STUDY


def robustness(rows: Iterable[Row], study: str = STUDY) -> Robustness:
    """What one of `STUDIES` has rows of.

    Args:
        rows: Tidy rows.
        study: Its name.

    Raises:
        StudyError: A row cannot be read, or two say different things of one cell and seed.
    """
    table = Table(rows)
    names = (*single_modalities(table), FUSED)
    found = {
        (network, modality): curve
        for network in NETWORKS
        for modality in names
        if (curve := _curve(table, _levels(table, study, network, modality))) is not None
    }
    twins = [(("snn", name), ("dnn", name)) for name in names]
    parts = [((net, FUSED), (net, name)) for net in NETWORKS for name in names if name != FUSED]
    pairs = [pair for pair in (*twins, *parts) if pair[0] in found and pair[1] in found]
    return Robustness(
        curves=tuple(found.values()),
        against=tuple(_against(found[first], found[second]) for first, second in pairs),
        places=_places(table, study, list(found)),
        study=study,
    )


def _levels(table: Table, study: str, network: str, modality: str) -> dict[str, Level]:
    own, there = _OWN_READING[study], table.levels("reading", study=study)
    # That of base networks where there is one, as of every study.
    wanted = (composed(name, own) for name in READINGS)
    reading = next((level for level in wanted if level in there), own)
    return {"study": study, "network": network, "modality": modality, "reading": reading}


def _curve(table: Table, levels: Mapping[str, Level]) -> Curve | None:
    own: dict[str, Level] = {**levels, "noise_position": "before"}
    stds = sorted(float(level) for level in table.levels("noise_std", **own))
    series = {level: table.series(**own, noise_std=level) for level in stds}
    accuracy = {
        level: value
        for level, each in series.items()
        if (value := estimate(each, resolution(each))) is not None
    }
    if len(accuracy) < 2 or 0.0 not in accuracy:
        return None
    silent = series[0.0].silent
    shared = set.intersection(*(set(series[level].values) for level in accuracy)) - set(silent)
    seeds = {s: tuple(series[level].values[s] for level in accuracy) for s in sorted(shared)}
    areas = Series({seed: relative_robustness(values) for seed, values in seeds.items()})
    relative = estimate(areas, _fine(series))
    relative = relative and replace(relative, silent=silent)
    known = [each.samples for each in series.values() if each.samples]
    names = str(own["network"]), str(own["modality"])
    return Curve(*names, accuracy, seeds, relative, silent, min(known, default=0))


def _fine(series: Mapping[float, Series]) -> float | None:
    return resolution(*series.values())


def relative_robustness(accuracies: Sequence[float]) -> float:
    """The area under a curve over levels that count the same, in accuracy.

    Example:
        >>> relative_robustness([1.0, 0.5, 0.0])
        0.5
    """
    pairs = pairwise(accuracies)
    return math.fsum((a + b) / 2 for a, b in pairs) / (len(accuracies) - 1)


def effective_robustness(accuracies: Sequence[float], baseline: Sequence[float]) -> float:
    """How much a curve keeps beyond a baseline that is moved to begin where the curve does.

    Example:
        >>> round(effective_robustness([0.9, 0.8, 0.7], [0.8, 0.6, 0.4]), 12)
        0.1
    """
    gain = accuracies[0] - baseline[0]
    gaps = [a - (b + gain) for a, b in zip(accuracies, baseline, strict=True)]
    return math.fsum(gaps) / len(gaps)


def _against(first: Curve, second: Curve) -> Against:
    levels = [level for level in first.levels if level in second.levels]
    kept = [[curve.levels.index(level) for level in levels] for curve in (first, second)]
    both = sorted(set(first.seeds) & set(second.seeds))
    pairs = {
        seed: (
            [first.seeds[seed][place] for place in kept[0]],
            [second.seeds[seed][place] for place in kept[1]],
        )
        for seed in both
    }
    gaps = {seed: effective_robustness(a, b) for seed, (a, b) in pairs.items()}
    met = [crossing_point(levels, a, b) for a, b in pairs.values()]
    known = [each.samples for each in (first, second) if each.samples]
    return Against(
        first=(first.network, first.modality),
        second=(second.network, second.modality),
        effective=estimate(gaps),
        crossing=mean_crossing(levels, pairs, min(known, default=0)) if pairs else None,
        crossed=sum(point is not None for point in met),
        compared=len(both),
        last=levels[-1] if levels else 0.0,
    )


def _places(
    table: Table, study: str, networks: Sequence[tuple[str, str]]
) -> dict[tuple[str, str, str], Estimate]:
    """What the smaller noise costs at each place, paired by seed."""
    costs = {}
    for network, modality in networks:
        own = _levels(table, study, network, modality)
        quiet = table.series(**own, noise_std=0.0)
        for place in PLACES:
            noisy = table.series(**own, noise_std=PLACED, noise_position=place)
            cost = estimate(minus(quiet, noisy), resolution(quiet, noisy))
            if cost is not None:
                costs[network, modality, place] = cost
    return costs

"""What a fused network loses with a sense, whom it believes, and what each modality contributes.

From the rows of the study `senses`: differences are paired by seed.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from spikefuse.analysis.estimates import Estimate, estimate
from spikefuse.analysis.row_index import Level, Row
from spikefuse.analysis.series import Series, minus, resolution
from spikefuse.analysis.table import Table, single_modalities
from spikefuse.analysis.tabulate import FOLLOWS
from spikefuse.data.sources.contract import FUSED
from spikefuse.studies.disturbances import condition_fields, disturbance
from spikefuse.studies.senses import PARTS

STUDY = "senses"
NETWORKS = ("snn", "dnn")
MISSING = ("mean", "zeros", "static")
"""Ways in which a modality is missing; the first decides where one is named alone."""


@dataclass(frozen=True)
class Loss:
    """A disturbed input.

    Attributes:
        kind: A kind of noise at the input.
        modalities: Whose input is replaced.
        share: Of the time steps, the last ones.
        accuracy: Under it.
        cost: Undisturbed minus disturbed accuracy, paired by seed.
        follows: Share of answers that are the class which the replaced modality shows.
        against: The network of the other modality alone, minus the disturbed fused one: what a
            network that never knew the lost sense does better. Only where one modality is left.
    """

    kind: str
    modalities: tuple[str, ...]
    share: float
    accuracy: Estimate
    cost: Estimate | None
    follows: Estimate | None = None
    against: Estimate | None = None


@dataclass(frozen=True)
class Senses:
    """One fused network with failing senses.

    Attributes:
        whole: Undisturbed accuracy.
        losses: In the order of the study.
        contributions: Shapley value of each modality, with the mean of its training samples in
            its place where it is absent; they add up to the accuracy less that of no modality.
        nothing: Accuracy where every modality is missing.
    """

    network: str
    whole: Estimate
    losses: tuple[Loss, ...]
    contributions: Mapping[str, Estimate] = field(default_factory=dict)
    nothing: Estimate | None = None

    def loss(self, kind: str, *modalities: str, share: float = 1.0) -> Loss | None:
        """The disturbance of that kind; None where it was not measured."""
        wanted = (kind, modalities, share)
        found = (e for e in self.losses if (e.kind, e.modalities, e.share) == wanted)
        return next(found, None)

    @property
    def dearest(self) -> Loss | None:
        """The one missing sense that costs most."""
        alone = [each for name in self.contributions if (each := self.loss(MISSING[0], name))]
        known = [each for each in alone if each.cost is not None]
        return max(known, key=lambda each: each.cost.mean if each.cost else 0.0, default=None)


def senses(rows: Iterable[Row]) -> list[Senses]:
    """Every fused network kind that the study has rows of.

    Raises:
        StudyError: A row cannot be read, or two say different things of one cell and seed.
    """
    table = Table(rows)
    found = (_senses(table, network) for network in NETWORKS)
    return [each for each in found if each is not None]


def _senses(table: Table, network: str) -> Senses | None:
    modalities = single_modalities(table)
    levels: dict[str, Level] = {"study": STUDY, "network": network}
    joint = levels | {"modality": FUSED}
    whole = table.series(**joint, noise_std=0.0)
    accuracy = estimate(whole, resolution(whole))
    if accuracy is None:
        return None
    by_level = {
        level: table.series(**joint, disturbance=level)
        for level in table.levels("disturbance", **joint)
    }
    follows = {
        level: table.series(**joint, disturbance=level, metric=FOLLOWS) for level in by_level
    }
    single = {name: table.series(**levels, modality=name, noise_std=0.0) for name in modalities}
    losses = [_loss(level, whole, by_level[level], follows[level], single) for level in by_level]
    parts, nothing = _contributions(whole, by_level, modalities)
    return Senses(
        network=network,
        whole=accuracy,
        losses=tuple(each for each in losses if each is not None),
        contributions=parts,
        nothing=nothing,
    )


def _loss(
    level: str, whole: Series, found: Series, follows: Series, single: Mapping[str, Series]
) -> Loss | None:
    step = resolution(whole, found)
    accuracy = estimate(found, step)
    if accuracy is None:
        return None
    fields = condition_fields(level)
    left = [name for name in single if name not in fields["modalities"]]
    is_lost = fields["kind"] in MISSING and fields["steps_share"] == 1.0 and len(left) == 1
    return Loss(
        kind=fields["kind"],
        modalities=fields["modalities"],
        share=fields["steps_share"],
        accuracy=accuracy,
        cost=estimate(minus(whole, found), step),
        follows=estimate(follows, step) if follows.values else None,
        against=estimate(minus(single[left[0]], found), step) if is_lost else None,
    )


def _contributions(
    whole: Series, by_level: Mapping[str, Series], modalities: Sequence[str]
) -> tuple[dict[str, Estimate], Estimate | None]:
    """Shapley values over all subsets of modalities; none where a subset was not measured."""
    present: dict[frozenset[str], Series] = {frozenset(modalities): whole}
    for count in range(1, len(modalities) + 1):
        for absent in combinations(modalities, count):
            found = by_level.get(disturbance(MISSING[0], absent))
            if found is None or not found.values:
                return {}, None
            present[frozenset(modalities) - set(absent)] = found
    step = resolution(*present.values())
    shares = {name: estimate(_shapley(name, present), step) for name in modalities}
    nothing = estimate(present[frozenset()], step)
    return {name: each for name, each in shares.items() if each is not None}, nothing


def _shapley(modality: str, present: Mapping[frozenset[str], Series]) -> Series:
    """The mean gain of adding a modality, over all orders in which modalities are added.

    Source: L. S. Shapley, "A value for n-person games", 1953.
    """
    count = max(len(subset) for subset in present)
    seeds = set.intersection(*(set(series.values) for series in present.values()))
    values = dict.fromkeys(sorted(seeds), 0.0)
    for subset, without in present.items():
        if modality in subset:
            continue
        size = len(subset)
        orders = math.factorial(size) * math.factorial(count - size - 1) / math.factorial(count)
        added = present[subset | {modality}]
        for seed in values:
            values[seed] += orders * (added.values[seed] - without.values[seed])
    lost = sorted({seed for series in present.values() for seed in series.diverged})
    silent = sorted({seed for series in present.values() for seed in series.silent} & seeds)
    return Series(values, diverged=tuple(lost), silent=tuple(silent))


def partial_shares(found: Senses) -> tuple[float, ...]:
    """The shares of the time steps for which something was measured."""
    return tuple(part for part in PARTS if any(each.share == part for each in found.losses))

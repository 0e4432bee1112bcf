"""What other ways of joint training bring, from the rows of the study `remedies`.

Every difference is paired by seed. Holm's correction is over each family of differences within one
kind of network: the gains; what is left to the product of networks trained apart; gains with a
sense lost as modality dropout loses it, and in ways that nothing was trained with; what is left to
a network of the other sense; gains where a part of the samples lose one; and, over both kinds, how
much more one gains than the other.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from spikefuse.analysis.estimates import LEVEL, Estimate, adjusted, estimate
from spikefuse.analysis.gains import PRODUCT
from spikefuse.analysis.row_index import Level, Row
from spikefuse.analysis.sample_errors import on_pairs
from spikefuse.analysis.series import Series, blend, mean_of, minus, resolution
from spikefuse.analysis.table import DEFAULT_FUSION, Table, single_modalities
from spikefuse.data.sources.contract import FUSED
from spikefuse.studies.disturbances import condition_fields
from spikefuse.studies.readings import BASE, DROPOUTS, REMEDY_READINGS, UNDER, composed
from spikefuse.studies.remedies import LOST, REMEDIES

NETWORKS = ("snn", "dnn")
USUAL = "usual"
"""Joint training without any remedy, among the names of these."""
SHARES = (0.2, 0.5, 1.0)
"""Parts of the test samples that lose one sense, drawn evenly."""

Key = TypeVar("Key")


@dataclass(frozen=True)
class Difference:
    """One comparison of a family.

    Attributes:
        gap: Paired by seed; None where `reason` says why.
        p_value: That there is none, after Holm over the family; None without an interval.
        reason: Why there is no gap; empty where there is one.
    """

    gap: Estimate | None
    p_value: float | None
    reason: str = ""

    @property
    def sign(self) -> int:
        """1 or -1 where it is shown to be above or below zero, after Holm; else 0."""
        is_shown = self.gap is not None and self.p_value is not None and self.p_value < LEVEL
        return self.gap.sign if is_shown and self.gap is not None else 0


@dataclass(frozen=True)
class Remedies:
    """One kind of fused network.

    Attributes:
        accuracy: Of each training on the undisturbed test set, the usual one first; None where a
            seed diverged.
        lost: By disturbance and training, the accuracy under it; likewise.
        gains: Of each remedy, minus the usual training.
        over_product: Of each training, minus the product of networks trained apart.
        protection: By disturbance and remedy, minus the usual training: a sense lost in the way
            that modality dropout trains with.
        unseen: The same where the sense is lost in another way.
        over_left: By disturbance of the first way and training, minus the network of the sense
            that is left.
        shares: By share of modality dropout and `SHARES`, minus the usual training.
    """

    network: str
    accuracy: Mapping[str, Estimate | None]
    lost: Mapping[tuple[str, str], Estimate | None]
    gains: Mapping[str, Difference]
    over_product: Mapping[str, Difference]
    protection: Mapping[tuple[str, str], Difference]
    unseen: Mapping[tuple[str, str], Difference]
    over_left: Mapping[tuple[str, str], Difference]
    shares: Mapping[tuple[str, float], Difference]


@dataclass(frozen=True)
class _Cells:
    """Accuracies by seed of one kind of network."""

    table: Table
    network: str

    @property
    def trainings(self) -> list[str]:
        """The usual training where it has rows, and the remedies that have."""
        levels = {"modality": FUSED, "fusion": DEFAULT_FUSION}
        found = self.table.levels("reading", study=REMEDIES.name, network=self.network, **levels)
        own = {level.rpartition(UNDER)[2] for level in found}
        usual = [USUAL] if own - set(REMEDY_READINGS) else []
        return [*usual, *(name for name in REMEDY_READINGS if name in own)]

    def joint(self, training: str, disturbed: str = "") -> Series:
        how: dict[str, Level] = {"disturbance": disturbed} if disturbed else {"noise_std": 0.0}
        return self._series(training, modality=FUSED, fusion=DEFAULT_FUSION, **how)

    def gain(self, training: str) -> Series:
        return minus(self.joint(training), self.joint(USUAL))

    def product(self) -> Series:
        return self._series(USUAL, modality=FUSED, fusion=PRODUCT)

    def single(self, modality: str) -> Series:
        levels = self._levels(USUAL, modality=modality, noise_std=0.0)
        return on_pairs(self.table, self.table.series(**levels), **levels)

    def _series(self, training: str, **levels: Level) -> Series:
        return self.table.series(**self._levels(training, **levels))

    def _levels(self, training: str, **levels: Level) -> dict[str, Level]:
        name, own = REMEDIES.name, BASE if training == USUAL else training
        reading = composed(self.table.reading_of(name), own)
        return {"study": name, "network": self.network, "reading": reading, **levels}


def remedies(rows: Iterable[Row]) -> list[Remedies]:
    """Every kind of fused network that the study has rows of.

    Raises:
        StudyError: A row cannot be read, or two say different things of one cell and seed.
    """
    table = Table(rows)
    cells = (_Cells(table, network) for network in NETWORKS)
    return [_remedies(each) for each in cells if each.trainings]


def _remedies(cells: _Cells) -> Remedies:
    trainings = cells.trainings
    ways = [name for name in trainings if name != USUAL]
    whole = {name: cells.joint(name) for name in trainings}
    levels = cells.table.levels(
        "disturbance", study=REMEDIES.name, network=cells.network, modality=FUSED
    )
    lost = {
        (level, name): cells.joint(name, level) for level in levels if level for name in trainings
    }
    trained = [level for level in levels if level and is_trained_with(level)]
    step = resolution(*whole.values(), *lost.values())
    product = cells.product()

    def protected(is_asked: Callable[[str], bool]) -> dict[tuple[str, str], Series]:
        return {
            (level, name): minus(series, lost.get((level, USUAL), Series()))
            for (level, name), series in lost.items()
            if name != USUAL and is_asked(level)
        }

    return Remedies(
        network=cells.network,
        accuracy={name: estimate(series, step) for name, series in whole.items()},
        lost={key: estimate(series, step) for key, series in lost.items()},
        gains=_family({name: cells.gain(name) for name in ways}, step),
        over_product=_family({n: minus(s, product) for n, s in whole.items()}, step),
        protection=_family(protected(is_trained_with), step),
        unseen=_family(protected(lambda level: not is_trained_with(level)), step),
        over_left=_family(
            {
                (level, name): minus(lost[level, name], cells.single(left))
                for level in trained
                if (left := _only_left(level, cells.table))
                for name in trainings
            },
            step,
        ),
        shares=_family(_at_shares(ways, whole, lost, trained), step),
    )


def _at_shares(
    ways: Iterable[str],
    whole: Mapping[str, Series],
    lost: Mapping[tuple[str, str], Series],
    levels: list[str],
) -> dict[tuple[str, float], Series]:
    """What modality dropout gains where a part of the samples lose one sense."""
    if not levels or USUAL not in whole:
        return {}

    def at(name: str, share: float) -> Series:
        return blend(whole[name], mean_of(*(lost[level, name] for level in levels)), share)

    return {
        (name, share): minus(at(name, share), at(USUAL, share))
        for name in ways
        if name in DROPOUTS
        for share in SHARES
    }


def is_trained_with(level: str) -> bool:
    """Whether modality dropout shows a network what this disturbance does."""
    fields = condition_fields(level)
    return (fields["kind"], fields["steps_share"]) == (LOST[0], 1.0)


def _only_left(level: str, table: Table) -> str:
    """The one modality that a disturbance leaves; empty where it leaves several."""
    lost = condition_fields(level)["modalities"]
    left = [name for name in single_modalities(table) if name not in lost]
    return left[0] if len(left) == 1 else ""


def _family(series: Mapping[Key, Series], step: float | None) -> dict[Key, Difference]:
    found = {key: estimate(each, step) for key, each in series.items()}
    p_values = adjusted(found)
    return {
        key: Difference(gap, p_values.get(key), _missing(series[key])) for key, gap in found.items()
    }


def _missing(gap: Series) -> str:
    return gap.reason or ("" if gap.values else "no seed has both")


def more(rows: Iterable[Row]) -> dict[str, Difference]:
    """How much more the first of `NETWORKS` gains than the second, by remedy, Holm over all.

    Raises:
        StudyError: A row cannot be read, or two say different things of one cell and seed.
    """
    table = Table(rows)
    ours, theirs = (_Cells(table, network) for network in NETWORKS)
    ways = [n for n in ours.trainings if n != USUAL and n in theirs.trainings]
    parts = [each.joint(name) for each in (ours, theirs) for name in (USUAL, *ways)]
    series = {name: minus(ours.gain(name), theirs.gain(name)) for name in ways}
    return _family(series, resolution(*parts))

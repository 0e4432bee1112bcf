"""The census: networks with a silent layer by surrogate, init and leak, and which to take.

The rule of choice was written before the census was run; see `choose`.
"""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from spikefuse.analysis.estimates import Estimate, estimate
from spikefuse.analysis.row_index import Row
from spikefuse.analysis.series import Series, resolution
from spikefuse.analysis.silence import RATE
from spikefuse.analysis.table import Table, single_modalities
from spikefuse.data.sources.contract import FUSED
from spikefuse.studies.paper import SIZES
from spikefuse.studies.readings import CENSUS_READINGS

STUDIES = ("census", "census-leading", "census-smallest")
"""Each with all networks of the next."""
USUAL_LEAK = 0.9
"""Of the networks among which the base is chosen."""
ENOUGH = 40
"""Seeds of the leading modality without a silent layer that a base needs at every size: then fewer
than 9 in 100 have one (95 %)."""
WITHIN = 0.003
"""How far below the best of its cell the mean accuracy of a base may lie."""


@dataclass(frozen=True)
class CensusCell:
    """The networks of one modality and size under one reading.

    Attributes:
        seeds: How many were trained.
        silent_layer: Seeds of networks that have a silent layer, see `silence`.
        accuracy: On the test set, of the others; None where there is no other.
        lowest: The lowest accuracy of all.
    """

    modality: str
    size: str
    reading: str
    seeds: int
    silent_layer: tuple[int, ...]
    accuracy: Estimate | None
    lowest: float

    @property
    def says(self) -> str:
        """The reading in words."""
        return CENSUS_READINGS[self.reading].says

    @property
    def place(self) -> tuple[str, str]:
        """Modality and size: where cells are compared."""
        return self.modality, self.size

    @property
    def support(self) -> float:
        """Half-width of the surrogate: outside, a neuron passes no gradient on."""
        trial = CENSUS_READINGS[self.reading].trial
        return math.inf if trial["surrogate"] == "atan" else float(trial["surrogate_width"])


@dataclass(frozen=True)
class Choice:
    """What the rule chooses, and on how many seeds it stands.

    Attributes:
        reading: None where nothing was compared, or every one of it has a silent layer somewhere.
        compared: How many readings of the usual leak were measured in every place.
        of_all: Whether these are all that there are.
        seeds: The fewest seeds of a cell of the leading modality that it was chosen by.
        shortfall: How far it lies below the best of a cell, at most.
        is_everywhere: Whether single modalities and their fusion were measured at every size.
    """

    reading: str | None
    compared: int
    of_all: bool
    seeds: int
    shortfall: float
    is_everywhere: bool

    @property
    def is_final(self) -> bool:
        """Whether all that the rule wants was measured and the accuracy is near the best."""
        return self.of_all and self.is_everywhere and self.seeds >= ENOUGH and self.is_near

    @property
    def is_near(self) -> bool:
        """Whether its accuracy is within the rule's distance of the best everywhere."""
        return self.reading is not None and self.shortfall <= WITHIN


def census(rows: Iterable[Row]) -> list[CensusCell]:
    """Every cell of the census that has rows.

    Raises:
        StudyError: A row cannot be read, or two say different things of one cell and seed.
    """
    table = Table(rows)
    with_one = _with_silent_layer(table)
    cells = (
        _cell(table, with_one, modality, size, reading)
        for modality in (*single_modalities(table), FUSED)
        for size in table.levels("size", study=STUDIES)
        for reading in CENSUS_READINGS
    )
    return [cell for cell in cells if cell is not None]


def _with_silent_layer(table: Table) -> frozenset[str]:
    """Trials of networks with a silent layer."""
    return frozenset(
        str(row.get("trial"))
        for row in table.select(study=STUDIES)
        if str(row.get("metric")).startswith(RATE) and float(row["value"]) == 0.0
    )


def _cell(
    table: Table, with_one: frozenset[str], modality: str, size: str, reading: str
) -> CensusCell | None:
    found = table.series(study=STUDIES, modality=modality, size=size, reading=reading)
    if not found.values:
        return None
    silent_layer = tuple(seed for seed, trial in found.trials.items() if trial in with_one)
    live = {seed: value for seed, value in found.values.items() if seed not in silent_layer}
    series = Series(live, samples=found.samples, variance=found.variance)
    accuracy = estimate(series, resolution(series)) if live else None
    lowest = min(found.values.values())
    return CensusCell(modality, size, reading, found.n, silent_layer, accuracy, lowest)


def choose(cells: Sequence[CensusCell]) -> Choice:
    """The base that the rule takes, among the readings of leak 0.9 that all places have.

    The leading modality is that of the first cell, as `census` orders them.

    No network with a silent layer anywhere; then, in every modality and size, a mean accuracy
    within 0.3 pp of the best one's; of these the smallest support of the surrogate's derivative
    (the sparsest gradients), of equal supports the higher mean accuracy. Where none is within
    0.3 pp, the one whose greatest shortfall is least.
    """
    usual = [c for c in cells if CENSUS_READINGS[c.reading].trial["leak"] == USUAL_LEAK]
    places = {cell.place for cell in usual}
    leading = usual[0].modality if usual else ""
    measured: dict[str, list[CensusCell]] = {}
    for cell in usual:
        measured.setdefault(cell.reading, []).append(cell)
    by_reading = {n: own for n, own in measured.items() if {c.place for c in own} == places}
    best = {
        place: max(_mean(c) for own in by_reading.values() for c in own if c.place == place)
        for place in places
        if by_reading
    }
    sound = {
        reading: max(best[cell.place] - _mean(cell) for cell in own)
        for reading, own in by_reading.items()
        if not any(cell.silent_layer for cell in own)
    }
    is_everywhere = _is_everywhere(places)
    of_leak = [name for name, each in CENSUS_READINGS.items() if each.trial["leak"] == USUAL_LEAK]
    counts = len(by_reading), set(by_reading) == set(of_leak)
    if not sound:
        seeds = _seeds(usual, leading)
        return Choice(None, *counts, seeds, math.nan, is_everywhere)
    near = [reading for reading, short in sound.items() if short <= WITHIN + 1e-12]

    def rank(reading: str) -> tuple[float, float]:
        own = by_reading[reading]
        return own[0].support, -math.fsum(map(_mean, own))

    chosen = min(near, key=rank) if near else min(sound, key=lambda reading: sound[reading])
    seeds = _seeds(by_reading[chosen], leading)
    return Choice(chosen, *counts, seeds, sound[chosen], is_everywhere)


def _seeds(cells: Iterable[CensusCell], modality: str) -> int:
    return min((cell.seeds for cell in cells if cell.modality == modality), default=0)


def _is_everywhere(places: Collection[tuple[str, str]]) -> bool:
    modalities = {modality for modality, _ in places}
    has_both = FUSED in modalities and len(modalities) >= 3  # what is fused are two or more
    return has_both and set(places) >= set(product(modalities, SIZES))


def _mean(cell: CensusCell) -> float:
    return cell.accuracy.mean if cell.accuracy is not None else cell.lowest

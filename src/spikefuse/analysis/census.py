"""The census: how many networks are silent under each surrogate, init and leak, and which to take.

The rule of choice was written before the census was run; see `choose`.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from spikefuse.analysis.estimates import Estimate, estimate
from spikefuse.analysis.row_index import Row
from spikefuse.analysis.series import Series, resolution
from spikefuse.analysis.table import Table, single_modalities
from spikefuse.data.sources.contract import FUSED
from spikefuse.studies.readings import CENSUS_READINGS

STUDIES = ("census", "census-smallest")
USUAL_LEAK = 0.9
"""Of the networks among which the base is chosen."""
ENOUGH = 40
"""Seeds without a silent network that a base needs: then fewer than 9 in 100 are silent (95 %)."""
WITHIN = 0.003
"""How far below the best of its cell the mean accuracy of a base may lie."""


@dataclass(frozen=True)
class CensusCell:
    """The networks of one modality and size under one reading.

    Attributes:
        seeds: How many were trained.
        silent: Seeds of networks that have a layer that never fires.
        accuracy: On the test set, of the networks that are not silent; None where none is.
        lowest: The lowest accuracy of all, silent ones too.
    """

    modality: str
    size: str
    reading: str
    seeds: int
    silent: tuple[int, ...]
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
        reading: None where a silent network stands under every reading.
        seeds: The fewest seeds of a cell that it was chosen by.
        shortfall: How far it lies below the best of a cell, at most.
    """

    reading: str | None
    seeds: int
    shortfall: float

    @property
    def is_final(self) -> bool:
        """Whether the seeds are as many as the rule wants and the accuracy is near the best."""
        return self.reading is not None and self.seeds >= ENOUGH and self.shortfall <= WITHIN


def census(rows: Iterable[Row]) -> list[CensusCell]:
    """Every cell of the census that has rows.

    Raises:
        StudyError: A row cannot be read, or two say different things of one cell and seed.
    """
    table = Table(rows)
    dead = _with_silent_layer(table)
    cells = (
        _cell(table, dead, modality, size, reading)
        for modality in (*single_modalities(table), FUSED)
        for size in table.levels("size", study=STUDIES)
        for reading in CENSUS_READINGS
    )
    return [cell for cell in cells if cell is not None]


def _with_silent_layer(table: Table) -> frozenset[str]:
    """Trials some hidden layer of which never fires: what lies behind it learns nothing."""
    return frozenset(
        str(row.get("trial"))
        for row in table.select(study=STUDIES)
        if str(row.get("metric")).startswith("rate.") and float(row["value"]) == 0.0
    )


def _cell(
    table: Table, dead: frozenset[str], modality: str, size: str, reading: str
) -> CensusCell | None:
    found = table.series(study=STUDIES, modality=modality, size=size, reading=reading)
    if not found.values:
        return None
    silent = tuple(seed for seed, trial in found.trials.items() if trial in dead)
    live = {seed: value for seed, value in found.values.items() if seed not in silent}
    series = Series(live, samples=found.samples, variance=found.variance)
    accuracy = estimate(series, resolution(series)) if live else None
    lowest = min(found.values.values())
    return CensusCell(modality, size, reading, found.n, silent, accuracy, lowest)


def choose(cells: Sequence[CensusCell]) -> Choice:
    """The base that the rule takes, among the readings of leak 0.9 that all places have.

    No silent network anywhere; then, in every modality and size, a mean accuracy within 0.3 pp of
    the best one's; of these the smallest support of the surrogate's derivative (the sparsest
    gradients), of equal supports the higher mean accuracy. Where none is within 0.3 pp, the one
    whose greatest shortfall is least.
    """
    usual = [c for c in cells if CENSUS_READINGS[c.reading].trial["leak"] == USUAL_LEAK]
    places = {cell.place for cell in usual}
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
        if not any(cell.silent for cell in own)
    }
    if not sound:
        return Choice(None, min((cell.seeds for cell in usual), default=0), math.nan)
    near = [reading for reading, short in sound.items() if short <= WITHIN + 1e-12]

    def rank(reading: str) -> tuple[float, float]:
        own = by_reading[reading]
        return own[0].support, -math.fsum(map(_mean, own))

    chosen = min(near, key=rank) if near else min(sound, key=lambda reading: sound[reading])
    seeds = min(cell.seeds for cell in by_reading[chosen])
    return Choice(chosen, seeds, sound[chosen])


def _mean(cell: CensusCell) -> float:
    return cell.accuracy.mean if cell.accuracy is not None else cell.lowest

"""Finding a claim's numbers in tidy rows, and refusing what would not be a fair reading of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from spikefuse.analysis.claims.rules import Levels, Quantity
from spikefuse.analysis.effort import Effort, efforts, least
from spikefuse.analysis.estimates import silent_words
from spikefuse.analysis.row_index import Level, Row
from spikefuse.analysis.sample_errors import errors_of, on_pairs
from spikefuse.analysis.series import Series
from spikefuse.analysis.table import DEFAULT_FUSION, Table
from spikefuse.analysis.words import FEWEST, plural
from spikefuse.core.errors import StudyError
from spikefuse.data.sources.contract import FUSED
from spikefuse.stats import Interval, mean_interval, over_samples
from spikefuse.studies.readings import BASE

# The studies whose cells are the paper's. Another study with the same columns is read only where
# none of these has the cell.
PAPER_STUDIES = frozenset(
    ("model-size", "noise-size", "noise-position", "reset", "neuron", "time-steps")
)

# The smallest set that the paper evaluates, FSDD's official test clips. Stands in for the number of
# samples where rows do not carry it, and only where all seeds agree exactly.
ASSUMED_SAMPLES = 300


class Unavailable(Exception):
    """A quantity cannot be measured from the rows; the message says why.

    Attributes:
        value: The mean over the seeds that are there, when it means anything.
        n: Number of seeds that are there.
    """

    def __init__(self, reason: str, value: float | None = None, n: int = 0) -> None:
        super().__init__(reason)
        self.value = value
        self.n = n


@dataclass(frozen=True)
class Observations:
    """The rows that a judgement reads.

    Attributes:
        table: The paper's studies first; of one reading.
        protocol: Pairing protocol.
        split: "validation" (best of all epochs) or "test" (at the best validation epoch).
        noise_position: Where noise stands for cells that do not say.
        reading: Whose rows they are.
        efforts: Trial -> how long it was trained.
        everything: All rows, for what stands beside.
    """

    table: Table
    protocol: str
    split: str
    noise_position: str
    reading: str = BASE
    efforts: Mapping[str, Effort] = field(default_factory=dict)
    everything: Table = field(default_factory=lambda: Table(()))

    @classmethod
    def of(
        cls,
        rows: Iterable[Row],
        protocol: str,
        split: str,
        noise_position: str = "before",
        reading: str | None = None,
    ) -> "Observations":
        """Rows of one protocol and reading, by default the table's own, see `Table.reading`."""
        everything = Table(rows)
        reading = everything.reading if reading is None else reading
        chosen = everything.select(protocol=protocol, reading=reading)
        table = Table(chosen, first=PAPER_STUDIES)
        known = efforts(chosen)
        return cls(table, protocol, split, noise_position, reading, known, everything)

    def elsewhere(self, reading: str = "", split: str = "") -> "Observations":
        """The same of another reading or split; empty for this one's."""
        if not reading or reading == self.reading:
            return replace(self, split=split or self.split)
        place = (self.protocol, split or self.split, self.noise_position, reading)
        return self.of(self.everything, *place)

    def effort(self, cell: Levels) -> Effort:
        """How long the networks of a cell were trained, the one trained least.

        Raises:
            Unavailable: As for `series`.
        """
        trials = self.series(cell).trials.values()
        return least(self.efforts.get(name, Effort()) for name in trials)

    def error(self, quantity: Quantity) -> tuple[float, int, str] | None:
        """Standard error over test samples of a quantity, where predictions were kept."""
        if self.split != "test":
            return None
        rows = self.table.select(split="test", **_levels(quantity.terms[0][1]))
        return errors_of(rows).get(quantity.words)

    def series(self, cell: Levels, *, over_pairs: bool = False) -> Series:
        """Accuracy by seed of one cell; of a single network over the fused one's pairs if asked.

        Raises:
            Unavailable: No rows, a row that cannot be read, two numbers for one seed, or a seed
                that diverged: leaving it out would flatter the cell.
        """
        if cell.noise_std and cell.noise_position is None:
            cell = replace(cell, noise_position=self.noise_position)
        try:
            series = self.table.series(split=self.split, **_levels(cell))
            if over_pairs and self.split == "test":
                series = on_pairs(self.table, series, **_levels(cell))
        except StudyError as problem:
            raise Unavailable(str(problem).removeprefix("results: ")) from problem
        if not series.is_there:
            raise Unavailable(f"no rows for {cell.words()}")
        if series.diverged:
            raise Unavailable(series.reason, n=series.n)
        return series


def mixes(quantity: Quantity) -> bool:
    """Whether fused and single networks without noise are compared, so that pairs must be alike.

    Every single network needs a fused one of its own settings to take the pairs from.
    """
    cells = [cell for _, cell in quantity.terms]
    fused = {replace(cell, modality="") for cell in cells if cell.modality == FUSED}
    single = {replace(cell, modality="") for cell in cells if cell.modality != FUSED}
    plain = not any(cell.noise_std for cell in cells)
    return quantity.reduce == "sum" and plain and bool(single) and single <= fused


def _levels(cell: Levels) -> dict[str, Level]:
    """The cell by tidy column: only what says something about such a network."""
    levels: dict[str, Level] = {
        "network": cell.network,
        "modality": cell.modality,
        "size": cell.size,
        "noise_std": cell.noise_std,
        "pairing": "true",
    }
    if cell.network != "dnn":
        levels |= {"neuron": cell.neuron, "reset": cell.reset, "time_steps": cell.time_steps}
    if cell.modality == FUSED:
        levels["fusion"] = DEFAULT_FUSION
    if cell.noise_std and cell.noise_position:
        levels["noise_position"] = cell.noise_position
    return levels


def measure(
    rows: Observations, quantity: Quantity, confidence: float = 0.95
) -> tuple[Interval, tuple[float, ...]]:
    """A quantity over the seeds that all its cells share, with its t interval.

    Returns:
        The interval, and the number of each seed.

    Raises:
        Unavailable: A cell has no usable numbers, or fewer than 2 seeds are shared.
    """
    both = mixes(quantity)
    found = [
        (weight, rows.series(cell, over_pairs=both and cell.modality != FUSED))
        for weight, cell in quantity.terms
    ]
    seeds = sorted(set.intersection(*(set(series.live) for _, series in found)))
    weights = np.array([weight for weight, _ in found])
    accuracies = np.array([[series.values[seed] for seed in seeds] for _, series in found])
    reduced = {
        "sum": lambda: weights @ accuracies,
        "highest": lambda: accuracies.max(axis=0),
        "lowest": lambda: accuracies.min(axis=0),
    }[quantity.reduce]()
    silent = [words for _, series in found if (words := silent_words(series))]
    if len(seeds) < 2:
        value = float(reduced[0]) if seeds else None
        reason = f"{plural(len(seeds), 'seed')} for {quantity.words}"
        reason += f" ({'; '.join(dict.fromkeys(silent))})" * bool(silent)
        raise Unavailable(f"{reason}; an interval needs at least 2", value, len(seeds))

    steps = [abs(weight) / (series.samples or ASSUMED_SAMPLES) for weight, series in found]
    variance = _counting(found, seeds, total=quantity.reduce == "sum")
    step = max(steps)
    interval = mean_interval(reduced, confidence=confidence, resolution=step, variance=variance)
    error = rows.error(quantity) if len(seeds) >= FEWEST else None
    notes = [interval.note] if interval.note else []
    if error is not None and error[0] > 0.0 and error[1] > 1:
        of = f"{error[2]} samples"
        interval = over_samples(interval, *error[:2], of)
        notes.append(f"the interval is over {error[1]:,} {of} too")
    notes += dict.fromkeys(silent)
    if interval.note and any(not series.samples for _, series in found):
        notes.append(f"rows do not say how many samples: {ASSUMED_SAMPLES} assumed")
    if max(len(series.live) for _, series in found) > len(seeds):
        notes.append(f"only the {len(seeds)} seeds that all cells share are used")
    return replace(interval, note="; ".join(notes)), tuple(reduced.tolist())


def _counting(found: Sequence[tuple[float, Series]], seeds: Sequence[int], *, total: bool) -> float:
    """Variance of the quantity from counting right answers: of the sum, or of its widest cell."""
    parts = []
    for weight, series in found:
        share = sum(series.values[seed] for seed in seeds) / len(seeds)
        parts.append(weight**2 * share * (1.0 - share) / (series.samples or ASSUMED_SAMPLES))
    return sum(parts) if total else max(parts)

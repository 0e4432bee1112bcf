"""Finding a claim's numbers in tidy rows, and refusing what would not be a fair reading of them."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from spikefuse.analysis.claims.rules import Levels, Quantity
from spikefuse.stats import Interval, mean_interval
from spikefuse.studies.readings import BASE

Row = Mapping[str, object]
Key = tuple[str, str, str, str, str, int, float, str]

# The studies whose cells are the paper's. Another study with the same columns is read only where
# none of these has the cell.
PAPER_STUDIES = frozenset(
    ("model-size", "noise-size", "noise-position", "reset", "neuron", "time-steps")
)

# The smallest set that the paper evaluates, FSDD's official test clips. Stands in for the number of
# samples where rows do not carry it, and only where all seeds agree exactly.
ASSUMED_SAMPLES = 300

# Two rows of one trial agree up to the rounding of a text file.
_SAME = 1e-9


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


@dataclass(frozen=True, slots=True)
class _Entry:
    seed: int | None
    value: float
    samples: float
    row: Row


@dataclass(frozen=True, slots=True)
class Series:
    """Accuracy by seed of one cell, and the number of samples behind each (NaN: not known)."""

    values: Mapping[int, float]
    samples: float


def _text(row: Row, column: str) -> str:
    value = row.get(column)
    return "" if value is None else str(value).strip()


def _shown(row: Row, column: str) -> str:
    """A cell's text for a message: short, and without what could steer a terminal."""
    text = "".join(
        character if character.isprintable() else "?" for character in _text(row, column)
    )
    return f"{text[:39]}…" if len(text) > 40 else text or "nothing"


def _number(row: Row, column: str) -> float:
    try:
        return float(_text(row, column))
    except ValueError:
        return math.nan


def _key(row: Row) -> Key | None:
    """Which cell the row belongs to; None for a row that no claim reads."""
    network, modality = _text(row, "network"), _text(row, "modality")
    if modality == "fused" and _text(row, "fusion") != "early":
        return None
    if _text(row, "pairing") == "shuffled":
        return None
    noise_std, steps = _number(row, "noise_std"), _number(row, "time_steps")
    if not math.isfinite(noise_std):
        return None
    levels = Levels(
        network,
        modality,
        _text(row, "size"),
        _text(row, "neuron"),
        _text(row, "reset"),
        int(steps) if math.isfinite(steps) else 0,
        noise_std,
        _text(row, "noise_position"),
    )
    return _cell_key(levels)


def _cell_key(cell: Levels) -> Key:
    spiking = cell.network != "dnn"
    return (
        cell.network,
        cell.modality,
        cell.size,
        cell.neuron if spiking else "",
        cell.reset if spiking else "",
        cell.time_steps if spiking else 0,
        round(cell.noise_std, 9),
        (cell.noise_position or "") if cell.noise_std else "",
    )


class Table:
    """Tidy rows of one protocol and split, found by cell.

    Args:
        rows: Tidy rows, typed or as text.
        protocol: Pairing protocol.
        split: "validation" (best of all epochs) or "test" (at the best validation epoch).
        noise_position: Where noise stands for cells that do not say.
        reading: Only rows of this reading; a row that names none is of the base reading.
    """

    def __init__(
        self,
        rows: Iterable[Row],
        protocol: str,
        split: str,
        noise_position: str = "before",
        reading: str = BASE,
    ) -> None:
        self.noise_position = noise_position
        self._entries: dict[Key, list[_Entry]] = {}
        for row in rows:
            if _text(row, "protocol") != protocol or (_text(row, "reading") or BASE) != reading:
                continue
            metric = _text(row, "metric")
            is_accuracy = metric == "accuracy" and _text(row, "split") == split
            # A diverged trial has no accuracy. Leaving it out would flatter the cell.
            if not (is_accuracy or metric == "diverged"):
                continue
            key = _key(row)
            if key is None:
                continue
            seed = _number(row, "seed")
            self._entries.setdefault(key, []).append(
                _Entry(
                    seed=int(seed) if seed.is_integer() else None,
                    value=_number(row, "value") if is_accuracy else math.nan,
                    samples=_number(row, "samples"),
                    row=row,
                )
            )

    def series(self, cell: Levels) -> Series:
        """Accuracy by seed of one cell.

        Raises:
            Unavailable: No rows, a row without seed or number, or two numbers for one seed.
        """
        if cell.noise_std and cell.noise_position is None:
            cell = replace(cell, noise_position=self.noise_position)
        entries = self._entries.get(_cell_key(cell), [])
        ours = [entry for entry in entries if _text(entry.row, "study") in PAPER_STUDIES]
        entries = ours or entries
        if not entries:
            raise Unavailable(f"no rows for {cell.words()}")
        by_seed: dict[int, _Entry] = {}
        for entry in entries:
            if entry.seed is None:
                raise Unavailable(f"a row of {cell.words()} has no whole number as its seed")
            if _text(entry.row, "metric") == "diverged":
                raise Unavailable(f"training diverged for seed {entry.seed} of {cell.words()}")
            if not 0.0 <= entry.value <= 1.0:
                raise Unavailable(
                    f"seed {entry.seed} of {cell.words()} has no accuracy in 0 to 1, "
                    f"but {_shown(entry.row, 'value')}"
                )
            first = by_seed.setdefault(entry.seed, entry)
            if abs(first.value - entry.value) > _SAME:
                raise Unavailable(
                    f"seed {entry.seed} of {cell.words()} has two different numbers"
                    f"{_what_differs(first.row, entry.row)}: keep one reading"
                )
        return Series(
            values={seed: by_seed[seed].value for seed in sorted(by_seed)},
            samples=min(entry.samples for entry in by_seed.values()),
        )


def _what_differs(a: Row, b: Row) -> str:
    own = {"study", "value"}
    columns = sorted((set(a) & set(b)) - own)
    differ = [
        f"{column} {_shown(a, column)} and {_shown(b, column)}"
        for column in columns
        if _text(a, column) != _text(b, column)
    ]
    return f" ({', '.join(differ[:3])})" if differ else ""


def measure(table: Table, quantity: Quantity, confidence: float = 0.95) -> Interval:
    """A quantity over the seeds that all its cells share, with its t interval.

    Raises:
        Unavailable: A cell has no usable numbers, or fewer than 2 seeds are shared.
    """
    found = [(weight, cell, table.series(cell)) for weight, cell in quantity.terms]
    seeds = sorted(set.intersection(*(set(series.values) for _, _, series in found)))
    weights = np.array([weight for weight, _, _ in found])
    accuracies = np.array([[series.values[seed] for seed in seeds] for _, _, series in found])
    reduced = {
        "sum": lambda: weights @ accuracies,
        "highest": lambda: accuracies.max(axis=0),
        "lowest": lambda: accuracies.min(axis=0),
    }[quantity.reduce]()
    if len(seeds) < 2:
        reason = f"{len(seeds)} seed{'' if len(seeds) == 1 else 's'} for {quantity.words}"
        value = float(reduced[0]) if seeds else None
        raise Unavailable(f"{reason}; an interval needs at least 2", value, len(seeds))

    steps = [
        abs(weight) / (series.samples if series.samples >= 1 else ASSUMED_SAMPLES)
        for weight, _, series in found
    ]
    interval = mean_interval(reduced, confidence=confidence, resolution=max(steps))
    notes = [interval.note] if interval.note else []
    if interval.note and any(not series.samples >= 1 for _, _, series in found):
        notes.append(f"rows do not say how many samples: {ASSUMED_SAMPLES} assumed")
    most = max(len(series.values) for _, _, series in found)
    if most > len(seeds):
        notes.append(f"only the {len(seeds)} seeds that all cells share are used")
    return replace(interval, note="; ".join(notes))

"""Confusion matrices: which digit was read as which, summed over seeds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spikefuse.analysis.estimates import Estimate, estimate
from spikefuse.analysis.words import NONE, interval, level_name, percent, plural
from spikefuse.report.drawing import theme
from spikefuse.report.reading.settings import MODALITIES
from spikefuse.report.reading.sources import Run
from spikefuse.report.reading.stored import Arrays, Shelf
from spikefuse.report.tables import Column, Table

CLASSES = 10
_FULL_WRONG = 0.2
"""This share of a digit, read as another one, has the darkest shade."""

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Confusion:
    """One network's answers: counts [true digit, digit read] by seed."""

    network: str
    modality: str
    by_seed: dict[int, Counts]

    @property
    def counts(self) -> Counts:
        """The sum over seeds."""
        return np.asarray(sum(self.by_seed.values()), dtype=np.int64)

    @property
    def name(self) -> str:
        """`SNN, fused`."""
        return f"{level_name('network', self.network)}, {self.modality}"


@dataclass(frozen=True)
class Matrix:
    """A confusion matrix for the page.

    Attributes:
        shades: The style-sheet variable of each count's shade, by row; empty for a count of zero.
    """

    table: Table
    shades: tuple[tuple[str, ...], ...]


def confusions(run: Run, shelf: Shelf) -> list[Confusion]:
    """Of every default network of size S that stored what it answered to the test set."""
    found = []
    for modality in MODALITIES:
        for network in ("snn", "dnn"):
            by_seed = {}
            for seed, trial in shelf.trials(network, modality).items():
                stored = shelf.predictions(trial)
                if not {"predicted", "labels"} <= stored.keys():
                    continue
                try:
                    by_seed[seed] = count(stored)
                except (ValueError, TypeError, IndexError) as error:
                    shelf.refuse(trial, "predictions", error)
            if by_seed:
                found.append(Confusion(network, modality, by_seed))
    return found


def count(stored: Arrays) -> Counts:
    """How often each true digit (row) was read as each digit (column).

    Raises:
        ValueError: Labels and predictions differ in number, or are no digits.
    """
    labels, predicted = (stored[name].astype(np.int64) for name in ("labels", "predicted"))
    if labels.shape != predicted.shape or labels.ndim != 1 or not labels.size:
        raise ValueError(f"{labels.shape} labels and {predicted.shape} predictions")
    if min(labels.min(), predicted.min()) < 0 or max(labels.max(), predicted.max()) >= CLASSES:
        raise ValueError("a class is no digit")
    counts: Counts = np.zeros((CLASSES, CLASSES), dtype=np.int64)
    np.add.at(counts, (labels, predicted), 1)
    return counts


def matrices(found: Sequence[Confusion]) -> list[Matrix]:
    """The matrices with shades: the modality's own colour where right, grey where wrong."""
    return [Matrix(_table(each), _shades(each)) for each in found]


def _table(found: Confusion) -> Table:
    counts = found.counts
    total, seeds = int(counts.sum()), len(found.by_seed)
    hits = {s: float(np.trace(each) / each.sum()) for s, each in found.by_seed.items()}
    rows = []
    for digit in range(CLASSES):
        cells = [f"{value:,}" for value in counts[digit]]
        rows.append((str(digit), *cells, f"{int(counts[digit].sum()):,}", *_recall(found, digit)))
    overall = estimate(hits)
    said = ""
    if overall is not None:
        ends = _spread(overall)
        said = f"right {percent(overall.mean)} %{f' ({ends})' if ends != NONE else ''}, "
    return Table(
        name=f"confusion-{found.network}-{found.modality}",
        caption=(
            f"{found.name}: {said}{total:,} answers of {plural(seeds, 'seed')}. "
            "A row is the true digit, a column the digit read."
        ),
        columns=(
            Column("True digit"),
            *(Column(f"Read as {digit}", number=True) for digit in range(CLASSES)),
            Column("n", number=True),
            Column("Right %", number=True),
            Column("95 % interval", number=True),
        ),
        rows=tuple(rows),
    )


def _recall(found: Confusion, digit: int) -> tuple[str, str]:
    """Share of a digit's samples that were read right, with its interval over seeds."""
    by_seed = {
        seed: float(counts[digit, digit] / counts[digit].sum())
        for seed, counts in found.by_seed.items()
        if counts[digit].sum()
    }
    value = estimate(by_seed)
    if value is None:
        return NONE, NONE
    return percent(value.mean), _spread(value)


def _spread(value: Estimate) -> str:
    """The interval; none where seeds agree exactly, since a width of zero proves nothing."""
    return NONE if value.low == value.high else interval(value.low, value.high)


def _shades(found: Confusion) -> tuple[tuple[str, ...], ...]:
    counts = found.counts
    role = theme.role(found.modality)
    rows = []
    for digit in range(CLASSES):
        total = max(int(counts[digit].sum()), 1)
        rows.append(
            tuple(
                _shade(int(value) / total, role if read == digit else "")
                for read, value in enumerate(counts[digit])
            )
        )
    return tuple(rows)


def _shade(part: float, role: str) -> str:
    """The variable of the shade for a share of a digit's samples; none for a share of zero.

    Errors are rare, so their shades grow with the square root.
    """
    if part == 0:
        return ""
    strength = part if role else math.sqrt(min(part / _FULL_WRONG, 1.0))
    return f"{role or 'ink'}-{max(1, math.ceil(strength * theme.SHADES - 1e-9))}"

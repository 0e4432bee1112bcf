"""Confusion matrices: which class was read as which, summed over seeds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spikefuse.analysis.estimates import Estimate, estimate
from spikefuse.analysis.words import NONE, level_name, percent, plural, share, span
from spikefuse.report.drawing import theme
from spikefuse.report.printable import plain
from spikefuse.report.reading.sources import Run
from spikefuse.report.reading.stored import Arrays, Shelf
from spikefuse.report.tables import Column, Table

MOST_CLASSES = 30
"""A matrix of more classes cannot be read; its most confused pairs are listed instead."""
MOST_PAIRS = 30
READ_AS = "Read as "
_FULL_WRONG = 0.2
"""This share of a class, read as another one, has the darkest shade."""

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Confusion:
    """One network's answers: counts [true class, class read] by seed.

    Attributes:
        role: Colour role of its modality.
        names: Of the classes; empty where only their numbers are known.
    """

    network: str
    modality: str
    by_seed: dict[int, Counts]
    role: str = "ink"
    names: tuple[str, ...] = ()

    @property
    def counts(self) -> Counts:
        """The sum over seeds."""
        classes = max(len(each) for each in self.by_seed.values())
        total: Counts = np.zeros((classes, classes), dtype=np.int64)
        for each in self.by_seed.values():
            total[: len(each), : len(each)] += each
        return total

    def label(self, index: int) -> str:
        """A class as it is written."""
        return self.names[index] if index < len(self.names) else str(index)

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
    names, roles = _class_names(run), theme.roles(run.modalities)
    found = []
    for modality in run.modalities:
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
                found.append(Confusion(network, modality, by_seed, roles[modality], names))
    return found


def _class_names(run: Run) -> tuple[str, ...]:
    """The names of the classes; empty where they are not known."""
    return tuple(plain(name, 40) for name in run.classes)


def count(stored: Arrays) -> Counts:
    """How often each true class (row) was read as each class (column).

    There are as many classes as logits; without these, as many as the largest class says.

    Raises:
        ValueError: Labels and predictions differ in number, or are no classes.
    """
    labels, predicted = (stored[name].astype(np.int64) for name in ("labels", "predicted"))
    if labels.shape != predicted.shape or labels.ndim != 1 or not labels.size:
        raise ValueError(f"{labels.shape} labels and {predicted.shape} predictions")
    least, most = min(labels.min(), predicted.min()), max(labels.max(), predicted.max())
    classes = stored["logits"].shape[-1] if "logits" in stored else int(most) + 1
    if least < 0 or most >= classes:
        raise ValueError(f"a class is none of {classes}")
    counts: Counts = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(counts, (labels, predicted), 1)
    return counts


def matrices(found: Sequence[Confusion]) -> list[Matrix]:
    """The matrices with shades: the modality's own colour where right, grey where wrong.

    Of more classes than fit on a page, the pairs that are confused most.
    """
    return [
        Matrix(_table(each), _shades(each))
        if len(each.counts) <= MOST_CLASSES
        else Matrix(_pairs_table(each), ())
        for each in found
    ]


def _pairs_table(found: Confusion) -> Table:
    """The pairs of classes that are confused most, with their share of the true class."""
    wrong = found.counts.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:MOST_PAIRS]
    rows = []
    for true, read in zip(*np.unravel_index(order, wrong.shape), strict=True):
        number, of = int(wrong[true, read]), int(found.counts[true].sum())
        if number:
            names = (found.label(int(true)), found.label(int(read)))
            rows.append((*names, f"{number:,}", f"{of:,}", percent(number / of)))
    return Table(
        name=f"confusion-{found.network}-{found.modality}",
        caption=f"{_said(found)} Of {len(wrong):,} classes, the pairs that are confused most.",
        columns=(
            Column("True class"),
            Column("Read as"),
            Column("Answers", number=True),
            Column("n", number=True),
            Column("Share %", number=True),
        ),
        rows=tuple(rows),
        heads=2,
    )


def _said(found: Confusion) -> str:
    """Network, share of right answers and how many answers there are, in a sentence."""
    total, seeds = int(found.counts.sum()), len(found.by_seed)
    hits = {s: float(np.trace(each) / each.sum()) for s, each in found.by_seed.items()}
    overall = estimate(hits)
    said = ""
    if overall is not None:
        ends = _spread(overall)
        said = f"right {percent(overall.mean)} %{f' ({ends})' if ends != NONE else ''}, "
    return f"{found.name}: {said}{total:,} answers of {plural(seeds, 'seed')}."


def _table(found: Confusion) -> Table:
    counts = found.counts
    classes = range(len(counts))
    rows = []
    for true in classes:
        cells = [f"{value:,}" for value in counts[true]]
        total = f"{int(counts[true].sum()):,}"
        rows.append((found.label(true), *cells, total, *_recall(found, true)))
    return Table(
        name=f"confusion-{found.network}-{found.modality}",
        caption=f"{_said(found)} A row is the true class, a column the class read.",
        columns=(
            Column("True class"),
            *(Column(f"{READ_AS}{found.label(read)}", number=True) for read in classes),
            Column("n", number=True),
            Column("Right %", number=True),
            Column("95 % interval", number=True),
        ),
        rows=tuple(rows),
    )


def _recall(found: Confusion, true: int) -> tuple[str, str]:
    """Share of a class's samples that were read right, with its interval over seeds."""
    by_seed = {
        seed: float(counts[true, true] / counts[true].sum())
        for seed, counts in found.by_seed.items()
        if true < len(counts) and counts[true].sum()
    }
    value = estimate(by_seed)
    if value is None:
        return NONE, NONE
    return percent(value.mean), _spread(value)


def _spread(value: Estimate) -> str:
    """The interval; none where seeds agree exactly, since a width of zero proves nothing."""
    is_flat = value.low is not None and value.low == value.high
    return NONE if is_flat else span(value, share)


def _shades(found: Confusion) -> tuple[tuple[str, ...], ...]:
    counts = found.counts
    rows = []
    for true in range(len(counts)):
        total = max(int(counts[true].sum()), 1)
        rows.append(
            tuple(
                _shade(int(value) / total, found.role if read == true else "")
                for read, value in enumerate(counts[true])
            )
        )
    return tuple(rows)


def _shade(part: float, role: str) -> str:
    """The variable of the shade for a share of a class's samples; none for a share of zero.

    Errors are rare, so their shades grow with the square root.
    """
    if part == 0:
        return ""
    strength = part if role else math.sqrt(min(part / _FULL_WRONG, 1.0))
    return f"{role or 'ink'}-{max(1, math.ceil(strength * theme.SHADES - 1e-9))}"

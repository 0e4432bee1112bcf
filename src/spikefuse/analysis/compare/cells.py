"""Finding the cell that `factor=level,...` names in a table of results, and its number by seed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from spikefuse.analysis.claims.observations import PAPER_STUDIES
from spikefuse.analysis.estimates import silent_words
from spikefuse.analysis.row_index import DIVERGED, Row, Runs, is_silent, same
from spikefuse.analysis.series import Series
from spikefuse.analysis.table import METRIC, Table
from spikefuse.analysis.words import shown
from spikefuse.core.checks import one_of
from spikefuse.core.errors import InputError, StudyError
from spikefuse.results import TIDY_COLUMNS

NOT_FACTORS = frozenset(
    ("trial", "seed", "split", "metric", "value", "samples", "steps", "plateau")
)
"""Columns that say what a number is; `study` may be named but need not be."""

_WHERE = "compare"


@dataclass(frozen=True)
class Operand:
    """One side of a comparison: the accuracy by seed of one cell, or of one trial.

    Args:
        label: What a reader calls it.
        values: Seed -> accuracy, a fraction.
        trials: Seed -> name of the trial behind it.
        samples: Samples behind each accuracy, draws of noise included; 0 if not known.
        noise_std: Noise at evaluation; stored predictions are those without noise.
        root: Results folder with the trials.
        silent: Seeds of which a network is silent.
    """

    label: str
    values: Mapping[int, float]
    trials: Mapping[int, str]
    samples: int
    noise_std: float
    root: Path
    silent: tuple[int, ...] = ()


def counted_apart(
    a: Operand, b: Operand
) -> tuple[Operand, Operand, tuple[int, ...], tuple[str, ...]]:
    """Both without the seeds whose networks are silent; these seeds, and what to say of them.

    A seed that both have is one difference: silent in either, it is left out of both. Where nobody
    would be left on a side, all stay, none is apart, and that is said.
    """
    both = set(a.values) & set(b.values)
    sides, told = [], []
    for each, other in ((a, b), (b, a)):
        words = silent_words(Series(each.values, silent=each.silent))
        told += [f"{each.label}: {words}"] if words else []
        lost = {*each.silent, *(both & set(other.silent))}
        live = {seed: value for seed, value in each.values.items() if seed not in lost}
        sides.append(replace(each, values=live))
    silent = tuple(sorted({*a.silent, *b.silent}))
    if not all(each.values for each in sides):
        counts = " and ".join(f"{len(each.silent)} of {len(each.values)}" for each in (a, b))
        return a, b, (), (f"silent networks are in it, {counts}: without them nothing is left.",)
    return sides[0], sides[1], silent, tuple(told)


def factors_of(rows: Sequence[Row]) -> list[str]:
    """Columns that may be factors: the named ones in their order, then the further ones."""
    columns = dict.fromkeys(TIDY_COLUMNS) | Runs(rows).names
    return [name for name in columns if name not in NOT_FACTORS]


def parse_cell(text: str) -> dict[str, str]:
    """The levels that `factor=level,factor=level` names.

    Raises:
        InputError: A part has no `=`, or a factor stands twice.

    Example:
        >>> parse_cell("network=snn, noise_std=0.1")
        {'network': 'snn', 'noise_std': '0.1'}
    """
    levels: dict[str, str] = {}
    for part in text.split(","):
        name, equals, level = (piece.strip() for piece in part.partition("="))
        if not (name and equals and level):
            raise InputError(
                f"{_WHERE}: a cell must be written factor=level,factor=level, got {text!r}. "
                "Example: network=snn,modality=fused."
            )
        if name in levels:
            raise InputError(f"{_WHERE}: {name} must stand once in a cell, got {text!r}.")
        levels[name] = level
    return levels


def _levels(rows: Iterable[Row], name: str) -> dict[str, None]:
    return dict.fromkeys(shown(row.get(name)) for row in rows)


def _is_outcome(row: Row, split: str) -> bool:
    """Whether a row says what came of a trial: its accuracy, or that there is none."""
    metric = row.get("metric")
    return metric == DIVERGED or (metric == METRIC and row.get("split") == split)


def select(rows: Sequence[Row], text: str, split: str) -> list[Row]:
    """The rows of one cell: the named levels, and for factors not named the usual level.

    The usual level is the only one that is left, else the default of `Cell` (SNN, image, size S,
    LIF, soft reset, T = 4, early fusion, `disjoint`, no noise), else the one of the paper's six
    experiments.

    Raises:
        InputError: A factor or level is unknown, no row has all of them together, or a factor
            without a usual level is not named.
    """
    named = parse_cell(text)
    factors = factors_of(rows)
    left = [row for row in rows if _is_outcome(row, split)]
    if not left:
        raise InputError(f"{_WHERE}: the table must hold accuracies of split {split!r}, got none.")
    everything = left
    for name, level in named.items():
        one_of(_WHERE, "factor", name, factors)
        found = [row for row in everything if same(row.get(name), level)]
        if not found:
            one_of(_WHERE, name, level, _levels(everything, name))
        left = [row for row in left if same(row.get(name), level)]
        if not left:
            raise InputError(f"{_WHERE}: no network was run with {text}. Name other levels.")
    for name in factors:
        if name not in named and name != "study":
            left = _usual(left, name)
    return left


def _usual(rows: Sequence[Row], name: str) -> list[Row]:
    levels = _levels(rows, name)
    if len(levels) <= 1:
        return list(rows)
    from spikefuse.studies.design import Cell  # two folders are compared without it

    field = Cell.model_fields.get(name)
    usual = {shown(field.default)} if field else set()
    if name == "reading":
        usual = {Table(rows).reading}
    if not usual & set(levels):
        usual = set(_levels((row for row in rows if row.get("study") in PAPER_STUDIES), name))
    if len(usual) != 1:
        raise InputError(
            f"{_WHERE}: the cell must say which {name}, there are {', '.join(levels)}. "
            f"Add {name}=LEVEL."
        )
    (level,) = usual
    return [row for row in rows if shown(row.get(name)) == level]


def operand_of(
    rows: Iterable[Row],
    label: str,
    root: Path,
    split: str = "test",
    silent: Collection[str] = (),
) -> Operand:
    """The accuracies by seed that the rows of one cell hold.

    A trial that stands in several studies gives the same number in each, and counts once.

    Args:
        rows: Of the cell.
        label: What a reader calls it.
        root: Results folder with the trials.
        split: "test" or "validation".
        silent: Trials that are silent, of the whole table: a cell's own rows do not say it.

    Raises:
        StudyError: A seed diverged (leaving it out would flatter the cell), has no accuracy, or
            has two different ones.
    """
    table = Table(rows)
    series = table.series(split=split)
    if series.diverged:
        raise StudyError(
            f"{_WHERE}: every seed of {label} must have an accuracy, got {series.reason}. "
            "Leaving it out would flatter the cell."
        )
    return Operand(
        label=label,
        values=series.values,
        trials=series.trials,
        samples=series.samples,
        noise_std=max((float(row.get("noise_std") or 0.0) for row in table.rows), default=0.0),
        root=root,
        silent=tuple(seed for seed, name in series.trials.items() if is_silent(name, silent)),
    )


def shared_cells(
    rows_a: Sequence[Row], rows_b: Sequence[Row], split: str
) -> list[tuple[str, list[Row], list[Row]]]:
    """The cells that two tables share: label, rows of the first, rows of the second.

    A label names only the factors in which the shared cells differ. Cells of the same trials are
    one (a single modality has one trial under `paper` and `disjoint`).
    """
    others = set(factors_of(rows_b)) - {"study"}
    names = [name for name in factors_of(rows_a) if name in others]
    grouped = [_by_cell(rows, names, split) for rows in (rows_a, rows_b)]
    keys = [key for key in grouped[0] if key in grouped[1]]
    varying = [i for i in range(len(names)) if len({key[i] for key in keys}) > 1]
    groups: dict[object, list[tuple[str, ...]]] = {}
    for key in keys:
        trials = tuple(frozenset(row.get("trial") for row in each[key]) for each in grouped)
        of_noise = ("noise_std", "noise_position", "disturbance")
        noise = tuple(key[names.index(name)] for name in of_noise if name in names)
        groups.setdefault((trials, noise), []).append(key)
    found = []
    for alike in groups.values():
        first = alike[0]
        told = [i for i in varying if all(key[i] == first[i] for key in alike)]
        parts = [f"{names[i]}={first[i]}" for i in told]
        # A single modality has no fusion: its name says so.
        label = ",".join(part for part in parts if part != "fusion=none") or "the one cell"
        found.append((label, grouped[0][first], grouped[1][first]))
    return found


def _by_cell(
    rows: Sequence[Row], names: Sequence[str], split: str
) -> dict[tuple[str, ...], list[Row]]:
    cells: dict[tuple[str, ...], list[Row]] = {}
    text = lru_cache(maxsize=None, typed=True)(shown)  # few levels, many rows
    for row in rows:
        if _is_outcome(row, split):
            cells.setdefault(tuple(text(row.get(name)) for name in names), []).append(row)
    return cells

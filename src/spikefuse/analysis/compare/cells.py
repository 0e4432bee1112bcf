"""Finding the cell that `factor=level,...` names in a table of results, and its number by seed."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from spikefuse.analysis.claims.observations import PAPER_STUDIES
from spikefuse.core.checks import one_of
from spikefuse.core.errors import InputError, StudyError
from spikefuse.results import TIDY_COLUMNS
from spikefuse.studies.design import Cell

Row = Mapping[str, object]

NOT_FACTORS = frozenset(("trial", "seed", "split", "metric", "value", "samples"))
"""Columns that say what a number is; `study` may be named but need not be."""

_WHERE = "compare"
_SAME = 1e-9


@dataclass(frozen=True)
class Series:
    """Accuracy by seed of one cell, or of one trial.

    Args:
        label: What a reader calls it.
        values: Seed -> accuracy, a fraction.
        trials: Seed -> name of the trial behind it.
        samples: Samples behind each accuracy, draws of noise included; 0 if not known.
        noise_std: Noise at evaluation; stored predictions are those without noise.
        root: Results folder with the trials.
    """

    label: str
    values: Mapping[int, float]
    trials: Mapping[int, str]
    samples: int
    noise_std: float
    root: Path


def shown(value: object) -> str:
    """A level as text: short, and without what could steer a terminal."""
    text = f"{value:g}" if isinstance(value, float) else "" if value is None else str(value)
    text = "".join(character if character.isprintable() else "?" for character in text)
    return f"{text[:39]}…" if len(text) > 40 else text or "nothing"


def factors_of(rows: Sequence[Row]) -> list[str]:
    """Columns that may be factors: the named ones in their order, then the further ones."""
    columns = dict.fromkeys(TIDY_COLUMNS) | dict.fromkeys(name for row in rows for name in row)
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


def _is_level(value: object, wanted: str) -> bool:
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return math.isclose(float(value), float(wanted), rel_tol=1e-12)
        except ValueError:
            return False
    return shown(value) == wanted or (isinstance(value, bool) and str(value).lower() == wanted)


def _levels(rows: Iterable[Row], name: str) -> dict[str, None]:
    return dict.fromkeys(shown(row.get(name)) for row in rows)


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
    left = [
        row
        for row in rows
        if row.get("metric") == "diverged"
        or (row.get("metric") == "accuracy" and row.get("split") == split)
    ]
    if not left:
        raise InputError(f"{_WHERE}: the table must hold accuracies of split {split!r}, got none.")
    everything = left
    for name, level in named.items():
        one_of(_WHERE, "factor", name, factors)
        found = [row for row in everything if _is_level(row.get(name), level)]
        if not found:
            one_of(_WHERE, name, level, _levels(everything, name))
        left = [row for row in left if _is_level(row.get(name), level)]
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
    field = Cell.model_fields.get(name)
    usual = {shown(field.default)} if field else set()
    if not usual & set(levels):
        usual = set(_levels((row for row in rows if row.get("study") in PAPER_STUDIES), name))
    if len(usual) != 1:
        raise InputError(
            f"{_WHERE}: the cell must say which {name}, there are {', '.join(levels)}. "
            f"Add {name}=LEVEL."
        )
    (level,) = usual
    return [row for row in rows if shown(row.get(name)) == level]


def series_of(rows: Iterable[Row], label: str, root: Path) -> Series:
    """The accuracies by seed that the rows of one cell hold.

    A trial that stands in several studies gives the same number in each, and counts once.

    Raises:
        StudyError: A seed diverged (leaving it out would flatter the cell), has no accuracy, or
            has two different ones.
    """
    values: dict[int, float] = {}
    first: dict[int, Row] = {}
    samples: list[int] = []
    noise = 0.0
    for row in rows:
        seed, value = row.get("seed"), row.get("value")
        if row.get("metric") == "diverged":
            raise StudyError(
                f"{_WHERE}: every seed of {label} must have an accuracy, got one that diverged "
                f"(seed {shown(seed)}). Leaving it out would flatter the cell."
            )
        if not isinstance(seed, int) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise StudyError(
                f"{_WHERE}: every row of {label} must have a seed and an accuracy in 0 to 1, "
                f"got seed {shown(seed)} and {shown(value)}."
            )
        known = first.setdefault(seed, row)
        if abs(values.setdefault(seed, float(value)) - value) > _SAME:
            differ = [n for n in factors_of([row]) if n != "study" and row.get(n) != known.get(n)]
            hint = f"They differ in {', '.join(differ)}." if differ else "Name study=STUDY too."
            raise StudyError(
                f"{_WHERE}: seed {seed} of {label} must have one accuracy, got two (trials "
                f"{shown(known.get('trial'))} and {shown(row.get('trial'))}). {hint}"
            )
        noise = max(noise, float(str(row.get("noise_std") or 0.0)))
        size = row.get("samples")
        samples.append(int(size) if isinstance(size, int | float) else 0)
    return Series(
        label=label,
        values=dict(sorted(values.items())),
        trials={seed: shown(first[seed].get("trial")) for seed in sorted(first)},
        samples=min(samples, default=0),
        noise_std=noise,
        root=root,
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
        noise = tuple(key[names.index(name)] for name in ("noise_std", "noise_position"))
        groups.setdefault((trials, noise), []).append(key)
    found = []
    for same in groups.values():
        first = same[0]
        told = [i for i in varying if all(key[i] == first[i] for key in same)]
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
        if row.get("metric") == "diverged" or (
            row.get("metric") == "accuracy" and row.get("split") == split
        ):
            cells.setdefault(tuple(text(row.get(name)) for name in names), []).append(row)
    return cells

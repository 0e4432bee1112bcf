"""Tidy rows by their levels: which rows have which level of which column, found once.

A level that was typed and one that was read from a file are the same level, see `same`.
"""

import math
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from spikefuse.analysis.silence import HIDDEN, RATE, is_silent_network
from spikefuse.results.coded import Coded, distinct
from spikefuse.results.rows import TidyRow, TidyRows
from spikefuse.studies.readings import BASE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from spikefuse.analysis.coded_column import CodedColumn

Level = str | int | float
Levels = Mapping[str, str | int | float | Collection[str]]
Row = Mapping[str, Any]
"""One number with its levels, typed or as text."""

DIVERGED = "diverged"
"""The metric of a row that stands in place of all accuracies of its cell and seed."""

EXPERTS_JOIN = "+"
"""Between the names of the trials that stand together behind one number."""

DEFAULTS: Mapping[str, Level] = MappingProxyType(
    {"pairing": "true", "held_out": "", "reading": BASE, "disturbance": ""}
)
"""What a row says of a further factor whose column its table does not have or leaves empty."""


class Runs:
    """Rows in runs of those that share the columns of one table, which are asked in their place."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._runs: list[tuple[Mapping[str, Sequence[Any]] | None, Sequence[Any]]] = []
        if isinstance(rows, TidyRows):
            self._runs.append((rows.columns, rows.places))
            return
        known: Mapping[str, Sequence[Any]] | None = None
        run: list[Any] | None = None
        for row in rows:
            columns = row.columns if isinstance(row, TidyRow) else None
            if run is None or columns is not known:
                known, run = columns, []
                self._runs.append((known, run))
            run.append(row if columns is None else row.place)  # type: ignore[attr-defined]

    @property
    def names(self) -> dict[str, None]:
        """The columns that any row has, in order of appearance."""
        found: dict[str, None] = {}
        for columns, run in self._runs:
            for names in [columns] if columns is not None else run:
                found |= dict.fromkeys(names)
        return found

    def entries(self, name: str) -> Sequence[Any]:
        """The entries of a column, None where a row has none."""
        if len(self._runs) == 1:
            columns, run = self._runs[0]
            column = None if columns is None else columns.get(name)
            if column is not None and isinstance(run, range):
                return column
            if isinstance(column, Coded):
                from spikefuse.analysis.coded_column import taken

                return Coded(column.entries, taken(column.codes, run))
        found: list[Any] = []
        for columns, run in self._runs:
            if columns is None:
                found += [row.get(name) for row in run]
            elif name in columns:
                found += map(columns[name].__getitem__, run)
            else:
                found += [None] * len(run)
        return found

    def together(self, *names: str) -> Iterator[tuple[Any, ...]]:
        """The entries of several columns, row by row."""
        return zip(*map(self.entries, names), strict=True)


class RowIndex:
    """What is found once for all tables of the same rows."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.rows: Sequence[Row] = rows if isinstance(rows, TidyRows) else list(rows)
        self._runs = Runs(self.rows)
        self._columns: dict[str, CodedColumn] = {}
        self._levels: dict[tuple[object, ...], list[str]] = {}
        self._metrics: dict[tuple[str, ...], RowIndex] = {}

    @cached_property
    def silent(self) -> frozenset[str]:
        """Trials that are silent networks, see `silence`."""
        names = [name for name in self.levels("metric", {}) if _is_hidden_rate(name)]
        chosen = Runs(self.select({"metric": names}) if names else ())
        rates: dict[str, dict[str, float]] = {}
        fusions: dict[str, str] = {}
        for metric, trial, fusion, value in chosen.together("metric", "trial", "fusion", "value"):
            if _is_hidden_rate(metric):
                layer = str(metric).removeprefix(RATE)
                rates.setdefault(str(trial), {})[layer] = number_of(value)
                fusions[str(trial)] = str(fusion)
        return frozenset(
            trial for trial, own in rates.items() if is_silent_network(own, fusions[trial])
        )

    def column(self, name: str) -> "CodedColumn":
        """A column by levels; made once, since claims ask often."""
        if name not in self._columns:
            from spikefuse.analysis.coded_column import CodedColumn  # who reads a table needs none

            entries = self._runs.entries(name)
            self._columns[name] = CodedColumn(
                entries, lambda entry: level_key(_or_default(name, entry))
            )
        return self._columns[name]

    def numbers(self, metric: str, split: str) -> "RowIndex":
        """The rows of one metric and split, and of what diverged: few, and asked most often.

        A diverged trial has one row in place of all its numbers, whatever their split.
        """
        asked = (metric, split)
        if asked not in self._metrics:
            if (metric,) not in self._metrics:
                self._metrics[metric,] = RowIndex(self.select({"metric": (metric, DIVERGED)}))
            of_metric = self._metrics[metric,]
            places = [
                place
                for place, (name, part) in enumerate(of_metric._runs.together("metric", "split"))
                if name == DIVERGED or part == split
            ]
            self._metrics[asked] = RowIndex(of_metric._at(places))
        return self._metrics[asked]

    def _at(self, places: "Sequence[int] | NDArray[np.int32]") -> Sequence[Row]:
        if isinstance(self.rows, TidyRows):
            from spikefuse.analysis.coded_column import taken

            return TidyRows(self.rows.columns, taken(self.rows.places, places))
        return [self.rows[place] for place in places]

    def select(self, levels: Levels) -> Sequence[Row]:
        """See `Table.select`."""
        if not levels:
            return self.rows
        wanted = []
        for name, level in levels.items():
            column = self.column(name)
            named = [level] if isinstance(level, str | int | float) else level
            codes = column.codes_of([level_key(each) for each in named])
            if not codes:
                return []
            wanted.append((column, codes))
        # The rarest level first: what is left to look through is never longer than its rows.
        wanted.sort(key=lambda each: each[0].count(each[1]))
        (column, codes), *others = wanted
        places = column.places(codes)
        for column, codes in others:
            places = column.among(places, codes)
        return self._at(places)

    def levels(self, column: str, where: Levels) -> list[str]:
        """See `Table.levels`; kept, since every sentence asks for the modalities anew."""
        asked = (column, *sorted((name, str(level)) for name, level in where.items()))
        if asked not in self._levels:
            entries = (
                Runs(self.select(where)).entries(column) if where else self._runs.entries(column)
            )
            levels = dict.fromkeys(str(_or_default(column, entry)) for entry in distinct(entries))
            self._levels[asked] = [level for level in levels if level]
        return list(self._levels[asked])


def _is_hidden_rate(metric: object) -> bool:
    return str(metric).startswith(RATE) and str(metric).endswith(HIDDEN)


def is_silent(trial: str, silent: Collection[str]) -> bool:
    """Whether a number of this trial is of a silent network; a product of experts, of any of them.

    Example:
        >>> is_silent("ab+cd", {"cd"}), is_silent("ab", {"cd"})
        (True, False)
    """
    return not set(trial.split(EXPERTS_JOIN)).isdisjoint(silent)


def number_of(value: object) -> float:
    """The value as a number, NaN where it is none."""
    if value.__class__ is float:
        return value
    try:
        return math.nan if isinstance(value, bool) else float(str(value))
    except ValueError:
        return math.nan


def _or_default(column: str, entry: object) -> object:
    return DEFAULTS.get(column, "") if entry in ("", None) else entry


def level_key(value: object) -> Hashable:
    """What a level and a row's entry have in common, whether typed or read from a file."""
    if isinstance(value, str):
        return _text_key(value)
    if isinstance(value, bool):
        return str(value).lower()  # a column of text that only ever says "true"
    number = number_of(value)
    if math.isfinite(number):
        return int(number) if number.is_integer() else number
    return "" if value is None else str(value).strip()


@lru_cache(maxsize=4096)
def _text_key(text: str) -> Hashable:
    """The same of a text. Rows repeat a few levels thousands of times."""
    number = number_of(text)
    if math.isfinite(number):
        return int(number) if number.is_integer() else number
    return text.strip()


def same(value: object, level: object) -> bool:
    """Whether a tidy value (typed, or text read from a CSV file) is that level.

    Example:
        >>> same("0.10", 0.1), same(True, "true"), same("S/2", "S")
        (True, True, False)
    """
    return level_key(value) == level_key(level)

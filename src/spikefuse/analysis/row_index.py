"""Tidy rows by their levels: which rows have which level of which column, found once.

A level that was typed and one that was read from a file are the same level, see `same`.
"""

import math
from collections.abc import Collection, Hashable, Iterable, Mapping
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any

Level = str | int | float
Levels = Mapping[str, str | int | float | Collection[str]]
Row = Mapping[str, Any]
"""One number with its levels, typed or as text."""

DIVERGED = "diverged"
"""The metric of a row that stands in place of all accuracies of its cell and seed."""

DEFAULTS: Mapping[str, Level] = MappingProxyType(
    {"pairing": "true", "held_out": "", "reading": "base", "disturbance": ""}
)
"""What a row says of a further factor whose column its table does not have or leaves empty."""


class RowIndex:
    """What is found once for all tables of the same rows."""

    def __init__(self, rows: list[Row]) -> None:
        self.rows = rows
        self._columns: dict[str, dict[Hashable, set[int]]] = {}
        self._levels: dict[tuple[object, ...], list[str]] = {}
        self._metrics: dict[str, RowIndex] = {}

    @cached_property
    def silent(self) -> frozenset[str]:
        """Trials no hidden layer of which ever fires."""
        return _silent_trials(self.rows)

    def places(self, column: str) -> dict[Hashable, set[int]]:
        """Level -> numbers of the rows that have it; made once a column, since claims ask often."""
        if column not in self._columns:
            # A column repeats a few entries some thousand times, and a key takes a while to make.
            alike: dict[tuple[type, object], list[int]] = {}
            for number, row in enumerate(self.rows):
                entry = row.get(column)
                alike.setdefault((entry.__class__, entry), []).append(number)
            places: dict[Hashable, set[int]] = {}
            for (_, entry), numbers in alike.items():
                places.setdefault(level_key(_or_default(column, entry)), set()).update(numbers)
            self._columns[column] = places
        return self._columns[column]

    def numbers(self, metric: str) -> "RowIndex":
        """The rows of one metric and of what diverged: a fifth of all, and asked most often."""
        if metric not in self._metrics:
            rows = [row for row in self.rows if row.get("metric") in (metric, DIVERGED)]
            self._metrics[metric] = RowIndex(rows)
        return self._metrics[metric]

    def select(self, levels: Levels) -> list[Row]:
        """See `Table.select`."""
        if not levels:
            return self.rows
        # The rarest level first: what is left to look through is never longer than its rows.
        wanted = sorted((self._having(*level) for level in levels.items()), key=len)
        return [self.rows[place] for place in sorted(set.intersection(*wanted))]

    def _having(self, column: str, wanted: Level | Collection[str]) -> set[int]:
        places = self.places(column)
        if isinstance(wanted, str | int | float):
            return places.get(level_key(wanted), set())
        return set().union(*(places.get(level_key(level), set()) for level in wanted))

    def levels(self, column: str, where: Levels) -> list[str]:
        """See `Table.levels`; kept, since every sentence asks for the modalities anew."""
        asked = (column, *sorted((name, str(level)) for name, level in where.items()))
        if asked not in self._levels:
            levels = dict.fromkeys(str(_entry(row, column)) for row in self.select(where))
            self._levels[asked] = [level for level in levels if level]
        return list(self._levels[asked])


def _silent_trials(rows: Iterable[Row]) -> frozenset[str]:
    fires: dict[str, bool] = {}
    for row in rows:
        metric = str(row.get("metric"))
        if metric.startswith("rate.") and metric.endswith("hidden"):
            trial = str(row.get("trial"))
            fires[trial] = fires.get(trial, False) or number_of(row.get("value")) != 0
    return frozenset(trial for trial, any_fires in fires.items() if not any_fires)


def number_of(value: object) -> float:
    """The value as a number, NaN where it is none."""
    try:
        return math.nan if isinstance(value, bool) else float(str(value))
    except ValueError:
        return math.nan


def _entry(row: Row, column: str) -> object:
    return _or_default(column, row.get(column))


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

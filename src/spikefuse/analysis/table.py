"""Numbers by seed out of tidy rows: the one place that says what a cell's seeds gave.

A seed whose training diverged has no accuracy, and leaving it out would flatter the cell. So a
`Series` keeps it, and what holds everywhere follows from that: a cell with such a seed has no
mean, no interval and no verdict, and everybody gives its `reason`, which says how many seeds have
a number. Rows that nobody can read (no seed, no number, two numbers for one seed) are refused.
"""

import math
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from types import MappingProxyType
from typing import Any

from spikefuse.analysis.row_index import (
    DEFAULTS,
    DIVERGED,
    Level,
    Row,
    RowIndex,
    Runs,
    is_silent,
    level_key,
    number_of,
    same,
)
from spikefuse.analysis.series import Series
from spikefuse.analysis.words import disturbed, level_name, noise_place, shown
from spikefuse.core.errors import StudyError
from spikefuse.data.sources.contract import FUSED
from spikefuse.studies.readings import BASE, READINGS

METRIC = "accuracy"
_NUMBER: Mapping[str, Level] = MappingProxyType({"split": "test", "metric": METRIC})
SPLIT, PAIRED = "disjoint", "paired"
"""Protocols under which no sample stands on two sides: of samples that are paired by class, and of
samples that belong together from the start."""

SPIKING: Mapping[str, Level] = MappingProxyType({"neuron": "lif", "reset": "soft", "time_steps": 4})
"""Levels of the default spiking network; they say nothing about a dense one."""

SINGLE = "trials"
"""The level of the column `study` of networks that were trained one by one."""

DEFAULT_STUDIES = ("model-size", "controls", "senses", "robustness", "energy", "leak")
"""Studies whose rows hold the networks with default neuron, reset and time steps."""

DEFAULT_FUSION = "early"

QUANTITIES = ("synops.", "energy.")
"""How metrics begin that are no shares of 1."""

# Two rows of one trial agree up to the rounding of a text file.
_SAME = 1e-9


def cell_words(row: Mapping[str, Any]) -> str:
    """The cell of a row as a reader would say it: what is not the default is named.

    Example:
        >>> cell_words({"network": "snn", "modality": "fused", "size": "S", "reset": "hard"})
        'fused SNN at S, hard reset'
    """
    network = str(row.get("network", ""))
    text = f"{shown(row.get('modality'))} {level_name('network', shown(network))}"
    text += f" at {shown(row.get('size'))}" if row.get("size") else ""
    parts = []
    if network != "dnn":
        parts += _departures(row)
    if row.get("noise_std") and not same(row["noise_std"], 0.0):
        parts.append(_disturbance_words(row))
    if same(row.get("modality"), FUSED):
        usual = same(row.get("fusion") or DEFAULT_FUSION, DEFAULT_FUSION)
        parts += [] if usual else [f"{shown(row['fusion'])} fusion"]
        protocol = str(row.get("protocol") or SPLIT)
        parts += [] if protocol in (SPLIT, PAIRED) else [f"protocol {shown(protocol)}"]
        parts += ["shuffled pairs"] if same(row.get("pairing"), "shuffled") else []
    parts += [f"{shown(row['held_out'])} held out"] if row.get("held_out") else []
    if row.get("reading") and not same(row["reading"], DEFAULTS["reading"]):
        parts.append(f"reading {shown(row['reading'])}")
    return ", ".join([text, *parts])


def _disturbance_words(row: Mapping[str, Any]) -> str:
    """Noise with its size and place; of a failing sense what happens to it."""
    kind, _, further = shown(row.get("disturbance") or "noise").partition(":")
    if further:
        modalities, _, share = further.partition(":")
        with suppress(ValueError):  # text that no study wrote stays as it is
            return disturbed(kind, modalities.split("+"), float(share or 1.0))
    place = f" {noise_place(row['noise_position'])}" * bool(row.get("noise_position"))
    what = f"{kind}:{further}" if further else kind
    return f"{what} {shown(level_key(row['noise_std']))}{place}"


def _departures(row: Mapping[str, Any]) -> list[str]:
    """Neuron, reset and steps where they are not those of the default spiking network."""
    departs = {
        column: row[column]
        for column, usual in SPIKING.items()
        if row.get(column) not in (None, "") and not same(row[column], usual)
    }
    words = []
    if "neuron" in departs:
        words.append(level_name("neuron", departs["neuron"]))
    if "reset" in departs:
        words.append(f"{shown(departs['reset'])} reset")
    if "time_steps" in departs:
        words.append(f"T = {shown(level_key(departs['time_steps']))}")
    return words


class Table:
    """Tidy rows, found by their levels.

    A row without the column of a further factor has its default, see `DEFAULTS`.

    Args:
        rows: Tidy rows, typed or as text.
        first: Studies whose rows are the cell's where they have it; others are read only where
            none of these does.
    """

    def __init__(self, rows: Iterable[Row], first: Collection[str] = ()) -> None:
        # Answers ask one table some hundred times: a table made of another shares its index.
        other = rows if isinstance(rows, Table) else None
        self._index: RowIndex = other._index if other else RowIndex(rows)
        self.rows: Sequence[Row] = self._index.rows
        self._first = frozenset(first)
        self._found: dict[tuple[object, ...], Series] = {}

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    @property
    def protocol(self) -> str:
        """Under which no sample stands on two sides: the one that answers are read by.

        Example:
            >>> [Table([{"protocol": name}]).protocol for name in ("disjoint", "paired", "paper")]
            ['disjoint', 'paired', 'disjoint']
        """
        return PAIRED if self.select(protocol=PAIRED) and not self.select(protocol=SPLIT) else SPLIT

    @cached_property
    def reading(self) -> str:
        """The reading that the first screen is read by: of its studies' rows, or else of all."""
        return (
            self.reading_of(*DEFAULT_STUDIES)
            if self.select(study=DEFAULT_STUDIES)
            else (self.reading_of())
        )

    def reading_of(self, *studies: str) -> str:
        """The reading that answers of some studies are read by, of all where none is named.

        The base where they have it; else `lab`, the guess at the paper's network, else the first
        one that they have.

        Example:
            >>> rows = [{"study": "reset", "reading": "byte"}, {"study": "neuron"}]
            >>> [Table(rows).reading_of(*names) for names in ((), ("reset",), ("neuron",))]
            ['base', 'byte', 'base']
        """
        found = set(self.levels("reading", **({"study": studies} if studies else {})))
        return next((name for name in READINGS if name in found), BASE)

    def default_levels(self, network: str, modality: str) -> dict[str, Level]:
        """The levels of the default network of a kind and modality, apart from size and protocol.

        Example:
            >>> Table([]).default_levels("dnn", "audio")["fusion"]
            'none'
        """
        levels: dict[str, Level] = {
            "network": network,
            "modality": modality,
            "fusion": DEFAULT_FUSION if modality == FUSED else "none",
            "noise_std": 0.0,
            **DEFAULTS,
            "reading": self.reading,
        }
        return {**levels, **SPIKING} if network == "snn" else levels

    def select(self, **levels: Level | Collection[str]) -> Sequence[Row]:
        """The rows that have all these levels; a collection stands for any of its levels."""
        return self._index.select(levels)

    def levels(self, column: str, **where: Level | Collection[str]) -> list[str]:
        """The levels that a column has in the selected rows, in order of appearance."""
        return self._index.levels(column, where)

    def series(self, **levels: Level | Collection[str]) -> Series:
        """The number of each seed of a cell; what diverged is in `Series.diverged`.

        Rows that repeat a trial's number in several studies count once.

        Args:
            **levels: The cell. A factor that is not named may have any level, apart from `split`
                ("test", at the best validation epoch, if not named; else "validation", best of all
                epochs) and `metric` ("accuracy" if not named).

        Raises:
            StudyError: A row has no whole number as its seed, or neither an accuracy in 0 to 1 nor
                a quantity (`QUANTITIES`), or two rows say different things of one seed.

        Example:
            >>> cell = {"network": "snn", "modality": "image", "split": "test"}
            >>> rows = [{**cell, "metric": "accuracy", "seed": 0, "value": 0.9, "samples": 100}]
            >>> rows += [{**cell, "metric": "diverged", "seed": 1, "value": 1, "split": ""}]
            >>> found = Table(rows).series(network="snn")
            >>> found.values, found.diverged, found.samples
            ({0: 0.9}, (1,), 100)
            >>> found.reason
            'training diverged for seed 1 of image SNN (1 of 2 seeds have an accuracy)'
        """
        # Claims ask for a cell some five times.
        asked = tuple((name, _asked(levels[name])) for name in sorted(levels))
        if asked not in self._found:
            self._found[asked] = self._read_series(levels)
        return self._found[asked]

    def _read_series(self, levels: dict[str, Level | Collection[str]]) -> Series:
        split, metric = (levels.pop(name, usual) for name, usual in _NUMBER.items())
        rows = self._index.numbers(str(metric), str(split)).select(levels)
        ours = [row for row in rows if row.get("study") in self._first] if self._first else []
        return _series(ours or rows, self.silent)

    @property
    def silent(self) -> frozenset[str]:
        """Trials no hidden layer of which ever fires: the output has nothing to decide by."""
        return self._index.silent


def single_modalities(table: Table) -> tuple[str, ...]:
    """The modalities of a table: those that its joint networks join, then further ones.

    A joint network names its layers by the branch that they lie in, in the order of its branches;
    where its rows name none, the order is that of the rows.

    Example:
        >>> rows = [{"modality": "sound"}, {"modality": "fused", "metric": "rate.image.conv1"}]
        >>> single_modalities(Table(rows))
        ('image', 'sound')
    """
    layers = table.levels("metric", modality=FUSED)
    names = [layer.split(".") for layer in layers if layer.count(".") == 2]
    branches = [branch for rate, branch, _ in names if rate == "rate"]
    found = dict.fromkeys([*branches, *table.levels("modality")])
    return tuple(name for name in found if name != FUSED)


def _series(rows: Sequence[Row], silent: Collection[str]) -> Series:
    # By columns: a row is looked at as a whole only where there is something to say of it.
    seeds, metrics, values, sizes, trials = map(
        Runs(rows).entries, ("seed", "metric", "value", "samples", "trial")
    )
    found: dict[int, tuple[float | None, int]] = {}
    for place, (entry, metric, number) in enumerate(zip(seeds, metrics, values, strict=True)):
        seed = entry if entry.__class__ is int else _seed(rows[place])
        value: float | None = number
        if metric == DIVERGED:
            value = None
        elif not (number.__class__ is float and 0.0 <= number <= 1.0):
            value = _value(rows[place])
        known, first = found.setdefault(seed, (value, place))
        if known is not value:
            _require_same(seed, (known, rows[first]), (value, rows[place]))
    numbers = {seed: value for seed in sorted(found) if (value := found[seed][0]) is not None}
    lost = tuple(seed for seed in sorted(found) if found[seed][0] is None)
    names = {seed: trials[found[seed][1]] for seed in numbers}
    samples = [
        size
        for seed in numbers
        if (size := _samples(metrics[found[seed][1]], sizes[found[seed][1]])) >= 1
    ]
    return Series(
        values=numbers,
        trials={seed: shown(name) for seed, name in names.items()},
        samples=int(min(samples, default=0)),
        diverged=lost,
        reasons=_reasons(lost, len(numbers), rows[found[lost[0]][1]] if lost else {}),
        silent=tuple(seed for seed in numbers if is_silent(str(names[seed]), silent))
        if silent
        else (),
        variance=_counting(numbers, min(samples, default=0)),
    )


def _require_same(
    seed: int, first: tuple[float | None, Row], second: tuple[float | None, Row]
) -> None:
    """Refuse two numbers of one seed, up to the rounding of a text file.

    Raises:
        StudyError: They differ.
    """
    (known, row), (value, other) = first, second
    if known is None or value is None or abs(known - value) > _SAME:
        raise StudyError(
            f"results: seed {seed} of {cell_words(other)} must have one number, got two for seed "
            f"{seed}, {_outcome(known)} and {_outcome(value)}{_what_differs(row, other)}. Keep "
            "one reading: name the factor that differs, or report each study from its own "
            "folder."
        )


def _asked(level: Level | Collection[str]) -> Hashable:
    return (
        level_key(level)
        if isinstance(level, str | int | float)
        else tuple(level_key(each) for each in level)
    )


def _counting(numbers: Mapping[int, float], samples: float) -> float:
    """Variance of an accuracy from counting right answers among samples."""
    if not numbers or samples < 1:
        return 0.0
    share = math.fsum(numbers.values()) / len(numbers)
    return share * (1.0 - share) / samples


def _reasons(lost: tuple[int, ...], left: int, row: Row) -> tuple[str, ...]:
    if not lost:
        return ()
    seeds = f"seed{'' if len(lost) == 1 else 's'} {', '.join(map(str, lost))}"
    # The words come from the row, so that everybody who meets it gives the same reason.
    cell = cell_words(row)
    total = left + len(lost)
    return (f"training diverged for {seeds} of {cell} ({left} of {total} seeds have an accuracy)",)


def _seed(row: Row) -> int:
    number = number_of(row.get("seed"))
    if not number.is_integer():
        raise StudyError(
            f"results: a row of {cell_words(row)} has no whole number as its seed, but "
            f"{shown(row.get('seed'))}. Run the study again to write the table anew."
        )
    return int(number)


def _value(row: Row) -> float:
    value = number_of(row.get("value"))
    if str(row.get("metric")).startswith(QUANTITIES) and math.isfinite(value):
        return value
    if not 0.0 <= value <= 1.0:
        raise StudyError(
            f"results: seed {shown(row.get('seed'))} of {cell_words(row)} has no accuracy in 0 to "
            f"1, but {shown(row.get('value'))}. Run the study again to write the table anew."
        )
    return value


def _samples(metric: object, samples: object) -> float:
    # Nothing is counted right or wrong in a quantity: it has no step and no binomial variance.
    return math.nan if str(metric).startswith(QUANTITIES) else number_of(samples)


def _outcome(value: float | None) -> str:
    return "diverged" if value is None else f"{value:.6g}"


def _what_differs(first: Row, second: Row) -> str:
    """The levels in which two rows of one seed differ, those of factors before the trial."""
    own = {"study", "value", "metric", "split"}
    columns = sorted(set(first) & set(second) - own, key=lambda name: (name == "trial", name))
    differ = [
        f"{column} {shown(first[column])} and {shown(second[column])}"
        for column in columns
        if level_key(first[column]) != level_key(second[column])
    ]
    return f" ({', '.join(differ[:3])})" if differ else ""

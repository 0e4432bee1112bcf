"""Numbers by seed out of tidy rows: the one place that says what a cell's seeds gave.

A seed whose training diverged has no accuracy, and leaving it out would flatter the cell. So a
`Series` keeps it, and what holds everywhere follows from that: a cell with such a seed has no
mean, no interval and no verdict, and everybody gives its `reason`, which says how many seeds have
a number. Rows that nobody can read (no seed, no number, two numbers for one seed) are refused.
"""

import math
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any

from spikefuse.analysis.series import Series
from spikefuse.analysis.words import level_name, noise_place, shown
from spikefuse.core.errors import StudyError
from spikefuse.data.sources.contract import FUSED

Level = str | int | float
_Levels = Mapping[str, str | int | float | Collection[str]]
Row = Mapping[str, Any]
"""One number with its levels, typed or as text."""

METRIC = "accuracy"
_NUMBER: Mapping[str, Level] = MappingProxyType({"split": "test", "metric": METRIC})
DIVERGED = "diverged"
"""The metric of a row that stands in place of all accuracies of its cell and seed."""

DEFAULTS: Mapping[str, Level] = MappingProxyType(
    {"pairing": "true", "held_out": "", "reading": "base", "disturbance": ""}
)
"""What a row says of a further factor whose column its table does not have or leaves empty."""

SPLIT, PAIRED = "disjoint", "paired"
"""Protocols under which no sample stands on two sides: of samples that are paired by class, and of
samples that belong together from the start."""

SPIKING: Mapping[str, Level] = MappingProxyType({"neuron": "lif", "reset": "soft", "time_steps": 4})
"""Levels of the default spiking network; they say nothing about a dense one."""

SINGLE = "trials"
"""The level of the column `study` of networks that were trained one by one."""

DEFAULT_STUDIES = ("model-size", "controls")
"""Studies whose rows hold the networks with default neuron, reset and time steps."""

DEFAULT_FUSION = "early"

QUANTITIES = ("synops.", "energy.")
"""How metrics begin that are no shares of 1."""

# Two rows of one trial agree up to the rounding of a text file.
_SAME = 1e-9


def default_levels(network: str, modality: str) -> dict[str, Level]:
    """The levels of the default network of a kind and modality, apart from size and protocol.

    Example:
        >>> default_levels("dnn", "audio")["fusion"]
        'none'
    """
    levels: dict[str, Level] = {
        "network": network,
        "modality": modality,
        "fusion": DEFAULT_FUSION if modality == FUSED else "none",
        "noise_std": 0.0,
        **DEFAULTS,
    }
    return {**levels, **SPIKING} if network == "snn" else levels


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
        place = f" {noise_place(row['noise_position'])}" * bool(row.get("noise_position"))
        kind = shown(row["disturbance"]) if row.get("disturbance") else "noise"
        parts.append(f"{kind} {shown(_key(row['noise_std']))}{place}")
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
        words.append(f"T = {shown(_key(departs['time_steps']))}")
    return words


class _Index:
    """What is found once for all tables of the same rows."""

    def __init__(self, rows: list[Row]) -> None:
        self.rows = rows
        self._columns: dict[str, dict[Hashable, set[int]]] = {}
        self._levels: dict[tuple[object, ...], list[str]] = {}
        self._metrics: dict[str, _Index] = {}

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
                places.setdefault(_key(_or_default(column, entry)), set()).update(numbers)
            self._columns[column] = places
        return self._columns[column]

    def numbers(self, metric: str) -> "_Index":
        """The rows of one metric and of what diverged: a fifth of all, and asked most often."""
        if metric not in self._metrics:
            rows = [row for row in self.rows if row.get("metric") in (metric, DIVERGED)]
            self._metrics[metric] = _Index(rows)
        return self._metrics[metric]

    def select(self, levels: _Levels) -> list[Row]:
        """See `Table.select`."""
        if not levels:
            return self.rows
        # The rarest level first: what is left to look through is never longer than its rows.
        wanted = sorted((self._having(*level) for level in levels.items()), key=len)
        return [self.rows[place] for place in sorted(set.intersection(*wanted))]

    def _having(self, column: str, wanted: Level | Collection[str]) -> set[int]:
        places = self.places(column)
        if isinstance(wanted, str | int | float):
            return places.get(_key(wanted), set())
        return set().union(*(places.get(_key(level), set()) for level in wanted))

    def levels(self, column: str, where: _Levels) -> list[str]:
        """See `Table.levels`; kept, since every sentence asks for the modalities anew."""
        asked = (column, *sorted((name, str(level)) for name, level in where.items()))
        if asked not in self._levels:
            levels = dict.fromkeys(str(_entry(row, column)) for row in self.select(where))
            self._levels[asked] = [level for level in levels if level]
        return list(self._levels[asked])


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
        self._index: _Index = other._index if other else _Index(list(rows))
        self.rows: list[Row] = self._index.rows
        self._first = frozenset(first)

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

    def select(self, **levels: Level | Collection[str]) -> list[Row]:
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
        split, metric = (levels.pop(name, usual) for name, usual in _NUMBER.items())
        # A diverged trial has one row in place of all its numbers, whatever their split.
        rows = [
            row
            for row in self._index.numbers(str(metric)).select(levels)
            if row.get("metric") == DIVERGED or row.get("split") == split
        ]
        ours = [row for row in rows if row.get("study") in self._first]
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
    layers = dict.fromkeys(str(row.get("metric")) for row in table.select(modality=FUSED))
    names = [layer.split(".") for layer in layers if layer.count(".") == 2]
    branches = [branch for rate, branch, _ in names if rate == "rate"]
    found = dict.fromkeys([*branches, *table.levels("modality")])
    return tuple(name for name in found if name != FUSED)


def _silent_trials(rows: Iterable[Row]) -> frozenset[str]:
    fires: dict[str, bool] = {}
    for row in rows:
        metric = str(row.get("metric"))
        if metric.startswith("rate.") and metric.endswith("hidden"):
            trial = str(row.get("trial"))
            fires[trial] = fires.get(trial, False) or _number(row.get("value")) != 0
    return frozenset(trial for trial, any_fires in fires.items() if not any_fires)


def _series(rows: Iterable[Row], silent: Collection[str]) -> Series:
    found: dict[int, tuple[float | None, Row]] = {}
    for row in rows:
        seed, value = _seed(row), None if row.get("metric") == DIVERGED else _value(row)
        known, first = found.setdefault(seed, (value, row))
        alike = known is value or (
            known is not None and value is not None and abs(known - value) <= _SAME
        )
        if not alike:
            raise StudyError(
                f"results: seed {seed} of {cell_words(row)} must have one number, got two for seed "
                f"{seed}, {_outcome(known)} and {_outcome(value)}{_what_differs(first, row)}. Keep "
                "one reading: name the factor that differs, or report each study from its own "
                "folder."
            )
    values = {seed: found[seed][0] for seed in sorted(found)}
    numbers = {seed: value for seed, value in values.items() if value is not None}
    lost = tuple(seed for seed, value in values.items() if value is None)
    sizes = [size for seed in numbers if (size := _samples(found[seed][1])) >= 1]
    return Series(
        values=numbers,
        trials={seed: shown(found[seed][1].get("trial")) for seed in numbers},
        samples=int(min(sizes, default=0)),
        diverged=lost,
        reasons=_reasons(lost, len(numbers), found),
        silent=tuple(seed for seed in numbers if str(found[seed][1].get("trial")) in silent),
        variance=_counting(numbers, min(sizes, default=0)),
    )


def _counting(numbers: Mapping[int, float], samples: float) -> float:
    """Variance of an accuracy from counting right answers among samples."""
    if not numbers or samples < 1:
        return 0.0
    share = math.fsum(numbers.values()) / len(numbers)
    return share * (1.0 - share) / samples


def _reasons(
    lost: tuple[int, ...], left: int, found: Mapping[int, tuple[float | None, Row]]
) -> tuple[str, ...]:
    if not lost:
        return ()
    seeds = f"seed{'' if len(lost) == 1 else 's'} {', '.join(map(str, lost))}"
    # The words come from the row, so that everybody who meets it gives the same reason.
    cell = cell_words(found[lost[0]][1])
    total = left + len(lost)
    return (f"training diverged for {seeds} of {cell} ({left} of {total} seeds have an accuracy)",)


def _seed(row: Row) -> int:
    number = _number(row.get("seed"))
    if not number.is_integer():
        raise StudyError(
            f"results: a row of {cell_words(row)} has no whole number as its seed, but "
            f"{shown(row.get('seed'))}. Run the study again to write the table anew."
        )
    return int(number)


def _value(row: Row) -> float:
    value = _number(row.get("value"))
    if str(row.get("metric")).startswith(QUANTITIES) and math.isfinite(value):
        return value
    if not 0.0 <= value <= 1.0:
        raise StudyError(
            f"results: seed {shown(row.get('seed'))} of {cell_words(row)} has no accuracy in 0 to "
            f"1, but {shown(row.get('value'))}. Run the study again to write the table anew."
        )
    return value


def _samples(row: Row) -> float:
    # Nothing is counted right or wrong in a quantity: it has no step and no binomial variance.
    is_share = not str(row.get("metric")).startswith(QUANTITIES)
    return _number(row.get("samples")) if is_share else math.nan


def _outcome(value: float | None) -> str:
    return "diverged" if value is None else f"{value:.6g}"


def _what_differs(first: Row, second: Row) -> str:
    """The levels in which two rows of one seed differ, those of factors before the trial."""
    own = {"study", "value", "metric", "split"}
    columns = sorted(set(first) & set(second) - own, key=lambda name: (name == "trial", name))
    differ = [
        f"{column} {shown(first[column])} and {shown(second[column])}"
        for column in columns
        if _key(first[column]) != _key(second[column])
    ]
    return f" ({', '.join(differ[:3])})" if differ else ""


def _number(value: object) -> float:
    """The value as a number, NaN where it is none."""
    try:
        return math.nan if isinstance(value, bool) else float(str(value))
    except ValueError:
        return math.nan


def _entry(row: Row, column: str) -> object:
    return _or_default(column, row.get(column))


def _or_default(column: str, entry: object) -> object:
    return DEFAULTS.get(column, "") if entry in ("", None) else entry


def _key(value: object) -> Hashable:
    """What a level and a row's entry have in common, whether typed or read from a file."""
    if isinstance(value, str):
        return _text_key(value)
    if isinstance(value, bool):
        return str(value).lower()  # a column of text that only ever says "true"
    number = _number(value)
    if math.isfinite(number):
        return int(number) if number.is_integer() else number
    return "" if value is None else str(value).strip()


@lru_cache(maxsize=4096)
def _text_key(text: str) -> Hashable:
    """The same of a text. Rows repeat a few levels thousands of times."""
    number = _number(text)
    if math.isfinite(number):
        return int(number) if number.is_integer() else number
    return text.strip()


def same(value: object, level: object) -> bool:
    """Whether a tidy value (typed, or text read from a CSV file) is that level.

    Example:
        >>> same("0.10", 0.1), same(True, "true"), same("S/2", "S")
        (True, True, False)
    """
    return _key(value) == _key(level)

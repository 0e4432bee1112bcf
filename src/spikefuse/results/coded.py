"""Quick reading of very long tables: what lines share is parsed once, and kept once.

The lines of a network begin alike up to its seed, and what stands beside a number (split, metric,
further factors) is the same for all seeds. So a line is compared with the beginning of the last,
the rest is looked up, and a row is five numbers in arrays: 24 bytes. Whatever is not as regular as
the tables that a run writes is left to the plain reader, which says what is wrong with it.
"""

import csv
import math
from array import array
from codecs import BOM_UTF8
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, compress, repeat
from operator import itemgetter
from typing import Any, overload

BYTES = 1 << 20
"""Of a block."""

_MANY = 50_000
"""Lines from which on NumPy is worth its start."""

LARGE = 8 << 20
"""Bytes of a table from which on its blocks are taken apart by NumPy."""

_TRIAL, _SEED = 1, 12
BEGIN = 13
"""Columns up to the seed; then follow split, metric, value and further factors."""

_others = itemgetter(*(place for place in range(BEGIN) if place not in (_TRIAL, _SEED)))


class IrregularError(Exception):
    """A table is not what the quick reader takes; it may be right all the same."""


class Coded(Sequence[Any]):
    """A column as numbers of its entries.

    Args:
        entries: What may stand in the column, the first to appear first.
        codes: Which of them stands in each row.

    Example:
        >>> column = Coded(["soft", "hard"], array("i", [0, 1, 1]))
        >>> list(column), column[2]
        (['soft', 'hard', 'hard'], 'hard')
    """

    __slots__ = ("codes", "entries")

    def __init__(self, entries: Sequence[Any], codes: "array[int]") -> None:
        self.entries, self.codes = entries, codes

    @overload
    def __getitem__(self, place: int) -> Any: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Any]: ...
    def __getitem__(self, place: int | slice) -> Any:
        if isinstance(place, slice):
            return Coded(self.entries, self.codes[place])
        return self.entries[self.codes[place]]

    def __iter__(self) -> Iterator[Any]:
        return map(self.entries.__getitem__, self.codes)

    def __len__(self) -> int:
        return len(self.codes)


def distinct(entries: Sequence[Any]) -> list[Any]:
    """The distinct entries of a column, in order of appearance; equal ones of two types are two.

    Example:
        >>> distinct([2, True, 1, 2])
        [2, True, 1]
    """
    there: Iterable[Any] = entries
    if isinstance(entries, Coded):
        there = map(entries.entries.__getitem__, dict.fromkeys(entries.codes))
    return [entry for _, entry in dict.fromkeys((entry.__class__, entry) for entry in there)]


def _numbers() -> "defaultdict[Any, int]":
    """Numbers what it is asked for, from 0."""
    found: defaultdict[Any, int] = defaultdict()
    found.default_factory = found.__len__
    return found


@dataclass(frozen=True)
class Lines:
    """The lines of a table below its head, by what they share.

    Attributes:
        begins: Entries up to the seed, apart from trial and seed, and their number.
        trials, seeds: Entries of these columns, and their number.
        ends: Split, metric and further factors, as text or, where quoted, by entry.
        runs: Of lines that begin alike: the numbers of beginning, trial and seed.
        lengths: How many lines these are.
        end: Of each line: the number of its end.
        values: The numbers.
    """

    head: Sequence[str]
    begins: dict[tuple[str, ...], int] = field(default_factory=_numbers)
    trials: dict[str, int] = field(default_factory=_numbers)
    seeds: dict[str, int] = field(default_factory=_numbers)
    ends: dict[tuple[str, str, str | tuple[str, ...]], int] = field(default_factory=_numbers)
    runs: list[tuple[int, int, int]] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    end: "array[int]" = field(default_factory=lambda: array("i"))
    values: "array[float]" = field(default_factory=lambda: array("d"))

    def columns(self) -> Iterator[tuple[str, Sequence[str], "array[int]"]]:
        """Name, texts and numbers of every column but `value`.

        Raises:
            IrregularError: A line has more or fewer entries than the head.
        """
        ends = [
            [split, metric, *(tail.split(",") if isinstance(tail, str) else tail)]
            for split, metric, tail in self.ends
        ]
        names = [*self.head[BEGIN : BEGIN + 2], *self.head[BEGIN + 3 :]]
        if any(len(entries) != len(names) for entries in ends):
            raise IrregularError
        of_begin = [
            name for place, name in enumerate(self.head[:BEGIN]) if place not in (_TRIAL, _SEED)
        ]
        begin, trial, seed = map(self._by_line, zip(*self.runs, strict=True))
        for place, name in enumerate(of_begin):
            yield name, [entries[place] for entries in self.begins], begin
        for place, name in enumerate(names):
            yield name, [entries[place] for entries in ends], self.end
        yield self.head[_TRIAL], list(self.trials), trial
        yield self.head[_SEED], list(self.seeds), seed

    def _by_line(self, codes: Sequence[int]) -> "array[int]":
        if len(self.values) > _MANY:
            from spikefuse.results.coded_blocks import repeated

            return repeated(codes, self.lengths)
        return array("i", chain.from_iterable(map(repeat, codes, self.lengths)))

    def holds(self, shares: Sequence[str]) -> bool:
        """Whether all values are finite, and those of shares within 0 to 1."""
        is_share = [end[1] in shares for end in self.ends]
        chosen = list(compress(self.values, map(is_share.__getitem__, self.end)))
        within = not chosen or 0.0 <= min(chosen) <= max(chosen) <= 1.0
        return within and all(map(math.isfinite, self.values))


def read_lines(content: bytes) -> Lines:
    """The lines of a CSV file in UTF-8 with at least one further factor.

    Raises:
        IrregularError: It is another file, or one that the plain reader must look at.
    """
    if b"\r" in content:
        raise IrregularError
    first = len(BOM_UTF8) if content.startswith(BOM_UTF8) else 0
    end = content.find(b"\n") + 1
    try:
        head = content[first : end - 1].decode()
        # Tables without a further factor are of before there were any, and short.
        if not end or '"' in head or head.count(",") < BEGIN + 3:
            raise IrregularError
        found = Lines(head.split(","))
        for block in _blocks(content, end):
            if len(content) < LARGE or not _by_columns(block, found):
                _add(block.decode().removesuffix("\n"), found)
    except (ValueError, csv.Error, StopIteration) as error:
        raise IrregularError from error
    return found


def _blocks(content: bytes, begin: int) -> Iterator[bytes]:
    """Whole lines at a time: decoded as a whole, a text takes up to five times the file's bytes."""
    while begin < len(content):
        end = content.find(b"\n", begin + BYTES) + 1 or len(content)
        yield content[begin:end]
        begin = end


def _by_columns(block: bytes, found: Lines) -> bool:
    from spikefuse.results.coded_blocks import add  # NumPy takes longer than to read a short table

    return add(block, found)


def _add(block: str, found: Lines) -> None:
    """Add whole lines."""
    lines = block.split("\n")
    if max(map(len, lines)) > csv.field_size_limit():
        raise IrregularError
    prefix, length, since = "\n", 1, 0
    has_quotes = '"' in block
    ends, next_end, next_value = found.ends, found.end.append, found.values.append
    for number, line in enumerate(lines):
        if not line.startswith(prefix):
            prefix, run = _begin(line, found)
            found.runs.append(run)
            if number:
                found.lengths.append(number - since)
            length, since = len(prefix), number
        rest = line[length:]
        if has_quotes and '"' in rest:
            split, metric, value, *tail = next(csv.reader([rest], strict=True))
            next_end(ends[split, metric, tuple(tail)])
        else:
            split, metric, value, further = rest.split(",", 3)
            next_end(ends[split, metric, further])
        next_value(float(value))
    found.lengths.append(len(lines) - since)


def _begin(line: str, found: Lines) -> tuple[str, tuple[int, int, int]]:
    """The part of a line up to its seed, and the numbers of what stands there."""
    *entries, rest = line.split(",", BEGIN)
    prefix = line[: len(line) - len(rest)]
    # A comma within quotes divides nothing: who counts commas must know that there are none.
    if len(entries) != BEGIN or '"' in prefix:
        raise IrregularError
    begin = found.begins[_others(entries)]
    return prefix, (begin, found.trials[entries[_TRIAL]], found.seeds[entries[_SEED]])

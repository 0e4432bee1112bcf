"""Tidy tables: one row a number, a fixed head of columns, one more column per further factor."""

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from spikefuse.core.errors import InputError, StoreError
from spikefuse.core.untrusted import MOST_TABLE_BYTES
from spikefuse.results.atomic import make_folder, read_file, write_file
from spikefuse.results.coded import Coded, IrregularError, read_lines
from spikefuse.results.rows import Column, LengthError, TidyRows, blocks

TIDY_COLUMNS = (
    "study",
    "trial",
    "network",
    "modality",
    "size",
    "neuron",
    "reset",
    "time_steps",
    "fusion",
    "protocol",
    "noise_std",
    "noise_position",
    "seed",
    "split",
    "metric",
    "value",
)
"""Columns of every table, in this order; those of further factors follow in alphabetical order."""

_WHOLE = ("time_steps", "seed")
_NUMBERS = ("noise_std", "value")
_SHARES = ("accuracy", "accuracy_last")
_ROWS = 4096
"""That become text together."""

_WHERE = "results"
_AGAIN = "Mend the table, or run the command that wrote it again."


def write_tidy(rows: Iterable[Mapping[str, Any]], path: Path) -> None:
    """Write the rows to a CSV file, atomically; floats keep every digit.

    Raises:
        InputError: See `tidy_parts`.
        StoreError: The file cannot be written.
    """
    parts = tidy_parts(rows)
    make_folder(path.parent, _WHERE)
    write_file(path, parts, _WHERE)


def tidy_parts(rows: Iterable[Mapping[str, Any]]) -> list[bytes]:
    """The content of a CSV file of the rows, in parts.

    Rows are taken one after another, and kept as text: a fifth of their memory.

    Raises:
        InputError: A row lacks a column, a further column is not in every row, or `value` is not
            a finite number.
    """
    left = iter(rows)
    block = list(islice(left, _ROWS))
    columns = [*TIDY_COLUMNS, *sorted({*block[0]}.difference(TIDY_COLUMNS) if block else ())]
    parts, done = [table_bytes(columns, (), _WHERE)], 0
    while block:
        for number, row in enumerate(block, start=done + 1):
            _check(row, number, columns)
        parts.append(_lines(columns, block, _WHERE))
        done += len(block)
        block = list(islice(left, _ROWS))
    return parts


def read_tidy(path: Path) -> TidyRows:
    """The rows of a tidy CSV file.

    `time_steps` and `seed` are int, `noise_std` and `value` float, the other named columns text. A
    further column holds bool, int or float if all its entries do, else text. An empty entry is ""
    in a column of text and None in another.

    A byte order mark, which Excel writes, is passed over.

    Raises:
        StoreError: The file is missing, is not such a table, or holds a number that cannot be.
    """
    content = read_file(path, _WHERE, MOST_TABLE_BYTES)
    return TidyRows(_quickly(content) or _plainly(content, path))


def _quickly(content: bytes) -> dict[str, Sequence[Any]] | None:
    """All entries by column of a regular table without a fault; None of any other."""
    try:
        lines = read_lines(content)
        if tuple(lines.head[: len(TIDY_COLUMNS)]) != TIDY_COLUMNS or not lines.holds(_SHARES):
            return None
        columns: dict[str, Sequence[Any]] = dict.fromkeys(lines.head, lines.values)
        for name, texts, codes in lines.columns():
            column = _column(name)
            column.add(texts)
            columns[name] = Coded(_typed(name, column), codes)
        return columns if len(columns) == len(lines.head) and _are_possible(columns) else None
    except (IrregularError, ValueError):
        return None


def _are_possible(columns: Mapping[str, Sequence[Any]]) -> bool:
    """Whether no number among the levels is one that the plain reader would refuse."""
    for name, column in columns.items():
        levels = column.entries if isinstance(column, Coded) else ()
        numbers = [level for level in levels if isinstance(level, float)]
        if not all(map(math.isfinite, numbers)) or (
            name == "noise_std" and min(numbers, default=0) < 0
        ):
            return False
    return True


def _plainly(content: bytes, path: Path) -> dict[str, list[Any]]:
    """All entries by column of any table.

    Raises:
        StoreError: It is no tidy table, or holds a number that cannot be.
    """
    try:
        columns = _columns(content, path)
    except UnicodeDecodeError:
        raise StoreError(
            f"{_WHERE}: {path} must be a CSV file in UTF-8, got another text. {_AGAIN}"
        ) from None
    except csv.Error as error:
        raise StoreError(f"{_WHERE}: {path} must be a CSV file, got: {error}. {_AGAIN}") from error
    except LengthError as error:
        raise StoreError(
            f"{_WHERE}: {path} line {error.line} must have {error.expected} entries, got "
            f"{error.entries}. {_AGAIN}"
        ) from None
    for name in columns:
        if name not in TIDY_COLUMNS:
            _check_further(name, columns[name], path)
    _check_numbers(columns, path)
    return columns


def _columns(content: bytes, path: Path) -> dict[str, list[Any]]:
    """All entries by column, of their types."""
    lines = blocks(content)
    (head,) = next(lines)
    if tuple(head[: len(TIDY_COLUMNS)]) != TIDY_COLUMNS or len(set(head)) != len(head):
        raise StoreError(
            f"{_WHERE}: {path} must begin with the columns {', '.join(TIDY_COLUMNS)}, "
            f"got {', '.join(head) or 'an empty file'}. {_AGAIN}"
        )
    columns = {name: _column(name) for name in head}
    for block in lines:
        for name, texts in zip(head, zip(*block, strict=True), strict=True):
            try:
                columns[name].add(texts)
            except ValueError:
                raise StoreError(
                    f"{_WHERE}: column {name} of {path} must hold numbers, got other text in it. "
                    f"{_AGAIN}"
                ) from None
    return {name: _typed(name, column) for name, column in columns.items()}


def _column(name: str) -> Column:
    return Column(int if name in _WHOLE else float if name in _NUMBERS else None)


def _typed(name: str, column: Column) -> list[Any]:
    """The entries; those of a further column are numbers where all are."""
    if name not in TIDY_COLUMNS and any(column.levels):
        for convert in (_parse_bool, int, _parse_number):
            values = column.parsed(convert)
            if values is not None:
                return values
    return column.entries


def _check_further(name: str, entries: Sequence[Any], path: Path) -> None:
    """Refuse a number without bounds in a further column.

    Raises:
        StoreError: There is one.
    """
    distinct = set(entries)
    wrong = {each for each in distinct if isinstance(each, float) and not math.isfinite(each)}
    for number, entry in enumerate(entries if wrong else (), start=2):
        if entry in wrong:
            raise StoreError(
                f"{_WHERE}: {name} in line {number} of {path} must be a finite number, got "
                f"{entry}. {_AGAIN}"
            )


def _check_numbers(columns: Mapping[str, Sequence[Any]], path: Path) -> None:
    """Refuse what no run writes: a mean would take it in, or lose a seed, without a word.

    Raises:
        StoreError: A number of a row cannot be.
    """
    entries = zip(columns["value"], columns["metric"], columns["noise_std"], strict=True)
    for number, (value, metric, noise) in enumerate(entries, start=2):
        constraint = None
        if value is None or not math.isfinite(value):
            constraint = "a finite number"
        elif metric in _SHARES and not 0 <= value <= 1:
            constraint = f"a share from 0 to 1 for {metric}"
        if constraint is not None:
            raise StoreError(
                f"{_WHERE}: value in line {number} of {path} must be {constraint}, "
                f"got {'nothing' if value is None else value}. {_AGAIN}"
            )
        if noise is not None and not (math.isfinite(noise) and noise >= 0):
            raise StoreError(
                f"{_WHERE}: noise_std in line {number} of {path} must be a finite number, 0 or "
                f"more, got {noise}. {_AGAIN}"
            )
    for number, seed in enumerate(columns["seed"], start=2):
        if seed is not None and seed < 0:
            raise StoreError(
                f"{_WHERE}: seed in line {number} of {path} must be a whole number, 0 or more, got "
                f"{seed}. {_AGAIN}"
            )


def table_bytes(columns: Sequence[str], rows: Sequence[Mapping[str, Any]], where: str) -> bytes:
    """A CSV file (UTF-8, line feeds) of the rows; a missing entry is empty."""
    head = dict(zip(columns, columns, strict=True))
    return _lines(columns, [head, *rows], where)


def _lines(columns: Sequence[str], rows: Iterable[Mapping[str, Any]], where: str) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for row in rows:
        writer.writerow([_entry(row.get(name), name, where) for name in columns])
    return text.getvalue().encode()


def _check(row: Mapping[str, Any], number: int, columns: Sequence[str]) -> None:
    missing = [name for name in columns if name not in row]
    if len(row) > len(columns) and not missing:
        # What one row has alone, the first lacks.
        number, missing = 1, sorted(set(row).difference(columns))
    if missing:
        raise InputError(
            f"{_WHERE}: row {number} must have every column, got none for {', '.join(missing)}. "
            'Use "" where a column does not apply.'
        )
    value = row["value"]
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise InputError(
            f"{_WHERE}: value of row {number} must be a finite number, got {value!r}. "
            "Leave out a row that has no number."
        )


def _entry(value: object, column: str, where: str) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Integral):
        return str(int(value))
    if isinstance(value, Real):
        return repr(float(value))
    raise InputError(
        f"{where}: {column} must be text, a number, true, false or nothing, "
        f"got {type(value).__name__}."
    )


def _parse_number(entry: str) -> float:
    value = float(entry)
    if not (math.isfinite(value) or any(sign.isdigit() for sign in entry)):
        raise ValueError(entry)  # a word, which may be somebody's name
    return value


def _parse_bool(entry: str) -> bool:
    if entry.lower() not in ("true", "false"):  # Excel writes them in capitals
        raise ValueError(entry)
    return entry.lower() == "true"

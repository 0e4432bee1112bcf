"""Tidy tables: one row a number, a fixed head of columns, one more column per further factor."""

import csv
import io
import math
from collections.abc import Callable, Mapping, Sequence
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from spikefuse.core.errors import InputError, StoreError
from spikefuse.core.untrusted import MOST_TABLE_BYTES
from spikefuse.results.atomic import make_folder, read_file, write_file

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
_WHERE = "results"
_AGAIN = "Mend the table, or run the command that wrote it again."


def write_tidy(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write the rows to a CSV file, atomically; floats keep every digit.

    Raises:
        InputError: A row lacks a column, a further column is not in every row, or `value` is not
            a finite number.
        StoreError: The file cannot be written.
    """
    further = sorted({name for row in rows for name in row}.difference(TIDY_COLUMNS))
    columns = [*TIDY_COLUMNS, *further]
    for number, row in enumerate(rows, start=1):
        _check(row, number, columns)
    make_folder(path.parent, _WHERE)
    write_file(path, table_bytes(columns, rows, _WHERE), _WHERE)


def read_tidy(path: Path) -> list[dict[str, Any]]:
    """The rows of a tidy CSV file.

    `time_steps` and `seed` are int, `noise_std` and `value` float, the other named columns text. A
    further column holds bool, int or float if all its entries do, else text. An empty entry is ""
    in a column of text and None in another.

    A byte order mark, which Excel writes, is passed over.

    Raises:
        StoreError: The file is missing, is not such a table, or holds a number that cannot be.
    """
    content = read_file(path, _WHERE, MOST_TABLE_BYTES)
    try:
        lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    except UnicodeDecodeError:
        raise StoreError(
            f"{_WHERE}: {path} must be a CSV file in UTF-8, got another text. {_AGAIN}"
        ) from None
    except csv.Error as error:
        raise StoreError(f"{_WHERE}: {path} must be a CSV file, got: {error}. {_AGAIN}") from error
    head = lines[0] if lines else []
    if tuple(head[: len(TIDY_COLUMNS)]) != TIDY_COLUMNS or len(set(head)) != len(head):
        raise StoreError(
            f"{_WHERE}: {path} must begin with the columns {', '.join(TIDY_COLUMNS)}, "
            f"got {', '.join(head) or 'an empty file'}. {_AGAIN}"
        )
    for number, line in enumerate(lines[1:], start=2):
        if len(line) != len(head):
            raise StoreError(
                f"{_WHERE}: {path} line {number} must have {len(head)} entries, got {len(line)}. "
                f"{_AGAIN}"
            )
    columns = {
        name: _parse_column(name, [line[position] for line in lines[1:]], path)
        for position, name in enumerate(head)
    }
    for name in head[len(TIDY_COLUMNS) :]:
        _check_further(name, columns[name], path)
    rows = [{name: columns[name][row] for name in head} for row in range(len(lines) - 1)]
    for number, row in enumerate(rows, start=2):
        _check_numbers(row, path, number)
    return rows


def _check_further(name: str, entries: Sequence[Any], path: Path) -> None:
    """Refuse a number without bounds in a further column.

    Raises:
        StoreError: There is one.
    """
    for number, entry in enumerate(entries, start=2):
        if isinstance(entry, float) and not math.isfinite(entry):
            raise StoreError(
                f"{_WHERE}: {name} in line {number} of {path} must be a finite number, got "
                f"{entry}. {_AGAIN}"
            )


def _check_numbers(row: Mapping[str, Any], path: Path, number: int) -> None:
    """Refuse what no run writes: a mean would take it in, or lose a seed, without a word.

    Raises:
        StoreError: A number of the row cannot be.
    """
    value, metric = row["value"], row["metric"]
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
    noise = row["noise_std"]
    if noise is not None and not (math.isfinite(noise) and noise >= 0):
        raise StoreError(
            f"{_WHERE}: noise_std in line {number} of {path} must be a finite number, 0 or more, "
            f"got {noise}. {_AGAIN}"
        )


def table_bytes(columns: Sequence[str], rows: Sequence[Mapping[str, Any]], where: str) -> bytes:
    """A CSV file (UTF-8, line feeds) of the rows; a missing entry is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_entry(row.get(name), name, where) for name in columns])
    return text.getvalue().encode()


def _check(row: Mapping[str, Any], number: int, columns: Sequence[str]) -> None:
    missing = [name for name in columns if name not in row]
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


def _parse_column(name: str, entries: list[str], path: Path) -> list[Any]:
    if name in _WHOLE or name in _NUMBERS:
        convert: Callable[[str], Any] = int if name in _WHOLE else float
        values = _convert(entries, convert)
        if values is None:
            raise StoreError(
                f"{_WHERE}: column {name} of {path} must hold numbers, got other text in it. "
                f"{_AGAIN}"
            )
        return values
    if name not in TIDY_COLUMNS and any(entries):
        for convert in (_parse_bool, int, _parse_number):
            values = _convert(entries, convert)
            if values is not None:
                return values
    return list(entries)


def _convert(entries: list[str], convert: Callable[[str], Any]) -> list[Any] | None:
    try:
        return [convert(entry) if entry else None for entry in entries]
    except ValueError:
        return None


def _parse_number(entry: str) -> float:
    value = float(entry)
    if not (math.isfinite(value) or any(sign.isdigit() for sign in entry)):
        raise ValueError(entry)  # a word, which may be somebody's name
    return value


def _parse_bool(entry: str) -> bool:
    if entry.lower() not in ("true", "false"):  # Excel writes them in capitals
        raise ValueError(entry)
    return entry.lower() == "true"

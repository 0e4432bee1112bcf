"""Tidy tables: one row a number, a fixed head of columns, one more column per further factor."""

import csv
import io
import math
from collections.abc import Callable, Mapping, Sequence
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from spikefuse.core.errors import InputError, StoreError
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
    make_folder(path.parent, "write_tidy")
    write_file(path, table_bytes(columns, rows, "write_tidy"), "write_tidy")


def read_tidy(path: Path) -> list[dict[str, Any]]:
    """The rows of a tidy CSV file.

    `time_steps` and `seed` are int, `noise_std` and `value` float, the other named columns text. A
    further column holds bool, int or float if all its entries do, else text. An empty entry is ""
    in a column of text and None in another.

    Raises:
        StoreError: The file is missing or is not such a table.
    """
    where = "read_tidy"
    try:
        lines = list(csv.reader(io.StringIO(read_file(path, where).decode())))
    except (UnicodeDecodeError, csv.Error) as error:
        raise StoreError(f"{where}: {path} must be a CSV file, got: {error}.") from error
    head = lines[0] if lines else []
    if tuple(head[: len(TIDY_COLUMNS)]) != TIDY_COLUMNS or len(set(head)) != len(head):
        raise StoreError(
            f"{where}: {path} must begin with the columns {', '.join(TIDY_COLUMNS)}, "
            f"got {', '.join(head) or 'an empty file'}. Write the table again with write_tidy."
        )
    for number, line in enumerate(lines[1:], start=2):
        if len(line) != len(head):
            raise StoreError(
                f"{where}: {path} line {number} must have {len(head)} entries, got {len(line)}. "
                "Write the table again with write_tidy."
            )
    columns = {
        name: _parse_column(name, [line[position] for line in lines[1:]], path)
        for position, name in enumerate(head)
    }
    return [{name: columns[name][row] for name in head} for row in range(len(lines) - 1)]


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
            f"write_tidy: row {number} must have every column, got none for {', '.join(missing)}. "
            'Use "" where a column does not apply.'
        )
    value = row["value"]
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise InputError(
            f"write_tidy: value of row {number} must be a finite number, got {value!r}. "
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
                f"read_tidy: column {name} of {path} must hold numbers, got other text in it. "
                "Write the table again with write_tidy."
            )
        return values
    if name not in TIDY_COLUMNS and any(entries):
        for convert in (_parse_bool, int, float):
            values = _convert(entries, convert)
            if values is not None:
                return values
    return list(entries)


def _convert(entries: list[str], convert: Callable[[str], Any]) -> list[Any] | None:
    try:
        return [convert(entry) if entry else None for entry in entries]
    except ValueError:
        return None


def _parse_bool(entry: str) -> bool:
    if entry not in ("true", "false"):
        raise ValueError(entry)
    return entry == "true"

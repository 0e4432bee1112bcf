"""Rows of a table that is kept by columns: a million rows in a third of a gigabyte, not in three.

A row as a dict of its own takes over a kilobyte, most of it for what all rows share: the names of
its columns. Entries repeat, so each distinct text is kept and parsed once.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, overload

_LINES = 4096


class TidyRow(Mapping[str, Any]):
    """One row of a table; it cannot be changed.

    Args:
        columns: All entries of the table by column, shared by its rows.
        place: Number of the row from 0.

    Example:
        >>> row = TidyRow({"seed": [0, 1], "value": [0.5, 0.75]}, 1)
        >>> row["value"], row | {"seed": 2}
        (0.75, {'seed': 2, 'value': 0.75})
    """

    __slots__ = ("columns", "place")

    def __init__(self, columns: Mapping[str, Sequence[Any]], place: int) -> None:
        self.columns, self.place = columns, place

    def __getitem__(self, name: str) -> Any:
        return self.columns[name][self.place]

    def get(self, name: str, default: Any = None) -> Any:
        """The entry of a column; `default` where there is no such column."""
        entries = self.columns.get(name)
        return default if entries is None else entries[self.place]

    def __contains__(self, name: object) -> bool:
        return name in self.columns

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    def __or__(self, other: Mapping[str, Any]) -> dict[str, Any]:
        return {**self, **other}

    def __ror__(self, other: Mapping[str, Any]) -> dict[str, Any]:
        return {**other, **self}

    def __repr__(self) -> str:
        return repr(dict(self))


class TidyRows(Sequence[TidyRow]):
    """Rows of a table by columns; a row is made when it is asked for.

    Args:
        columns: All entries of the table by column.
        places: Numbers of the rows that are meant; all by default.

    Example:
        >>> rows = TidyRows({"seed": [0, 1, 2], "value": [0.5, 0.75, 1.0]})
        >>> rows[1]["value"], [row["seed"] for row in rows[1:]]
        (0.75, [1, 2])
    """

    __slots__ = ("columns", "places")

    def __init__(
        self, columns: Mapping[str, Sequence[Any]], places: Sequence[int] | None = None
    ) -> None:
        self.columns = columns
        self.places = range(len(columns["value"])) if places is None else places

    @overload
    def __getitem__(self, place: int) -> TidyRow: ...
    @overload
    def __getitem__(self, place: slice) -> "TidyRows": ...
    def __getitem__(self, place: int | slice) -> "TidyRow | TidyRows":
        if isinstance(place, slice):
            return TidyRows(self.columns, self.places[place])
        return TidyRow(self.columns, self.places[place])

    def __iter__(self) -> Iterator[TidyRow]:
        return (TidyRow(self.columns, place) for place in self.places)

    def __len__(self) -> int:
        return len(self.places)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, list | TidyRows) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(list(self))


class Column:
    """The texts of a column, each distinct one kept once.

    Args:
        convert: Makes an entry of a text, for columns that are numbers throughout; else the texts
            are kept and parsed later.
    """

    def __init__(self, convert: Callable[[str], Any] | None = None) -> None:
        self.entries: list[Any] = []
        self._convert = convert
        self._known: dict[str, str] = {}

    def add(self, texts: Sequence[str]) -> None:
        """Append texts.

        Raises:
            ValueError: One is not what the column holds; an empty one always is.
        """
        if self._convert is None:
            self.entries.extend(map(self._known.setdefault, texts, texts))
        else:
            self.entries.extend(self._convert(text) if text else None for text in texts)

    @property
    def levels(self) -> list[str]:
        """The distinct texts, in order of appearance."""
        return list(self._known)

    def parsed(self, convert: Callable[[str], Any]) -> list[Any] | None:
        """All entries converted, nothing for an empty text; None where a text cannot be."""
        try:
            values = {text: convert(text) if text else None for text in self._known}
        except ValueError:
            return None
        return list(map(values.__getitem__, self.entries))


class LengthError(Exception):
    """A line of a table has more or fewer entries than its head."""

    def __init__(self, line: int, expected: int, entries: int) -> None:
        super().__init__(f"line {line} has {entries} entries, the head has {expected}")
        self.line, self.expected, self.entries = line, expected, entries


def blocks(content: bytes) -> Iterator[tuple[list[str], ...]]:
    """The head of a CSV file in UTF-8, then some thousand lines after another.

    A byte order mark, which Excel writes, is passed over.

    Raises:
        UnicodeDecodeError: It is another text.
        csv.Error: It is no table.
        LengthError: A line is shorter or longer than the head.
    """
    # Decoded as it is read: the text as a whole would take five times the file's bytes.
    lines = csv.reader(io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline=""))
    head = next(lines, [])
    yield (head,)
    done = 1
    while block := tuple(islice(lines, _LINES)):
        for number, line in enumerate(block, start=done + 1):
            if len(line) != len(head):
                raise LengthError(number, len(head), len(line))
        done += len(block)
        yield block

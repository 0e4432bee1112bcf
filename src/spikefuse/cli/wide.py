"""Tables of the report in a terminal: an interval beside its number, too many columns in parts."""

from dataclasses import replace
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table as RichTable
from rich.text import Text

from spikefuse.analysis.words import NONE
from spikefuse.report.tables import Column, Table

if TYPE_CHECKING:
    from rich.console import Console, JustifyMethod

_BETWEEN = 3
"""Columns of letters between two columns of numbers."""

_HEADS = 28
"""What the names of rows get at least; they may be broken, a number never is."""


def print_table(table: Table, console: "Console") -> None:
    """Print a table, in parts below each other where the terminal is too narrow for it."""
    for part in parts(table, console.width):
        shown = RichTable(title=Text(part.caption), title_justify="left", box=box.SIMPLE_HEAD)
        for index, column in enumerate(part.columns):
            fixed = _width(part, index) if index >= part.heads else None
            side: JustifyMethod = "right" if column.number else "left"
            shown.add_column(column.title, justify=side, width=fixed, overflow="fold")
        for row in part.rows:
            shown.add_row(*(Text(cell) for cell in row))  # a cell may quote results: never markup
        console.print(shown)


def parts(table: Table, width: int) -> list[Table]:
    """The table, cut between columns where it is wider than so many letters.

    Every part has the names of the rows and n, and leaves out rows that say nothing in it.

    Example:
        >>> columns = [Column("what"), Column("mean"), Column("95 % of it"), Column("cost")]
        >>> row = ("nothing", "66.63", "52.38 to 80.88", "28.73")
        >>> made = parts(Table("t", "A table", tuple(columns), (row,)), 38)
        >>> [part.rows for part in made]
        [(('nothing', '66.63 [52.38, 80.88]'),), (('nothing', '28.73'),)]
    """
    table = _intervals_beside(table)
    heads = table.heads
    if not table.rows:
        return []
    counts = [i for i in range(heads, len(table.columns)) if table.columns[i].title == "n"]
    names = sum(min(_width(table, i), _HEADS) + _BETWEEN for i in range(heads))
    room = width - names - sum(_width(table, i) + _BETWEEN for i in counts)
    groups: list[list[int]] = [[]]
    taken = 0
    for index in (i for i in range(heads, len(table.columns)) if i not in counts):
        own = _width(table, index) + _BETWEEN
        if groups[-1] and taken + own > room:
            groups.append([])
            taken = 0
        groups[-1].append(index)
        taken += own
    found = [_chosen(table, group, counts) for group in groups]
    return [part for part in found if part.rows]


def _chosen(table: Table, group: list[int], counts: list[int]) -> Table:
    kept = [*range(table.heads), *group, *counts]
    rows = tuple(
        tuple(row[i] for i in kept) for row in table.rows if any(row[i] != NONE for i in group)
    )
    return replace(table, columns=tuple(table.columns[i] for i in kept), rows=rows)


def _width(table: Table, index: int) -> int:
    """Of the longest cell, and of the longest word of the title."""
    words = table.columns[index].title.split() or [""]
    return max(*(len(row[index]) for row in table.rows), max(map(len, words)))


def _intervals_beside(table: Table) -> Table:
    """Each column of intervals in brackets behind the numbers that it belongs to."""
    columns: list[Column] = []
    rows: list[list[str]] = [[] for _ in table.rows]
    for index, column in enumerate(table.columns):
        is_interval = index > table.heads and column.title.startswith("95 %")
        if not is_interval:
            columns.append(column)
        for made, row in zip(rows, table.rows, strict=True):
            if not is_interval:
                made.append(row[index])
            elif row[index] != NONE:
                made[-1] += f" {_brackets(row[index])}"
    is_merged = len(columns) < len(table.columns)
    has_ends = any("[" in cell for row in rows for cell in row)
    caption = f"{table.caption}; []: 95 % interval" if is_merged and has_ends else table.caption
    pairs = any("(" in cell and " and " in cell for row in rows for cell in row)
    caption += "; (): the values of two seeds" if is_merged and pairs else ""
    return replace(table, caption=caption, columns=tuple(columns), rows=tuple(map(tuple, rows)))


def _brackets(interval: str) -> str:
    """`52.38 to 80.88` as the terminal has it; of two seeds, which have none, the values."""
    return f"[{interval.replace(' to ', ', ')}]" if " to " in interval else f"({interval})"

"""The conditions of any study, measured: what is shown of a study that no figure is about."""

from collections.abc import Iterable
from dataclasses import dataclass

from spikefuse.analysis.estimates import Estimate, estimate
from spikefuse.analysis.row_index import DEFAULTS, Level, Row
from spikefuse.analysis.series import Series, resolution
from spikefuse.analysis.table import METRIC, Table, cell_words


@dataclass(frozen=True)
class Condition:
    """One condition of a study under one split.

    Attributes:
        words: What it is, in the words of `cell_words`.
        accuracy: Mean over seeds; None where a seed diverged.
        series: The number of each seed, and why there may be no mean.
    """

    words: str
    accuracy: Estimate | None
    series: Series


def conditions(rows: Iterable[Row], study: str, split: str, protocol: str = "") -> list[Condition]:
    """Every condition of a study, in the order of its rows.

    Args:
        rows: Tidy rows, typed or as text.
        study: Its name.
        split: "validation" (best of all epochs) or "test" (at the best validation epoch).
        protocol: Only networks under this one; any if empty.

    Raises:
        StudyError: A row cannot be read, or two say different things of one cell and seed.
    """
    # Not at the top: a table is shown without the libraries that train.
    from spikefuse.studies.design import Cell

    levels = tuple(Cell.model_fields)
    table = Table(rows)
    where: dict[str, Level] = {"study": study}
    if protocol:
        where["protocol"] = protocol
    cells: dict[tuple[Level, ...], Row] = {}
    for row in table.select(**where):
        if row.get("metric") in (METRIC, "diverged"):
            cells.setdefault(tuple(_level(row, name) for name in levels), row)
    found: dict[tuple[object, ...], Condition] = {}
    for cell, row in cells.items():
        named = dict(zip(levels, cell, strict=True))
        series = table.series(study=study, split=split, **named)
        if series.is_there:
            words = cell_words(row)
            # A network of one modality is a cell under every pairing protocol, and one network.
            same = (words, *map(str, (series.trials, series.values, series.diverged)))
            found.setdefault(same, Condition(words, estimate(series, resolution(series)), series))
    return list(found.values())


def _level(row: Row, name: str) -> Level:
    """What a row says of a factor; an empty entry has the default of its column."""
    entry: Level | None = row.get(name)
    return DEFAULTS.get(name, "") if entry in ("", None) else entry

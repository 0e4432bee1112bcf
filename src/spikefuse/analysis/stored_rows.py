"""The rows of a results folder, whoever wrote it: a table, or single networks without one."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from spikefuse.analysis.folder import (
    READINGS_ROWS,
    READINGS_RUN,
    RESULTS,
    RUN,
    reading_of_older,
    record_at,
)
from spikefuse.core.errors import StoreError
from spikefuse.results import TrialStore, read_tidy
from spikefuse.results.atomic import is_file, is_folder
from spikefuse.results.rows import TidyRows
from spikefuse.studies.readings import BASE, composed


def table_at(path: Path) -> TidyRows:
    """The rows of a table by the readings of today, whichever version wrote them.

    Raises:
        StoreError: It cannot be read.
    """
    rows = read_tidy(path)
    own = READINGS_RUN if path.name == READINGS_ROWS else RUN
    meant = reading_of_older(record_at(path.parent, own))
    if meant is None:
        return rows
    named = rows.columns.get("reading", [BASE] * len(rows.columns["value"]))
    today = [composed(meant, name or BASE) for name in named]
    return TidyRows({**rows.columns, "reading": today}, rows.places)


def rows_of(folder: Path) -> Sequence[Mapping[str, Any]]:
    """The rows of a results folder: of its `results.csv`, else of the trials it holds.

    Raises:
        StoreError: A table or a finished trial cannot be read.
    """
    if is_file(folder / RESULTS, "results"):
        return table_at(folder / RESULTS)
    if is_folder(folder / RESULTS, "results"):
        raise StoreError(
            f"results: {folder / RESULTS} must be a table, got a folder in its place. Move it away."
        )
    if not is_folder(folder / "trials", "results"):
        return []
    # Whoever reads a table need not wait for what makes rows.
    from spikefuse.analysis.trials import trial_rows

    return trial_rows(TrialStore(folder, read_only=True))

"""The rows of a results folder, whoever wrote it: a table, or single networks without one."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from spikefuse.core.errors import StoreError
from spikefuse.results import TrialStore, read_tidy
from spikefuse.results.atomic import is_file, is_folder

RESULTS = "results.csv"


def rows_of(folder: Path) -> Sequence[Mapping[str, Any]]:
    """The rows of a results folder: of its `results.csv`, else of the trials it holds.

    Raises:
        StoreError: A table or a finished trial cannot be read.
    """
    if is_file(folder / RESULTS, "results"):
        return read_tidy(folder / RESULTS)
    if is_folder(folder / RESULTS, "results"):
        raise StoreError(
            f"results: {folder / RESULTS} must be a table, got a folder in its place. Move it away."
        )
    if not is_folder(folder / "trials", "results"):
        return []
    # Whoever reads a table need not wait for what makes rows.
    from spikefuse.analysis.trials import trial_rows

    return trial_rows(TrialStore(folder, read_only=True))

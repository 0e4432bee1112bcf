"""The results folder that a command means where none is named."""

from collections.abc import Iterable
from pathlib import Path

from spikefuse.core.errors import StoreError

RUNS = Path("runs")
"""Where the results of a run without an --out lie."""


def last_written(command: str, runs: Path = RUNS) -> Path:
    """The results folder whose table was written last.

    Raises:
        StoreError: There is none.
    """
    from spikefuse.report.reading.record import RESULTS

    tables = (path for path in runs.glob(f"*/{RESULTS}") if path.is_file())
    told = f"no {RESULTS}. Name the folder that a run wrote its results to."
    return _newest(
        tables, f"{command}: folder must be given, got none and {str(runs)!r} holds {told}"
    )


def last_begun(command: str, runs: Path = RUNS) -> Path:
    """The results folder whose plan was noted last.

    Raises:
        StoreError: There is none.
    """
    from spikefuse.results.journal import JOURNAL

    noted = (path for path in runs.glob(f"*/{JOURNAL}") if path.is_dir())
    told = "no run. Name the --out of the run."
    return _newest(
        noted, f"{command}: folder must be given, got none and {str(runs)!r} holds {told}"
    )


def _newest(signs: Iterable[Path], refusal: str) -> Path:
    """The folder in which the newest of these lies."""
    found = max(signs, key=lambda path: path.stat().st_mtime, default=None)
    if found is None:
        raise StoreError(refusal)
    return found.parent

"""The report: one HTML page, figures and tables as files, from a folder of results.

Nothing here trains. Matplotlib and Jinja are imported when a report is built, not before.
"""

from pathlib import Path

__all__ = ["build_report"]


def build_report(results_root: Path, out: Path, *, pdf: bool = False) -> Path:
    """Write the report of a results folder.

    Args:
        results_root: Folder with `results.csv` and, where there are, `trials/`, `run.json` and
            `claims.json`.
        out: The HTML file; `figures/` and `tables/` are written beside it.
        pdf: Write the figures as PDF too.

    Returns:
        The path of the HTML file.

    Raises:
        StoreError: There are no results, or the report cannot be written.
    """
    from spikefuse.report.build import build

    return build(Path(results_root), Path(out), pdf)

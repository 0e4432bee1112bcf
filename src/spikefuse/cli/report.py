"""`spikefuse report`: build the report of a results folder again."""

from pathlib import Path
from typing import Annotated

import typer

from spikefuse.cli.terminal import fact, make_console


def report(
    folder: Annotated[
        Path | None,
        typer.Argument(help="Results folder; the newest under runs/ if left out."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="The HTML file; FOLDER/report.html if left out. Figures and tables lie beside it.",
            show_default=False,
        ),
    ] = None,
    pdf: Annotated[
        bool,
        typer.Option("--pdf", help="Write the figures as PDF too: twice the time, for papers."),
    ] = False,
) -> None:
    """Build the report from what is stored. Nothing is trained."""
    from spikefuse.cli.newest import last_written
    from spikefuse.report import build_report

    root = folder or last_written("report")
    path = build_report(root, out or root / "report.html", pdf=pdf)
    fact(make_console(), "report", path.resolve())

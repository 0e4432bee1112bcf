"""`spikefuse show`: the results of a run as tables in the terminal."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spikefuse.cli import options
from spikefuse.cli.terminal import make_console

if TYPE_CHECKING:
    from rich.console import Console

    from spikefuse.analysis.figures import FigureRow, PaperFigure
    from spikefuse.analysis.headline import Headline
    from spikefuse.analysis.table import Row
    from spikefuse.report.tables import Table

    Measured = Sequence[tuple[PaperFigure, Sequence[Sequence[FigureRow]]]]


def show(
    folder: Annotated[
        Path | None,
        typer.Argument(help="Results folder; the newest under runs/ if left out."),
    ] = None,
    study: Annotated[
        str | None, typer.Option("--study", help="Only the figures of this study.")
    ] = None,
    figure: Annotated[
        int | None, typer.Option("--figure", help="Only this figure of the paper, 3 to 13.")
    ] = None,
    protocol: Annotated[
        str | None,
        typer.Option(
            "--protocol",
            help="paper, disjoint or speaker; paper and disjoint side by side if left out.",
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            "--split",
            help="validation (best of all epochs) or test (at the best validation epoch); "
            "validation for the protocol paper and test for the others if left out.",
        ),
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """Show the paper's figures as tables: means, 95 % intervals, n; every seed with --json."""
    import json

    from spikefuse.analysis import table
    from spikefuse.analysis.headline import headline
    from spikefuse.report.reading.sources import find_run, read_rows, read_unfinished

    figures = _figures(study, figure)
    views = _views(protocol, split)
    root = folder or find_run(Path("runs"))
    rows, unfinished = table.Table(read_rows(root)), read_unfinished(root)
    found = headline(rows)
    measured = _measure(figures, rows, views)
    if as_json:
        document = {"headline": _headline_record(found), "figures": _records(measured)}
        document |= {"unfinished": unfinished} if unfinished else {}
        print(json.dumps(document, indent=2, allow_nan=False))
        return
    console = make_console()
    _print(measured, found if study is None and figure is None else None, console)
    if unfinished:
        console.print(unfinished)


def _figures(study: str | None, number: int | None) -> "list[PaperFigure]":
    """The figures asked for.

    Raises:
        InputError: There is no such study or figure.
    """
    from spikefuse.analysis import figures
    from spikefuse.core.checks import one_of

    chosen = list(figures.FIGURES)
    if study is not None:
        one_of("show", "--study", study, dict.fromkeys(each.study for each in chosen))
        chosen = [each for each in chosen if each.study == study]
    if number is not None:
        wanted = figures.figure(number)
        chosen = [each for each in chosen if each == wanted]
    return chosen


def _views(protocol: str | None, split: str | None) -> list[tuple[str, str]]:
    """Protocols and the split of each.

    Raises:
        InputError: A name is unknown.
    """
    from spikefuse.core.checks import one_of

    if split is not None:
        one_of("show", "--split", split, ("validation", "test"))
    names: tuple[str, ...] = ("paper", "disjoint")
    if protocol is not None:
        names = (one_of("show", "--protocol", protocol, (*names, "speaker")),)
    return [(name, split or ("validation" if name == "paper" else "test")) for name in names]


def _measure(
    figures: "Sequence[PaperFigure]",
    rows: "Iterable[Row]",
    views: Sequence[tuple[str, str]],
) -> "Measured":
    """The figures that have any result, under the views that have any."""
    from spikefuse.analysis.figures import figure_table

    measured = []
    for figure in figures:
        tables = [figure_table(figure, rows, protocol, split) for protocol, split in views]
        filled = [table for table in tables if any(row.is_there for row in table)]
        if filled:
            measured.append((figure, filled))
    return measured


def _records(measured: "Measured") -> list[dict[str, Any]]:
    return [
        {
            "figure": figure.number,
            "title": figure.title,
            "study": figure.study,
            "rows": [
                {
                    "protocol": row.protocol,
                    "split": row.split,
                    **({figure.panel.column: row.panel} if figure.panel else {}),
                    figure.x.column: row.x,
                    figure.hue.column: row.hue,
                    "mean": row.mean,
                    "low": row.low,
                    "high": row.high,
                    "n": row.n,
                    "values": {str(seed): value for seed, value in row.values.items()},
                    "paper": row.paper,
                    "reason": row.reason,
                }
                for table in tables
                for row in table
            ],
        }
        for figure, tables in measured
    ]


def _headline_record(found: "Headline") -> dict[str, Any]:
    from spikefuse.report.headline import answer, answer_over_controls, verdict
    from spikefuse.report.tables import headline_estimates

    return {
        "verdict": verdict(found),
        "answer": answer(found),
        "controls": answer_over_controls(found),
        "quantities": [
            {"quantity": name, "mean": e.mean, "low": e.low, "high": e.high, "n": e.n}
            for name, e in headline_estimates(found)
        ],
    }


def _print(measured: "Measured", found: "Headline | None", console: "Console") -> None:
    from rich.text import Text

    from spikefuse.report.headline import answer, answer_over_controls, verdict
    from spikefuse.report.tables import figure_summary_table, headline_table

    if found is not None:
        console.print(Text(f"{verdict(found)}.", style="bold"))
        for sentence in (answer(found), answer_over_controls(found)):
            if sentence:
                console.print(Text(sentence))
        _print_table(headline_table(found), console)
    for figure, tables in measured:
        _print_table(figure_summary_table(figure, tables), console)
    if any(row.low is not None for _, tables in measured for rows in tables for row in rows):
        console.print("\u00b1: half of the 95 % Student-t interval over n seeds.")
    if not measured:
        console.print("No results for this choice. What a run holds: spikefuse show FOLDER.")


def _print_table(table: "Table", console: "Console") -> None:
    """Cells may quote results: text, never markup."""
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text

    if not table.rows:
        return
    shown = RichTable(title=Text(table.caption), title_justify="left", box=box.SIMPLE_HEAD)
    for column in table.columns:
        shown.add_column(column.title, justify="right" if column.number else "left")
    for row in table.rows:
        shown.add_row(*(Text(cell) for cell in row))
    console.print(shown)

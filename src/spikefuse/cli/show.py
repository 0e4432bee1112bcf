"""`spikefuse show`: the results of a run as tables in the terminal."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spikefuse.cli import options
from spikefuse.cli.terminal import make_console

if TYPE_CHECKING:
    from rich.console import Console

    from spikefuse.analysis.figures import FigureRow, PaperFigure
    from spikefuse.analysis.headline import Headline
    from spikefuse.analysis.table import Table as Rows
    from spikefuse.cli.shown import Further

    Measured = Sequence[tuple[PaperFigure, Sequence[Sequence[FigureRow]]]]


_Folder = Annotated[
    Path | None,
    typer.Argument(help="Results folder; the newest under runs/ if left out."),
]
_Study = Annotated[str | None, typer.Option("--study", help="Only what this study says.")]
_Figure = Annotated[
    int | None, typer.Option("--figure", help="Only this figure of the paper, 3 to 13.")
]
_Protocol = Annotated[
    str | None,
    typer.Option(
        "--protocol",
        help=f"Only networks under this pairing protocol ({', '.join(options.protocols())}); "
        "those that the results have, side by side, if left out.",
    ),
]
_Split = Annotated[
    str | None,
    typer.Option(
        "--split",
        help="validation (best of all epochs) or test (at the best validation epoch); "
        "validation for the protocol paper and test for the others if left out.",
    ),
]


def show(
    folder: _Folder = None,
    study: _Study = None,
    figure: _Figure = None,
    protocol: _Protocol = None,
    split: _Split = None,
    as_json: options.AsJson = False,
) -> None:
    """Show what a run found as tables: means, 95 % intervals, n; every seed with --json.

    The answer first, then the figures of the paper that have results, held-out groups, and the
    conditions of other studies.
    """
    from spikefuse.analysis import table
    from spikefuse.analysis.asked import NETWORK
    from spikefuse.analysis.headline import headline
    from spikefuse.cli.newest import last_written
    from spikefuse.cli.shown import are_single, further
    from spikefuse.report.reading.record import read_record, read_unfinished
    from spikefuse.report.reading.sources import read_rows

    _check(protocol, split)
    root = folder or last_written("show")
    record = read_record(root)
    if NETWORK in record:
        from spikefuse.cli.asking_modules import show_modules

        given = {"study": study, "figure": figure, "protocol": protocol, "split": split}
        show_modules(read_rows(root), record, given, as_json=as_json)
        return
    rows, unfinished = table.Table(read_rows(root)), read_unfinished(root)
    figures = _figures(study, figure, rows)
    found = headline(rows)
    measured = _measure(figures, rows, _views(protocol, split, rows))
    more = further(rows, record, study, protocol, split) if figure is None else None
    if as_json:
        headed = _headline_record(found, _said(found, rows, record)) | {"reading": rows.reading}
        document = {"headline": headed, "figures": _records(measured)}
        document |= more.record() if more else {}
        _print_json(document | ({"unfinished": unfinished} if unfinished else {}))
        return
    console = make_console()
    is_asked = study is None and figure is None and not are_single(rows)
    if is_asked:
        _print_answer(found, _said(found, rows, record), console, rows)
    of_all = is_asked and protocol is None and split is None
    _print(measured, more, console, of_all=of_all)
    if more and are_single(rows):
        console.print("Trained one by one: 'spikefuse compare A B' tells two of them apart.")
    if unfinished:
        console.print(unfinished)


def _check(protocol: str | None, split: str | None) -> None:
    """Refuse a name that there is not.

    Raises:
        InputError: It is one of these.
    """
    from spikefuse.core.checks import one_of
    from spikefuse.data import PROTOCOLS

    if protocol is not None:
        one_of("show", "--protocol", protocol, PROTOCOLS)
    if split is not None:
        one_of("show", "--split", split, ("validation", "test"))


def _print_json(document: Mapping[str, Any]) -> None:
    import json

    print(json.dumps(document, indent=2, allow_nan=False))


def _figures(study: str | None, number: int | None, rows: "Rows") -> "list[PaperFigure]":
    """The figures asked for, on the modalities that the networks see.

    Raises:
        InputError: There is no such study or figure.
    """
    from spikefuse.analysis import figures
    from spikefuse.analysis.table import single_modalities
    from spikefuse.core.checks import one_of
    from spikefuse.data.sources.contract import FUSED

    chosen = list(figures.FIGURES)
    if study is not None:
        known = dict.fromkeys([*(each.study for each in chosen), *rows.levels("study")])
        one_of("show", "--study", study, known)
        chosen = [each for each in chosen if each.study == study]
    if number is not None:
        wanted = figures.figure(number)
        chosen = [each for each in chosen if each == wanted]
    seen = (*single_modalities(rows), *([FUSED] if rows.select(modality=FUSED) else []))
    return [figures.on_modalities(each, seen) for each in chosen]


def _views(protocol: str | None, split: str | None, rows: "Rows") -> list[tuple[str, str]]:
    """Protocols and the split of each: those that the rows have, where none is asked for."""
    from spikefuse.data import PROTOCOLS

    if protocol is not None:
        names = [protocol]
    else:
        usual = [name for name, rule in PROTOCOLS.items() if not rule.holds_out]
        there = rows.levels("protocol")
        names = [name for name in usual if name in there] or usual
    return [(name, split or ("validation" if name == "paper" else "test")) for name in names]


def _measure(
    figures: "Sequence[PaperFigure]",
    rows: "Rows",
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


def _said(found: "Headline", rows: "Rows", record: Mapping[str, Any]) -> tuple[str, str]:
    """The verdict and the answer; of a run without the usual networks, those of its study."""
    from spikefuse.report.headline import answer, verdict

    if "snn" in found.gains:
        return verdict(found), answer(found)
    from spikefuse.analysis.groups import group_names
    from spikefuse.report.other_answers import study_answer

    heading, text = study_answer(rows, group_names(record, rows)) or ("", "")
    return verdict(found, heading), answer(found, text)


def _headline_record(found: "Headline", said: tuple[str, str]) -> dict[str, Any]:
    from spikefuse.report.headline import answer_over_controls, corrected
    from spikefuse.report.tables import headline_estimates

    heading, text = said
    return {
        "verdict": heading,
        "answer": text,
        "controls": answer_over_controls(found),
        "corrected": corrected(found),
        "quantities": [
            {"quantity": name, "mean": e.mean, "low": e.low, "high": e.high, "n": e.n}
            | {"silent": list(e.silent), "note": e.note}
            for name, e in headline_estimates(found)
        ],
    }


def _print_answer(
    found: "Headline", said: tuple[str, str], console: "Console", rows: "Rows"
) -> None:
    from rich.text import Text

    from spikefuse.analysis.silence import NETWORK_WORDS
    from spikefuse.cli.wide import print_table
    from spikefuse.report.headline import answer_over_controls, corrected, not_of_the_base
    from spikefuse.report.tables import headline_estimates, headline_table

    heading, text = said
    console.print(Text(f"{heading}.", style="bold"))
    more = (answer_over_controls(found), corrected(found), not_of_the_base(rows))
    for sentence in (text, *more):
        if sentence:
            console.print(Text(sentence))
    print_table(headline_table(found), console)
    if any(each.silent for _, each in headline_estimates(found)):
        console.print(NETWORK_WORDS)


def _print(
    measured: "Measured", more: "Further | None", console: "Console", *, of_all: bool
) -> None:
    from spikefuse.analysis.silence import NETWORK_WORDS
    from spikefuse.cli.wide import print_table
    from spikefuse.report.tables import figure_summary_table

    for figure, tables in measured:
        print_table(figure_summary_table(figure, tables), console)
    further = more.tables() if more else []
    for table in further:
        print_table(table, console)
    if any(cell.endswith(" silent") for table in further for row in table.rows for cell in row):
        console.print(NETWORK_WORDS)
    bars = (row for _, tables in measured for rows in tables for row in rows)
    written = (cell for table in further for row in table.rows for cell in row)
    if any(row.low is not None for row in bars) or any("\u00b1" in cell for cell in written):
        console.print("\u00b1: half of the 95 % Student-t interval over n seeds.")
    if not measured and not further:
        console.print(
            "Tables of one study: spikefuse show --study NAME, or the report."
            if of_all
            else "No results for this choice. What a run holds: spikefuse show FOLDER."
        )

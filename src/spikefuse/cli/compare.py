"""`spikefuse compare`: two cells, two trials or two result folders, with the test that fits."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spikefuse.cli import options
from spikefuse.cli.terminal import make_console

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from spikefuse.analysis.compare import Answer, Comparison

PADDING = 3
"""Columns of the terminal between two columns of a table."""

EXIT_CODES = {"yes": 0, "no": 3, "open": 4}
"""1 and 2 stay what they are for errors."""


_A = Annotated[
    str,
    typer.Argument(
        metavar="A",
        help="A cell (factor=level,...), a trial (its name or folder) or a result folder.",
    ),
]
_B = Annotated[str, typer.Argument(metavar="B", help="The same kind of thing.")]
_Results = Annotated[
    Path | None,
    typer.Option(
        "--results",
        help="Result folder of cells and trials; the newest under runs/ if left out.",
    ),
]
_Margin = Annotated[
    float | None,
    typer.Option(
        "--margin",
        help="Ask instead: are the two within this many percentage points of each other?",
    ),
]
_Split = Annotated[
    str,
    typer.Option(
        "--split",
        help="test (at the best validation epoch) or validation (best of all epochs).",
    ),
]
_Out = Annotated[
    Path | None, typer.Option("--out", help="Also write the answer to this file, as JSON.")
]
_Everything = Annotated[
    bool, typer.Option("--all", help="Of two folders: every cell, not only what differs.")
]


def compare(
    a: _A,
    b: _B,
    results: _Results = None,
    margin: _Margin = None,
    split: _Split = "test",
    out: _Out = None,
    as_json: options.AsJson = False,
    everything: _Everything = False,
) -> None:
    """Is A better than B? The right test is chosen, and named with the reason.

    Factors that a cell does not name have their usual level: the only one there is, else that of
    the paper (SNN, image, size S, LIF, soft reset, 4 steps), protocol disjoint, no noise.

    Exit code: 0 yes (A is better, or within the margin), 3 no (A is worse, or not within), 4 open,
    1 stored results cannot be read or the file not written, 2 an unknown name or wrong option. Of
    two folders: 0 better in some cell and worse in none (every cell within), 3 worse (not within)
    in some cell.
    """
    import json

    from spikefuse.analysis.compare import answer, answer_document
    from spikefuse.cli.checked import refuse_idle
    from spikefuse.results.atomic import make_folder, write_file
    from spikefuse.results.documents import pretty_json
    from spikefuse.results.outputs import require_output

    paths = [Path(text) for text in (a, b)]
    are_folders = all(path.is_dir() for path in paths)
    are_runs = are_folders and not any((path / "trial.json").is_file() for path in paths)
    if everything and not are_runs:
        refuse_idle("compare", ("all", "two result folders"))
    if everything and as_json:
        refuse_idle("compare", ("all", "--json to be left out (it holds every cell)"))
    if results is not None and are_folders:
        refuse_idle("compare", ("results", "cells, or trials by name"))
    if out is not None:
        require_output(out, "compare")
    found = answer(a, b, _results(results, a, b), split=split, margin_pp=margin)
    document = answer_document(found)
    if out is not None:
        make_folder(out.parent, "compare")
        write_file(out, pretty_json(document), "compare")
    if as_json:
        print(json.dumps(document, indent=2, allow_nan=False))
    else:
        _show(found, make_console(), everything)
    raise typer.Exit(EXIT_CODES[found.reply])


def _results(named: Path | None, a: str, b: str) -> Path:
    """The folder to look in; what is neither a cell nor the name of a trial needs none."""
    from spikefuse.analysis.compare.operands import is_looked_up
    from spikefuse.cli.newest import RUNS, last_written

    if named is not None:
        return named
    return last_written("compare") if is_looked_up(a) or is_looked_up(b) else RUNS


def _show(found: "Answer", console: "Console", everything: bool) -> None:
    from rich.text import Text

    console.print(Text(found.sentence, style="bold"))
    if found.kind == "folder":
        _show_cells(found, console, everything)
        for cell, reason in found.refused:
            console.print(Text(f"not compared: {cell}: {reason}"))
        return
    (only,) = found.comparisons
    console.print(_one_table(only))


def _one_table(found: "Comparison") -> "Table":
    """Labels may quote results: text, never markup."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(show_header=False, box=box.SIMPLE_HEAD)
    table.add_column(no_wrap=True)
    table.add_column()
    for name, value in _lines(found):
        table.add_row(name, Text(value))
    return table


def _lines(found: "Comparison") -> Iterator[tuple[str, str]]:
    from spikefuse.analysis.words import percent, signed, span

    yield "A", f"{percent(found.mean_a)} %  {found.a}"
    yield "B", f"{percent(found.mean_b)} %  {found.b}"
    if found.difference is not None:
        ends = f"{span(found.difference, signed)} pp"
        yield "A minus B", f"{signed(found.gap)} pp, {ends}, p = {found.p_value:.3g}"
    elif found.values:
        both = " and ".join(map(signed, found.values))
        yield "A minus B", f"{signed(found.gap)} pp, {both} pp"
    yield "test", f"{found.test}: {found.reason}"
    if found.equivalence is not None:
        tested = found.equivalence
        method = tested.method.partition(",")[0]
        yield "margin", f"{found.within}: {method}, p = {tested.p_value:.3g}"
    if found.clusters is not None:
        over = found.clusters
        gap = f"{signed(over.estimate)} pp, {span(over, signed)} pp"
        yield f"other {found.shared}", f"{gap}: {over.method}"
    if found.errors is not None:
        ratio = found.errors
        shown = f"{ratio.estimate:.2f} ({ratio.low:.2f} to {ratio.high:.2f})"
        yield "errors", f"A makes {shown} errors for each of B's"
    for note in found.notes:
        yield "note", note
    if found.advice:
        yield "more seeds", found.advice


def _show_cells(found: "Answer", console: "Console", everything: bool) -> None:
    """The cells that differ, or all of them, largest difference first, one line each."""
    chosen = [
        each
        for each in found.comparisons
        if everything or each.outcome != "undecided" or each.within == "outside"
    ]
    if chosen:
        chosen.sort(key=lambda each: -abs(each.gap))
        console.print(_cells_table(found, chosen, console.width))
    rest = len(found.comparisons) - len(chosen)
    if rest:
        console.print(f"{rest} cells do not differ beyond chance; --all lists them.")


def _factors(label: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in label.split(",") if "=" in part)


def _cells_table(found: "Answer", chosen: "Sequence[Comparison]", width: int) -> "Table":
    from collections import Counter

    from rich import box
    from rich.table import Table

    cells = [_factors(each.a) for each in chosen]
    # What all lines share is said once, above them.
    shared = {
        name: level
        for name, level in cells[0].items()
        if len(cells) > 1 and all(cell.get(name) == level for cell in cells)
    }
    tests = Counter(each.test for each in chosen)
    seeds = _seeds(chosen)
    parts = [f"{name} {level}" for name, level in shared.items()]
    parts += [f"n = {n}" for n in seeds if n and len(seeds) == 1]
    common = ", ".join(parts)
    table = Table(
        title=f"All with {common}" if common else None,
        title_justify="left",
        box=box.SIMPLE_HEAD,
        caption=f"A minus B in pp with {100 * found.confidence:g} % intervals, each for itself; p "
        "values and verdicts are corrected for the number of comparisons (Holm). Tests: "
        + ", ".join(f"{test} in {count}" for test, count in tests.items()),
    )
    columns = _columns(found, chosen)
    for name, entries in columns.items():
        table.add_column(name, justify="right", no_wrap=True)
        width -= max(map(len, (name, *entries))) + PADDING
    # A narrow terminal cuts the cell's name, never a number.
    table.add_column("cell", no_wrap=True, overflow="ellipsis", max_width=max(8, width - PADDING))
    for line, each, cell in zip(zip(*columns.values(), strict=True), chosen, cells, strict=True):
        own = (level for name, level in cell.items() if name not in shared and level != "nothing")
        table.add_row(*line, " ".join(own) or each.a)
    return table


def _columns(found: "Answer", chosen: "Sequence[Comparison]") -> dict[str, list[str]]:
    """The numbers of each line; what all lines have in common is in the title or plain to see."""
    from spikefuse.analysis.words import percent, signed, span

    columns: dict[str, list[str]] = {name: [] for name in ("A %", "B %", "A minus B", "p")}
    for each in chosen:
        gap = signed(each.gap)
        if each.difference is not None:
            gap += f" ({span(each.difference, signed)})"
        elif each.values:
            gap += f" ({' and '.join(map(signed, each.values))})"
        p_value = "-" if each.p_value is None else f"{each.p_value:.2g}"
        texts = (percent(each.mean_a), percent(each.mean_b), gap, p_value)
        for entries, text in zip(columns.values(), texts, strict=True):
            entries.append(text)
    if len(_seeds(chosen)) > 1:
        columns["n"] = [_count(each) or "-" for each in chosen]
    if any(each.outcome == "undecided" for each in chosen):
        columns["A is"] = [each.outcome for each in chosen]
    if found.margin is not None:
        columns[f"{100 * found.margin:g} pp"] = [each.within or "-" for each in chosen]
    return columns


def _seeds(chosen: "Sequence[Comparison]") -> set[str]:
    return {_count(each) for each in chosen}


def _count(found: "Comparison") -> str:
    """The n of a comparison and how many seeds are apart; empty without one."""
    from spikefuse.analysis.compare.answer import apart

    n = len(found.values) if found.difference is None else found.difference.n
    return f"{n}{apart(found)}" if n else ""

"""`spikefuse claims`: which of the paper's claims hold in a table of results."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spikefuse.cli import options
from spikefuse.cli.terminal import make_console

if TYPE_CHECKING:
    from rich.console import Console

    from spikefuse.analysis.claims import Verdict

CONTRADICTED = 3
"""Exit code when at least one claim is contradicted; 1 and 2 stay what they are for errors."""

NOT_TESTED = "not tested: trained too little"
COLOURS = {
    "reproduced": "green",
    "contradicted": "red",
    NOT_TESTED: "blue",
    "inconclusive": "yellow",
}


_Results = Annotated[
    Path, typer.Argument(help="A results.csv, or the result folder that holds one.")
]
_Protocol = Annotated[
    str | None,
    typer.Option(
        "--protocol",
        help=f"Pairing protocol ({', '.join(options.protocols())}); where left out, the one "
        "under which no sample of the results stands on two sides.",
    ),
]
_Split = Annotated[
    str,
    typer.Option(
        "--split",
        help="test (at the best validation epoch) or validation (best of all epochs).",
    ),
]
_NoisePosition = Annotated[
    str,
    typer.Option(
        "--noise-position",
        help="before or after the activation, in the claims whose figures do not say.",
    ),
]
_Reading = Annotated[
    str | None,
    typer.Option(
        "--reading",
        help="Reading to judge (docs/method.md); where it is left out base, or what the table has.",
    ),
]
_Rules = Annotated[
    bool, typer.Option("--rules", help="Print the rule and every part of each claim too.")
]
_Out = Annotated[
    Path | None,
    typer.Option("--out", help="Also write the verdicts to this file, as claims.json."),
]


def claims(
    results: _Results,
    protocol: _Protocol = None,
    split: _Split = "test",
    noise_position: _NoisePosition = "before",
    reading: _Reading = None,
    rules: _Rules = False,
    out: _Out = None,
    as_json: options.AsJson = False,
) -> None:
    """Judge the paper's 24 claims on a table of results.

    The paper's own reading is --protocol paper --split validation; the default is ours, no clip on
    two sides and the untouched test set.

    A level that is missed, or a ranking of modalities, by networks that were trained too little is
    "not tested: trained too little": it says nothing against the paper.

    Exit code: 0 no claim is contradicted (some may be inconclusive or not tested), 3 at least one
    is contradicted, 1 the results cannot be read or the file not written, 2 a wrong option.
    """
    import json

    from spikefuse.analysis.claims import claims_document, evaluate_claims, write_claims
    from spikefuse.analysis.stored_rows import table_at
    from spikefuse.analysis.table import Table as Rows
    from spikefuse.report.reading.record import read_unfinished
    from spikefuse.results.outputs import require_output

    if rules and as_json:
        from spikefuse.cli.checked import refuse_idle

        refuse_idle("claims", ("rules", "--json to be left out (it holds every rule)"))
    table = results / "results.csv" if results.is_dir() else results
    if out is not None:
        its = frozenset({"claims.json"})
        require_output(out, "claims", of=table.parent, its=its, reads=(table,))
    rows = Rows(table_at(table))
    verdicts = evaluate_claims(
        *(rows, protocol or rows.protocol, split), noise_position=noise_position, reading=reading
    )
    unfinished = read_unfinished(table.parent)
    if out is not None:
        write_claims(verdicts, out, unfinished)
    if as_json:
        document = claims_document(verdicts) | ({"unfinished": unfinished} if unfinished else {})
        print(json.dumps(document, indent=2, allow_nan=False))
    else:
        console = make_console()
        _show(verdicts, console, rules)
        if unfinished:
            console.print(unfinished)
    if any(verdict.verdict == "contradicted" for verdict in verdicts):
        raise typer.Exit(CONTRADICTED)


def _show(verdicts: "tuple[Verdict, ...]", console: "Console", rules: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    first = verdicts[0]
    table = Table(
        title=f"Claims of the paper, protocol {first.protocol}, split {first.split}",
        caption="In brackets: 95 % interval (Student t) over n seeds, and over test samples where "
        "a note says so; of two seeds, their values.",
    )
    table.add_column("claim", no_wrap=True)
    table.add_column("verdict", min_width=12, max_width=15)
    table.add_column("the paper says", ratio=2)
    table.add_column("the results say", ratio=3)
    for verdict in verdicts:
        said = verdict.reason
        if rules:
            parts = "".join(f"\n{part.outcome}: {part.text()}" for part in verdict.parts)
            said = f"{said}\nrule: {verdict.rule}{parts}"
        # Reasons may quote the table of results: text, never markup.
        table.add_row(
            verdict.id,
            Text(verdict.verdict, style=COLOURS[verdict.verdict]),
            Text(verdict.statement),
            Text(said),
        )
    console.print(table)
    counts = ", ".join(
        f"{sum(verdict.verdict == name for verdict in verdicts)} {name}" for name in COLOURS
    )
    console.print(counts)

"""`spikefuse verify`: does a results folder fit together?"""

from pathlib import Path
from typing import Annotated

import typer

from spikefuse.cli import options
from spikefuse.cli.terminal import make_console


def verify(
    run: Annotated[
        Path | None,
        typer.Argument(help="Results folder; the newest under runs/ if left out."),
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """Read and hash everything in a results folder: trials, checkpoints, evaluations, tables.

    Names what is damaged, what is another trial's, and rows that say something else than their
    trial. Writes nothing.

    Exit code: 0 everything fits, 1 something does not or cannot be read.
    """
    import json

    from spikefuse.cli.newest import last_written
    from spikefuse.report.reading.verify import verify_run

    folder = run or last_written("verify")
    trials, problems = verify_run(folder)
    if as_json:
        print(json.dumps({"folder": str(folder), "trials": trials, "problems": problems}))
    else:
        # One line each, however narrow the terminal: they are to be searched and counted.
        console = make_console()
        for problem in problems:
            console.print(problem)
        told = f"{len(problems)} problems" if problems else "everything fits"
        console.print(f"{folder}: {trials} trials read, {told}")
    if problems:
        raise typer.Exit(1)

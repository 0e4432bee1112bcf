"""`spikefuse merge`: the results folders of several machines in one."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from spikefuse.cli.terminal import fact, make_console
from spikefuse.core.checks import require


def merge(
    runs: Annotated[list[Path], typer.Argument(help="Results folders; they are only read.")],
    out: Annotated[
        Path, typer.Option("--out", help="Results folder that gets all of them; may exist.")
    ],
) -> None:
    """Bring the trials of several results folders into one; nothing is overwritten.

    The same command as before, with this --out and without --shard, then writes tables and report
    and trains what no folder has.

    Exit code: 0 merged, 1 conflicts or damage (each named; nothing is written).
    """
    from spikefuse.results import TrialStore
    from spikefuse.results.merge import merge as bring
    from spikefuse.results.merge import require_results
    from spikefuse.results.outputs import require_folder

    require_folder(out, "merge")
    console = make_console()
    sources = [require_results(run) for run in runs]
    for run in runs:
        is_inside = run.resolve() in out.resolve().parents
        told = f"outside of {run}, which is only read"
        require(not is_inside, "merge", "--out", told, str(out))
    was_there = out.exists()
    merged = bring(sources, TrialStore(out))
    for conflict in merged.conflicts:
        console.print(conflict)
    if merged.conflicts:
        if not was_there:  # nothing is written, no empty folder either
            with suppress(OSError):
                (out / "trials").rmdir()
                out.rmdir()
        console.print(f"{out}: nothing was merged, {len(merged.conflicts)} conflicts")
        raise typer.Exit(1)
    fact(
        console,
        "merged",
        f"{merged.copied} finished and {merged.begun} begun networks brought, "
        f"{merged.known} were there, {merged.evaluations} evaluations added to them",
    )
    fact(console, "next", f"the same command as before with --out {out}")

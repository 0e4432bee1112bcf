"""`spikefuse status`: how far a run is, asked from outside."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spikefuse.cli import options
from spikefuse.cli.terminal import fact, make_console

if TYPE_CHECKING:
    from rich.console import Console

    from spikefuse.results.status import Status

FAILED, WAITING = 1, 75


def status(
    run: Annotated[
        Path | None,
        typer.Argument(help="Results folder; the one under runs/ that was last begun if left out."),
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """Say what is done, at work, failed and left in a results folder. Nothing is timed or trained.

    Failed networks are tried again by the same command, alone with --retry-failed.

    Exit code: 0 all is done, 75 work is left, 1 something failed or cannot be read.
    """
    import json

    from spikefuse.cli.newest import last_begun
    from spikefuse.results.status import read_status

    folder = run or last_begun("status")
    found = read_status(folder)
    if as_json:
        print(json.dumps({"folder": str(folder), **_record(found)}, indent=2))
    else:
        _print(folder, found, make_console())
    if found.failures or found.damaged:
        raise typer.Exit(FAILED)
    if not found.is_complete:
        raise typer.Exit(WAITING)


def _print(folder: Path, found: "Status", console: "Console") -> None:
    from spikefuse.cli.progress import duration

    told = ", ".join(f"{n} {state}" for state, n in found.counts.items() if n)
    fact(console, "results", folder)
    fact(console, "networks", f"{sum(found.counts.values())} planned: {told}")
    if found.is_complete:
        fact(console, "left", "nothing")
    elif found.seconds_left is None:
        fact(
            console, "left", f"{100 * found.left:.0f} % of the work; nothing is stored to judge by"
        )
    else:
        share = f"{100 * found.left:.0f} % of the work"
        jobs = sum(len(worker.jobs) for worker in found.workers)
        among = f", {duration(found.seconds_left / jobs)} among {jobs} jobs" if jobs > 1 else ""
        fact(console, "left", f"{share}, about {duration(found.seconds_left)} alone{among}")
    for worker in found.workers:
        try:
            since = time.strftime("%Y-%m-%d %H:%M", time.localtime(worker.since))
        except (OverflowError, ValueError, OSError):  # a damaged note
            since = "a time that its note does not tell"
        unsure = "" if worker.is_alive else ", as it signed; whether it still runs is not seen here"
        for job in worker.jobs:
            where = f"{worker.host}, process {worker.process}, since {since}{unsure}"
            fact(console, "running", f"{job} ({where})")
    for network, failure in found.failures:
        fact(console, "failed", f"{network}: {failure.error}")
    for problem in found.damaged:
        fact(console, "damaged", problem)


def _record(found: "Status") -> dict[str, Any]:
    return {
        "networks": dict(found.counts),
        "is_complete": found.is_complete,
        "share_left": found.left,
        "seconds_left": found.seconds_left,
        "running": [
            {
                "host": worker.host,
                "process": worker.process,
                "since": worker.since,
                "jobs": {job: list(trials) for job, trials in worker.jobs.items()},
                "is_alive": worker.is_alive,
            }
            for worker in found.workers
        ],
        "failed": [
            {"trial": failure.trial, "network": network, "error": failure.error, "at": failure.at}
            for network, failure in found.failures
        ],
        "damaged": list(found.damaged),
    }

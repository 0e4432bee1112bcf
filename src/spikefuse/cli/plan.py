"""`spikefuse plan`: what a run would do and how long it would take."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from spikefuse.cli import options
from spikefuse.cli.run import STUDIES

if TYPE_CHECKING:
    from spikefuse.planning import Plan


def plan(
    studies: Annotated[list[str] | None, typer.Argument(help=STUDIES)] = None,
    profile: options.Profile = "quick",
    data: options.Data = "auto",
    data_dir: options.DataDir = None,
    seeds: options.Seeds = None,
    out: options.Out = None,
    protocols: options.Protocols = "paper,disjoint",
    readings: options.Readings = None,
    experiments: options.Experiments = None,
    workers: options.Workers = None,
    device: options.Device = "cpu",
    backend: options.Backend = "auto",
    precision: options.Precision = "auto",
    as_json: options.AsJson = False,
) -> None:
    """Print trials, populations and an estimate of time; nothing is trained."""
    settings = {key: value for key, value in locals().items() if key != "as_json"}

    import json
    import sys

    from rich.console import Console

    from spikefuse.cli.progress import duration
    from spikefuse.cli.workflow import (
        Request,
        populations_table,
        prepare,
        readings_table,
        show_plan,
    )
    from spikefuse.planning.estimate import seconds_of

    console = Console(file=sys.stderr if as_json else sys.stdout)
    prepared = prepare(Request(**settings), console)
    made = prepared.plan
    seconds = seconds_of(made, workers, backend, device)
    if as_json:
        record = _record(made) | {"estimated_seconds": round(seconds, 1)}
        print(json.dumps(record, indent=2))
        return
    show_plan(prepared, console)
    if prepared.readings:
        console.print(readings_table(prepared))
    elif made.populations:
        console.print(populations_table(prepared))
    console.print(f"[bold]time[/bold]     about {duration(seconds)}", highlight=False)


def _record(plan: "Plan") -> dict[str, Any]:
    from spikefuse.planning.run import population_name

    return {
        "studies": [study.name for study in plan.studies],
        "seeds": list(plan.seeds),
        "protocols": list(plan.protocols),
        "trials": {t.definition.name: t.definition.model_dump(mode="json") for t in plan.trials},
        "stored": [t.definition.name for t in plan.trials if t.is_ready],
        "populations": {
            population_name(group): [t.definition.name for t in group] for group in plan.populations
        },
    }

"""`spikefuse run`: named studies, without the report."""

from typing import Annotated

import typer

from spikefuse.cli import options

STUDIES = "Names of studies; those of reproduce if left out. Also: speakers, sensitivity (alone)."


def run(
    studies: Annotated[list[str] | None, typer.Argument(help=STUDIES)] = None,
    profile: options.Profile = "quick",
    data: options.Data = "auto",
    data_dir: options.DataDir = None,
    seeds: options.Seeds = None,
    out: options.Out = None,
    protocols: options.Protocols = "paper,disjoint",
    readings: options.Readings = None,
    experiments: options.Experiments = None,
    executor: options.Executor = "auto",
    workers: options.Workers = None,
    threads: options.Threads = None,
    shard: options.Shard = "1/1",
    time_limit: options.TimeLimit = None,
    ray_address: options.RayAddress = None,
    device: options.Device = "cpu",
    backend: options.Backend = "auto",
    precision: options.Precision = "auto",
) -> None:
    """Train and evaluate the named studies and write results.csv.

    speakers leaves one speaker out, each in turn. sensitivity repeats the paper's experiments under
    every reading of what the paper leaves open, and writes readings.csv and sensitivity.csv.
    """
    settings = dict(locals())  # the options above, by name

    from rich.console import Console

    from spikefuse.cli.summaries import show_readings, show_summaries
    from spikefuse.cli.workflow import Request, execute, prepare, show_plan
    from spikefuse.results import read_tidy

    console = Console()
    prepared = prepare(Request(**settings), console)
    show_plan(prepared, console)
    results = execute(prepared, console)
    if prepared.readings:
        show_readings(prepared.out, prepared.readings, console)
    else:
        names = [study.name for study in prepared.plan.studies]
        show_summaries(read_tidy(results), names, console)
    console.print(f"[bold]written[/bold]  {results}", highlight=False, soft_wrap=True)

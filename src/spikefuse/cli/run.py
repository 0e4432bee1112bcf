"""`spikefuse run`: named studies, without the report."""

from typing import Annotated

import typer

from spikefuse.cli import options


def run(
    studies: Annotated[
        list[str] | None, typer.Argument(help="Names of studies; all of them if left out.")
    ] = None,
    profile: options.Profile = "quick",
    data: options.Data = "auto",
    data_dir: options.DataDir = None,
    seeds: options.Seeds = None,
    out: options.Out = None,
    protocols: options.Protocols = "paper,disjoint",
    executor: options.Executor = "auto",
    workers: options.Workers = None,
    threads: options.Threads = None,
    shard: options.Shard = "1/1",
    ray_address: options.RayAddress = None,
    device: options.Device = "cpu",
    backend: options.Backend = "auto",
) -> None:
    """Train and evaluate the named studies and write results.csv."""
    settings = dict(locals())  # the options above, by name

    from rich.console import Console

    from spikefuse.cli.summaries import show_summaries
    from spikefuse.cli.workflow import Request, execute, prepare, show_plan
    from spikefuse.results import read_tidy

    console = Console()
    prepared = prepare(Request(**settings), console)
    show_plan(prepared, console)
    results = execute(prepared, console)
    show_summaries(read_tidy(results), [study.name for study in prepared.plan.studies], console)
    console.print(f"[bold]written[/bold]  {results}", highlight=False, soft_wrap=True)

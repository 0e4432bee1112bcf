"""`spikefuse reproduce`: the paper's six experiments, from data to report."""

from spikefuse.cli import options


def reproduce(
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
    time_limit: options.TimeLimit = None,
    ray_address: options.RayAddress = None,
    device: options.Device = "cpu",
    backend: options.Backend = "auto",
    precision: options.Precision = "auto",
) -> None:
    """Train, evaluate and report the six experiments and controls. Goes on where it was stopped."""
    settings = dict(locals())  # the options above, by name

    from rich.console import Console

    from spikefuse.cli.workflow import Request, execute, prepare, show_plan

    console = Console()
    prepared = prepare(Request(**settings), console)
    show_plan(prepared, console)
    execute(prepared, console)
    if shard != "1/1":
        console.print("This share is done. When all shares are, run the command without --shard.")
        return
    from spikefuse.report import build_report

    report = build_report(prepared.out, prepared.out / "report.html")
    console.print(f"[bold]report[/bold]   {report.resolve()}", highlight=False, soft_wrap=True)

"""`spikefuse reproduce`: the paper's six experiments, from data to report."""

from typing import Any

from spikefuse.cli.records import options_of
from spikefuse.cli.request import Request


@options_of(Request, leave_out=("studies", "readings", "experiments"))
def reproduce(given: dict[str, Any]) -> None:
    """Train, evaluate and report the six experiments and controls. Goes on where it was stopped."""
    from rich.console import Console

    from spikefuse.cli.workflow import execute, prepare, show_plan

    console = Console()
    request = Request(**given)
    prepared = prepare(request, console)
    show_plan(prepared, console)
    execute(prepared, console)
    if request.shard != "1/1":
        console.print("This share is done. When all shares are, run the command without --shard.")
        return
    from spikefuse.report import build_report

    report = build_report(prepared.out, prepared.out / "report.html")
    console.print(f"[bold]report[/bold]   {report.resolve()}", highlight=False, soft_wrap=True)

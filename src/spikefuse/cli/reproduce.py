"""`spikefuse reproduce`: the paper's six experiments, from data to report."""

from typing import Any

from spikefuse.cli.records import options_of
from spikefuse.cli.request import Request
from spikefuse.cli.terminal import fact, make_console
from spikefuse.cli.tracked import tell_report


@options_of(Request, leave_out=("studies", "experiments", "sizes"))
def reproduce(given: dict[str, Any]) -> None:
    """Train, evaluate and report the six experiments and controls. Goes on where it was stopped."""
    from spikefuse.cli.workflow import execute, prepare, show_plan
    from spikefuse.execution import parse_shard

    console = make_console()
    request = Request(**given)
    prepared = prepare(request, console, reports=True)
    show_plan(prepared, console)
    execute(prepared, console)
    if parse_shard(request.shard) != (1, 1):
        console.print("This share is done. When all shares are, run the command without --shard.")
        return
    from spikefuse.report import build_report

    report = build_report(prepared.out, prepared.out / "report.html")
    tell_report(request.events, report)
    fact(console, "report", f"{report.resolve()}")

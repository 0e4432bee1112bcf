"""`spikefuse run`: named studies, without the report."""

from typing import Any

from spikefuse.cli.records import options_of
from spikefuse.cli.request import Request
from spikefuse.cli.terminal import fact, make_console


@options_of(Request)
def run(given: dict[str, Any]) -> None:
    """Train and evaluate the named studies and write results.csv.

    speakers leaves one speaker out, each in turn. sensitivity repeats the paper's experiments under
    every reading of what the paper leaves open, and writes readings.csv and sensitivity.csv.
    """
    from spikefuse.cli.summaries import show_readings, show_summaries
    from spikefuse.cli.workflow import execute, prepare, show_plan
    from spikefuse.results import read_tidy

    console = make_console()
    prepared = prepare(Request(**given), console)
    show_plan(prepared, console)
    results = execute(prepared, console)
    if prepared.readings:
        show_readings(prepared.out, prepared.readings, console)
    else:
        names = [study.name for study in prepared.plan.studies]
        show_summaries(read_tidy(results), names, console)
    fact(console, "written", f"{results}")

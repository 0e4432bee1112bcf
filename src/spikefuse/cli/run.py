"""`spikefuse run`: named studies, or one of your own from a file, without the report."""

import shlex
from typing import Any

from spikefuse.cli import options
from spikefuse.cli.records import options_of
from spikefuse.cli.request import Request
from spikefuse.cli.requested import requested
from spikefuse.cli.terminal import fact, make_console
from spikefuse.studies.profiles import EFFORT, Profile

NO_OPTIONS = ("name", "summary")
"""Fields of a profile that say what it is, not what it does."""

OF_THE_PROFILE = dict.fromkeys(EFFORT, "the profile's")


@options_of(Request, Profile, leave_out=NO_OPTIONS, shown=OF_THE_PROFILE)
def run(given: dict[str, Any], changes: options.Changes = None) -> None:
    """Train and evaluate the named studies and write results.csv.

    speakers (or subjects, groups) leaves one group of the data out, each in turn. fusion asks which
    kind wins. sensitivity repeats the paper's experiments under every reading of what the paper
    leaves open, and writes readings.csv and sensitivity.csv. A file my_study.toml in place of names
    is a study of your own; `spikefuse new study` writes one to begin with.
    """
    from spikefuse.analysis.groups import group_names, groups_record
    from spikefuse.cli.summaries import show_readings, show_summaries
    from spikefuse.cli.workflow import execute, prepare, show_plan
    from spikefuse.data import SOURCES
    from spikefuse.results import read_tidy

    console = make_console()
    prepared = prepare(requested(given, changes or ()), console)
    show_plan(prepared, console)
    results = execute(prepared, console)
    if prepared.readings:
        show_readings(prepared.out, prepared.readings, console)
    else:
        names = [study.name for study in prepared.plan.studies]
        rows = read_tidy(results)
        record = {"groups": groups_record(SOURCES[prepared.plan.source])}
        show_summaries(rows, names, console, group_names(record, rows))
    fact(console, "written", f"{results}")
    if (page := prepared.out / "report.html").is_file() and prepared.plan.populations:
        command = f"spikefuse report {shlex.quote(str(prepared.out))}"
        fact(console, "report", f"{page} is of before this run: {command} makes it anew")

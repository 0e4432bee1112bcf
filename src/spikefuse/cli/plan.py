"""`spikefuse plan`: what a run would do and how long it would take."""

from typing import TYPE_CHECKING, Any

from rich.table import Table

from spikefuse.cli import options
from spikefuse.cli.records import options_of
from spikefuse.cli.request import Request
from spikefuse.cli.requested import requested
from spikefuse.cli.run import NO_OPTIONS, OF_THE_PROFILE
from spikefuse.cli.terminal import fact, make_console
from spikefuse.studies.profiles import Profile

if TYPE_CHECKING:
    from spikefuse.cli.workflow import Prepared
    from spikefuse.planning import Plan
    from spikefuse.planning.trials import PlannedTrial


# What decides how the work is carried out has no effect on the plan.
EXECUTION = (
    *("executor", "threads", "shard", "time_limit", "retry_failed", "ray_address"),
    *("events", "track"),
)


@options_of(Request, Profile, leave_out=(*EXECUTION, *NO_OPTIONS), shown=OF_THE_PROFILE)
def plan(
    given: dict[str, Any], changes: options.Changes = None, as_json: options.AsJson = False
) -> None:
    """Print trials, populations and an estimate of time; nothing is trained."""
    import json

    from spikefuse.cli.progress import expected
    from spikefuse.cli.workflow import prepare, show_plan
    from spikefuse.planning.estimate import seconds_of

    console = make_console(to_stderr=as_json)
    asked = requested(given, changes or ())
    request, prepared = asked.request, prepare(asked, console, is_planned=True)
    made = prepared.plan
    seconds = seconds_of(made, request.workers, request.backend, request.device, request.products)
    if as_json:
        record = _record(made) | {
            "estimated_seconds": round(seconds, 1),
            "may_end_early": made.may_end_early,
        }
        print(json.dumps(record, indent=2))
        return
    fact(console, "time", expected(seconds, made))
    show_plan(prepared, console)
    if prepared.readings:
        console.print(_readings_table(prepared))
    elif made.populations:
        console.print(_networks_table(prepared))


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


def _readings_table(prepared: "Prepared") -> Table:
    """What each reading costs; a network that several need is counted where it comes first."""
    plan = prepared.plan
    table = Table(title="Readings: networks that no earlier reading needs")
    for column in ("reading", "networks", "to do", "share of the work"):
        table.add_column(column, justify="left" if column == "reading" else "right")
    for name in prepared.readings:
        own = [trial for trial in plan.trials if trial.uses[0].cell.reading == name]
        share = sum(trial.cost for trial in own if not trial.is_ready) / max(plan.cost, 1.0)
        waiting = sum(not trial.is_ready for trial in own)
        table.add_row(name, str(len(own)), str(waiting), f"{100 * share:.1f} %")
    return table


def _networks_table(prepared: "Prepared") -> Table:
    """What is left to do: a row for all seeds of a network, with its share of the work."""
    from spikefuse.planning.run import network_name

    plan = prepared.plan
    rows: dict[str, list[PlannedTrial]] = {}
    for population in plan.populations:
        for trial in population:
            rows.setdefault(network_name(trial.definition), []).append(trial)
    costs = {name: sum(trial.cost for trial in trials) for name, trials in rows.items()}
    table = Table(title="Networks to train or evaluate, dearest first", title_justify="left")
    for column in ("network", "seeds", "to do", "share of the work"):
        table.add_column(column, justify="left" if column == "network" else "right")
    for name in sorted(rows, key=lambda name: -costs[name]):
        seeds = len({trial.definition.seed for trial in rows[name]})
        share = f"{100 * costs[name] / max(plan.cost, 1.0):.1f} %"
        table.add_row(name, str(seeds), str(len(rows[name])), share)
    return table

"""`spikefuse plan`: what a run would do and how long it would take."""

from typing import TYPE_CHECKING, Any

from spikefuse.cli import options
from spikefuse.cli.records import options_of
from spikefuse.cli.request import Request
from spikefuse.cli.requested import requested
from spikefuse.cli.run import NO_OPTIONS, OF_THE_PROFILE
from spikefuse.cli.terminal import fact, make_console
from spikefuse.studies.profiles import Profile

if TYPE_CHECKING:
    from spikefuse.planning import Plan


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

    from spikefuse.cli.progress import duration
    from spikefuse.cli.workflow import (
        networks_table,
        prepare,
        readings_table,
        show_plan,
    )
    from spikefuse.planning.estimate import seconds_of

    console = make_console(to_stderr=as_json)
    asked = requested(given, changes or ())
    request, prepared = asked.request, prepare(asked, console)
    made = prepared.plan
    seconds = seconds_of(made, request.workers, request.backend, request.device, request.products)
    if as_json:
        record = _record(made) | {"estimated_seconds": round(seconds, 1)}
        print(json.dumps(record, indent=2))
        return
    fact(console, "time", f"about {duration(seconds)}")
    show_plan(prepared, console)
    if prepared.readings:
        console.print(readings_table(prepared))
    elif made.populations:
        console.print(networks_table(prepared))


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

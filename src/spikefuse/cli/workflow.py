"""From options to a finished result folder: locate, plan, run, gather. Shared by subcommands."""

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer
from rich.console import Console

from spikefuse.cli import options, signals
from spikefuse.cli.beforehand import tell_other_precision, tell_others
from spikefuse.cli.checked import Checked, check_request, executor_of
from spikefuse.cli.log import log_to
from spikefuse.cli.request import Request
from spikefuse.cli.requested import (
    Requested,
    changed_by,
    location_of,
    profile_for,
    require_groups,
)
from spikefuse.cli.terminal import fact, news
from spikefuse.cli.tracked import tracker_of

if TYPE_CHECKING:
    from spikefuse.core.deadline import Deadline
    from spikefuse.data import Location
    from spikefuse.execution import Event, Job
    from spikefuse.planning import Plan
    from spikefuse.planning.run import RunSummary
    from spikefuse.results import TrialStore
    from spikefuse.studies.design import Study
    from spikefuse.studies.profiles import Profile
    from spikefuse.tracking.events import Tracker

INCOMPLETE = 1
STOPPED = 75
"""EX_TEMPFAIL of sysexits.h, "try again later": stopped before the time limit."""

WRITING_S = 20.0
"""Time left for tables and report, which took less than this for all of `reproduce`."""


@dataclass(frozen=True)
class Prepared:
    """A request with its data found and its plan made."""

    request: Request
    plan: "Plan"
    store: "TrialStore"
    location: "Location"
    out: Path
    banner: str
    deadline: "Deadline"
    reports: bool = False
    """Whether the command ends with a report, so that stages do too."""

    @property
    def readings(self) -> tuple[str, ...]:
        """The readings of a sensitivity study; none of other studies."""
        from spikefuse.studies.sensitivity import readings_of

        return readings_of(self.plan.studies)


def listed(names: str | None, option: str) -> list[str]:
    """Names separated by commas; none where the option is left out.

    Raises:
        InputError: It names nothing.
    """
    found = [name.strip() for name in (names or "").split(",") if name.strip()]
    if names is not None and not found:
        from spikefuse.core.errors import InputError

        raise InputError(f"spikefuse: {option} must name one or more, got {names!r}.")
    return found


def prepare(
    asked: Request | Requested, console: Console, *, reports: bool = False, is_planned: bool = False
) -> Prepared:
    """Find the data and make the plan; nothing is trained and, where it `is_planned`, written.

    Raises:
        InputError: An option has a value that is not allowed.
        DataError: A named data folder is missing or incomplete.
        StoreError: The result folder cannot be written.
        MissingExtraError: Ray is asked for and not installed.
    """
    from spikefuse.core.checks import one_of
    from spikefuse.core.errors import InputError
    from spikefuse.data import SOURCES
    from spikefuse.planning.plan import PARTS, resolve_studies, studies_under, usual_protocols
    from spikefuse.planning.used import require_partners
    from spikefuse.studies import PROFILES
    from spikefuse.studies.effort import AUTO
    from spikefuse.studies.sensitivity import SENSITIVITY

    further = asked if isinstance(asked, Requested) else Requested(asked)
    request = further.request
    one_of("spikefuse", "--profile", request.profile, (*PROFILES, AUTO))
    protocols = tuple(listed(request.protocols, "--protocols"))
    for name in protocols:  # told before anything is downloaded
        one_of("spikefuse", "--protocols", name, options.pairings())
    asked_parts = (request.experiments, request.sizes)
    readings = listed(request.readings, "--readings")
    parts = [listed(each, name) for name, each in zip(PARTS, asked_parts, strict=True)]
    if further.studies and any(parts):
        named = next(name for name, part in zip(PARTS, parts, strict=True) if part)
        raise InputError(
            f"spikefuse: {named} is for a study that is ready, got the file of "
            f"{further.studies[0].name}. Here it would change nothing: leave it out, or change the "
            "file with --set."
        )
    studies = (
        studies_under(further.studies, readings)
        if further.studies
        else resolve_studies(request.studies or (), readings, *parts)
    )
    if request.protocols != Request.protocols and all(each.pairs_itself for each in studies):
        raise InputError(
            "spikefuse: --protocols needs a study that leaves the pairing open, got "
            f"{SENSITIVITY if studies[0].readings else studies[0].name}. Here it would change "
            "nothing: leave it out."
        )
    checked = check_request(request)
    # What no data would allow is told before any is read.
    changed_by(further.effort, PROFILES.get(request.profile, PROFILES["quick"]))
    location = location_of(request, console)
    source = SOURCES[location.source]
    for name in protocols:
        fitting = usual_protocols(source)
        one_of("spikefuse", f"--protocols for {location.source}", name, fitting)
    require_groups(studies, source)
    require_partners(studies, location)
    profile = profile_for(request.profile, further.effort, source)
    out = request.out or Path("runs") / f"{profile.name}-{location.source}"
    return planned(
        checked,
        studies,
        profile,
        protocols,
        location,
        out,
        console,
        reports=reports,
        is_planned=is_planned,
        # Readings have tables of their own, of what the paper asks.
        with_curves=request.curves and not any(each.readings for each in studies),
    )


def planned(
    checked: Checked,
    studies: Sequence["Study"],
    profile: "Profile",
    protocols: Sequence[str],
    location: "Location",
    out: Path,
    console: Console,
    *,
    reports: bool = False,
    is_planned: bool = False,
    with_curves: bool = False,
) -> Prepared:
    """The plan of studies on data that was found; says what data it is.

    Raises:
        InputError: A number does not fit the data.
        StoreError: The result folder cannot be written.
    """
    from spikefuse.analysis.kept import require_kept
    from spikefuse.data import banner_of, content_at
    from spikefuse.planning import make_plan
    from spikefuse.planning.used import pairing_of, used_of
    from spikefuse.report.output.place import require_page
    from spikefuse.results import TrialStore
    from spikefuse.results.outputs import require_beside

    request = checked.request
    if request.events is not None:
        require_beside(request.events, out, "spikefuse", "--events")
    if reports:
        require_page(out / "report.html", out, "spikefuse")
    store = TrialStore(out, is_planned=True)
    plan = make_plan(
        studies,
        profile.model_copy(update={"precision": checked.precision}),
        location.source,
        store,
        protocols=protocols,
        seeds=request.seeds,
        fingerprint=content_at(location),
        workers=request.workers,
        device=request.device,
        backend=request.backend,
        is_shared=checked.part != (1, 1),
        with_curves=with_curves,
    )
    _require_trials(plan)
    require_kept(plan, store)
    if not is_planned:
        store = TrialStore(out)  # what is refused leaves nothing behind
    told, pairing = banner_of(location), pairing_of(plan)
    # Data of one's own says itself how it is paired.
    pairing = "" if pairing.lower().rstrip(".") in told else pairing
    banner = " ".join(filter(None, (told, pairing, used_of(plan))))
    fact(console, "data", banner)
    return Prepared(request, plan, store, location, out, banner, checked.deadline, reports)


def _require_trials(plan: "Plan") -> None:
    from spikefuse.core.checks import require

    first = plan.studies[0]
    constraint = f"one of {', '.join(first.protocols)} for {first.name}"
    got = ", ".join(plan.protocols)
    require(bool(plan.trials), "spikefuse", "--protocols", constraint, got)


def tell_slow_neurons(console: Console, backend: str, device: str) -> None:
    """One line when a run has to do without the fused kernels of its device, and what to do."""
    from spikefuse.core.device import resolve_device
    from spikefuse.neurons.lif import native, resolve_backend, triton

    place = resolve_device(device)
    if backend != "auto" or resolve_backend(backend, place) != "eager":
        return
    if place.type == "cpu":
        told = f"several times slower than C++: {native.why_not(place)}."
    else:
        told = f"slower than Triton's kernels: {triton.why_not(place)}."
    if place.type not in ("cpu", "cuda"):
        told += " The C++ kernels of --device cpu may be faster."
    fact(console, "neurons", f"PyTorch operations, {told}")


def show_plan(prepared: Prepared, console: Console) -> None:
    """The plan in a few lines."""
    from spikefuse.analysis.words import plural

    plan = prepared.plan
    if plan.populations:
        tell_slow_neurons(console, prepared.request.backend, prepared.request.device)
    ready = sum(trial.is_ready for trial in plan.trials)
    fact(console, "profile", f"{plan.profile.name}: {plan.profile.summary}")
    fact(
        console,
        "plan",
        f"{plural(len(plan.studies), 'study', 'studies')}, {plural(len(plan.seeds), 'seed')}, "
        f"{plural(len(plan.trials), 'network')}, {ready} stored, "
        f"{len(plan.trials) - ready} to do in {plural(len(plan.populations), 'population')}, "
        f"{plan.profile.precision} products",
    )
    tell_other_precision(plan, prepared.store, console)
    fact(console, "results", prepared.out)


def execute(prepared: Prepared, console: Console, *, is_timed: bool = False) -> Path:
    """Run the plan with live progress and write the tidy results.

    Args:
        prepared: What will be done.
        console: Where to tell.
        is_timed: Whether the time that it will take has been told already.

    Returns:
        The path of `results.csv`; of a sensitivity study, that of `sensitivity.csv`.

    Raises:
        typer.Exit: Interrupted (`signals.exit_code`), stopped before the time limit (75), or some
            population failed (1). What is done is stored.
        InputError: Nothing at all fits into the time limit.
    """
    with log_to(prepared.out / "run.log", console):
        return _execute(prepared, console, is_timed)


def _execute(prepared: Prepared, console: Console, is_timed: bool) -> Path:
    from spikefuse.cli.early import EarlyResults, tell_time
    from spikefuse.cli.progress import RunProgress
    from spikefuse.core.deadline import stop_requested
    from spikefuse.data import load_corpus
    from spikefuse.planning.run import run_plan

    request, plan = prepared.request, prepared.plan
    jobs = _jobs(prepared, console)
    executor = executor_of(request)
    if jobs:
        tell_others(prepared.store, console, request.shard)
        # Damaged data is told here, once; and what it takes to read is cached for the workers.
        load_corpus(plan.trials[0].definition.data, prepared.location)
        if not is_timed:
            tell_time(prepared, console)
    try:
        with (
            RunProgress(jobs, console, prepared.plan.may_end_early) as progress,
            EarlyResults(prepared, jobs, console) as early,
            _tracker(prepared, jobs) as tracker,
        ):

            def on_event(event: "Event") -> None:
                progress.on_event(event)
                early.on_event(event)
                tracker.on_event(event)

            summary = run_plan(plan, prepared.store, jobs, executor, on_event)
    except (KeyboardInterrupt, signals.Interrupted):
        news(console, signals.STOPPED)
        raise typer.Exit(signals.exit_code()) from None
    if stop_requested():
        news(console, signals.STOPPED)
        raise typer.Exit(signals.exit_code())
    if prepared.deadline.is_set and jobs:
        _stop_if_late(prepared, summary, console)
    return _finish(prepared, summary, console)


def _tracker(prepared: Prepared, jobs: "list[Job]") -> "Tracker":
    """Who hears of the trials of these jobs."""
    from spikefuse.planning.run import labels_of

    names = {job.name for job in jobs}
    labels = labels_of(prepared.plan.populations)
    trials = {job: each for job, each in labels.items() if job in names}
    request = prepared.request
    said = command_line()
    return tracker_of(request.events, request.track, prepared.out, prepared.store, trials, said)


def _jobs(prepared: Prepared, console: Console) -> "list[Job]":
    """What is left to do in this share of the plan, until the time limit."""
    from spikefuse.execution import parse_shard
    from spikefuse.planning.run import failed_jobs, jobs_of

    request, plan = prepared.request, prepared.plan
    jobs = jobs_of(
        plan,
        prepared.store,
        prepared.location,
        part=parse_shard(request.shard),
        device=request.device,
        backend=request.backend,
        products=request.products,
    )
    if request.retry_failed:
        jobs = failed_jobs(jobs, prepared.store)
        if not jobs:
            news(console, "Nothing has failed in this share of the plan.")
    if prepared.deadline.is_set:
        jobs = [replace(job, deadline=prepared.deadline.at) for job in jobs]
    return jobs


def _finish(prepared: Prepared, summary: "RunSummary", console: Console) -> Path:
    """Write the tidy results and say what diverged or failed."""
    results = write_results(prepared)
    for name in summary.diverged:
        news(console, f"diverged: {name} (its setting is in {prepared.out}/trials/{name})")
    if summary.failures:
        news(
            console,
            f"{len(summary.failures)} populations failed (see above, and {prepared.out}/run.log); "
            "the others are stored. The same command retries.",
        )
        raise typer.Exit(INCOMPLETE)
    return results


def _stop_if_late(prepared: Prepared, summary: "RunSummary", console: Console) -> None:
    """Stop where populations wait, or where no time is left to write what all of them gave.

    A call that finds nothing left to train always writes, so some call comes to the end.
    """
    limit = prepared.request.time_limit
    if summary.stopped:
        is_further = bool(summary.trained or summary.advanced or summary.failures)
        waiting = f"{summary.stopped} populations wait."
        stop_in_time(console, waiting, limit, advanced=is_further)
    if prepared.deadline.left < WRITING_S:
        stop_in_time(console, "Tables and report wait.", limit, advanced=True)


def stop_in_time(
    console: Console, waiting: str, time_limit: str | None, *, advanced: bool
) -> NoReturn:
    """End the command before its time limit.

    Raises:
        typer.Exit: Always, with code 75, unless
        InputError: nothing was done, so that the same command would never come to an end.
    """
    from spikefuse.core.errors import InputError

    if not advanced:
        raise InputError(
            "spikefuse: --time-limit must leave time for one piece of work (a training step, an "
            f"evaluation), got {time_limit!r}, in which none was finished. Name a longer one."
        )
    text = " ".join(filter(None, ("Stopped before the time limit.", waiting)))
    news(console, f"{text} Nothing is lost: the same command goes on from here.")
    raise typer.Exit(STOPPED)


def write_results(prepared: Prepared) -> Path:
    """Write the tidy results of what is stored, and the claims on them; see `analysis.write`.

    Raises:
        StoreError: A file cannot be written.
    """
    from spikefuse.analysis.write import gather, gather_readings

    plan, store, out = prepared.plan, prepared.store, prepared.out
    if prepared.readings:
        return gather_readings(plan, store, out, command_line())
    return gather(plan, store, out, prepared.banner, command_line())


def command_line() -> str:
    """The command that was called, fit to be called again."""
    return shlex.join(["spikefuse", *sys.argv[1:]])

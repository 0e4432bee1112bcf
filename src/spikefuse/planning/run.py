"""Run a plan: hand its populations to an executor."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from spikefuse.data import Location
from spikefuse.execution import Event, Executor, Job, shard
from spikefuse.planning.plan import Plan
from spikefuse.planning.trials import PlannedTrial
from spikefuse.results import TrialStore

ENTRY = "spikefuse.planning.work:run_population"
"""By name: that module loads PyTorch, and only a worker needs it."""


@dataclass(frozen=True)
class RunSummary:
    """What became of a plan."""

    trained: int
    stored: int
    diverged: tuple[str, ...]
    failures: tuple[str, ...]
    stopped: int = 0
    advanced: bool = False
    """Whether any of the stopped populations came a step further."""


def jobs_of(
    plan: Plan,
    store: TrialStore,
    location: Location,
    *,
    part: tuple[int, int] = (1, 1),
    device: str = "cpu",
    backend: str = "auto",
) -> list[Job]:
    """One job per population that has anything left to do, JSON throughout.

    Args:
        plan: From `make_plan`; with `is_shared` where `part` is a real share.
        store: Where the trial folders are.
        location: The data.
        part: (i, n): the i-th of n shares of all populations.
        device: Where to train.
        backend: The neuron's implementation.
    """
    jobs = [_job(population, store, location, device, backend) for population in plan.populations]
    ready = {
        job.name
        for job, population in zip(jobs, plan.populations, strict=True)
        if all(trial.is_ready for trial in population)
    }
    return [job for job in shard(jobs, *part) if job.name not in ready]


def _job(
    population: tuple[PlannedTrial, ...],
    store: TrialStore,
    location: Location,
    device: str,
    backend: str,
) -> Job:
    return Job(
        name=population_name(population),
        entry=ENTRY,
        payload={
            "store": str(store.root),
            "data_folder": None if location.folder is None else str(location.folder),
            "device": device,
            "backend": backend,
            "trials": [
                {
                    "definition": trial.definition.model_dump(mode="json"),
                    "conditions": [c.model_dump(mode="json") for c in trial.conditions],
                }
                for trial in population
            ],
        },
        cost=sum(trial.cost for trial in population),
    )


def population_name(population: tuple[PlannedTrial, ...]) -> str:
    """A line for people: what the members share, and which seeds they are. Unique in a plan."""
    first = population[0].definition
    shared = f"{first.network} {first.modality} {first.size}"
    if first.network == "snn":
        shared += f" T={first.time_steps}"
        kinds = dict.fromkeys(f"{t.definition.neuron}/{t.definition.reset}" for t in population)
        shared += " " + ",".join(kinds)
    if first.modality == "fused":
        shared += f" {first.protocol}"
        shared += " shuffled" if first.selection.shuffle_audio else ""
    if first.selection.held_out_speaker:
        shared += f" without {first.selection.held_out_speaker}"
    seeds = ",".join(str(s) for s in dict.fromkeys(t.definition.seed for t in population))
    return f"{shared} seed {seeds} #{first.name[:6]}"


def run_plan(
    plan: Plan,
    store: TrialStore,
    jobs: Sequence[Job],
    executor: Executor,
    on_event: Callable[[Event], None] = lambda event: None,
) -> RunSummary:
    """Train and evaluate what is missing.

    Args:
        plan: From `make_plan`.
        store: Where the trial folders are.
        jobs: The plan's jobs, from `jobs_of`.
        executor: Runs the jobs.
        on_event: Receives each job's events.
    """
    results = executor.run(jobs, on_event) if jobs else []
    names = [trial.definition.name for trial in plan.trials]
    states = {name: store.state(name) for name in names}
    return RunSummary(
        trained=sum(len(result.value or {}) for result in results if result.ok),
        stored=sum(trial.is_ready for trial in plan.trials),
        diverged=tuple(name for name, state in states.items() if state == "diverged"),
        failures=tuple(f"{r.job}: {r.error}" for r in results if not r.ok and not r.stopped),
        stopped=sum(r.stopped for r in results),
        advanced=any(r.stopped and (r.value or {}).get("advanced") for r in results),
    )

"""Run a plan: hand its populations to an executor."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from spikefuse.core.errors import StoreError
from spikefuse.core.plugins import plugins_to_send
from spikefuse.data import Location
from spikefuse.data.sources.sent import source_to_send
from spikefuse.execution import Event, Executor, Job, JobResult, shard
from spikefuse.planning.plan import Plan
from spikefuse.planning.stored import condition_name, missing_conditions
from spikefuse.planning.trials import PlannedTrial, cost_of
from spikefuse.results import TrialStore
from spikefuse.results.journal import Journal, Planned
from spikefuse.results.presence import presence
from spikefuse.results.seen import Seen
from spikefuse.training import TrialDefinition

PATIENCE_S = 60.0
"""As long as a network disk may show a folder late; waited for once a run, where one is missing."""

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
    products: str = "auto",
) -> list[Job]:
    """One job per population that has anything left to do, stage by stage, JSON throughout.

    Args:
        plan: From `make_plan`; with `is_shared` where `part` is a real share.
        store: Where the trial folders are.
        location: The data.
        part: (i, n): the i-th of n shares of all populations.
        device: Where to train.
        backend: The neuron's implementation.
        products: Dense, by events, or what is faster.
    """
    place = {"device": device, "backend": backend, "products": products}
    jobs = [_job(population, store, location, place) for population in plan.populations]
    ready = {
        job.name
        for job, population in zip(jobs, plan.populations, strict=True)
        if all(trial.is_ready for trial in population)
    }
    ours = [job for job in shard(jobs, *part) if job.name not in ready]
    return sorted(ours, key=lambda job: job.turn)


def failed_jobs(jobs: Sequence[Job], store: TrialStore) -> list[Job]:
    """The jobs with a trial whose work has failed and was not done since."""
    failed = Journal(store.root).failures()
    return [job for job in jobs if any(name in failed for name in _trials_of(job))]


def _trials_of(job: Job) -> list[str]:
    trials: Any = job.payload["trials"]
    return [TrialDefinition.model_validate(trial["definition"]).name for trial in trials]


def _note_plan(plan: Plan, journal: Journal) -> None:
    """What `spikefuse status` measures against."""
    journal.plan(
        Planned(
            trial.name,
            f"{network_name(trial.definition)} seed {trial.definition.seed}",
            cost_of(trial, from_nothing=True),
            tuple(map(condition_name, trial.conditions)),
        )
        for trial in plan.trials
    )


def _job(
    population: tuple[PlannedTrial, ...],
    store: TrialStore,
    location: Location,
    place: dict[str, str],
) -> Job:
    source = source_to_send(location.source, store.root)
    return Job(
        name=population_name(population),
        entry=ENTRY,
        payload={
            # A worker may have another working folder.
            "store": str(store.root.absolute()),
            "data_folder": None if location.folder is None else str(location.folder.absolute()),
            **place,
            **({"plugins": plugins} if (plugins := plugins_to_send()) else {}),
            **({"source": source} if source is not None else {}),
            "trials": [
                {
                    "definition": trial.definition.model_dump(mode="json"),
                    "conditions": [c.model_dump(mode="json") for c in trial.conditions],
                }
                for trial in population
            ],
        },
        cost=sum(trial.cost for trial in population),
        turn=min(trial.stage for trial in population),
    )


def network_name(definition: TrialDefinition) -> str:
    """A line for people: what all seeds of a network share."""
    shared = f"{definition.network} {definition.modality} {definition.size}"
    if definition.network == "snn":
        shared += f" T={definition.time_steps} {definition.neuron}/{definition.reset}"
    return shared + _pairing(definition)


def _pairing(definition: TrialDefinition) -> str:
    told = ""
    beside = definition.seen[1:]
    if beside:
        told += f" {definition.protocol}"
        told += " shuffled" if any(map(definition.selection.is_shuffled, beside)) else ""
    if definition.selection.held_out_speaker:
        told += f" without {definition.selection.held_out_speaker}"
    return told


def population_name(population: tuple[PlannedTrial, ...]) -> str:
    """A line for people: what the members share, and which seeds they are. Unique in a plan."""
    first = population[0].definition
    shared = f"{first.network} {first.modality} {first.size}"
    if first.network == "snn":
        shared += f" T={first.time_steps}"
        kinds = dict.fromkeys(f"{t.definition.neuron}/{t.definition.reset}" for t in population)
        shared += " " + ",".join(kinds)
    shared += _pairing(first)
    seeds = ",".join(str(s) for s in dict.fromkeys(t.definition.seed for t in population))
    return f"{shared} seed {seeds} #{first.name[:6]}"


def labels_of(
    populations: Iterable[tuple[PlannedTrial, ...]],
) -> dict[str, dict[str, str]]:
    """The network and seed in words of each trial, by the name of its population."""
    return {
        population_name(population): {
            trial.definition.name: f"{network_name(trial.definition)} seed {trial.definition.seed}"
            for trial in population
        }
        for population in populations
    }


class _Witness:
    """Believes that a job is done when its folders are there; otherwise the job has failed.

    Args:
        populations: What the jobs are of.
        store: Where their folders must be, as this process sees it.
        journal: Notes what is at work and what failed.
        on_event: Hears what became of each job.
    """

    def __init__(
        self,
        populations: Sequence[tuple[PlannedTrial, ...]],
        store: TrialStore,
        journal: Journal,
        on_event: Callable[[Event], None],
    ) -> None:
        self._trials = {population_name(each): each for each in populations}
        self._store, self._journal, self._on_event = store, journal, on_event
        self._patience_s = PATIENCE_S
        self.problems: dict[str, str] = {}

    def __call__(self, event: Event) -> None:
        problem = self._problem(event.job) if event.kind == "finished" else None
        if problem is not None:
            self.problems[event.job] = problem
            event = Event(event.job, "failed", {"error": problem})
        self._note(event)
        self._on_event(event)

    def _note(self, event: Event) -> None:
        if event.kind == "started":
            names = [trial.definition.name for trial in self._trials.get(event.job, ())]
            self._journal.started(event.job, names)
        elif event.kind != "progress":
            error = str(event.data.get("error")) if event.kind == "failed" else None
            for trial in self._trials.get(event.job, ()):
                self._journal.failed(trial.definition.name, error)
            self._journal.ended(event.job)

    def _problem(self, job: str) -> str | None:
        for trial in self._trials.get(job, ()):
            try:
                record = self._store.read_final(trial.definition.name, self._patience_s)
            except StoreError as error:
                # Waited for once: the folders of the jobs after this one are no sooner there.
                self._patience_s = 0.0
                return (
                    f"the job ended well, but what it stored is not here: {error} If it ran on "
                    "another machine, name an --out on a disk that every node has at the same path."
                )
            lost = missing_conditions(record, trial.conditions) if record.state == "done" else []
            if lost:
                return (
                    f"the job ended well, but {len(lost)} evaluations of trial "
                    f"{trial.definition.name} are not in {self._store.root}. Run the same command "
                    "again."
                )
        return None


def run_populations(
    populations: Sequence[tuple[PlannedTrial, ...]],
    store: TrialStore,
    location: Location,
    executor: Executor,
    on_event: Callable[[Event], None] = lambda event: None,
    **place: str,
) -> dict[str, str | None]:
    """Train populations of no study; what is stored is not trained again.

    Args:
        populations: From `group_trials`.
        store: Where the trial folders are.
        location: The data.
        executor: Runs a job a population.
        on_event: Receives each job's events.
        place: "device", "backend" and "products".

    Returns:
        The jobs that failed, with their reasons.

    Raises:
        StoreError: A folder is another trial's, or the store cannot be written.
    """
    jobs = [_job(population, store, location, place) for population in populations]
    return _run_jobs(populations, store, jobs, executor, on_event, Journal(store.root))[1]


def _run_jobs(
    populations: Sequence[tuple[PlannedTrial, ...]],
    store: TrialStore,
    jobs: Sequence[Job],
    executor: Executor,
    on_event: Callable[[Event], None],
    journal: Journal,
) -> tuple[list[JobResult], dict[str, str | None]]:
    """What became of each job, and why some failed."""
    witness = _Witness(populations, store, journal, on_event)
    results: list[JobResult] = []
    if jobs:
        try:
            with presence(store) as sign:
                signed = [replace(job, payload={**job.payload, "presence": sign}) for job in jobs]
                results = executor.run(signed, witness)
        finally:
            journal.leave()
    failed = {r.job: r.error for r in results if not r.ok and not r.stopped}
    return results, failed | witness.problems


def run_plan(
    plan: Plan,
    store: TrialStore,
    jobs: Sequence[Job],
    executor: Executor,
    on_event: Callable[[Event], None] = lambda event: None,
) -> RunSummary:
    """Train and evaluate what is missing. A job that is done has left its folders in the store.

    Args:
        plan: From `make_plan`.
        store: Where the trial folders are.
        jobs: The plan's jobs, from `jobs_of`.
        executor: Runs the jobs.
        on_event: Receives each job's events.

    Raises:
        StoreError: A folder is another trial's, or the store cannot be written.
    """
    journal = Journal(store.root)
    _note_plan(plan, journal)
    results, failed = _run_jobs(plan.populations, store, jobs, executor, on_event, journal)
    seen = Seen(store)
    states = {trial.name: seen.look(trial.name).state for trial in plan.trials}
    seen.keep()
    return RunSummary(
        trained=sum(len(r.value or {}) for r in results if r.ok and r.job not in failed),
        stored=sum(trial.is_ready for trial in plan.trials),
        diverged=tuple(name for name, state in states.items() if state == "diverged"),
        failures=tuple(f"{job}: {error}" for job, error in failed.items()),
        stopped=sum(r.stopped for r in results),
        advanced=any(r.stopped and (r.value or {}).get("advanced") for r in results),
    )

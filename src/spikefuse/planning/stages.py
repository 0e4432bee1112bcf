"""In which order the networks of a plan train, and what is still missing on the way.

A run of half an hour should answer after minutes. So the networks behind the first screen of the
report come first, with one seed; then the other studies with that seed; then seed after seed. After
each of these stages the results are complete for what they hold, and are written.

Stages cost a little: members of different stages train in different populations. On an accelerator,
which many members fill, only the first screen is set apart, and a small plan is not cut at all.
"""

from collections import Counter
from collections.abc import Sequence

from spikefuse.execution import Event, Job
from spikefuse.planning.stored import missing_among
from spikefuse.planning.trials import PlannedTrial
from spikefuse.results import TrialStore
from spikefuse.results.seen import Seen
from spikefuse.studies.design import Cell

WORTH_STAGES = 1e13
"""Multiply-accumulates of a plan that is worth cutting: minutes on two slow cores. `smoke` is a
third of it, `quick` ten times as much."""

WHOLE = ("everything",)


def is_first_screen(trial: PlannedTrial) -> bool:
    """Whether the report's first screen needs the network: without noise, all at its default.

    Each modality and their fusion, as SNN and DNN, under every pairing, shuffled clips too.
    """
    return any(
        use.cell
        == Cell.create(
            network=use.cell.network,
            modality=use.cell.modality,
            protocol=use.cell.protocol,
            pairing=use.cell.pairing,
        )
        for use in trial.uses
    )


def assign_stages(
    trials: Sequence[PlannedTrial], seeds: Sequence[int], device: str = "cpu"
) -> tuple[str, ...]:
    """Give each trial its stage.

    Args:
        trials: Those that a run will meet, with their costs.
        seeds: In the order of the plan.
        device: Where they will train.

    Returns:
        What each stage holds, in words.
    """
    if sum(trial.cost for trial in trials) < WORTH_STAGES:
        return WHOLE
    first = seeds[0]
    is_cpu = device == "cpu"
    names = [f"the networks of the first screen with seed {first}"]
    if is_cpu:
        names += [f"the other networks with seed {first}", *(f"seed {each}" for each in seeds[1:])]
    else:
        names += ["all other networks"]
    for trial in trials:
        turn = seeds.index(trial.definition.seed)
        if turn == 0 and is_first_screen(trial):
            trial.stage = 0
        else:
            trial.stage = 1 + (turn if is_cpu else 0)
    return tuple(names)


class StageWatch:
    """Hears the events of a run and tells when a stage is there.

    A population is there when its networks are trained: their evaluations under noise, which follow
    in the same job, are not waited for.

    Args:
        jobs: All that will run.
    """

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._waiting = {job.name: job.turn for job in jobs}
        self._told = min(self._waiting.values(), default=0) - 1

    def hear(self, event: Event) -> int | None:
        """The last stage that is there with all before it, when this event made it so."""
        is_trained = event.kind == "progress" and "condition" in event.data
        if is_trained or event.kind in ("finished", "failed", "stopped"):
            self._waiting.pop(event.job, None)
        there = min(self._waiting.values()) - 1 if self._waiting else self._told
        if there <= self._told:
            return None
        self._told = there
        return there


def missing_by_study(trials: Sequence[PlannedTrial], store: TrialStore) -> dict[str, str]:
    """What the results of each study of a plan do not hold yet, in words; whole ones are left out.

    Args:
        trials: All of the plan.
        store: Where the trial folders are.
    """
    seen = Seen(store)
    counts: dict[str, Counter[str]] = {}
    for trial in trials:
        found = seen.look(trial.name)
        is_trained = found.state in ("done", "diverged")
        evaluations = len(missing_among(found.evaluations, trial.conditions))
        disturbed = {u.study for u in trial.uses if u.cell.noise_std or u.cell.disturbance}
        for study in dict.fromkeys(use.study for use in trial.uses):
            of = counts.setdefault(study, Counter())
            of.update(networks=1, untrained=not is_trained)
            of.update(evaluations=evaluations * (found.state == "done" and study in disturbed))
    told = {}
    for study, of in counts.items():
        parts = []
        if of["untrained"]:
            parts.append(f"networks not trained: {of['untrained']} of {of['networks']}")
        if of["evaluations"]:
            parts.append(f"evaluations missing: {of['evaluations']}")
        if parts:
            told[study] = ", ".join(parts)
    return told


def still_missing(
    trials: Sequence[PlannedTrial], stages: Sequence[str], store: TrialStore
) -> str | None:
    """What a plan's results do not hold yet, in a sentence; None when nothing is missing.

    Args:
        trials: All of the plan.
        stages: From `assign_stages`.
        store: Where the trial folders are.
    """
    seen = Seen(store)
    looked = [(trial, seen.look(trial.name)) for trial in trials]
    untrained = [trial for trial, found in looked if found.state not in ("done", "diverged")]
    evaluations = sum(
        len(missing_among(found.evaluations, trial.conditions))
        for trial, found in looked
        if found.state == "done"
    )
    if not untrained and not evaluations:
        return None
    trained = len(trials) - len(untrained)
    told = f"Not finished: {trained} of {len(trials)} networks are trained"
    if evaluations:
        told += f", and {evaluations} evaluations under noise of these are missing"
    waiting = {trial.stage: None for trial in untrained}
    if len(stages) > 1 and waiting:
        told += f". Still to come: {'; '.join(stages[stage] for stage in sorted(waiting))}"
    return f"{told}. The same command goes on."

"""A plan: which networks the studies need, which are stored, how the rest is grouped.

Populations are dealt out by what they cost, so the plan knows how long the rest will take.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from spikefuse.core.checks import one_of, require
from spikefuse.core.cores import usable_cores
from spikefuse.core.errors import InputError
from spikefuse.networks.budget import count_macs, solve_width
from spikefuse.results import TrialStore
from spikefuse.studies.design import Cell, Study
from spikefuse.studies.profiles import IMAGES, Profile
from spikefuse.studies.registry import REPRODUCTION, STUDIES
from spikefuse.studies.sensitivity import SENSITIVITY, sensitivity_studies
from spikefuse.studies.speakers import speakers_of
from spikefuse.training import NoiseCondition, TrialDefinition

PROTOCOLS = ("paper", "disjoint")
"""Protocols that stand side by side in the reproduction."""

POPULATION_UNITS = 16_000_000
"""Members are joined until their activations per time step and batch reach this many numbers.

On a CPU a population saves calls, not arithmetic: one 28x28 network fills the caches alone (two
together were 0 to 15 % slower a member), while ten 8x8 networks share the cost of a call.
"""

AUDIO_TRAIN = 2_200
NOISE_COST = 2.0
"""Drawing a normal number for every neuron and step makes a noisy pass about this much dearer."""


@dataclass(frozen=True)
class Use:
    """Where a trial is needed: one seed of one cell of one study."""

    study: str
    cell: Cell
    seed: int


@dataclass
class PlannedTrial:
    """One network, the noise it will meet and the cells that need it."""

    definition: TrialDefinition
    state: str
    cost: float
    conditions: list[NoiseCondition] = field(default_factory=list)
    missing: list[NoiseCondition] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)

    @property
    def is_ready(self) -> bool:
        """Nothing is left to compute."""
        return self.state == "diverged" or (self.state == "done" and not self.missing)


@dataclass(frozen=True)
class Plan:
    """Everything a run will do, before it does it."""

    studies: tuple[Study, ...]
    profile: Profile
    source: str
    protocols: tuple[str, ...]
    seeds: tuple[int, ...]
    trials: tuple[PlannedTrial, ...]
    populations: tuple[tuple[PlannedTrial, ...], ...]

    @property
    def cost(self) -> float:
        """Work that is left, in multiply-accumulates of a forward pass."""
        return sum(trial.cost for population in self.populations for trial in population)


def resolve_studies(
    names: Iterable[str], readings: Sequence[str] = (), experiments: Sequence[str] = ()
) -> tuple[Study, ...]:
    """Studies by name; those of the reproduction when none is named.

    Args:
        names: Names in `STUDIES`, or "sensitivity" alone.
        readings: Of the sensitivity study, only these; all if empty.
        experiments: Of the sensitivity study, only these of the paper's experiments.

    Raises:
        InputError: A name is unknown, "sensitivity" does not stand alone, or readings or
            experiments are chosen without it.
    """
    known = (*STUDIES, SENSITIVITY)
    chosen = tuple(dict.fromkeys(one_of("studies", "name", name, known) for name in names))
    if chosen == (SENSITIVITY,):
        return sensitivity_studies(readings, experiments)
    if SENSITIVITY in chosen:
        raise InputError(
            f"studies: {SENSITIVITY} must stand alone, got {', '.join(chosen)}. "
            "It repeats the paper's experiments by itself; run the other studies apart."
        )
    if readings or experiments:
        raise InputError(
            f"studies: readings and experiments are chosen for {SENSITIVITY}, got "
            f"{', '.join(chosen) or 'no study'}. Name {SENSITIVITY}."
        )
    return tuple(STUDIES[name] for name in chosen or REPRODUCTION)


def make_plan(
    studies: Sequence[Study],
    profile: Profile,
    source: str,
    store: TrialStore,
    *,
    protocols: Sequence[str] = PROTOCOLS,
    seeds: int | None = None,
    workers: int | None = None,
    is_shared: bool = False,
) -> Plan:
    """Find the distinct networks of the studies and group what is not stored into populations.

    Cells of several studies that need the same network share it. Members of a population have one
    shape and one number of steps.

    Args:
        studies: What is to be answered.
        profile: How much effort.
        source: The data's source.
        store: Where the trial folders are.
        protocols: Pairing protocols of the fused networks.
        seeds: Number of seeds; the profile's own if None.
        workers: Processes among which the populations will be dealt.
        is_shared: Group all networks, stored ones too, as if nothing were stored: the shares of a
            job array must cut the same plan, whichever of them starts first.

    Raises:
        InputError: seeds is below 1.
    """
    count = profile.seeds if seeds is None else seeds
    require(count >= 1, "plan", "seeds", "at least 1", count)
    numbers = tuple(range(count))
    planned = _trials(studies, profile, source, store, protocols, numbers)
    for trial in planned:
        _find_missing(trial, store)
        trial.cost = _cost(trial, profile, is_shared)
    grouped = [t for t in planned if is_shared or not t.is_ready]
    populations = _populations(grouped, 1 if is_shared else workers or usable_cores(), is_shared)
    return Plan(
        tuple(studies), profile, source, tuple(protocols), numbers, planned, tuple(populations)
    )


def definition_of(cell: Cell, seed: int, profile: Profile, source: str) -> TrialDefinition:
    """The network that a cell needs for a seed, with a profile's effort."""
    return cell.trial(seed, **profile.settings(cell.modality, cell.size, source))


def _trials(
    studies: Sequence[Study],
    profile: Profile,
    source: str,
    store: TrialStore,
    protocols: Sequence[str],
    seeds: Sequence[int],
) -> tuple[PlannedTrial, ...]:
    """The distinct networks of the studies, with every use and every noise they will meet."""
    speakers = speakers_of(source) if any(study.each_speaker for study in studies) else ()
    trials: dict[str, PlannedTrial] = {}
    for study in studies:
        for cell in study.cells(protocols, speakers):
            for seed in seeds:
                definition = definition_of(cell, seed, profile, source)
                trial = trials.get(definition.name)
                if trial is None:
                    trial = PlannedTrial(definition, store.state(definition.name), 0.0)
                    trials[definition.name] = trial
                trial.uses.append(Use(study.name, cell, seed))
                condition = cell.condition(profile.draws)
                if condition is not None and condition not in trial.conditions:
                    trial.conditions.append(condition)
    return tuple(trials.values())


def _find_missing(trial: PlannedTrial, store: TrialStore) -> None:
    if trial.state == "diverged":
        return
    trial.missing = list(trial.conditions)
    if trial.state == "done":
        evaluations = store.read(trial.definition.name).evaluations.values()
        stored = {NoiseCondition.model_validate(e["condition"]) for e in evaluations}
        trial.missing = [c for c in trial.conditions if c not in stored]


def _samples(definition: TrialDefinition, profile: Profile) -> tuple[int, int]:
    """Training and test samples of an epoch, roughly."""
    if definition.modality == "audio":
        return AUDIO_TRAIN, 300
    all_images, all_tests = IMAGES[definition.data.source]
    images = min(profile.images or all_images, all_images)
    tests = min(profile.test_images or all_tests, all_tests)
    return int(0.8 * images), tests


def _cost(trial: PlannedTrial, profile: Profile, from_nothing: bool) -> float:
    """Work left for a trial, in multiply-accumulates of a forward pass; a step costs three."""
    definition, spec = trial.definition, trial.definition.network_spec()
    macs = count_macs(spec, solve_width(spec)) * definition.time_steps
    train, test = _samples(definition, profile)
    validation = train // 4
    passes = 0.0
    if from_nothing or trial.state not in ("done", "diverged"):
        passes += definition.epochs * (3 * train + validation) + 2 * (test + validation)
    for condition in trial.conditions if from_nothing else trial.missing:
        limit = condition.samples or max(test, validation)
        passes += NOISE_COST * condition.draws * (min(test, limit) + min(validation, limit))
    return macs * passes


def _members_limit(definition: TrialDefinition) -> int:
    """How many members keep a population's first activations within `POPULATION_UNITS`."""
    spec = definition.network_spec()
    pixels = sum(height * width for _, height, width in spec.input_shapes.values())
    units = pixels * 32 * definition.batch_size * definition.time_steps
    return max(1, POPULATION_UNITS // units)


def _populations(
    trials: Sequence[PlannedTrial], workers: int, is_shared: bool
) -> list[tuple[PlannedTrial, ...]]:
    """Group trials of one shape, no group dearer than a fair share of the work; dearest first."""
    fair = sum(trial.cost for trial in trials) / (2 * workers)
    groups: dict[str, list[PlannedTrial]] = {}
    for trial in trials:
        is_trained = not is_shared and trial.state in ("done", "diverged")
        key = f"{trial.definition.population_key()} {is_trained}"
        groups.setdefault(key, []).append(trial)
    populations: list[tuple[PlannedTrial, ...]] = []
    for group in groups.values():
        limit = _members_limit(group[0].definition)
        current: list[PlannedTrial] = []
        for trial in group:
            dear = sum(t.cost for t in current) + trial.cost > fair
            if current and (len(current) >= limit or dear):
                populations.append(tuple(current))
                current = []
            current.append(trial)
        populations.append(tuple(current))
    return sorted(populations, key=lambda population: -sum(t.cost for t in population))

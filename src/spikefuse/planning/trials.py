"""What a plan is made of: networks, what each has still to do, and what that costs."""

from dataclasses import dataclass, field

from spikefuse.networks.budget import count_macs, solve_width
from spikefuse.planning.stored import missing_conditions
from spikefuse.results import TrialStore
from spikefuse.studies.design import Cell
from spikefuse.studies.profiles import IMAGES, Profile
from spikefuse.training import NoiseCondition, TrialDefinition

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


def find_missing(trial: PlannedTrial, store: TrialStore) -> None:
    """Note which evaluations under noise are not stored yet."""
    if trial.state == "diverged":
        return
    trial.missing = list(trial.conditions)
    if trial.state == "done":
        record = store.read(trial.definition.name)
        trial.missing = missing_conditions(record, trial.conditions)


def _samples(definition: TrialDefinition, profile: Profile) -> tuple[int, int]:
    """Training and test samples of an epoch, roughly."""
    if definition.modality == "audio":
        return AUDIO_TRAIN, 300
    all_images, all_tests = IMAGES[definition.data.source]
    images = min(profile.images or all_images, all_images)
    tests = min(profile.test_images or all_tests, all_tests)
    return int(0.8 * images), tests


def cost_of(trial: PlannedTrial, profile: Profile, from_nothing: bool) -> float:
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

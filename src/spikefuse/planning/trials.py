"""What a plan is made of: networks, what each has still to do, and what that costs."""

from dataclasses import dataclass, field
from functools import cached_property

from spikefuse.networks.budget import count_macs, solve_width
from spikefuse.planning.stored import missing_among
from spikefuse.studies.design import Cell
from spikefuse.training import NoiseCondition, TrialDefinition

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
    evaluations: frozenset[str] = frozenset()
    """Names of those that are stored."""
    stage: int = 0
    """Of the plan's stages, the one it belongs to; see `planning.stages`."""

    @cached_property
    def name(self) -> str:
        """The network's name, made once: it is a hash of a hundred values."""
        return self.definition.name

    @cached_property
    def macs(self) -> float:
        """Multiply-accumulates of a forward pass of one sample."""
        return macs_of(self.definition)

    @property
    def is_to_train(self) -> bool:
        """Its training has not come to an end."""
        return self.state not in ("done", "diverged")

    @property
    def is_ready(self) -> bool:
        """Nothing is left to compute."""
        return self.state == "diverged" or (self.state == "done" and not self.missing)


def macs_of(definition: TrialDefinition) -> float:
    """Multiply-accumulates of a forward pass of one sample; equal for all seeds of a network."""
    spec = definition.network_spec()
    return count_macs(spec, solve_width(spec)) * definition.time_steps


def find_missing(trial: PlannedTrial) -> None:
    """Note which evaluations under noise are not stored yet."""
    if trial.state == "diverged":
        return
    trial.missing = list(trial.conditions)
    if trial.state == "done":
        trial.missing = missing_among(trial.evaluations, trial.conditions)


def samples_of(definition: TrialDefinition) -> tuple[int, int, int]:
    """Training, validation and test samples of a network, roughly: those of its leading modality.

    Which samples a protocol that holds out a group leaves is not known before they are read.
    """
    leading, selection = definition.seen[0], definition.selection
    if leading.reckoned is not None:
        return leading.reckoned
    most = min(selection.train_of(leading) or leading.train, leading.train)
    test = min(selection.test_of(leading) or leading.test, leading.test)
    share = selection.validation_of(leading)
    train = int((1 - share) * most)
    return train, int(train * share / (1 - share)), test


def cost_of(trial: PlannedTrial, from_nothing: bool) -> float:
    """Work left for a trial, in multiply-accumulates of a forward pass; a step costs three."""
    definition = trial.definition
    train, validation, test = samples_of(definition)
    passes = 0.0
    if from_nothing or trial.is_to_train:
        passes += definition.epochs * (3 * train + validation) + 2 * (test + validation)
    for condition in trial.conditions if from_nothing else trial.missing:
        limit = condition.samples or max(test, validation)
        passes += NOISE_COST * condition.draws * (min(test, limit) + min(validation, limit))
    return trial.macs * passes

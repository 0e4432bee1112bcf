"""Questions to trained networks: under noise, and one against another."""

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from spikefuse.analysis.compare.answer import sentence_of
from spikefuse.analysis.compare.judge import Comparison, compare_series
from spikefuse.analysis.estimates import Estimate
from spikefuse.analysis.series import Series
from spikefuse.core.checks import one_of, require
from spikefuse.core.errors import InputError
from spikefuse.core.validation import refusal_of
from spikefuse.data import DataSettings
from spikefuse.networks import build
from spikefuse.noise import NOISES, NoiseCondition
from spikefuse.training import evaluate_condition
from spikefuse.training.feed import Feed
from spikefuse.workbench.data import Dataset
from spikefuse.workbench.disturbed import answered, modules_under
from spikefuse.workbench.fits import Fit, told
from spikefuse.workbench.modules import ModuleRun

DRAWS = 2


@dataclass(frozen=True)
class Evaluation:
    """What trained networks reach under a condition.

    Attributes:
        condition: The noise.
        accuracy: Mean over the seeds on the test split, each the mean over its draws.
        validation: The same on the validation split.
    """

    condition: NoiseCondition
    accuracy: Estimate
    validation: Estimate


def noise(kind: str = "gaussian", severity: float = 0.1, **settings: Any) -> NoiseCondition:
    """A condition to evaluate under.

    Args:
        kind: A name in `spikefuse.noise.NOISES`.
        severity: Standard deviation of Gaussian noise; the chance that a spike is deleted; 0 is
            none.
        settings: Further fields of `NoiseCondition`: `noise_position`, `sites`, `draws`, `samples`.

    Raises:
        InputError: A name or number is not allowed.
    """
    one_of("noise", "kind", kind, NOISES)
    try:
        return NoiseCondition(kind=kind, noise_std=severity, **settings)
    except ValidationError as error:
        raise InputError(refusal_of("noise", error, _of_noise)) from None


def _of_noise(field: str) -> str:
    return "severity" if field == "noise_std" else field


def evaluate(
    fit: "Fit | ModuleRun", data: Dataset, noise: NoiseCondition | None = None
) -> Evaluation:
    """Accuracy of trained networks, undisturbed or under noise.

    Args:
        fit: The networks; or modules of your own, whose inputs alone can be disturbed.
        data: What they were trained on.
        noise: From `noise`; none if left out.

    Raises:
        InputError: The noise is inside a module of your own.
        DataError: The networks were trained on other data.
        StudyError: A seed diverged.
    """
    is_trained = isinstance(fit, Fit | ModuleRun)
    require(is_trained, "evaluate", "fit", "what fit trained", type(fit).__name__)
    is_made = isinstance(data, Dataset)
    require(is_made, "evaluate", "data", "made by sf.dataset", type(data).__name__)
    is_noise = noise is None or isinstance(noise, NoiseCondition)
    require(is_noise, "evaluate", "noise", "made by sf.noise, or left out", type(noise).__name__)
    told(fit.series())
    condition = noise or NoiseCondition(noise_std=0.0)
    if isinstance(fit, ModuleRun):
        return _told(condition, *modules_under(fit, data, condition), ())
    by_split: dict[str, dict[int, float]] = {"test": {}, "validation": {}}
    samples = 0
    for seed, definition in fit.definitions.items():
        feed = Feed(data.corpus, [definition])
        network = build([definition.network_spec()], [seed], definition.precision).eval()
        network.load_member(0, fit.store.folder(definition.name).weights())
        (found,) = evaluate_condition(network, feed, condition)
        for split, draws in found.items():
            by_split[split][seed] = sum(draws) / len(draws)
        samples = answered(feed, condition) * len(found["test"])
    return _told(condition, by_split, samples, fit.series().silent)


def _told(
    condition: NoiseCondition,
    by_split: dict[str, dict[int, float]],
    samples: int,
    silent: tuple[int, ...],
) -> Evaluation:
    return Evaluation(
        condition,
        told(Series(values=by_split["test"], samples=samples, silent=silent)),
        told(Series(values=by_split["validation"], silent=silent)),
    )


def _data_of(run: "Fit | ModuleRun") -> DataSettings:
    """What it was trained on."""
    if isinstance(run, ModuleRun):
        return run.definition.data
    return next(iter(run.definitions.values())).data


@dataclass(frozen=True)
class Verdict:
    """One trained network against another.

    Attributes:
        comparison: Every number, with the test and why it was chosen.
        sentence: What it says, with difference, interval and n.
    """

    comparison: Comparison
    sentence: str

    @property
    def outcome(self) -> str:
        """Whether the first is "better" or "worse", or neither is shown ("undecided")."""
        return self.comparison.outcome


def compare(a: "Fit | ModuleRun", b: "Fit | ModuleRun", margin: float | None = None) -> Verdict:
    """Is the first better than the second? Paired by seed where both have it.

    Args:
        a: Trained networks.
        b: Others, on the same data.
        margin: In shares of 1: differences up to it count as none, and that is tested, too.

    Raises:
        InputError: The margin is not between 0 and 1, or the two were trained on different data.
        StudyError: A seed of either diverged.
    """
    for name, side in (("a", a), ("b", b)):
        is_trained = isinstance(side, Fit | ModuleRun)
        require(is_trained, "compare", name, "what fit trained", type(side).__name__)
    first, second = _data_of(a), _data_of(b)
    contents = {each.fingerprint for each in (first, second)} - {None}  # an older trial has none
    is_same = first.source == second.source and len(contents) < 2
    require(is_same, "compare", "b", f"trained on the data of a ({first.source})", second.source)
    is_number = isinstance(margin, int | float) and not isinstance(margin, bool)
    sound = margin is None or (is_number and 0.0 < margin < 1.0)
    require(sound, "compare", "margin", "between 0 and 1", margin)
    found = compare_series(a.operand(), b.operand(), margin=margin)
    return Verdict(found, sentence_of(found, margin))

"""What trained networks compute on test samples, and what that would cost."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from spikefuse.analysis.estimates import Estimate, estimate
from spikefuse.core.checks import require
from spikefuse.core.errors import StudyError
from spikefuse.meters.costs import CostModel
from spikefuse.meters.counts import Counts
from spikefuse.meters.energy import Energy, per_right_answer_pj, price
from spikefuse.meters.modules import count as count_module
from spikefuse.meters.synops import SYNOPS_SAMPLES, Synops
from spikefuse.networks import build
from spikefuse.training import TrialDefinition
from spikefuse.training.feed import Feed
from spikefuse.training.observe import measure, subject_of
from spikefuse.workbench.data import Dataset
from spikefuse.workbench.fits import Fit
from spikefuse.workbench.modules import ModuleRun
from spikefuse.workbench.networks import network

EVERY_STEP = "every-step"


@dataclass(frozen=True, eq=False)
class Counted:
    """Exact operations of networks, one a seed; made by `count`.

    Attributes:
        label: What a sentence calls the network.
        counts: Seed -> counts of each sample, step, layer and branch.
        right: Seed -> whether each sample was answered rightly, bool [B]; none of bare tensors.
    """

    label: str
    counts: Mapping[int, Counts]
    right: Mapping[int, Tensor] = field(default_factory=dict)

    def __repr__(self) -> str:
        """What it is, in a line."""
        return f"Counted({self.label}, seeds {', '.join(map(str, self.counts))})"

    def energy(
        self, model: CostModel | str = "horowitz-45nm", first_layer: str = EVERY_STEP
    ) -> dict[int, Energy]:
        """Seed -> what every inference costs under a model, see `spikefuse.meters.energy.price`."""
        return {seed: price(each, model, first_layer) for seed, each in self.counts.items()}

    def energy_pj(
        self, model: CostModel | str = "horowitz-45nm", first_layer: str = EVERY_STEP
    ) -> Estimate:
        """PJ of the mean inference, with its interval over the seeds."""
        return _told({s: _mean(e.total_pj()) for s, e in self.energy(model, first_layer).items()})

    def branch_pj(
        self, model: CostModel | str = "horowitz-45nm", first_layer: str = EVERY_STEP
    ) -> dict[str, Estimate]:
        """PJ of the mean inference that each branch causes."""
        found = {s: each.branch_pj() for s, each in self.energy(model, first_layer).items()}
        branches = dict.fromkeys(name for each in found.values() for name in each)
        return {
            name: _told({seed: _mean(each[name]) for seed, each in found.items()})
            for name in branches
        }

    def right_pj(
        self, model: CostModel | str = "horowitz-45nm", first_layer: str = EVERY_STEP
    ) -> Estimate:
        """PJ spent for each right answer.

        Raises:
            StudyError: What is right is not known.
            InputError: A seed has no right answer.
        """
        if not self.right:
            raise StudyError("count: bare tensors say of no answer whether it is right.")
        found = self.energy(model, first_layer)
        by_seed = {s: per_right_answer_pj(e.total_pj(), self.right[s]) for s, e in found.items()}
        return _told(by_seed)


def _mean(energy_pj: Tensor) -> float:
    return float(energy_pj.double().mean())


def _told(by_seed: Mapping[int, float]) -> Estimate:
    found = estimate(by_seed)
    assert found is not None
    return found


def count(
    fit: "Fit | ModuleRun | nn.Module",
    data: Any,
    samples: int = SYNOPS_SAMPLES,
    *,
    batch_axis: int | None = None,
) -> Counted:
    """Count what networks do on the first samples of the test split.

    Args:
        fit: Trained networks, by spikefuse or somebody's module; or an `nn.Module` as it is.
        data: What they were trained on. For an `nn.Module` also a tensor, or a tuple or dictionary
            of tensors, that it is called with.
        samples: At most so many; of tensors all are counted.
        batch_axis: Which axis of such a tensor is the batch; 0 if left out. For neurons that are
            called over time, [T, B, ...], it must be said.

    Raises:
        InputError: The module has weights that cannot be counted.
        DataError: The networks were trained on other data.
        StudyError: A seed diverged.

    Example:
        >>> found = count(nn.Linear(8, 4), torch.eye(8)[:2])
        >>> found.counts[0].multiplies().tolist(), round(found.energy_pj().mean, 1)
        ([4, 4], 147.2)
    """
    require(samples >= 1, "count", "samples", "1 or more", samples)
    if isinstance(fit, Fit):
        require(isinstance(data, Dataset), "count", "data", "a dataset", type(data).__name__)
        return _count_fit(fit, data, samples)
    if isinstance(fit, ModuleRun):
        require(isinstance(data, Dataset), "count", "data", "a dataset", type(data).__name__)
        if fit.diverged:
            raise StudyError(f"count: {fit.series().reason}.")
        return _count_modules(fit.label, fit.modules, data, samples)
    require(
        isinstance(fit, nn.Module), "count", "fit", "a trained network or an nn.Module", type(fit)
    )
    if isinstance(data, Dataset):
        return _count_modules(type(fit).__name__, {0: fit}, data, samples)
    return Counted(type(fit).__name__, {0: count_module(fit, data, batch_axis=batch_axis)})


def _count_fit(fit: Fit, data: Dataset, samples: int) -> Counted:
    found = fit.series()
    if found.diverged:
        raise StudyError(f"count: {found.reason}.")
    counts, right = {}, {}
    for seed, definition in fit.definitions.items():
        folder = fit.store.folder(definition.name)
        feed = Feed(data.corpus, [definition])
        net = build([definition.network_spec()], [seed], definition.precision).eval()
        net.load_member(0, folder.weights())
        meter = Synops(subject_of(net, feed, "test"))
        measure(net, feed, meter, "test", samples)
        counts[seed] = meter.counts(0)
        answers = folder.predictions()
        right[seed] = (answers["predicted"] == answers["labels"])[:samples]
    return Counted(fit.label, counts, right)


def _count_modules(
    label: str, modules: Mapping[int, nn.Module], data: Dataset, samples: int
) -> Counted:
    base = network(data, seeds=1).definition
    counts, right = {}, {}
    for seed, module in modules.items():
        inputs, labels = _first(base.model_copy(update={"seed": seed}), data, samples)
        was_training = module.training
        module.eval()
        answered: list[Tensor] = []
        hook = module.register_forward_hook(lambda _, __, logits: answered.append(logits))  # noqa: B023
        try:
            counts[seed] = count_module(module, (inputs,), batch_axis=0)
        finally:
            hook.remove()
            module.train(was_training)
        right[seed] = answered[0].argmax(dim=-1).cpu() == labels
    return Counted(label, counts, right)


def _first(
    definition: TrialDefinition, data: Dataset, samples: int
) -> tuple[dict[str, Tensor], Tensor]:
    """Inputs [B, C, H, W] by modality and labels [B] of the first test samples, in one batch.

    Neurons that keep a state would carry it from one batch into the next.
    """
    feed = Feed(data.corpus, [definition])
    places = torch.arange(min(samples, feed.size("test"))).unsqueeze(0)
    batch = feed.batch("test", places)
    return {name: x.squeeze(0) for name, x in batch.inputs.items()}, batch.labels.squeeze(0)

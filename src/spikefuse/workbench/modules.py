"""Somebody's own PyTorch module, trained and judged like our networks.

The splits, the order of the batches and the choice of the epoch are those of a network of the same
data and seed, so that what differs between the two is the network.
"""

import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spikefuse.analysis.compare.cells import Operand
from spikefuse.analysis.estimates import Estimate, estimate
from spikefuse.analysis.series import Series
from spikefuse.core.checks import one_of, require
from spikefuse.core.errors import InputError, StudyError
from spikefuse.stats.plateau import reached_plateau
from spikefuse.training import TrialDefinition
from spikefuse.training.feed import Feed
from spikefuse.workbench.data import Dataset

NOT_FINITE = "loss not finite"
"""Why a seed has no accuracy: a number that is none has no largest one, and is no answer."""


@dataclass(frozen=True, eq=False)
class ModuleRun:
    """A module trained with one seed or several.

    Attributes:
        label: What a sentence calls it.
        modules: Seed -> the module with its best weights, in evaluation mode.
        values: Split -> seed -> accuracy at the best validation epoch.
        samples: Test samples.
        definition: The data, splits and effort that it was trained with; no network of ours.
        diverged: Seed -> why it has no accuracy.
    """

    label: str
    modules: Mapping[int, nn.Module]
    values: Mapping[str, Mapping[int, float]]
    samples: int
    definition: TrialDefinition
    diverged: Mapping[int, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        """What it is, in a line; the modules are in `modules`."""
        return f"ModuleRun({self.label}, seeds {', '.join(map(str, self.modules))})"

    def series(self, split: str = "test") -> Series:
        """Accuracy by seed; seeds that diverged stay said."""
        one_of("accuracy", "split", split, ("test", "validation"))
        return Series(
            values=self.values[split],
            samples=self.samples if split == "test" else 0,
            diverged=tuple(self.diverged),
            reasons=tuple(f"{self.label}, seed {s}: {why}" for s, why in self.diverged.items()),
        )

    def accuracy(self, split: str = "test") -> Estimate:
        """Mean accuracy over the seeds, with its interval.

        Raises:
            StudyError: A seed diverged.
        """
        found = self.series(split)
        mean = estimate(found, 1 / found.samples if found.samples else None)
        if mean is None:
            raise StudyError(f"accuracy: there is no mean over the seeds: {found.reason}.")
        return mean

    def operand(self) -> Operand:
        """One side of a comparison; its predictions are not stored, so seeds decide."""
        found = self.series()
        if found.diverged:
            raise StudyError(f"compare: {found.reason}.")
        return Operand(self.label, found.values, {}, found.samples, 0.0, Path())


@dataclass
class _Best:
    """The best epoch so far."""

    accuracy: float = -1.0
    loss: float = float("inf")
    weights: dict[str, Tensor] = field(default_factory=dict)


def train_module(
    make: Callable[[], nn.Module],
    data: Dataset,
    definition: TrialDefinition,
    seeds: Iterable[int],
    *,
    device: str = "cpu",
) -> ModuleRun:
    """Train a module of each seed with the splits and effort of a definition; see `spikefuse.fit`.

    Raises:
        InputError: What it makes is no module, or gives no logits [B, K].
    """
    modules: dict[int, nn.Module] = {}
    values: dict[str, dict[int, float]] = {"test": {}, "validation": {}}
    diverged: dict[int, str] = {}
    samples, label = 0, ""
    for seed in seeds:
        feed = Feed(data.corpus, [definition.model_copy(update={"seed": seed})], device)
        module, reached, why = train_one(make, feed, len(data.classes))
        label, samples = type(module).__name__, feed.size("test")
        for split, value in reached.items():
            values[split][seed] = value
        modules[seed] = module
        if why:
            diverged[seed] = why
    return ModuleRun(label, modules, values, samples, definition, diverged)


def train_one(
    make: Callable[[], nn.Module], feed: Feed, classes: int
) -> tuple[nn.Module, dict[str, float], str]:
    """Train one module on the data of a feed of one definition, which says seed and effort.

    Returns:
        The module with its best weights in evaluation mode; its accuracy by split; and why there
        is none, else an empty text.

    Raises:
        InputError: What is made is no module with weights, or gives no logits [B, K].
    """
    definition = feed.definitions[0]
    values: dict[str, dict[int, float]] = {"test": {}, "validation": {}}
    with torch.random.fork_rng():
        torch.manual_seed(definition.seed)
        module = make()
        if not isinstance(module, nn.Module):
            raise InputError(
                "fit: net must be a network, an nn.Module or a function that makes one, got "
                f"{type(module).__name__}."
            )
        if not any(weight.requires_grad for weight in module.parameters()):
            raise InputError("fit: a module must have weights to learn, got none.")
        why = _train(module.to(feed.device), feed, definition, values, classes)
    reached = {split: found[definition.seed] for split, found in values.items() if found}
    return module.eval(), reached, why


@torch.no_grad()
def answers_of(module: nn.Module, feed: Feed, classes: int) -> dict[str, Tensor]:
    """What a module answers to its test set: `logits` [n, K], `labels` [n], samples by modality."""
    found: dict[str, list[Tensor]] = {}
    for batch in feed.evaluation_batches("test"):
        inputs = {name: x.squeeze(0) for name, x in batch.inputs.items()}
        parts = {name: each.squeeze(0) for name, each in batch.samples.items()}
        parts |= {"logits": logits_of(module, inputs, classes), "labels": batch.labels.squeeze(0)}
        for name, part in parts.items():
            found.setdefault(name, []).append(part.cpu())
    return {name: torch.cat(parts) for name, parts in found.items()}


def _train(
    module: nn.Module,
    feed: Feed,
    definition: TrialDefinition,
    values: dict[str, dict[int, float]],
    classes: int,
) -> str:
    """All epochs and the test; why there is no accuracy, else an empty text."""
    optimiser = torch.optim.Adam(module.parameters(), lr=definition.learning_rate)
    best, seed = _Best(), definition.seed
    curve: list[float] = []
    for epoch in range(1, definition.epochs + 1):
        module.train()
        order = feed.training_order(epoch)
        for first in range(0, order.shape[1], definition.batch_size):
            batch = feed.batch("train", order[:, first : first + definition.batch_size])
            inputs = {name: x.squeeze(0) for name, x in batch.inputs.items()}
            loss = F.cross_entropy(logits_of(module, inputs, classes), batch.labels.squeeze(0))
            if not torch.isfinite(loss):
                return f"{NOT_FINITE} in epoch {epoch}"
            require(loss.requires_grad, "fit", "a module's logits", "made by its weights", "others")
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        accuracy, held = _evaluate(module, feed, "validation", classes)
        if not isfinite(held):
            return f"{NOT_FINITE} on validation after epoch {epoch}"
        # Of equal accuracies the epoch with the lower loss is taken.
        if (accuracy, -held) > (best.accuracy, -best.loss):
            best = _Best(accuracy, held, copy.deepcopy(module.state_dict()))
        curve.append(accuracy)
        if definition.stop == "plateau" and reached_plateau(curve):
            break
    module.load_state_dict(best.weights)
    accuracy, held = _evaluate(module, feed, "test", classes)
    if not isfinite(held):
        return f"{NOT_FINITE} on test"
    values["validation"][seed], values["test"][seed] = best.accuracy, accuracy
    return ""


def logits_of(module: nn.Module, inputs: dict[str, Tensor], classes: int) -> Tensor:
    """What a module answers to one batch, [B, K].

    Raises:
        InputError: That is something else.
    """
    logits = module(inputs)
    wanted = (len(next(iter(inputs.values()))), classes)
    if not isinstance(logits, Tensor) or tuple(logits.shape) != wanted:
        got = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
        raise InputError(f"fit: a module's logits must have shape {wanted}, got {got}.")
    return logits.float()


@torch.no_grad()
def _evaluate(module: nn.Module, feed: Feed, split: str, classes: int) -> tuple[float, float]:
    """Accuracy and mean loss of a split."""
    module.eval()
    right, loss = 0, 0.0
    for batch in feed.evaluation_batches(split):
        inputs = {name: x.squeeze(0) for name, x in batch.inputs.items()}
        logits, labels = logits_of(module, inputs, classes), batch.labels.squeeze(0)
        right += int((logits.argmax(dim=-1) == labels).sum())
        loss += float(F.cross_entropy(logits, labels, reduction="sum"))
    return right / feed.size(split), loss / feed.size(split)

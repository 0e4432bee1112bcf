"""Somebody's own modules under noise: only their inputs are ours to disturb."""

import torch
from torch import Tensor, nn

from spikefuse.core.checks import require
from spikefuse.noise import NoiseCondition, NoiseDraw
from spikefuse.training.feed import Feed
from spikefuse.training.senses import check_modalities, replacements
from spikefuse.workbench.data import Dataset
from spikefuse.workbench.modules import ModuleRun, logits_of


def answered(feed: Feed, condition: NoiseCondition) -> int:
    """Test samples that a condition is evaluated on."""
    return min(feed.size("test"), condition.samples or feed.size("test"))


def modules_under(
    run: ModuleRun, data: Dataset, condition: NoiseCondition
) -> tuple[dict[str, dict[int, float]], int]:
    """Accuracy of each split and seed, the mean over the draws; and how many answers on test.

    Raises:
        InputError: The noise is inside the module, or its settings do not fit the data.
        DataError: The data is not what the modules were trained on.
    """
    place = condition.noise_position
    is_outside = condition.severity == 0 or place == "input"
    told = "input for a module of your own (its layers are not ours to disturb)"
    require(is_outside, "evaluate", "noise_position", told, place)
    draws = condition.draws if condition.severity > 0 else 1
    found: dict[str, dict[int, float]] = {"test": {}, "validation": {}}
    samples = 0
    for seed, module in run.modules.items():
        device = next(module.parameters()).device
        feed = Feed(data.corpus, [run.definition.model_copy(update={"seed": seed})], device)
        check_modalities(condition, feed)
        for split, reached in found.items():
            shares = [_accuracy(module, feed, split, condition, draw) for draw in range(draws)]
            reached[seed] = sum(shares) / draws
        samples = answered(feed, condition) * draws
    return found, samples


@torch.no_grad()
def _accuracy(
    module: nn.Module, feed: Feed, split: str, condition: NoiseCondition, draw: int
) -> float:
    """Share of right answers of one draw."""
    classes, right, count = feed.definitions[0].network_spec().classes, 0, 0
    for batch in feed.evaluation_batches(split, condition.samples):
        instead = replacements(condition, feed, split, batch, draw)
        seeds = [feed.definitions[0].seed]
        noise = NoiseDraw(condition, (), seeds, (split, draw, batch.number), replacements=instead)
        inputs = {name: _disturbed(noise, name, x) for name, x in batch.inputs.items()}
        labels = batch.labels.squeeze(0)
        logits = logits_of(module, inputs, classes)
        is_fine = not bool(logits.isnan().any())
        require(is_fine, "evaluate", "a module's logits", "numbers", "NaN under this noise")
        right += int((logits.argmax(dim=-1) == labels).sum())
        count += len(labels)
    return right / count


def _disturbed(noise: NoiseDraw, name: str, x: Tensor) -> Tensor:
    """The input [B, ...] of a modality from one [1, B, ...], as a single step."""
    return noise.input(name, x.unsqueeze(1), 1, lambda raw: raw.unsqueeze(1))[0, 0]

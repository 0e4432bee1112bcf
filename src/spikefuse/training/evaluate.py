"""Evaluate a population: predictions, accuracy, accuracy under noise."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from spikefuse.core.checks import require
from spikefuse.encoders import Moment
from spikefuse.networks import PopulationNetwork
from spikefuse.networks.population import PopulationLayer
from spikefuse.neurons.lif import resolve_backend
from spikefuse.noise import NoiseCondition, NoiseDraw
from spikefuse.training.feed import Feed
from spikefuse.training.senses import check_modalities, replacements, shown_labels


@torch.no_grad()
def classify(
    network: PopulationNetwork,
    feed: Feed,
    split: str,
    condition: NoiseCondition | None = None,
    draw: int = 0,
) -> Tensor:
    """Logits [P, n, K] of a split, in the order of `feed.labels`."""
    if condition is None or condition.severity == 0:
        limit = None if condition is None else condition.samples
        return torch.cat(list(_logits(network, feed, split, limit, None, draw)), dim=1)
    check_modalities(condition, feed)
    with disturbed_weights(network, feed, condition, draw):
        logits = _logits(network, feed, split, condition.samples, condition, draw)
        return torch.cat(list(logits), dim=1)


def _logits(
    network: PopulationNetwork,
    feed: Feed,
    split: str,
    limit: int | None,
    condition: NoiseCondition | None,
    draw: int,
) -> Iterator[Tensor]:
    seeds = [definition.seed for definition in feed.definitions]
    native = resolve_backend(network.backend, feed.device) == "native"
    is_moving = condition is not None and condition.noise_position != "weights"
    for batch in feed.evaluation_batches(split, limit):
        noise = None
        if condition is not None and is_moving:
            key = (split, draw, batch.number)
            instead = replacements(condition, feed, split, batch, draw)
            noise = NoiseDraw(condition, network.sites, seeds, key, native, instead)
        yield network(batch.inputs, noise=noise, moment=Moment(batch.samples))


@contextmanager
def disturbed_weights(
    network: PopulationNetwork, feed: Feed, condition: NoiseCondition, draw: int
) -> Iterator[None]:
    """A network whose weights carry the noise of one draw; other noise leaves them alone.

    The same weights see every split. Afterwards they are what they were, bit for bit.
    """
    if condition.noise_position != "weights":
        yield
        return
    seeds = [definition.seed for definition in feed.definitions]
    noise = NoiseDraw(condition, network.sites, seeds, ("weights", draw))
    kept = [(site, weight, weight.detach().clone()) for site, weight in _weights(network)]
    try:
        for site, weight, own in kept:
            weight.data.copy_(noise.weights(site, own))
        yield
    finally:
        for _, weight, own in kept:
            weight.data.copy_(own)


def _weights(network: PopulationNetwork) -> list[tuple[str, Tensor]]:
    """Weights that may be disturbed, by site; biases stay, and what a fusion learns."""
    layers = [layer for layer in network.weighted.values() if isinstance(layer, PopulationLayer)]
    return [(layer.name, layer.weight) for layer in layers]


def predict(
    network: PopulationNetwork,
    feed: Feed,
    split: str,
    condition: NoiseCondition | None = None,
    draw: int = 0,
) -> Tensor:
    """Predicted classes [P, n] of a split, in the order of `feed.labels`."""
    return classify(network, feed, split, condition, draw).argmax(dim=-1)


def accuracy(predictions: Tensor, labels: Tensor) -> list[float]:
    """Share of right predictions of each member."""
    right = (predictions == labels[:, : predictions.shape[1]]).sum(dim=1)
    return (right.double() / predictions.shape[1]).tolist()


def mean_losses(logits: Tensor, labels: Tensor) -> list[float]:
    """Mean cross-entropy of each member's logits [P, n, K], in nats."""
    members = zip(logits.double(), labels.long(), strict=True)
    return [float(cross_entropy(own, right)) for own, right in members]


@dataclass
class Answers:
    """What one member answered under a condition: split -> one share per draw.

    Attributes:
        accuracy: Answers that are the sample's class.
        follows: Answers that are the class which a replaced modality shows; empty where it shows
            no sample.
    """

    accuracy: dict[str, list[float]]
    follows: dict[str, list[float]]


def _require_answers(network: PopulationNetwork, logits: Tensor, condition: NoiseCondition) -> None:
    """Refuse noise that leaves no numbers: the largest of none is the first class by chance.

    A member that diverged before has none either way, and nobody asks for its answers.
    """
    for member in logits.isnan().any(dim=-1).any(dim=-1).nonzero().flatten().tolist():
        weights = network.member_state(member).values()
        is_whole = all(bool(each.isfinite().all()) for each in weights)
        what = f"{condition.kind} of {condition.severity:g} {condition.noise_position}"
        told = "such that a network still answers with numbers"
        require(not is_whole, "noise", what, told, "NaN")


def answers_under(
    network: PopulationNetwork, feed: Feed, condition: NoiseCondition
) -> list[Answers]:
    """Shares of answers under noise, for each member."""
    found = [Answers({"validation": [], "test": []}, {}) for _ in range(network.members)]
    for split in ("validation", "test"):
        for draw in range(condition.draws if condition.severity > 0 else 1):
            logits = classify(network, feed, split, condition, draw)
            _require_answers(network, logits, condition)
            predicted = logits.argmax(dim=-1)
            for answers, value in zip(found, accuracy(predicted, feed.labels(split)), strict=True):
                answers.accuracy[split].append(value)
            shown = shown_labels(condition, feed, split, draw)
            if shown is not None:
                for answers, value in zip(found, accuracy(predicted, shown), strict=True):
                    answers.follows.setdefault(split, []).append(value)
    return found


def evaluate_condition(
    network: PopulationNetwork, feed: Feed, condition: NoiseCondition
) -> list[dict[str, list[float]]]:
    """Accuracy under noise, for each member: split -> one number per draw."""
    return [answers.accuracy for answers in answers_under(network, feed, condition)]

"""Evaluate a population: predictions, accuracy, accuracy under noise."""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from spikefuse.encoders import Moment
from spikefuse.networks import PopulationNetwork
from spikefuse.neurons.lif import resolve_backend
from spikefuse.noise import NoiseCondition, NoiseDraw
from spikefuse.training.feed import Feed


@torch.no_grad()
def classify(
    network: PopulationNetwork,
    feed: Feed,
    split: str,
    condition: NoiseCondition | None = None,
    draw: int = 0,
) -> Tensor:
    """Logits [P, n, K] of a split, in the order of `feed.labels`."""
    seeds = [definition.seed for definition in feed.definitions]
    limit = None if condition is None else condition.samples
    native = resolve_backend(network.backend, feed.device) == "native"
    logits = []
    for batch in feed.evaluation_batches(split, limit):
        noise = None
        if condition is not None and condition.severity > 0:
            key = (split, draw, batch.number)
            noise = NoiseDraw(condition, network.sites, seeds, key, native)
        logits.append(network(batch.inputs, noise=noise, moment=Moment(batch.samples)))
    return torch.cat(logits, dim=1)


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


def evaluate_condition(
    network: PopulationNetwork, feed: Feed, condition: NoiseCondition
) -> list[dict[str, list[float]]]:
    """Accuracy under noise, for each member: split -> one number per draw."""
    results: list[dict[str, list[float]]] = [
        {"validation": [], "test": []} for _ in range(network.members)
    ]
    for split in ("validation", "test"):
        for draw in range(condition.draws if condition.severity > 0 else 1):
            drawn = accuracy(predict(network, feed, split, condition, draw), feed.labels(split))
            for member, value in enumerate(drawn):
                results[member][split].append(value)
    return results

"""Evaluate a population: predictions, accuracy, firing rates, accuracy under noise."""

import torch
from torch import Tensor

from spikefuse.networks import PopulationNetwork
from spikefuse.networks.activations import Noise
from spikefuse.training.feed import Feed
from spikefuse.training.noise import NoiseCondition, NoiseDraw

RATE_SAMPLES = 500
"""Firing rates are means over the first samples of the validation split, at most this many."""


@torch.no_grad()
def classify(
    network: PopulationNetwork,
    feed: Feed,
    split: str,
    condition: NoiseCondition | None = None,
    draw: int = 0,
) -> Tensor:
    """Logits [P, n, 10] of a split, in the order of `feed.labels`."""
    seeds = [definition.seed for definition in feed.definitions]
    limit = None if condition is None else condition.samples
    logits = []
    for batch in feed.evaluation_batches(split, limit):
        noise = None
        if condition is not None and condition.noise_std > 0:
            key = (split, draw, batch.number)
            noise = NoiseDraw(condition, network.sites, seeds, key)
        logits.append(network(batch.inputs, noise=noise))
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


@torch.no_grad()
def firing_rates(
    network: PopulationNetwork, feed: Feed, watch: Noise | None = None
) -> list[dict[str, float]]:
    """Spikes per neuron and step of every activation, for each member.

    For a dense network: the share of activations above zero.

    Args:
        network: In evaluation mode.
        feed: Its data.
        watch: Sees what leaves each hidden activation; must not disturb it.
    """
    totals: dict[str, Tensor] = {}
    seen = 0
    for batch in feed.evaluation_batches("validation", RATE_SAMPLES):
        rates: dict[str, Tensor] = {}
        network(batch.inputs, noise=watch, rates=rates)
        count = batch.labels.shape[1]
        seen += count
        for site, rate in rates.items():
            totals[site] = totals.get(site, torch.zeros_like(rate)) + rate * count
    members = range(network.members)
    return [{site: float(total[m]) / seen for site, total in totals.items()} for m in members]


def evaluate_condition(
    network: PopulationNetwork, feed: Feed, condition: NoiseCondition
) -> list[dict[str, list[float]]]:
    """Accuracy under noise, for each member: split -> one number per draw."""
    results: list[dict[str, list[float]]] = [
        {"validation": [], "test": []} for _ in range(network.members)
    ]
    for split in ("validation", "test"):
        for draw in range(condition.draws if condition.noise_std > 0 else 1):
            drawn = accuracy(predict(network, feed, split, condition, draw), feed.labels(split))
            for member, value in enumerate(drawn):
                results[member][split].append(value)
    return results

"""Measure a trained population: its split batch by batch, watched by a meter."""

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from spikefuse.core.errors import InputError
from spikefuse.encoders import Moment
from spikefuse.meters import METERS, RATE_SAMPLES, Meter, Rates, Subject
from spikefuse.networks import PopulationNetwork
from spikefuse.training.feed import Feed


@torch.no_grad()
def measure(
    network: PopulationNetwork,
    feed: Feed,
    meter: Meter,
    split: str = "validation",
    limit: int | None = None,
) -> list[dict[str, Tensor]]:
    """Show a split to the networks while a meter watches.

    Args:
        network: In evaluation mode.
        feed: Its data.
        meter: Made for this pass.
        split: Whose samples are shown.
        limit: At most the first so many of them.

    Returns:
        What the meter gives, for each member.
    """
    first = 0
    meters = (meter,) if meter.sees_sites else ()
    with meter.watching(network):
        for batch in feed.evaluation_batches(split, limit):
            count = batch.labels.shape[1]
            if meter.wants(first, count):
                meter.begin(first, count)
                network(batch.inputs, meters=meters, moment=Moment(batch.samples))
            first += count
    return meter.compute()


def subject_of(
    network: PopulationNetwork, feed: Feed, split: str, logits: Tensor | None = None
) -> Subject:
    """What a meter is told: the hidden sites and, with logits [P, n, K], what was answered."""
    subject = Subject(network.members, network.hidden_sites)
    if logits is None:
        return subject
    samples = {
        name: torch.stack([a.samples[split][name] for a in feed.assignments])
        for name in network.modalities
    }
    return replace(
        subject, predicted=logits.argmax(dim=-1), labels=feed.labels(split), samples=samples
    )


def firing_rates(network: PopulationNetwork, feed: Feed) -> list[dict[str, float]]:
    """Spikes per neuron and step of every activation, for each member.

    For a dense network: the share of activations above zero.
    """
    meter = Rates(Subject(network.members, network.sites))
    measure(network, feed, meter, limit=RATE_SAMPLES)
    return meter.means()


def observe(
    network: PopulationNetwork,
    feed: Feed,
    logits: Tensor,
    most: int | None = None,
) -> list[dict[str, Tensor]]:
    """What every kind of meter in `spikefuse.meters.METERS` gives, as tensors to be stored.

    Args:
        network: In evaluation mode, with the weights that gave `logits`.
        feed: Its data.
        logits: [P, n, K] of the test split.
        most: At most so many samples for meters that have a limit; the limit itself if None.

    Returns:
        For each member the tensors of all meters by name, see `spikefuse.meters`.

    Raises:
        InputError: Two meters give tensors of one name.
    """
    found: list[dict[str, Tensor]] = [{} for _ in range(network.members)]
    for name, kind in METERS.items():
        if kind.needs_spikes and not network.spec.neuron.is_spiking:
            continue
        known = logits if kind.split == "test" else None
        meter = kind.make(subject_of(network, feed, kind.split, known))
        limit = kind.samples if None in (kind.samples, most) else most
        measured = measure(network, feed, meter, kind.split, limit)
        for own, tensors in zip(found, measured, strict=True):
            if taken := own.keys() & tensors.keys():
                raise InputError(
                    f"meter {name!r}: names of its tensors must be its own, got "
                    f"{', '.join(sorted(taken))}, which another meter gives. Rename them."
                )
            own |= tensors
    return found


def numbers_of(observed: Mapping[str, Tensor]) -> dict[str, float]:
    """What meters gave as single numbers (tensors without axes): rows of tidy tables, by metric.

    Example:
        >>> numbers_of({"silent/image.conv1": torch.tensor(0.5), "rate/x": torch.zeros(4)})
        {'silent.image.conv1': 0.5}
    """
    return {
        name.replace("/", "."): float(tensor)
        for name, tensor in observed.items()
        if tensor.dim() == 0
    }

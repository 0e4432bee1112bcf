"""What the hidden layers of a trained network do: spikes of two test samples, rates over time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from spikefuse.networks import PopulationNetwork
from spikefuse.training.evaluate import firing_rates
from spikefuse.training.feed import Batch, Feed

SHOWN_NEURONS = 128
"""At most this many neurons of a hidden dense layer are stored, evenly chosen."""

OUTCOMES = ("correct", "wrong")
"""The first test sample of each is observed; a network that is never wrong has only the other."""


@torch.no_grad()
def observe(
    network: PopulationNetwork, feed: Feed, logits: Tensor
) -> tuple[list[dict[str, float]], list[dict[str, Tensor]]]:
    """What each member's hidden activations do: `firing_rates`, and tensors to be stored.

    Samples are looked at inside the batch in which they were tested, so that their spikes are
    those that led to `logits`, bit for bit.

    Args:
        network: In evaluation mode, with the weights that gave `logits`.
        feed: Its data.
        logits: [P, n, 10] of the test split.

    Returns:
        The firing rates and, for each member, tensors by name: `rate/SITE`, float64 [T], over
        the same samples: spikes per neuron at each step (a dense network: share [1] of activations
        above zero). For a spiking network also, for each OUTCOME it has: `OUTCOME/position`,
        `OUTCOME/label`, `OUTCOME/predicted` and, for each modality, `OUTCOME/MODALITY` (which
        sample of the data), int32 [1]; `OUTCOME/spikes/SITE`, uint8 [T, n], of hidden dense
        layers, and `OUTCOME/neurons/SITE`, int32 [n], which neurons these are;
        `OUTCOME/counts/SITE`, int32 [T, C], of convolutions: spikes of each channel.
    """
    rates, found = _rates(network, feed)
    if network.spec.network == "snn":
        samples = _chosen(feed, logits)
        for sample in samples:
            found[sample.member] |= sample.identity(feed, logits)
        _watch_samples(network, feed, samples, found)
    return rates, found


@dataclass(frozen=True)
class _Sample:
    """One member's test sample that is looked at."""

    member: int
    outcome: str
    position: int

    def identity(self, feed: Feed, logits: Tensor) -> dict[str, Tensor]:
        """Where the sample stands, what it is and what the network made of it."""
        known: dict[str, int | Tensor] = {
            "position": self.position,
            "label": feed.labels("test")[self.member, self.position],
            "predicted": logits[self.member, self.position].argmax(),
        }
        indices = feed.assignments[self.member].samples["test"]
        known |= {name: indices[name][self.position] for name in feed.pools}
        return {
            f"{self.outcome}/{name}": torch.tensor([int(value)], dtype=torch.int32)
            for name, value in known.items()
        }


def _chosen(feed: Feed, logits: Tensor) -> list[_Sample]:
    """The first correct and the first wrong test sample of each member."""
    right = logits.argmax(dim=-1) == feed.labels("test")
    samples = []
    for member in range(len(right)):
        for outcome, mask in zip(OUTCOMES, (right[member], ~right[member]), strict=True):
            positions = mask.nonzero()
            if len(positions):
                samples.append(_Sample(member, outcome, int(positions[0])))
    return samples


@dataclass(frozen=True)
class _Watch:
    """Sees what leaves each hidden activation [P, T, B, ...] and disturbs nothing."""

    see: Callable[[str, Tensor], None]

    def before(self, site: str, current: Tensor, time_steps: int) -> Tensor:
        """The current as it came."""
        return current

    def after(self, site: str, output: Tensor) -> Tensor:
        """The output as it came, once it was seen."""
        self.see(site, output)
        return output


def _rates(
    network: PopulationNetwork, feed: Feed
) -> tuple[list[dict[str, float]], list[dict[str, Tensor]]]:
    """The firing rates, and the share of outputs that are not zero at each step."""
    active: dict[str, Tensor] = {}
    outputs: dict[str, int] = {}

    def see(site: str, output: Tensor) -> None:
        each = output.flatten(2)
        counted = each.count_nonzero(dim=2).cpu()
        active[site] = active.get(site, torch.zeros_like(counted)) + counted
        outputs[site] = outputs.get(site, 0) + each.shape[2]

    rates = firing_rates(network, feed, _Watch(see))
    return rates, [
        {f"rate/{site}": active[site][member].double() / outputs[site] for site in active}
        for member in range(network.members)
    ]


def _watch_samples(
    network: PopulationNetwork,
    feed: Feed,
    samples: Sequence[_Sample],
    found: list[dict[str, Tensor]],
) -> None:
    """Add each sample's spikes to its member's tensors; only the batches that hold one are run."""
    left = list(samples)
    start = 0
    for batch in feed.evaluation_batches("test"):
        if not left:
            return
        end = start + batch.labels.shape[1]
        here = [sample for sample in left if start <= sample.position < end]
        if here:
            _watch_batch(network, batch, start, here, found)
        left = [sample for sample in left if sample.position >= end]
        start = end


def _watch_batch(
    network: PopulationNetwork,
    batch: Batch,
    start: int,
    samples: Sequence[_Sample],
    found: list[dict[str, Tensor]],
) -> None:
    def see(site: str, output: Tensor) -> None:
        for sample in samples:
            one = output[sample.member, :, sample.position - start] != 0
            found[sample.member] |= _spikes(one, sample.outcome, site)

    network(batch.inputs, noise=_Watch(see))


def _spikes(spikes: Tensor, outcome: str, site: str) -> dict[str, Tensor]:
    """What is stored of one site's spikes: [T, n] of a dense layer, [T, H, W, C] of maps."""
    if spikes.dim() > 2:
        counts = spikes.flatten(1, -2).sum(dim=1)
        return {f"{outcome}/counts/{site}": counts.to(torch.int32).cpu()}
    neurons = spikes.shape[1]
    shown = min(neurons, SHOWN_NEURONS)
    chosen = torch.arange(shown, device=spikes.device) * neurons // shown
    return {
        f"{outcome}/spikes/{site}": spikes[:, chosen].to(torch.uint8).cpu(),
        f"{outcome}/neurons/{site}": chosen.to(torch.int32).cpu(),
    }

"""The fair opponent, measured: a trained dense network with weights and activations of few bits.

A network that spikes or not in T steps tells at most T + 1 numbers apart, so a dense twin is asked
with activations of as many bits (`meters.opponent.matched_bits`), and weights of 8 bits or of as
many. Rounding is done after training, which is the simplest way and costs the twin accuracy that
training with rounding would keep: what is measured is a lower bound of it.

    weights      to the nearest of 2^b - 1 numbers around zero, one step for each output channel
    activations  to the nearest of 2^b numbers from zero up, one step for each layer of neurons,
                 found on the first validation batch

A step is the one of least squared error among ten that clip at 10, 20 ... 100 % of the largest
value. Inputs (images have 8 bits), biases and sums stay as they are. Of 2-bit weights three numbers
are left, -1, 0 and 1 steps.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

import torch
from torch import Tensor

from spikefuse.encoders import Moment
from spikefuse.meters.synops import SYNOPS_SAMPLES
from spikefuse.networks import PopulationNetwork
from spikefuse.networks.activations import Activation
from spikefuse.networks.population import PopulationLayer
from spikefuse.training.feed import Feed

PAIRS = ((8, 8), (8, 3), (3, 3), (8, 4), (4, 4))
"""Bits of weights and of activations: the usual ones, and those that match T = 4 and T = 8."""

_CLIPS = tuple(share / 10 for share in range(1, 11))


def add_quantised(
    network: PopulationNetwork, feed: Feed, observed: Sequence[dict[str, Tensor]]
) -> None:
    """Add what a dense network answers with few bits to what is stored of each member.

    Adds `quantised/bits` [K, 2] (weights, activations), `quantised/right` [K] and
    `quantised/samples` [1]: right answers among the first test samples, those whose operations are
    counted. Nothing for a spiking network, whose activations have one bit.

    Args:
        network: Trained, in evaluation mode; it stays as it is.
        feed: Its data.
        observed: By member.
    """
    if network.spec.neuron.is_spiking:
        return
    labels = feed.labels("test")[:, :SYNOPS_SAMPLES]
    seen = _outputs(network, feed)
    right = []
    for weight_bits, activation_bits in PAIRS:
        with (
            torch.no_grad(),
            rounded_weights(network, weight_bits),
            rounded_activations(network, seen, activation_bits),
        ):
            answers = _answers(network, feed)
        right.append((answers == labels).sum(dim=1).cpu())
    for member, own in enumerate(observed):
        own["quantised/bits"] = torch.tensor(PAIRS)
        own["quantised/right"] = torch.stack(right)[:, member].clone()
        own["quantised/samples"] = torch.tensor([labels.shape[1]])


def rounded(values: Tensor, step: Tensor, least: int, most: int) -> Tensor:
    """To the nearest whole number of steps between `least` and `most`.

    Example:
        >>> rounded(torch.tensor([-0.4, 0.3, 0.9]), torch.tensor(0.25), 0, 3).tolist()
        [0.0, 0.25, 0.75]
    """
    return (values / step).round().clamp(least, most) * step


def best_step(values: Tensor, least: int, most: int) -> Tensor:
    """The step of least squared error for each row.

    Args:
        values: [rows, n].
        least: Fewest steps that a number may have.
        most: Most steps.

    Returns:
        [rows, 1].
    """
    largest = values.abs().amax(dim=1, keepdim=True).clamp_min(torch.finfo(values.dtype).tiny)
    steps = torch.stack([largest * clip / most for clip in _CLIPS])
    errors = torch.stack(
        [(rounded(values, step, least, most) - values).square().sum(dim=1) for step in steps]
    )
    return steps.gather(0, errors.argmin(dim=0).view(1, -1, 1)).squeeze(0)


@contextmanager
def rounded_weights(network: PopulationNetwork, bits: int) -> Iterator[None]:
    """The network with weights of so many bits, for a while."""
    most = 2 ** (bits - 1) - 1
    kept = {}
    for layer in (each for each in network.modules() if isinstance(each, PopulationLayer)):
        weight = layer.weight.detach()
        kept[layer] = weight.clone()
        rows = weight.flatten(2).flatten(0, 1)
        layer.weight.data.copy_(
            rounded(rows, best_step(rows, -most, most), -most, most).view_as(weight)
        )
    try:
        yield
    finally:
        for layer, weight in kept.items():
            layer.weight.data.copy_(weight)


@contextmanager
def rounded_activations(
    network: PopulationNetwork, seen: Mapping[str, Tensor], bits: int
) -> Iterator[None]:
    """The network with activations of so many bits, for a while.

    Args:
        network: Dense.
        seen: Outputs of each site, [P, n], to find its step by.
        bits: Of the activations.
    """
    most = 2**bits - 1
    with ExitStack() as stack:
        for activation in _activations(network):
            step = best_step(seen[str(activation.name)], 0, most)

            def hook(_: object, __: object, output: Tensor, step: Tensor = step) -> Tensor:
                flat = rounded(output.flatten(1), step.to(output.dtype), 0, most)
                return flat.view_as(output)

            stack.callback(activation.neurons.register_forward_hook(hook).remove)
        yield


@torch.no_grad()
def _outputs(network: PopulationNetwork, feed: Feed) -> dict[str, Tensor]:
    """What leaves each site on the first validation batch, [P, n]."""
    found: dict[str, Tensor] = {}
    with ExitStack() as stack:
        for activation in _activations(network):

            def hook(
                _: object, __: object, output: Tensor, name: str = str(activation.name)
            ) -> None:
                found[name] = output.flatten(1).float()

            stack.callback(activation.neurons.register_forward_hook(hook).remove)
        batch = next(iter(feed.evaluation_batches("validation")))
        network(batch.inputs, moment=Moment(batch.samples))
    return found


def _activations(network: PopulationNetwork) -> list[Activation]:
    return [each for each in network.activations.values() if isinstance(each, Activation)]


def _answers(network: PopulationNetwork, feed: Feed) -> Tensor:
    """Classes [P, n] of the samples whose operations are counted."""
    parts = [
        network(batch.inputs, moment=Moment(batch.samples)).argmax(dim=-1)
        for batch in feed.evaluation_batches("test", SYNOPS_SAMPLES)
    ]
    return torch.cat(parts, dim=1)

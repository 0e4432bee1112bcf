"""Initial weights under which every layer fires: scaled layer by layer on one training batch.

A spiking layer whose potentials stay more than a surrogate's width below the threshold gets no
gradient, and what lies before a silent layer then never learns: an accident of its initial weights,
not a property of its size. Here each layer's weights and biases are multiplied by one number, the
layers in order of execution, until a wanted share of neurons fires at a step (spikes per neuron and
step) on the first training batch. Scaling weights and bias together leaves what a neuron prefers as
it was drawn, and a layer's current is exactly proportional to the scale: one pass a layer is
enough.

Of a dense network the share of units above zero does not depend on the scale; its counterpart is
the layer's current with standard deviation 1 (layer-sequential unit variance).

The result is a function of the seed and the training data alone.

Source: D. Mishkin, J. Matas, "All you need is a good init", ICLR 2016 (arXiv:1511.06422), for dense
networks; J. Rossbroich, J. Gygax, F. Zenke, "Fluctuation-driven initialization for spiking neural
network training", Neuromorph. Comput. Eng. 2, 2022, for initial activity as what must be set.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from spikefuse.encoders import Moment
from spikefuse.networks import PopulationNetwork
from spikefuse.neurons.spikes import SpikeTensor
from spikefuse.training.definition import TrialDefinition
from spikefuse.training.feed import Feed

CALIBRATED = "calibrated"
HALVINGS = 24
"""Of the range of scales, 2^-10 to 2^10: the scale is then exact to about 1e-6 of itself."""

_log = logging.getLogger(__name__)


def calibrate(
    network: PopulationNetwork, feed: Feed, definitions: Sequence[TrialDefinition]
) -> None:
    """Scale the hidden layers of those members whose definition says so; others stay as drawn.

    Args:
        network: Freshly built for these definitions.
        feed: Their data.
        definitions: One a member.
    """
    wanted = torch.tensor([_target(each) for each in definitions], dtype=torch.float64)
    if bool(wanted.isnan().all()):
        return
    size = definitions[0].batch_size
    positions = feed.training_order(1)[:, :size].to(feed.device)
    batch = feed.batch("train", positions)

    def run() -> None:
        network(batch.inputs, moment=Moment(batch.samples))

    with torch.no_grad():
        for site in network.hidden_sites:
            key = site.replace(".", "_")
            current = _current(network.weighted[key], run)
            scales = _scales(network, key, current.float(), wanted)
            _multiply(network.weighted[key], scales)


def _target(definition: TrialDefinition) -> float:
    return definition.target_rate if definition.init == CALIBRATED else float("nan")


def _current(layer: nn.Module, run: Callable[[], None]) -> Tensor:
    """What a layer gives, [P, T, B, ...], with the layers before it as they are by now."""
    found: list[Tensor] = []

    def keep(module: nn.Module, inputs: Any, output: Tensor) -> None:
        found.append(output)

    handle = layer.register_forward_hook(keep)
    try:
        run()
    finally:
        handle.remove()
    return found[0]


def _scales(network: PopulationNetwork, key: str, current: Tensor, wanted: Tensor) -> Tensor:
    """[P], the number that each member's layer is multiplied by; 1 for those that stay."""
    if network.spec.network == "dnn":
        found = 1.0 / current.flatten(1).double().std(dim=1).cpu()
        found = torch.where(found.isfinite(), found, torch.ones_like(found))
    else:
        found = _by_rate(network, key, current, wanted)
    return torch.where(wanted.isnan(), torch.ones_like(wanted), found)


def _by_rate(network: PopulationNetwork, key: str, current: Tensor, wanted: Tensor) -> Tensor:
    """Halve the range of scales until the share of neurons that fire is the wanted one."""

    def rate(scale: Tensor) -> Tensor:
        factor = scale.to(current).view(-1, *[1] * (current.dim() - 1))
        return _share(network.activations[key](current * factor))

    low, high = (torch.full_like(wanted, end) for end in (-10.0, 10.0))
    unreachable = rate(torch.exp2(high)) < wanted
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        enough = rate(torch.exp2(middle)) >= wanted
        low, high = torch.where(enough, low, middle), torch.where(enough, middle, high)
    for member in torch.nonzero(unreachable).flatten().tolist():
        _log.warning(
            "calibrate: layer %s of member %d cannot fire in %g of its neurons at any scale and "
            "stays as it was drawn",
            *(key, member, float(wanted[member])),
        )
    found: Tensor = torch.where(unreachable, torch.ones_like(high), torch.exp2(high))
    return found


def _share(spikes: Tensor) -> Tensor:
    """[P], the share of neurons and steps that fire; of bits, which know their number, for free."""
    if isinstance(spikes, SpikeTensor):
        members = range(len(spikes.counts))
        return torch.tensor([spikes.density(each) for each in members], dtype=torch.float64)
    share: Tensor = spikes.flatten(1).double().mean(dim=1).cpu()
    return share


def _multiply(layer: nn.Module, scales: Tensor) -> None:
    for parameter in layer.parameters():
        factor = scales.to(parameter).view(-1, *[1] * (parameter.dim() - 1))
        parameter.mul_(factor)

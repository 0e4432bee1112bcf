"""What a network did, as exact counts for each sample, step, layer and branch.

AC or MAC is decided by where a layer's input comes from, never by its values: an encoder's output,
and whatever noise or a mean made real, is multiplied (MAC); what a neuron sends, also pooled by
maximum or concatenated, is added (AC). By its values a silent or a black input would turn a layer's
multiplications into additions, and the type of one sample would depend on its batch mate.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor

from spikefuse.meters.operations import LayerShape

REAL, SPIKES = "real", "spikes"
"""Where the input of a layer comes from."""


@dataclass(frozen=True)
class Visits:
    """Inputs of a layer that come from one branch, int64 [T, B] each.

    Args:
        branch: The branch, such as a modality.
        events: Inputs that are not zero.
        fan_out: Their weights, those that are zero included.
        effective: Their weights that are not zero.
    """

    branch: str
    events: Tensor
    fan_out: Tensor
    effective: Tensor


@dataclass(frozen=True)
class LayerCount:
    """What one weighted layer did.

    Args:
        name: The layer, such as "image.conv1".
        source: "real" (multiplications) or "spikes" (additions).
        shape: Its sizes.
        parts: Its visits by branch; the parts together are the layer's.
        is_static: Whether its input is the same at every step. Then one pass over it is enough on
            hardware that keeps the result; counts hold every step, as streaming hardware works.
    """

    name: str
    source: str
    shape: LayerShape
    parts: tuple[Visits, ...]
    is_static: bool = False

    @property
    def time_steps(self) -> int:
        """T."""
        return self.parts[0].events.shape[0]

    @property
    def events(self) -> Tensor:
        """Inputs that are not zero, int64 [T, B]."""
        return _sum(part.events for part in self.parts)

    @property
    def fan_out(self) -> Tensor:
        """Their weights, int64 [T, B]."""
        return _sum(part.fan_out for part in self.parts)

    @property
    def effective(self) -> Tensor:
        """Their weights that are not zero, int64 [T, B]."""
        return _sum(part.effective for part in self.parts)


@dataclass(frozen=True)
class NeuronCount:
    """What one layer of spiking neurons did.

    Args:
        name: The neurons, such as "image.conv1".
        branch: Their branch.
        neurons: How many there are; each is updated once a step.
        spikes: int64 [T, B].
        resets: int64 [T, B]: one a spike, none without reset.
        leaks: Whether an update multiplies the membrane (LIF) or not (IF).
    """

    name: str
    branch: str
    neurons: int
    spikes: Tensor
    resets: Tensor
    leaks: bool = True

    @property
    def updates(self) -> int:
        """Updates of one sample: neurons times steps."""
        return self.neurons * self.spikes.shape[0]


@dataclass(frozen=True)
class Counts:
    """What a network did on some samples.

    Args:
        layers: Weighted layers in order of execution.
        neurons: Layers of spiking neurons in order of execution; none in a dense network.
        left_out: What ran and is not counted, in words.
    """

    layers: tuple[LayerCount, ...]
    neurons: tuple[NeuronCount, ...] = ()
    left_out: tuple[str, ...] = field(default=())

    def __repr__(self) -> str:
        """What it is, in a line; the numbers are in its methods."""
        samples = f"{self.samples:,} samples" if self.layers else "nothing"
        return f"Counts({', '.join([*(layer.name for layer in self.layers), samples])})"

    @property
    def samples(self) -> int:
        """B."""
        return self.layers[0].parts[0].events.shape[1]

    def accumulates(self) -> Tensor:
        """Synaptic operations that add (AC), int64 [B]: the fan-out of spikes."""
        return self._operations(SPIKES, "every-step")

    def multiplies(self, first_layer: str = "every-step") -> Tensor:
        """Synaptic operations that multiply (MAC), int64 [B]: the fan-out of real inputs.

        Args:
            first_layer: Count a layer whose input is the same at every step at "every-step", or
                "once".
        """
        return self._operations(REAL, first_layer)

    def dense(self, first_layer: str = "every-step") -> int:
        """Pairs of one sample over all steps, whatever the inputs."""
        return sum(layer.shape.dense * counted_steps(layer, first_layer) for layer in self.layers)

    def spikes(self) -> Tensor:
        """Spikes of all neurons, int64 [B]."""
        none = torch.zeros(self.samples, dtype=torch.int64)
        return sum((each.spikes.sum(dim=0) for each in self.neurons), none)

    def updates(self) -> int:
        """Neuron updates of one sample."""
        return sum(each.updates for each in self.neurons)

    @cached_property
    def visit_shares(self) -> dict[str, dict[str, Tensor]]:
        """Share of the weights visited in a layer that each branch's inputs visit, [B].

        Made once, since every cost model asks. Of a silent input nobody is the cause: what is left
        (bias, state) is shared alike. Neurons in a layer of their own are their branch's.
        """
        shares: dict[str, dict[str, Tensor]] = {}
        for layer in self.layers:
            visits: dict[str, Tensor] = {}
            for part in layer.parts:
                found = part.fan_out.sum(dim=0).double()
                visits[part.branch] = (
                    visits[part.branch] + found if part.branch in visits else found
                )
            whole = torch.stack(list(visits.values())).sum(dim=0)
            even = torch.full_like(whole, 1 / len(visits))
            shares[layer.name] = {
                branch: torch.where(whole > 0, found / whole, even)
                for branch, found in visits.items()
            }
        for each in self.neurons:
            one = torch.ones(self.samples, dtype=torch.float64)
            shares.setdefault(each.name, {each.branch: one})
        return shares

    def _operations(self, source: str, first_layer: str) -> Tensor:
        none = torch.zeros(self.samples, dtype=torch.int64)
        return sum(
            (
                layer.fan_out[: counted_steps(layer, first_layer)].sum(dim=0)
                for layer in self.layers
                if layer.source == source
            ),
            none,
        )


def counted_steps(layer: LayerCount, first_layer: str) -> int:
    """How many steps of a layer count: one of a static layer counted "once", else all."""
    return 1 if layer.is_static and first_layer == "once" else layer.time_steps


def merge(parts: Sequence[Counts]) -> Counts:
    """The counts of batches of one network, one after the other, as one."""
    first = parts[0]
    layers = tuple(
        LayerCount(
            layer.name,
            layer.source,
            layer.shape,
            tuple(
                _join([part.layers[index].parts[place] for part in parts])
                for place in range(len(layer.parts))
            ),
            layer.is_static,
        )
        for index, layer in enumerate(first.layers)
    )
    neurons = tuple(
        NeuronCount(
            each.name,
            each.branch,
            each.neurons,
            torch.cat([part.neurons[index].spikes for part in parts], dim=1),
            torch.cat([part.neurons[index].resets for part in parts], dim=1),
            each.leaks,
        )
        for index, each in enumerate(first.neurons)
    )
    return Counts(layers, neurons, first.left_out)


def _join(visits: Sequence[Visits]) -> Visits:
    return Visits(
        visits[0].branch,
        torch.cat([each.events for each in visits], dim=1),
        torch.cat([each.fan_out for each in visits], dim=1),
        torch.cat([each.effective for each in visits], dim=1),
    )


def _sum(tensors: Iterator[Tensor]) -> Tensor:
    total = next(tensors)
    for each in tensors:
        total = total + each
    return total

"""Which operations and accesses a cost model prices, from a network's counts to pJ.

An accounting turns counts into quantities; a `CostModel` has the prices. Both count every step of a
static layer unless asked for "once".

`synaptic` prices what is done at the synapses, and the state:

    operations  spikes: fan-out additions; real input: all pairs, as multiplications
    neurons     one update a neuron and step (most models leave it out)
    weights     one read an operation
    bias        one read an output and step
    state       one read and one write a neuron and step

`lemaire` prices what Lemaire et al. (arXiv:2210.13107) count, with s_in and s_out spikes over all
steps T, O outputs and F the fan-out of a spike; each access by the size of its buffer:

    spiking     multiplications T O (leak; an IF neuron has none), additions s_in F + T O (bias)
                + s_out; reads of input s_in, weights s_in F, bias T O; potentials read and written
                s_in F + T O each; output s_out; addressing additions s_in F, and two
                multiplications a spike that enters a convolution
    dense       multiplications T times all pairs, additions T O (bias); reads of input and weights
                one a multiplication (a linear layer reads each input once), bias T O; output T O;
                addressing additions T times inputs + outputs (a convolution: + taps of all filters)

Where published implementations differ from the text or from each other, counts here are exact:
the paper's printed equation for a linear layer has the number of inputs once too many; SpikingJelly
2.0.0 lets every spike that enters a convolution visit ceil(k / stride)^2 places, also at the
border, and counts the zeros around a dense convolution's input. A memory larger than the last point
of the prices costs what that point costs. On networks of linear layers SpikingJelly's figures are
equal.
"""

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

from spikefuse.meters.counts import SPIKES, Counts, LayerCount, NeuronCount, counted_steps


class Prices(Protocol):
    """What an accounting reads of a cost model; see `spikefuse.meters.costs.CostModel`."""

    @property
    def mac_pj(self) -> float:
        """A multiplication with addition."""
        ...

    @property
    def ac_pj(self) -> float:
        """An addition."""
        ...

    @property
    def update_pj(self) -> float:
        """A neuron's update."""
        ...

    @property
    def word_bytes(self) -> float:
        """Bytes of a word."""
        ...

    @property
    def queue_words(self) -> int:
        """Words of a queue of spikes."""
        ...

    def byte_pj(self, buffer_bytes: float) -> float:
        """A byte in a buffer of this size."""
        ...


Components = dict[str, Tensor]
"""pJ [B] by what they are spent on."""

Accounting = Callable[[Counts, Prices, str], dict[str, Components]]
"""Counts, prices and how a static layer counts, to components by layer."""


def _over_steps(counts: Tensor, layer: LayerCount, first_layer: str) -> Tensor:
    return counts[: counted_steps(layer, first_layer)].sum(dim=0).double()


def _pairs(layer: LayerCount, first_layer: str) -> Tensor:
    """Operations [B]: fan-out of spikes, all pairs of a real input."""
    if layer.source == SPIKES:
        return _over_steps(layer.fan_out, layer, first_layer)
    steps = counted_steps(layer, first_layer)
    return torch.full_like(layer.events[0], layer.shape.dense * steps).double()


def _add(energy: dict[str, Components], name: str, components: Components) -> None:
    found = energy.setdefault(name, {})
    for key, value in components.items():
        found[key] = found[key] + value if key in found else value


def _constant(value: float, like: Tensor) -> Tensor:
    return torch.full(like.shape[-1:], value, dtype=torch.float64, device=like.device)


def synaptic(counts: Counts, prices: Prices, first_layer: str) -> dict[str, Components]:
    """Operations at the synapses, reads of weights and bias, and the neurons' state."""
    energy: dict[str, Components] = {}
    word = prices.word_bytes
    for layer in counts.layers:
        pairs, shape = _pairs(layer, first_layer), layer.shape
        price = prices.ac_pj if layer.source == SPIKES else prices.mac_pj
        byte = prices.byte_pj((shape.weights + shape.biases) * word)
        biased = shape.outputs * counted_steps(layer, first_layer) if shape.biases else 0
        components = {
            "operations": pairs * price,
            "weights": pairs * word * byte,
            "bias": _constant(biased * word * byte, pairs),
        }
        _add(energy, layer.name, components)
    for each in counts.neurons:
        byte = prices.byte_pj(each.neurons * word)
        components = {
            "neurons": _constant(each.updates * prices.update_pj, each.spikes),
            "state": _constant(2 * each.updates * word * byte, each.spikes),
        }
        _add(energy, each.name, components)
    return energy


def lemaire(counts: Counts, prices: Prices, first_layer: str) -> dict[str, Components]:
    """What Lemaire et al. price; see the module."""
    energy: dict[str, Components] = {}
    for layer in counts.layers:
        part = _lemaire_spiking if layer.source == SPIKES else _lemaire_dense
        _add(energy, layer.name, part(layer, prices, first_layer))
        if layer.source != SPIKES and not counts.neurons:
            # In a network with neurons a current goes into their potentials, not into memory.
            outputs = layer.shape.outputs * prices.word_bytes
            written = outputs * counted_steps(layer, first_layer) * prices.byte_pj(outputs)
            _add(energy, layer.name, {"output": _constant(written, layer.events)})
    for each in counts.neurons:
        _add(energy, each.name, _lemaire_neurons(each, prices))
    return energy


def _weights_byte(layer: LayerCount, prices: Prices) -> float:
    return prices.byte_pj((layer.shape.weights + layer.shape.biases) * prices.word_bytes)


def _biased(layer: LayerCount, first_layer: str) -> int:
    steps = counted_steps(layer, first_layer)
    return layer.shape.outputs * steps if layer.shape.biases else 0


def _lemaire_spiking(layer: LayerCount, prices: Prices, first_layer: str) -> Components:
    word, shape = prices.word_bytes, layer.shape
    visits = _over_steps(layer.fan_out, layer, first_layer)
    events = _over_steps(layer.events, layer, first_layer)
    biased = _biased(layer, first_layer)
    places = 2 * events if shape.kind == "conv" else torch.zeros_like(events)
    return {
        "operations": (visits + biased) * prices.ac_pj,
        "addressing": visits * prices.ac_pj + places * prices.mac_pj,
        "input": events * word * prices.byte_pj(prices.queue_words * word),
        "weights": visits * word * _weights_byte(layer, prices),
        "bias": _constant(biased * word * _weights_byte(layer, prices), visits),
        "state": 2 * visits * word * prices.byte_pj(shape.outputs * word),
    }


def _lemaire_dense(layer: LayerCount, prices: Prices, first_layer: str) -> Components:
    word, shape = prices.word_bytes, layer.shape
    steps = counted_steps(layer, first_layer)
    pairs = shape.dense * steps
    is_conv = shape.kind == "conv"
    read = pairs if is_conv else shape.inputs * steps
    placed = steps * (shape.inputs + shape.outputs + (shape.taps if is_conv else 0))
    biased = _biased(layer, first_layer)
    amounts = {
        "operations": pairs * prices.mac_pj + biased * prices.ac_pj,
        "addressing": placed * prices.ac_pj,
        "input": read * word * prices.byte_pj(shape.inputs * word),
        "weights": pairs * word * _weights_byte(layer, prices),
        "bias": biased * word * _weights_byte(layer, prices),
    }
    return {name: _constant(value, layer.events) for name, value in amounts.items()}


def _lemaire_neurons(each: NeuronCount, prices: Prices) -> Components:
    word = prices.word_bytes
    spikes = each.spikes.sum(dim=0).double()
    leaked = each.updates * prices.mac_pj if each.leaks else 0.0
    state = 2 * each.updates * word * prices.byte_pj(each.neurons * word)
    return {
        "operations": spikes * prices.ac_pj + leaked,
        "neurons": _constant(each.updates * prices.update_pj, spikes),
        "state": _constant(state, spikes),
        "output": spikes * word * prices.byte_pj(prices.queue_words * word),
    }


ACCOUNTINGS: dict[str, Accounting] = {"synaptic": synaptic, "lemaire": lemaire}
"""Accountings by name."""
